//! Typed records: data in Redis under one primary key, found by indexed fields.

mod fault;
mod filing;
mod former;
mod handle;
mod shelf;

use std::borrow::Borrow;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::instance::Larder;
use crate::key::CacheKey;
use crate::remote::Remote;
use crate::value::{LivesIn, Shared};
use fault::{Asked, Fault};
pub(crate) use filing::Drawer;
pub use filing::Filing;
use filing::{KEY, Plain, digest, mark, plain};
pub use former::Former;
pub use handle::{Index, Unique};
pub(crate) use shelf::{Digest, Filed, Filled, Saved, Shelf, Stored};

/// A type whose values are kept in Redis: one under each primary key, found by their indexed fields.
///
/// `#[derive(Record)]` implements it. A record is data, not a cached value: what cannot be done is an error, and nothing is
/// served from memory. Every call goes to the instance in force, and needs Redis.
///
/// Each write is one atomic step, whoever else writes and whatever crashes: an index shows every record that is stored, and
/// never one that is deleted, changed or past its life.
///
/// # Examples
///
/// ```
/// use larder::Record;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
/// #[record(name = "tenant", ttl = "1h")]
/// struct Tenant {
///     #[record(key)]
///     id: u64,
///     #[record(unique)]
///     host: String,
///     #[record(index)]
///     plan: String,
/// }
///
/// # #[cfg(feature = "testkit")]
/// # pollster::block_on(larder::Larder::testing().scope(async {
/// Tenant { id: 1, host: "a.example".into(), plan: "gold".into() }.save().await?;
///
/// let found = Tenant::find_unique(Tenant::HOST, "a.example").await?;
/// assert_eq!(found, Tenant::load(&1).await?);
/// assert_eq!(Tenant::find(Tenant::PLAN, "gold").await?.len(), 1);
/// assert!(Tenant::delete(&1).await?);
/// assert!(Tenant::find(Tenant::PLAN, "gold").await?.is_empty());
/// # Ok::<(), larder::Error>(()) })).unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no record",
    label = "not a record",
    note = "write `#[derive(larder::Record)]` and `#[record(name = \"..\")]` over the type"
)]
pub trait Record: Serialize + DeserializeOwned + Sized {
    /// The type of the primary key.
    type Key: CacheKey;

    #[doc(hidden)]
    const NAME: &'static str;

    /// What tells this version of the type from every other.
    #[doc(hidden)]
    const SHAPE: &'static str;

    /// How long a record lives; `None`: until it is deleted.
    #[doc(hidden)]
    fn life() -> Option<Duration> {
        None
    }

    /// What this record is filed under.
    #[doc(hidden)]
    fn file(&self, filing: &mut Filing);

    /// The versions of the type before this one.
    #[doc(hidden)]
    fn former() -> Former<Self> {
        Former::none()
    }

    /// Stores this record for its whole ttl, in the place of the one under its primary key.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::ErrorKind::Conflict) where another record has its value of a unique field,
    /// [`Unreadable`](crate::ErrorKind::Unreadable) where another version of the type would be overwritten,
    /// [`Unstorable`](crate::ErrorKind::Unstorable) where a value has no stored form,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) where Redis is away, refuses or does not answer,
    /// [`Configuration`](crate::ErrorKind::Configuration) where there is none. Nothing is stored then, but where there was no
    /// answer: that is not known, and the same may be saved again.
    fn save(&self) -> impl Future<Output = Result<(), Error>> + Send {
        let asked = Asked { name: Self::NAME, what: "saved" };
        let written = written(self);
        async move {
            let (filing, payload) = asked.of(written)?;
            let redis = asked.of(Redis::in_force())?;
            let (own, indexes) = filing.within(redis.larder.namespace(), Self::NAME);
            let (drawer, shape, former) = (Drawer { name: Self::NAME }, mark(Self::SHAPE), Self::former().shapes());
            let filed = Filed { drawer, own, shape, former, life: Self::life(), payload, indexes };
            let saved =
                redis.shelf().await.save(filed).await.map_err(|refusal| asked.fault(Fault::Refused(refusal)))?;
            match saved {
                Saved::Stored => Ok(()),
                Saved::Taken { field } => Err(asked.fault(Fault::Taken { field })),
                Saved::Foreign => Err(asked.fault(Fault::Overwrites)),
            }
        }
    }

    /// The record under a primary key.
    ///
    /// # Errors
    ///
    /// [`Unreadable`](crate::ErrorKind::Unreadable) where it was written by another version of the type, or is damaged,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) where Redis is away, refuses or does not answer,
    /// [`Configuration`](crate::ErrorKind::Configuration) where there is none.
    fn load<Q>(key: &Q) -> impl Future<Output = Result<Option<Self>, Error>> + Send
    where
        Self::Key: Borrow<Q>,
        Q: CacheKey + ?Sized,
    {
        let asked = Asked { name: Self::NAME, what: "loaded" };
        let key = plain(KEY, key);
        async move {
            let (redis, own) = asked.of(Redis::with(KEY, key, Self::NAME))?;
            let found = redis.shelf().await.load(Drawer { name: Self::NAME }, own).await;
            let found = found.map_err(|refusal| asked.fault(Fault::Refused(refusal)))?;
            found.map(|stored| read(stored).map_err(|fault| asked.fault(fault))).transpose()
        }
    }

    /// The records whose indexed field has this value, in no order that means anything.
    ///
    /// Each is read on its own: beside writes, this is no picture of one moment. It takes one round trip, and one more for each
    /// 256 records.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), for each record.
    fn find<V, Q>(index: Index<Self, V>, value: &Q) -> impl Future<Output = Result<Vec<Self>, Error>> + Send
    where
        V: Borrow<Q>,
        Q: CacheKey + ?Sized,
    {
        found(index.field(), value)
    }

    /// The one record whose unique field has this value. A `None` is no value: it finds nothing.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn find_unique<V, Q>(index: Unique<Self, V>, value: &Q) -> impl Future<Output = Result<Option<Self>, Error>> + Send
    where
        V: Borrow<Q>,
        Q: CacheKey + ?Sized,
    {
        let found = found::<Self, Q>(index.field(), value);
        async move { Ok(found.await?.into_iter().next()) }
    }

    /// Every record of this type, in no order that means anything: what an index that was added is filled from, by saving each.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    ///
    /// # Examples
    ///
    /// ```
    /// # use larder::Record;
    /// # #[derive(serde::Serialize, serde::Deserialize, Record)]
    /// # #[record(name = "tenant")]
    /// # struct Tenant { #[record(key)] id: u64 }
    /// # #[cfg(feature = "testkit")]
    /// # pollster::block_on(larder::Larder::testing().scope(async {
    /// for tenant in Tenant::all().await? {
    ///     tenant.save().await?;
    /// }
    /// # Ok::<(), larder::Error>(()) })).unwrap();
    /// ```
    fn all() -> impl Future<Output = Result<Vec<Self>, Error>> + Send {
        found(filing::ALL, &())
    }

    /// Deletes the record under a primary key, with all that it is found by. `false`: there was none. The version of the type
    /// that wrote it does not matter.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::ErrorKind::Unavailable) where Redis is away, refuses or does not answer,
    /// [`Configuration`](crate::ErrorKind::Configuration) where there is none.
    fn delete<Q>(key: &Q) -> impl Future<Output = Result<bool, Error>> + Send
    where
        Self::Key: Borrow<Q>,
        Q: CacheKey + ?Sized,
    {
        let asked = Asked { name: Self::NAME, what: "deleted" };
        let key = plain(KEY, key);
        async move {
            let (redis, own) = asked.of(Redis::with(KEY, key, Self::NAME))?;
            let deleted = redis.shelf().await.delete(Drawer { name: Self::NAME }, own).await;
            deleted.map_err(|refusal| asked.fault(Fault::Refused(refusal)))
        }
    }

    /// How much longer the record under a primary key lives, to the millisecond; [`Duration::MAX`] for one that has no ttl.
    /// `None`: there is no such record.
    ///
    /// # Errors
    ///
    /// As [`delete`](Self::delete).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use larder::Record;
    ///
    /// #[derive(serde::Serialize, serde::Deserialize, Record)]
    /// #[record(name = "session", ttl = "20s")]
    /// struct Session {
    ///     #[record(key)]
    ///     token: String,
    /// }
    ///
    /// # #[cfg(feature = "testkit")]
    /// # pollster::block_on(larder::Larder::testing().scope(async {
    /// Session { token: "t".into() }.save().await?;
    /// assert_eq!(Session::ttl("t").await?, Some(Duration::from_secs(20)));
    /// assert_eq!(Session::ttl("u").await?, None);
    /// # Ok::<(), larder::Error>(()) })).unwrap();
    /// ```
    fn ttl<Q>(key: &Q) -> impl Future<Output = Result<Option<Duration>, Error>> + Send
    where
        Self::Key: Borrow<Q>,
        Q: CacheKey + ?Sized,
    {
        let asked = Asked { name: Self::NAME, what: "asked for" };
        let key = plain(KEY, key);
        async move {
            let (redis, own) = asked.of(Redis::with(KEY, key, Self::NAME))?;
            let life = redis.shelf().await.life(Drawer { name: Self::NAME }, own).await;
            life.map_err(|refusal| asked.fault(Fault::Refused(refusal)))
        }
    }
}

/// What is filed under a field's value.
fn found<R: Record, Q: CacheKey + ?Sized>(
    field: &'static str,
    value: &Q,
) -> impl Future<Output = Result<Vec<R>, Error>> + Send + use<R, Q> {
    let asked = Asked { name: R::NAME, what: "searched for" };
    let value = plain(field, value);
    async move {
        let (redis, value) = asked.of(Redis::with(field, value, R::NAME))?;
        let stored = redis.shelf().await.find(Drawer { name: R::NAME }, Filled { field, value }).await;
        let stored = stored.map_err(|refusal| asked.fault(Fault::Refused(refusal)))?;
        stored.into_iter().map(|stored| read(stored).map_err(|fault| asked.fault(fault))).collect()
    }
}

/// What a record is filed under, and its bytes.
fn written<R: Record>(record: &R) -> Result<(Filing, Vec<u8>), Fault> {
    let mut filing = Filing::new();
    record.file(&mut filing);
    let filing = filing.checked()?;
    Ok((filing, LivesIn::<Shared>::encode(record).ok_or(Fault::NoForm)?))
}

/// Reads what was stored by this version of the type, or by one before it.
fn read<R: Record>(stored: Stored) -> Result<R, Fault> {
    let payload = stored.payload.ok_or(Fault::Damaged)?;
    let read = if stored.shape == mark(R::SHAPE) {
        LivesIn::<Shared>::decode(&payload)
    } else {
        let former = R::former();
        former.knows(&stored.shape).then(|| former.read(&stored.shape, &payload)).ok_or(Fault::Foreign)?
    };
    read.ok_or(Fault::Damaged)
}

/// An instance that has Redis: the one in force when a call is first polled, and not when it is made.
struct Redis {
    larder: Larder,
    remote: Arc<dyn Remote>,
}

impl Redis {
    fn in_force() -> Result<Self, Fault> {
        let larder = Larder::current();
        let remote = larder.remote().cloned().ok_or(Fault::Memory)?;
        Ok(Self { larder, remote })
    }

    /// The same, with what stands there for a value.
    fn with(field: &str, value: Result<Plain, Fault>, name: &str) -> Result<(Self, Digest), Fault> {
        let (value, redis) = (value?, Self::in_force()?);
        let digest = digest(redis.larder.namespace(), name, field, &value);
        Ok((redis, digest))
    }

    /// Who keeps the records, once it is known whether there is a link.
    async fn shelf(&self) -> &dyn Shelf {
        self.remote.settled().await;
        self.remote.shelf()
    }
}
