//! Methods of types and of traits, native and of `#[async_trait]`, each with the full product.

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use larder::CacheKey;

use crate::matrix::cells::ran;
use crate::support::{Config, memory};

/// What cannot be in a key.
struct Db;

/// A type with a number of its own.
trait Numbered {
    const N: u32;
}

impl Numbered for u8 {
    const N: u32 = 10;
}

impl Numbered for i8 {
    const N: u32 = 20;
}

struct One(u32);
struct Other<T>(u32, PhantomData<T>);

const fn other<T>(id: u32) -> Other<T> {
    Other(id, PhantomData)
}

impl Numbered for One {
    const N: u32 = 30;
}

impl<T: Numbered> Numbered for Other<T> {
    const N: u32 = 100 + T::N;
}

mod of_a_generic_type {
    use super::*;

    /// A type that is generic over all three kinds.
    struct Table<'a, T, const N: u32>(&'a str, PhantomData<T>);

    eight! {
        "generic type"; [impl<'a, T: Numbered, const N: u32> Table<'a, T, N>] {}
        [] [&self,] ((plus, _): (u32, Db)) -> Option<u32> [],
        cached(key(self.0, plus)), named(T::N + N + plus) {
            ran();
            Some(T::N + N + plus + u32::try_from(self.0.len()).ok()?)
        }
    }

    #[tokio::test]
    async fn all() {
        let cells = async {
            try_eight! { "generic type":
                [Table::<u8, 1>("a", PhantomData).] [] ((1, Db)) => Some(13), 12;
                [Table::<u8, 1>("bb", PhantomData).] [] ((2, Db)) => Some(15), 13;
                [Table::<u8, 4>("a", PhantomData).] [] ((1, Db)) => Some(16), 15;
                [Table::<i8, 1>("a", PhantomData).] [] ((1, Db)) => Some(23), 22;
            }
        };
        memory().await.scope(Box::pin(cells)).await;
    }
}

mod of_generic_methods {
    use super::*;

    eight! {
        "generic method"; [impl<T: Numbered> Other<T>] {}
        ['a, V, const M: u32] [&mut self,] (name: &'a str, value: &V) -> Option<u32>
        [where V: CacheKey + Numbered + Sync, T: 'a],
        cached(key(self.0, name, value)), named(self.0) {
            ran();
            let _: &V = value;
            self.0 += T::N + V::N + M;
            Some(self.0 + u32::try_from(name.len()).ok()?)
        }
    }

    #[tokio::test]
    async fn all() {
        let cells = async {
            try_eight! { "generic method":
                [other::<u8>(1).] [::<_, 5>] ("", &1_u8) => Some(26), 1;
                [other::<u8>(2).] [::<_, 6>] ("", &1_u8) => Some(28), 2;
                [other::<u8>(3).] [::<_, 5>] ("", &1_i8) => Some(38), 3;
                [other::<i8>(4).] [::<_, 5>] ("a", &1_i8) => Some(50), 4;
            }
        };
        memory().await.scope(Box::pin(cells)).await;
    }
}

mod of_native_implementations {
    use super::*;

    eight_declared! {
        [trait Native] {} [] [&self,] (plus: u32) -> Option<u32> []
    }

    eight! {
        "native"; [impl Native for One] {} [] [&self,] (plus: u32) -> Option<u32> [],
        cached(key(self.0, plus)), named(Self::N + self.0) {
            ran();
            Some(Self::N + self.0 + plus)
        }
    }

    eight! {
        "native"; [impl<T: Numbered> Native for Other<T>] {} [] [&self,] (plus: u32) -> Option<u32> [],
        cached(key(self.0, plus)), named(Self::N + self.0) {
            ran();
            Some(Self::N + self.0 + plus)
        }
    }

    #[tokio::test]
    async fn all() {
        let cells = async {
            try_eight! { "native":
                [One(1).] [] (1) => Some(32), 31;
                [One(2).] [] (3) => Some(35), 32;
                [other::<u8>(1).] [] (1) => Some(112), 111;
                [other::<i8>(1).] [] (1) => Some(122), 121;
            }
        };
        memory().await.scope(Box::pin(cells)).await;
    }
}

mod of_provided_methods {
    use super::*;

    eight! {
        "provided"; [trait Provided: Numbered] {
            fn id(&self) -> u32;
        }
        [] [&mut self,] ((a, mut b): (u32, u32)) -> Option<u32> [],
        cached(key(self.id(), a, b)), named(Self::N + self.id()) {
            ran();
            b += Self::N + self.id() + 100 * a;
            Some(b)
        }
    }

    impl Provided for One {
        fn id(&self) -> u32 {
            self.0
        }
    }

    impl<T: Numbered> Provided for Other<T> {
        fn id(&self) -> u32 {
            self.0
        }
    }

    #[tokio::test]
    async fn all() {
        let cells = async {
            try_eight! { "provided":
                [One(1).] [] ((1, 2)) => Some(133), 31;
                [One(2).] [] ((2, 2)) => Some(234), 32;
                [other::<u8>(1).] [] ((1, 2)) => Some(213), 111;
                [other::<i8>(1).] [] ((1, 2)) => Some(223), 121;
            }
        };
        memory().await.scope(Box::pin(cells)).await;
    }
}

mod of_generic_traits {
    use super::*;

    eight! {
        "generic trait"; [trait Generic<T: Numbered, const N: u32>: Numbered] {}
        [V: Numbered] [] (plus: u32, db: &Db) -> Option<u32> [where Self: Send, T: Copy],
        cached(skip(db)), named(Self::N + T::N + N + V::N + plus) {
            let _ = db;
            ran();
            Some(Self::N + T::N + N + V::N + plus)
        }
    }

    impl Generic<u8, 1> for One {}
    impl Generic<i8, 1> for One {}
    impl Generic<i8, 2> for Other<u8> {}

    #[tokio::test]
    async fn all() {
        let cells = async {
            try_eight! { "generic trait":
                [<One as Generic<u8, 1>>::] [::<u8>] (1, &Db) => Some(52), 52;
                [<One as Generic<i8, 1>>::] [::<u8>] (1, &Db) => Some(62), 62;
                [<One as Generic<i8, 1>>::] [::<i8>] (1, &Db) => Some(72), 72;
                [<Other<u8> as Generic<i8, 2>>::] [::<u8>] (1, &Db) => Some(143), 143;
            }
        };
        memory().await.scope(Box::pin(cells)).await;
    }
}

mod of_async_trait_through_dyn {
    use super::*;

    eight_declared! {
        [#[async_trait] trait Repo: Send + Sync] {} [] [&self,] (pair: (u32, Db), plus: u32) -> Option<u32> []
    }

    eight! {
        "async_trait"; [#[async_trait] impl Repo for One] {} [] [&self,] ((a, b): (u32, Db), mut plus: u32) -> Option<u32> [],
        cached(key(self.0, a, plus)), named(Self::N + self.0 + plus) {
            let _: Db = b;
            ran();
            plus += Self::N + self.0.checked_add(a)?;
            Some(plus)
        }
    }

    eight! {
        "async_trait"; [#[async_trait] impl<T: Numbered + Send + Sync> Repo for Other<T>] {}
        [] [&self,] ((a, b): (u32, Db), mut plus: u32) -> Option<u32> [],
        cached(key(self.0, a, plus)), named(Self::N + self.0 + plus) {
            let _: Db = b;
            ran();
            plus += Self::N + self.0.checked_add(a)?;
            Some(plus)
        }
    }

    #[tokio::test]
    async fn all() {
        const fn boxed(repo: &dyn Repo) -> &dyn Repo {
            repo
        }
        let cells = async {
            try_eight! { "async_trait":
                [boxed(&One(1)).] [] ((1, Db), 2) => Some(34), 33;
                [boxed(&One(2)).] [] ((2, Db), 2) => Some(36), 34;
                [boxed(&other::<u8>(1)).] [] ((1, Db), 2) => Some(114), 113;
                [boxed(&other::<i8>(1)).] [] ((1, Db), 3) => Some(125), 124;
            }
        };
        memory().await.scope(Box::pin(cells)).await;
    }
}

mod of_async_trait_provided {
    use super::*;

    eight! {
        "async_trait, provided"; [#[async_trait] trait ProvidedRepo: Numbered + Send + Sync] {}
        [V: CacheKey + Numbered + Send + Sync] [self: Arc<Self>,] (value: V, db: &mut Db) -> Option<u32>
        [where Self: Sized + 'static],
        cached(skip(db)), named(Self::N + V::N) {
            let _: &mut Db = db;
            drop(value);
            ran();
            Some(Self::N + V::N)
        }
    }

    impl ProvidedRepo for One {}
    impl<T: Numbered + Send + Sync> ProvidedRepo for Other<T> {}

    #[tokio::test]
    async fn all() {
        let cells = async {
            try_eight! { "async_trait, provided":
                [Arc::new(One(1)).] [] (1_u8, &mut Db) => Some(40), 40;
                [Arc::new(One(1)).] [] (1_i8, &mut Db) => Some(50), 50;
                [Arc::new(other::<u8>(1)).] [] (1_u8, &mut Db) => Some(120), 120;
                [Arc::new(other::<i8>(1)).] [] (1_u8, &mut Db) => Some(130), 130;
            }
        };
        memory().await.scope(Box::pin(cells)).await;
    }
}

mod of_async_trait_on_one_thread {
    use super::*;

    eight_declared! {
        [#[async_trait(?Send)] trait Here] {} [] [&self,] (beside: Rc<str>) -> Option<u32> []
    }

    eight! {
        "async_trait(?Send)"; [#[async_trait(?Send)] impl Here for Rc<Cell<u32>>] {} [] [&self,] (beside: Rc<str>) -> Option<u32> [],
        cached(key(self.get(), beside)), named(self.get()) {
            ran();
            Some(self.get() + u32::try_from(beside.len()).ok()?)
        }
    }

    #[tokio::test]
    async fn all() {
        let cells = async {
            try_eight! { "async_trait(?Send)":
                [Rc::new(Cell::new(1)).] [] (Rc::from("a")) => Some(2), 1;
                [Rc::new(Cell::new(2)).] [] (Rc::from("ab")) => Some(4), 2;
            }
        };
        memory().await.scope(Box::pin(cells)).await;
    }
}
