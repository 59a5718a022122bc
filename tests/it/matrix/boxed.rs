//! Methods of `#[async_trait]`, by name and through `dyn`, and boxed futures that are written by hand.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;
use larder::{CacheKey, hexsha_cached, invalidates, leader, ttl_cached};

use crate::matrix::cells::ran;
use crate::support::{Config, memory};

/// What cannot be in a key.
struct Db;

#[async_trait]
trait Repo: Send + Sync {
    fn id(&self) -> u32;

    async fn read(&self, plus: u32) -> u32;
    async fn fallible(&self, text: &str) -> Result<u32, String>;
    async fn patterns(&self, (a, b): (u32, Db), _: Db, mut c: u32) -> u32;
    async fn associated(plus: u32) -> u32
    where
        Self: Sized;
    async fn generic<T: CacheKey + Send + Sync + 'static>(&self, value: T) -> String
    where
        Self: Sized;
    async fn owned(self: Arc<Self>) -> u32
    where
        Self: Sized;
    async fn nothing(&self);
    async fn revised(&self, config: &Config) -> String;
    async fn write(&mut self, id: u32, (name, _): (String, Db)) -> Result<u32, String>;
    async fn write_nothing(&self);
    async fn lead(&self) -> Option<u32>;
    async fn lead_nothing(&self, id: u32);

    fn sync(&self, plus: u32) -> u32;

    #[ttl_cached(entity = "boxed", key(self.id(), plus))]
    async fn provided(&self, plus: u32) -> u32 {
        ran();
        self.id() + plus
    }

    #[hexsha_cached]
    async fn provided_revised(&self, config: &Config) -> String {
        ran();
        config.0.to_owned()
    }

    #[invalidates("provided:{plus}", ("provided", ret))]
    async fn provided_write(&mut self, plus: u32) -> u32 {
        ran();
        self.id() * 10 + plus
    }

    #[leader(("provided", self.id()), ttl = "1m", grace = "1m")]
    async fn provided_lead(&self) -> Option<u32> {
        ran();
        Some(self.id())
    }
}

struct One(u32);
struct Other<T>(u32, T);

/// The same tokens for both types.
macro_rules! repo {
    ($($implementation:tt)*) => {
        #[async_trait]
        $($implementation)* {
            fn id(&self) -> u32 {
                self.0
            }

            #[ttl_cached(entity = "boxed", key(self.0, plus))]
            async fn read(&self, plus: u32) -> u32 {
                ran();
                self.0 + plus
            }

            #[ttl_cached(entity = "boxed", key(self.0, text))]
            async fn fallible(&self, text: &str) -> Result<u32, String> {
                ran();
                if text.is_empty() {
                    return Ok(self.0);
                }
                let number: u32 = text.parse().map_err(|_| text.to_owned())?;
                Ok(self.0 + number)
            }

            #[ttl_cached(entity = "boxed", key(self.0, a, c), tags("a:{a}"))]
            async fn patterns(&self, (a, b): (u32, Db), _: Db, mut c: u32) -> u32 {
                ran();
                let _ = b;
                c += self.0 + 10 * a;
                c
            }

            #[ttl_cached(entity = "boxed")]
            async fn associated(plus: u32) -> u32 {
                ran();
                plus
            }

            #[ttl_cached(entity = "boxed")]
            async fn generic<V: CacheKey + Send + Sync + 'static>(&self, value: V) -> String {
                drop(value);
                ran();
                std::any::type_name::<V>().to_owned()
            }

            #[ttl_cached(entity = "boxed", key(self.0))]
            async fn owned(self: Arc<Self>) -> u32 {
                ran();
                self.0
            }

            #[ttl_cached(entity = "boxed", key(self.0))]
            async fn nothing(&self) {
                ran();
            }

            #[hexsha_cached(key(self.0))]
            async fn revised(&self, config: &Config) -> String {
                ran();
                format!("{}{}", config.0, self.0)
            }

            #[invalidates("name:{name}", ("id", self.0), ("ret", ret))]
            async fn write(&mut self, id: u32, (name, _): (String, Db)) -> Result<u32, String> {
                ran();
                if name.is_empty() {
                    return Err(name);
                }
                self.0 = id;
                Ok(id)
            }

            #[invalidates(("nothing", self.0))]
            async fn write_nothing(&self) {
                ran();
            }

            #[leader(("boxed", std::any::type_name::<Self>(), self.0), ttl = "1m", grace = "1m")]
            async fn lead(&self) -> Option<u32> {
                ran();
                Some(u32::try_from(u64::from(self.0)).ok()?)
            }

            #[leader(("nothing", std::any::type_name::<Self>(), id), ttl = "1m", grace = "1m")]
            async fn lead_nothing(&self, id: u32) {
                ran();
            }

            #[ttl_cached(entity = "boxed", key(self.0, plus))]
            fn sync(&self, plus: u32) -> u32 {
                ran();
                self.0 + plus
            }
        }
    };
}

repo!(impl Repo for One);
repo!(impl<T: Send + Sync + 'static> Repo for Other<T>);

async fn through_dyn(of: impl Fn(u32) -> Box<dyn Repo>) {
    cached! {
        "ttl_cached"; of(1).read(1).await => 2,
        "ttl_cached, another argument"; of(1).read(2).await => 3,
        "ttl_cached, another receiver"; of(2).read(1).await => 3,
        "ttl_cached, sync"; of(1).sync(1) => 2,
        "ttl_cached, `?`"; of(1).fallible("1").await => Ok(2),
        "ttl_cached, `return`"; of(1).fallible("").await => Ok(1),
        "ttl_cached, patterns"; of(1).patterns((1, Db), Db, 1).await => 12,
        "ttl_cached, patterns, another first"; of(1).patterns((2, Db), Db, 1).await => 22,
        "ttl_cached, patterns, another last"; of(1).patterns((1, Db), Db, 2).await => 13,
        "ttl_cached, nothing"; of(1).nothing().await => (),
        "hexsha_cached"; of(1).revised(&Config("a")).await => "a1",
        "hexsha_cached, another revision"; of(1).revised(&Config("b")).await => "b1",
        "hexsha_cached, another receiver"; of(2).revised(&Config("a")).await => "a2",
        "provided, ttl_cached"; of(1).provided(1).await => 2,
        "provided, ttl_cached, another receiver"; of(2).provided(1).await => 3,
        "provided, hexsha_cached"; of(1).provided_revised(&Config("a")).await => "a",
    }
    counted!("an error is not kept", 1, of(1).fallible("x").await => Err("x".to_owned()));
    counted!("an error is not kept, again", 1, of(1).fallible("x").await => Err("x".to_owned()));
    counted!("the receiver is not in the key", 0, of(2).provided_revised(&Config("a")).await => "a");
    ends! {
        "invalidates, a parameter", "name:n"; of(1).write(2, ("n".to_owned(), Db)).await => Ok(2),
        "invalidates, the receiver from before", "id:1"; of(1).write(2, ("n".to_owned(), Db)).await => Ok(2),
        "invalidates, the result", "ret:2"; of(1).write(2, ("n".to_owned(), Db)).await => Ok(2),
        "invalidates, nothing", "nothing:1"; of(1).write_nothing().await => (),
        "provided, invalidates, a parameter", "provided:3"; of(1).provided_write(3).await => 13,
        "provided, invalidates, the result", "provided:13"; of(1).provided_write(3).await => 13,
    }
    counted!("its tag", 0, of(1).patterns((1, Db), Db, 1).await => 12);
    larder::invalidate("a:1").await.unwrap();
    counted!("its tag, ended", 1, of(1).patterns((1, Db), Db, 1).await => 12);
    leads! {
        "leader"; of(1).lead().await => Some(1), None;
        "leader, another"; of(2).lead().await => Some(2), None;
        "leader, nothing"; of(1).lead_nothing(1).await => (), ();
    }
}

#[tokio::test]
async fn two_types_through_dyn_and_by_name() {
    let cells = async {
        through_dyn(|id| Box::new(One(id))).await;
        through_dyn(|id| Box::new(Other(id, 0_u8))).await;
        through_dyn(|id| Box::new(Other(id, 0_i8))).await;
        cached! {
            "associated, One"; One::associated(1).await => 1,
            "associated, Other<u8>"; Other::<u8>::associated(1).await => 1,
            "associated, Other<i8>"; Other::<i8>::associated(1).await => 1,
            "generic, u8"; One(1).generic(1_u8).await => "u8",
            "generic, i8"; One(1).generic(1_i8).await => "i8",
            "generic, i8, another type"; Other(1, 0_u8).generic(1_i8).await => "i8",
            "Arc<Self>"; Arc::new(One(1)).owned().await => 1,
            "Arc<Self>, another receiver"; Arc::new(One(2)).owned().await => 2,
            "Arc<Self>, another type"; Arc::new(Other(2, 0_u8)).owned().await => 2,
        }
        counted!("leader, provided", 1, One(1).provided_lead().await => Some(1));
        counted!("leader, provided, following", 0, Other(1, 0_u8).provided_lead().await => None);
        // What runs on another thread must be `Send`: the spawned future says that it is.
        let sent = tokio::spawn(larder::Larder::current().scope(async { Arc::new(One(1)).owned().await }));
        assert_eq!(sent.await.unwrap(), 1);
    };
    memory().await.scope(Box::pin(cells)).await;
}

#[async_trait(?Send)]
trait Here {
    async fn read(&self, plus: u32) -> u32;
    async fn write(&self, id: u32) -> u32;
    async fn lead(&self) -> Option<u32>;

    #[hexsha_cached]
    async fn revised(&self, config: &Config, beside: Rc<str>) -> usize {
        ran();
        config.0.len() + beside.len()
    }
}

#[async_trait(?Send)]
impl Here for Rc<Cell<u32>> {
    #[ttl_cached(entity = "boxed", key(self.get(), plus))]
    async fn read(&self, plus: u32) -> u32 {
        ran();
        let kept = Self::clone(self);
        std::future::ready(()).await;
        kept.get() + plus
    }

    #[invalidates("here:{id}")]
    async fn write(&self, id: u32) -> u32 {
        ran();
        self.replace(id)
    }

    #[leader(("here", self.get()), ttl = "1m", grace = "1m")]
    async fn lead(&self) -> Option<u32> {
        ran();
        let kept = Self::clone(self);
        std::future::ready(()).await;
        Some(kept.get())
    }
}

#[tokio::test]
async fn methods_whose_futures_stay_on_their_thread() {
    let cells = async {
        let here = Rc::new(Cell::new(1));
        cached! {
            "ttl_cached"; here.read(1).await => 2,
            "ttl_cached, another receiver"; Rc::new(Cell::new(2)).read(1).await => 3,
            "hexsha_cached"; here.revised(&Config("a"), Rc::from("b")).await => 2,
            "hexsha_cached, another"; here.revised(&Config("a"), Rc::from("bb")).await => 3,
        }
        leads! { "leader"; here.lead().await => Some(1), None }
        ends! { "invalidates", "here:7"; here.write(7).await => 1 }
    };
    memory().await.scope(cells).await;
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[ttl_cached(entity = "boxed")]
fn factorial(n: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move {
        ran();
        if n == 0 {
            return 1;
        }
        factorial(n - 1).await * n
    })
}

/// The key is made of what the name means inside.
#[ttl_cached(entity = "boxed")]
fn rounded(id: u32) -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    let id = id / 10;
    Box::pin(async move {
        ran();
        let text = id.to_string();
        let mut text = text;
        text.push('0');
        let id: u32 = text.parse().map_err(|_| text)?;
        Ok(id)
    })
}

#[hexsha_cached]
fn revised<'a>(config: &'a Config, name: &'a str) -> Pin<Box<dyn Future<Output = String> + Send + 'a>> {
    Box::pin(async move {
        ran();
        format!("{}{name}", config.0)
    })
}

#[invalidates("boxed:{id}", ("ret", ret))]
fn written(id: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move {
        ran();
        let id = id;
        id + 1
    })
}

#[leader("boxed:{id}", ttl = "1m", grace = "1m")]
fn led(id: u32) -> Pin<Box<dyn Future<Output = Option<u32>> + Send>> {
    Box::pin(async move {
        ran();
        Some(id)
    })
}

#[tokio::test]
async fn boxed_futures_written_by_hand() {
    let cells = async {
        counted!("ttl_cached", 11, factorial(10).await => 3_628_800);
        counted!("ttl_cached, a step of it", 0, factorial(9).await => 362_880);
        cached! {
            "ttl_cached, a name bound anew"; rounded(12).await => Ok(10),
            "ttl_cached, a name bound anew, another"; rounded(22).await => Ok(20),
            "hexsha_cached"; revised(&Config("a"), "b").await => "ab",
            "hexsha_cached, another"; revised(&Config("a"), "c").await => "ac",
        }
        counted!("ttl_cached, a name bound anew, of one meaning", 0, rounded(13).await => Ok(10));
        ends! {
            "invalidates", "boxed:1"; written(1).await => 2,
            "invalidates, the result", "ret:2"; written(1).await => 2,
        }
        leads! {
            "leader"; led(1).await => Some(1), None;
            "leader, another"; led(2).await => Some(2), None;
        }
        let later: Boxed<'_, u64> = factorial(20);
        counted!("nothing runs before it is awaited", 10, later.await => 2_432_902_008_176_640_000);
    };
    memory().await.scope(cells).await;
}
