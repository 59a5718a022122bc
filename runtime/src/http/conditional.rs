//! What is told of a response before it is made: its validators, its life, and who may keep it.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use ::http::header::{CACHE_CONTROL, ETAG, LAST_MODIFIED, VARY};
use ::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::control::{Control, Life};
use super::tags::Validator;
use crate::key::{CacheKey as _, KeyWriter, by_serde};
use crate::revision::HexSha;

/// What is told of a response before it is made: its validators, how long it may be kept, and by whom.
///
/// It begins with [`revision`](Self::revision), [`content`](Self::content) or [`observe`](super::observe); [`with`](Self::with)
/// joins two of them. Two [scopes](Self::scope) never share a tag.
///
/// | `Cache-Control` | where |
/// |---|---|
/// | `private` (`public` after [`public`](Self::public)) | always, but with `no-store` |
/// | `max-age` | the life is known: what is left of it in whole seconds, at most [`max_age`](Self::max_age) |
/// | `no-cache` | the life is not known, as that of a revision, and no [`max_age`](Self::max_age) was given; [`no_cache`](Self::no_cache) |
/// | `no-store` | what was observed is kept nowhere; [`no_store`](Self::no_store) |
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use http::{HeaderMap, header};
/// use larder::http::Conditional;
///
/// let config = larder::Revisioned::new(vec!["issuer"]);
/// let conditional = Conditional::revision(&config)
///     .scope("a.example")                                      // every host has its own answer
///     .public()
///     .max_age(Duration::from_secs(60))
///     .stale_if_error(Duration::from_secs(3_600))
///     .vary(header::ACCEPT_ENCODING);
///
/// let mut headers = HeaderMap::new();
/// conditional.apply(&mut headers);
/// assert_eq!(headers["cache-control"], "public, max-age=60, stale-if-error=3600");
/// assert_eq!(headers["vary"], "accept-encoding");
/// assert_ne!(headers["etag"], Conditional::revision(&config).scope("b.example").etag().unwrap());
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is evaluated and applied"]
pub struct Conditional {
    pub(super) validator: Option<Validator>,
    pub(super) weak: bool,
    pub(super) modified: Option<SystemTime>,
    pub(super) later_date_wins: bool,
    control: Control,
    vary: Vec<HeaderName>,
}

/// What a [`Conditional`] begins with.
pub(super) enum Source {
    Revision(Validator),
    Content(Option<Validator>),
    Calls(Validator, Life),
    Nothing,
}

/// The first second that no date of HTTP can name: that of the year 10000.
const TOO_LATE: u64 = 253_402_300_800;

impl Conditional {
    pub(super) fn of(source: Source) -> Self {
        let (validator, weak, life) = match source {
            Source::Revision(validator) => (Some(validator), false, Life::Unknown),
            Source::Content(validator) => (validator, true, Life::Unknown),
            Source::Calls(validator, life) => (Some(validator), true, life),
            Source::Nothing => (None, true, Life::Over),
        };
        let control = Control { life, ..Control::default() };
        Self { validator, weak, modified: None, later_date_wins: false, control, vary: Vec::new() }
    }

    /// Of a response that depends on a revision, on its URL and on the program alone: a strong tag, the same in every process.
    ///
    /// What else it depends on goes into [`scope`](Self::scope): the host, the user, or the program's version, where a new one
    /// may write the same configuration in other bytes.
    pub fn revision<R: HexSha + ?Sized>(revision: &R) -> Self {
        Self::of(Source::Revision(Validator::of("revision", [revision.hexsha().as_bytes()])))
    }

    /// Of a response that shows this value: its tag is the same wherever the value is, also when it was computed anew.
    ///
    /// It costs writing the value once, into a hash. The tag is weak: maps that are equal may be sent in another order. A
    /// value that serde cannot write has none.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use larder::http::{Conditional, observe};
    ///
    /// #[larder::ttl_cached(entity = "tools")]
    /// async fn tools() -> Vec<String> {
    ///     vec!["hammer".into()]
    /// }
    ///
    /// let answer = async || {
    ///     let (tools, observed) = observe(tools()).await;
    ///     Conditional::content(&tools).lives_as(&observed)         // the tag of the value, the life of the entry
    /// };
    /// let before = answer().await.etag();
    /// larder::invalidate("tools").await?;
    /// assert_eq!(answer().await.etag(), before);
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub fn content<T: Serialize + ?Sized>(value: &T) -> Self {
        let mut content = KeyWriter::default();
        by_serde(value).encode_key(&mut content);
        Self::of(Source::Content(content.sha256().map(|hash| Validator::of("content", [&hash[..]]))))
    }

    /// Tells two responses of one origin apart: by host, tenant, user, media type or version. Only its hash is in the tag.
    pub fn scope(mut self, scope: impl AsRef<[u8]>) -> Self {
        self.validator = self.validator.map(|validator| validator.and("scope", scope.as_ref()));
        self
    }

    /// Of a response that both tell of: its tag changes with either, and it lives as long as both do.
    ///
    /// What else was said stays as it was said of `self`; fields of [`vary`](Self::vary) are joined. A date stays where both
    /// have one: the later.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use larder::http::{Conditional, observe};
    ///
    /// #[larder::ttl_cached(entity = "tools")]
    /// async fn tools() -> u64 { 1 }
    ///
    /// let (old, new) = (larder::Revisioned::new("old"), larder::Revisioned::new("new"));
    /// let (_, observed) = observe(tools()).await;
    /// let of = |config| observed.clone().with(Conditional::revision(config)).etag();
    /// assert_ne!(of(&old), of(&new));
    /// # });
    /// ```
    pub fn with(mut self, other: Self) -> Self {
        let both = self.validator.zip(other.validator);
        self.validator = both.map(|(one, other)| one.and("with", other.bytes()));
        self.weak |= other.weak;
        self.modified = self.modified.zip(other.modified).map(|(one, other)| one.max(other));
        for name in other.vary {
            self = self.vary(name);
        }
        self.control.no_store |= other.control.no_store;
        self.control.life = self.control.life.and(other.control.life);
        self
    }

    /// Lives as long as what was observed, and no longer than before; the tag stays as it is.
    pub fn lives_as(mut self, observed: &Self) -> Self {
        self.control.no_store |= observed.control.no_store;
        self.control.life = self.control.life.and(observed.control.life.clone());
        self
    }

    /// Makes the tag weak: for a response whose bytes a layer outside of this writes anew, such as one that compresses.
    ///
    /// A strong tag says that the bytes are the same, and they are not when one client gets them compressed. (The other way is
    /// [`scope`](Self::scope) with the coding, where the handler knows it.) Both ways the response varies: see [`vary`](Self::vary).
    ///
    /// Such a layer should leave a 304 alone, which has no coding: tower-http's does where it stands inside of
    /// `RevisionLayer`, and elsewhere by `compress_when(DefaultPredicate::new().and(..))` with a closure that says
    /// `status != StatusCode::NOT_MODIFIED`.
    pub const fn weak(mut self) -> Self {
        self.weak = true;
        self
    }

    /// Makes the tag strong: for a response whose bytes are the same whenever the value is, as that without maps whose order is
    /// by chance. Only a strong tag can be named in `If-Match`.
    pub const fn strong(mut self) -> Self {
        self.weak = false;
        self
    }

    /// When the resource was last modified, to the second. A time that HTTP cannot write (before 1970, after 9999) is none;
    /// one that lies ahead counts as the present.
    pub fn last_modified(mut self, modified: SystemTime) -> Self {
        let since = modified.duration_since(SystemTime::UNIX_EPOCH).ok();
        self.modified = since.filter(|since| since.as_secs() < TOO_LATE).map(|_| modified);
        self
    }

    /// Answers 304 also to a wrong tag, where `If-Modified-Since` is later than [`last_modified`](Self::last_modified).
    ///
    /// RFC 9110 says that a tag decides alone. Services that did it this way keep clients from going back and forth while their
    /// processes are not all at one revision: a client that was given the newer one keeps it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use http::{HeaderMap, Method};
    /// use larder::http::{Conditional, Decision};
    ///
    /// let config = larder::Revisioned::new("older");
    /// let conditional = Conditional::revision(&config).last_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
    /// let mut headers = HeaderMap::new();
    /// headers.insert("if-none-match", "\"newer\"".parse()?);
    /// headers.insert("if-modified-since", "Sun, 06 Nov 1994 08:50:00 GMT".parse()?);
    /// assert_eq!(conditional.evaluate(&Method::GET, &headers), Decision::Send);
    /// assert_eq!(conditional.later_date_wins().evaluate(&Method::GET, &headers), Decision::NotModified);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn later_date_wins(mut self) -> Self {
        self.later_date_wins = true;
        self
    }

    /// Caches that several clients share may keep it (default: only the client's own).
    pub const fn public(mut self) -> Self {
        self.control.public = true;
        self
    }

    /// The longest that it may be kept unasked, in whole seconds (default: what is left of the life of what was observed, and
    /// not at all for what has a revision alone). It never lengthens that life.
    pub const fn max_age(mut self, most: Duration) -> Self {
        self.control.max_age = Some(most);
        self
    }

    /// May be kept, and is to be asked about each time: what is ended here is then shown nowhere.
    pub const fn no_cache(mut self) -> Self {
        self.control.no_cache = true;
        self
    }

    /// May not be kept.
    pub const fn no_store(mut self) -> Self {
        self.control.no_store = true;
        self
    }

    /// May be shown this long beyond its life while it is asked about (RFC 5861), in whole seconds.
    pub const fn stale_while_revalidate(mut self, span: Duration) -> Self {
        self.control.stale_while_revalidate = Some(span);
        self
    }

    /// May be shown this long beyond its life where asking fails (RFC 5861), in whole seconds.
    pub const fn stale_if_error(mut self, span: Duration) -> Self {
        self.control.stale_if_error = Some(span);
        self
    }

    /// A field of the request that the response depends on: `Accept-Encoding`, where it is compressed.
    pub fn vary(mut self, name: HeaderName) -> Self {
        if !self.vary.contains(&name) {
            self.vary.push(name);
        }
        self
    }

    /// The `ETag`; `None` where nobody could say when the response changes.
    #[must_use]
    pub fn etag(&self) -> Option<HeaderValue> {
        self.validator.and_then(|validator| validator.header(self.weak))
    }

    /// The `Cache-Control`, as of now.
    #[must_use]
    pub fn cache_control(&self) -> HeaderValue {
        self.control.header()
    }

    /// Writes `ETag`, `Last-Modified`, `Cache-Control` and `Vary`, for a response of success and for a 304. What stands there
    /// already stays; `Vary` is joined with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use http::HeaderMap;
    /// use larder::http::Conditional;
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert("vary", "Cookie".parse()?);
    /// headers.insert("cache-control", "no-store".parse()?);
    /// Conditional::revision(&larder::Revisioned::new(1)).vary(http::header::ACCEPT).apply(&mut headers);
    /// assert_eq!(headers["vary"], "Cookie, accept");
    /// assert_eq!(headers["cache-control"], "no-store");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apply(&self, headers: &mut HeaderMap) {
        if let Some(tag) = self.etag() {
            headers.entry(ETAG).or_insert(tag);
        }
        let modified = self.modified_second().map(httpdate::fmt_http_date);
        if let Some(modified) = modified.and_then(|modified| HeaderValue::try_from(modified).ok()) {
            headers.entry(LAST_MODIFIED).or_insert(modified);
        }
        headers.entry(CACHE_CONTROL).or_insert_with(|| self.cache_control());
        self.join_vary(headers);
    }

    fn join_vary(&self, headers: &mut HeaderMap) {
        let there: Vec<&str> = headers.get_all(VARY).iter().filter_map(|line| line.to_str().ok()).collect();
        let named = there.iter().flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase());
        let named: BTreeSet<String> = named.filter(|name| !name.is_empty()).collect();
        let missing = self.vary.iter().map(HeaderName::as_str).filter(|name| !named.contains(*name));
        let missing: Vec<&str> = missing.collect();
        if missing.is_empty() || named.contains("*") {
            return;
        }
        let all = there.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).chain(missing);
        if let Ok(vary) = HeaderValue::try_from(all.collect::<Vec<_>>().join(", ")) {
            headers.insert(VARY, vary);
        }
    }
}
