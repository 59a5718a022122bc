//! The attribute macros of `larder`.
//!
//! Depend on `larder`, which re-exports them: what they write calls its runtime. Every macro reads its arguments and
//! the user's function, decides what is wanted, and writes one call around the body. The signature stays as it was, and
//! nothing is added beside the function. `expansions/` holds what is written, one file per shape.
//!
//! `LARDER_EXPAND=name cargo check` prints the expansion of the function or type `name`, formatted where `rustfmt` is on the
//! `PATH`. Cargo does not compile again for a variable: `touch` the file before.
//!
//! Arguments are tokens, never Rust in strings. A duration is `20` (seconds), `"250ms"`, `"20s"`, `"1m30s"`, `"2h"` or an
//! expression of type `Duration`. Faults are reported all at once, each where it is; the function is then left as it was.
//!
//! # Several attributes on one function
//!
//! Their order in the source means nothing. From the outside in, a call meets `leader`, `hexsha_cached`, `ttl_cached`,
//! `invalidates`, the body. So a write ends names when its body ran, not when its result came from a cache or this process
//! did not lead; what a follower gets is not stored; and `larder::invalidate("tools")` also ends what a revision holds.
//! Two of one kind do both. (An attribute under another name, by `use .. as ..`, is expanded where it stands.)

use proc_macro::TokenStream;

mod apart;
mod args;
mod bounds;
mod boxed;
mod cache_key;
mod chain;
mod conditions;
mod duration;
mod errors;
mod fingerprint;
mod function;
mod hexsha_cached;
mod invalidates;
mod key;
mod leader;
mod misplaced;
mod names;
mod nearest;
mod number;
mod order;
mod policy;
mod printed;
mod receiver;
mod renewal;
mod returns;
mod revision;
mod root;
mod shape;
mod ttl_cached;
mod words;

#[cfg(test)]
mod tests;

/// Caches a function's result until its time or its entity ends.
///
/// ```
/// use std::sync::Arc;
/// # struct Db;
/// # impl Db {
/// #     async fn tools(&self, team: &str) -> Result<Vec<String>, String> {
/// #         Ok(vec![format!("{team} hammer")])
/// #     }
/// # }
///
/// #[larder::ttl_cached(entity = "tools", ttl = "20s", skip(db))]
/// async fn list_tools(db: &Db, team: &str) -> Result<Arc<Vec<String>>, String> {
///     db.tools(team).await.map(Arc::new)
/// }
///
/// # fn main() -> Result<(), String> { pollster::block_on(async {
/// # let db = Db;
/// let first = list_tools(&db, "red").await?;
/// let again = list_tools(&db, "red").await?; // the body does not run
/// assert!(Arc::ptr_eq(&first, &again));
/// # Ok(()) }) }
/// ```
///
/// It works on free functions, methods and trait implementations (`#[async_trait]` too), sync and async. Only what
/// succeeded is stored: `Ok` of a `Result`, everything of other types, as `larder::Cacheable` says. A stored value is
/// owned: `-> &str` and `-> impl Trait` are refused. So are `const`, `unsafe` and `extern` functions.
///
/// # Arguments
///
/// ## `entity = "tools"`
///
/// What the result shows: `#[larder::invalidates("tools")]` ends it everywhere. Required. Refuses all but one fixed, not
/// empty text without control characters.
///
/// ## `ttl = "20s"`
///
/// How long a result lives; an expression may use the parameters. Default: what the configuration says, or 60 seconds.
/// `0` stores nothing. Refuses `ret`, negative durations, and those above a hundred years.
///
/// ## `key(filter.team, self.realm)`
///
/// The expressions that make the key. Default: all parameters but `self`, a pattern giving all that it binds. Refuses
/// names that are no parameters, and `ret`, which is not there yet.
///
/// ## `skip(db)`
///
/// The parameters that are not in the key, because they cannot change the result. Of one that implements
/// `larder::HexSha` (a configuration), and of a `self` that does, the revision is in the key all the same: what was made
/// under one configuration is never served under another. Default: none. Refuses names that are no parameters. Beside
/// `key(..)`, the two must name every parameter between them, and none twice.
///
/// ## `stale_while_revalidate = "10s"`
///
/// For how long beyond its life a value is still served, while one call has it computed anew in the background (RFC 5861).
/// What was ended is never served, and nothing beyond life and this time together, both counted from the fill. A failing
/// renewal is tried again after a second. An async function renews in the tokio runtime of its caller (without one it
/// does not), a sync one in a thread. Parameters that are references, and `&self`, are taken along in their owned form
/// (`ToOwned`), also on a miss. Default: none. Refuses 0, `store = redis`, and parameters that cannot be taken along.
///
/// ## `refresh_ahead = 0.8`
///
/// The share of its life after which a hit has the value computed anew in the background, so that no call waits for it; as
/// above in all else. Default: none. Refuses what is not between 0 and 1.
///
/// ## `tags("tool:{id}", ("team", ret.team))`
///
/// Finer names than the entity, each of which `#[larder::invalidates]` can end. In a text, `{name.field}` stands for a
/// parameter or its field, and `{{` for a brace; a tuple takes whole expressions and is joined by `:`. `ret` is the
/// stored value: of a `Result`, what is in its `Ok`. Default: none. Refuses empty names, the entity, a name twice, unknown
/// parameters, and one expression of `ret` and a parameter, which are not there at one time: make two parts of it, like
/// `("tool", ret.team, id)`.
///
/// ## `when = cursor.is_none()`
///
/// Whether this call reads and stores at all; otherwise it just runs. Default: always. Refuses `ret`.
///
/// ## `store_if = |tools| !tools.is_empty()`
///
/// Whether to store this result: a closure over a reference to the stored value, which may also look at parameters that
/// the body does not take along by moving them. Default: always. Refuses an expression of `ret` that is no closure.
///
/// ## `capacity = 10_000`
///
/// How many entries the memory of this process holds: a number or a constant. Default: 10 000. Refuses 0.
///
/// ## `store = memory`
///
/// Where values are kept: `memory`, `redis` or `tiered`. Default: `tiered`, which is memory where no Redis is
/// configured. Refuses types without serde's traits, unless it is `memory`.
///
/// ## `jitter = 0.1`
///
/// The share of the ttl by which entries made together end apart. Default: 0.1. Refuses what is outside 0.0..=1.0.
///
/// ## `coherence = strict`
///
/// How soon an invalidation in another process is seen: `tracked` by a push, `strict` by asking at every call, `ttl` not
/// before the ttl is over. Default: `tracked`. Refuses other words.
///
/// ## `single_flight = off`
///
/// Whether concurrent callers wait for one computation: `process` or `off`. Default: `process`. Refuses other words.
///
/// ## `version = 2`
///
/// A number to raise when stored values changed their meaning but not their type. Default: 0. Refuses what is not a
/// `u32`.
///
/// ## `crate = ::path`
///
/// Where the runtime is, when a crate re-exports it. Default: `::larder`. Refuses paths that depend on the module.
#[proc_macro_attribute]
pub fn ttl_cached(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("ttl_cached", args, item, ttl_cached::expand)
}

/// Caches a pure function of a configuration revision: nothing expires, and nothing is served under another revision.
///
/// ```
/// use std::sync::Arc;
///
/// struct Config {
///     commit: String,
///     realm: String,
/// }
///
/// impl larder::HexSha for Config {
///     fn hexsha(&self) -> &str {
///         &self.commit
///     }
/// }
///
/// #[larder::hexsha_cached]
/// fn issuer(config: &Config, host: &str) -> Arc<str> {
///     format!("https://{host}/{}", config.realm).into()
/// }
///
/// let old = Config { commit: "0a1b".to_owned(), realm: "old".to_owned() };
/// let new = Config { commit: "2c3d".to_owned(), realm: "new".to_owned() };
/// assert_eq!(&*issuer(&old, "a.example"), "https://a.example/old");
/// assert_eq!(&*issuer(&new, "a.example"), "https://a.example/new");
/// assert!(Arc::ptr_eq(&issuer(&old, "a.example"), &issuer(&old, "a.example")));
/// ```
///
/// The first parameter implements `larder::HexSha` and is the revision; all others make the key. It works on the same
/// functions as [`macro@ttl_cached`], and refuses the same.
///
/// # Arguments
///
/// ## `revision = self.config.hexsha()`
///
/// The revision, as a text. Default: the first parameter's. The parameter at the root of the expression is not in the
/// key. Refuses `ret`; a function without parameters needs it.
///
/// ## `key(host)`
///
/// The expressions that make the key. Default: all parameters but `self` and the revision. Refuses as in
/// [`macro@ttl_cached`].
///
/// ## `skip(db)`
///
/// The parameters that are not in the key. Default: none. Refuses as in [`macro@ttl_cached`].
///
/// ## `keep = 2`
///
/// How many revisions stay in memory, for roll-outs that go back and forth: a number or a constant. Default: 2.
/// Refuses 0.
///
/// ## `capacity = 1024`
///
/// How many entries each revision holds: a number or a constant. Default: 10 000. Refuses 0.
///
/// ## `when = host.is_some()`
///
/// Whether this call reads and stores at all. Default: always. Refuses `ret`.
///
/// ## `store_if = |page| page.is_complete()`
///
/// Whether to store this result. Default: always. Refuses as in [`macro@ttl_cached`].
///
/// ## `store = tiered`
///
/// Where values are kept: `memory`, `redis` or `tiered`. Default: `memory`. Refuses types without serde's traits, unless
/// it is `memory`.
///
/// ## `crate = ::path`
///
/// Where the runtime is. Default: `::larder`. Refuses paths that depend on the module.
#[proc_macro_attribute]
pub fn hexsha_cached(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("hexsha_cached", args, item, hexsha_cached::expand)
}

/// Ends entities and tags after a write.
///
/// ```
/// # use std::sync::Mutex;
/// #[derive(Clone)]
/// struct Tool {
///     id: u32,
///     team: String,
/// }
///
/// #[larder::ttl_cached(entity = "tools", tags("team:{team}"), skip(tools), store = memory)]
/// fn team_tools(tools: &Mutex<Vec<Tool>>, team: &str) -> usize {
///     tools.lock().map_or(0, |tools| tools.iter().filter(|tool| tool.team == team).count())
/// }
///
/// #[larder::invalidates("tool:{id}", ("team", ret.team))]
/// fn add(tools: &Mutex<Vec<Tool>>, id: u32, team: &str) -> Result<Tool, String> {
///     let tool = Tool { id, team: team.to_owned() };
///     tools.lock().map_err(|error| error.to_string())?.push(tool.clone());
///     Ok(tool)
/// }
///
/// let tools = Mutex::default();
/// assert_eq!(team_tools(&tools, "red"), 0);
/// assert!(add(&tools, 1, "red").is_ok()); // ends `tool:1` and `team:red`
/// assert_eq!(team_tools(&tools, "red"), 1);
/// ```
///
/// # Arguments
///
/// ## Names
///
/// What ends: entities, or tags as in [`macro@ttl_cached`], made from parameters before the body runs and from its
/// result, `ret`. At least one, or a call. Refuses what a tag refuses, `ret` of `-> impl Trait`, and returned futures.
///
/// ## `tool(db, id)`
///
/// The call of an async cached function: exactly the entry that would answer it ends, see `larder::forget`. The call is
/// made before the body runs (after it, where it uses `ret`), up to the cached function, and dropped: its arguments are
/// checked by the compiler, and no body runs. Refuses calls of sync functions, and parameters beside `ret`.
///
/// ## `on = always`
///
/// After which results: `ok`, or `always` for an `Err` too (names from `ret` need a success). Default: `ok`. Refuses
/// other words.
///
/// ## `phase = after`
///
/// When the names end: `after` the body. Default: `after`. Refuses other words.
///
/// ## `crate = ::path`
///
/// Where the runtime is. Default: `::larder`. Refuses paths that depend on the module.
#[proc_macro_attribute]
pub fn invalidates(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("invalidates", args, item, invalidates::expand)
}

/// Runs a function in at most one process at a time.
///
/// ```
/// #[larder::leader("nightly", ttl = "300s", grace = "10s")]
/// async fn report(tools: &[&str]) -> Option<usize> {
///     Some(tools.len())
/// }
///
/// # pollster::block_on(async {
/// assert_eq!(report(&["hammer", "saw"]).await, Some(2));
/// assert_eq!(report(&["hammer", "saw"]).await, None); // within the `grace`
/// # });
/// ```
///
/// The function returns `()`, `Option<T>`, `larder::Leadership<T>`, or a `Result` of one of these: a call that does not
/// lead gets `()`, `None` or `Follower`.
///
/// # Arguments
///
/// ## `"nightly"`
///
/// The key: who holds it leads. It may have placeholders, and be a tuple, as a tag in [`macro@ttl_cached`]; `key = expr`
/// takes any value that can be displayed. Required. Refuses a second key, and `ret`.
///
/// ## `ttl = "300s"`
///
/// How long the lease lasts; an expression may use the parameters. Required. Refuses less than 10 ms, more than 365 days, and `ret`.
///
/// ## `grace = "10s"`
///
/// How long the lease is held after the body, so that slower clocks do not run it again. Default: 0. Refuses negative
/// durations, and `ret`.
///
/// ## `renew = true`
///
/// Whether the lease is renewed while the body runs. Default: `false`. Refuses all but `true` and `false`.
///
/// ## `on_err = grace`
///
/// What an `Err` does with the lease: `release` it, or hold it for the `grace`. Default: `release`. Refuses other words, and `grace` without one.
///
/// ## `on_unavailable = skip`
///
/// What a call does when Redis cannot be asked: `skip` the body, `run` it, or return an `error`. Default: `skip`. Refuses
/// `error` for functions that return no `Result<_, E>` with `E: From<larder::Error>`.
///
/// ## `mode = skip`
///
/// What a follower does: `skip` the body. Default: `skip`. Refuses other words.
///
/// ## `crate = ::path`
///
/// Where the runtime is. Default: `::larder`. Refuses paths that depend on the module.
#[proc_macro_attribute]
pub fn leader(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("leader", args, item, leader::expand)
}

/// Lets a type be part of a cache key.
///
/// ```
/// use std::sync::Arc;
///
/// #[derive(larder::CacheKey)]
/// struct Filter {
///     team: String,
///     page: Option<u32>,
///     #[key(skip)]
///     trace: u64,
/// }
///
/// #[larder::ttl_cached(entity = "tools")]
/// fn title(filter: &Filter) -> Arc<str> {
///     format!("{} {:?}", filter.team, filter.page).into()
/// }
///
/// let filter = |page, trace| Filter { team: "red".to_owned(), page, trace };
/// assert!(Arc::ptr_eq(&title(&filter(Some(1), 7)), &title(&filter(Some(1), 8))));
/// assert_ne!(title(&filter(Some(1), 7)), title(&filter(None, 7)));
/// ```
///
/// The names of the type, of its variants and of its fields go into the key with their values, so that a type of
/// another shape never shares an entry. Type parameters in kept fields are bounded. Unions are refused.
///
/// # Attributes
///
/// `#[key(skip)]` on a field leaves it out: it must not change any result. `#[key(crate = ::path)]` on the type says where
/// the runtime is (default: `::larder`).
#[proc_macro_derive(CacheKey, attributes(key))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    let item = item.into();
    let expanded = cache_key::expand(&item).unwrap_or_else(syn::Error::into_compile_error);
    printed::print_if_asked(&item, &expanded);
    expanded.into()
}

/// The way of every attribute; on a fault the item stays as it was.
fn expand(
    attribute: &str,
    args: TokenStream,
    item: TokenStream,
    expand: fn(proc_macro2::TokenStream, proc_macro2::TokenStream) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    let (args, item) = (args.into(), item.into());
    if let Some(deferred) = order::deferred(attribute, &args, &item) {
        return deferred.into();
    }
    let expanded = errors::or_untouched(expand(args, item.clone()), item.clone());
    printed::print_if_asked(&item, &expanded);
    expanded.into()
}
