//! Where a function stands: at the top, in a type, in a module, in a function, in a block, beside another of its name.

use crate::support::memory;

const N: u32 = 10;

every!(, "free", N);

#[tokio::test]
async fn free_functions() {
    memory().await.scope(async { try_every!("free", 10,) }).await;
}

struct Shop;

impl Shop {
    every!(pub(crate), "associated", N + 10);
}

#[tokio::test]
async fn associated_functions() {
    memory().await.scope(async { try_every!("associated", 20, Shop::) }).await;
}

mod outer {
    pub(super) mod inner {
        const N: u32 = 30;
        every!(pub(in crate::matrix), "module", N);
    }
}

#[tokio::test]
async fn functions_in_a_module_in_a_module() {
    memory().await.scope(async { try_every!("module", 30, outer::inner::) }).await;
}

#[tokio::test]
async fn functions_in_functions() {
    async fn around() {
        const N: u32 = 40;
        every!(, "in a function", N);
        try_every!("in a function", 40,);
        let deeper = async || {
            const N: u32 = 50;
            every!(, "in a closure", N);
            try_every!("in a closure", 50,);
        };
        deeper().await;
        try_every!("still in the function", 40, self::around_again::);
    }

    memory().await.scope(around()).await;
}

/// Functions of the names above, so that a path to the wrong ones would be seen.
mod around_again {
    const N: u32 = 40;
    every!(pub(super), "still in the function", N);
}

#[tokio::test]
async fn types_in_functions() {
    struct Local;

    impl Local {
        every!(, "a local type", 60);
    }

    memory().await.scope(async { try_every!("a local type", 60, Local::) }).await;
}

struct One;
struct Other;

/// The tokens are the same in both: only the path tells them apart.
trait Numbered {
    const N: u32;
}

impl Numbered for One {
    const N: u32 = 70;
}

impl Numbered for Other {
    const N: u32 = 80;
}

impl One {
    every!(, "one of two", Self::N);
}

impl Other {
    every!(, "other of two", Self::N);
}

mod left {
    const N: u32 = 90;
    every!(pub(super), "left of two", N);
}

mod right {
    const N: u32 = 100;
    every!(pub(super), "right of two", N);
}

#[tokio::test]
async fn two_functions_of_one_name() {
    let cells = async {
        try_every!("one of two", 70, One::);
        try_every!("other of two", 80, Other::);
        try_every!("left of two", 90, left::);
        try_every!("right of two", 100, right::);
        // The first ones again: the later ones have not taken their places.
        counted!("one of two, after all", 0, One::ttl_sync(1) => 71);
        counted!("left of two, after all", 0, left::ttl_async(2).await => 92);
    };
    memory().await.scope(cells).await;
}

#[tokio::test]
async fn two_functions_of_one_name_in_two_blocks() {
    let cells = async {
        {
            const N: u32 = 110;
            every!(, "first block", N);
            try_every!("first block", 110,);
        }
        {
            const N: u32 = 120;
            every!(, "second block", N);
            try_every!("second block", 120,);
        }
    };
    memory().await.scope(cells).await;
}

/// A type of two inherent implementations, each with functions of the same names and tokens.
struct Twice<T>(T);

impl Twice<u8> {
    every!(, "Twice<u8>", 130);
}

impl Twice<i8> {
    every!(, "Twice<i8>", 140);
}

#[tokio::test]
async fn two_implementations_of_one_type() {
    let cells = async {
        try_every!("Twice<u8>", 130, Twice::<u8>::);
        try_every!("Twice<i8>", 140, Twice::<i8>::);
        assert_eq!((Twice(1_u8).0, Twice(1_i8).0), (1, 1));
    };
    memory().await.scope(cells).await;
}
