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
mod fields;
mod fingerprint;
mod function;
mod hexsha_cached;
mod invalidates;
mod key;
mod leader;
mod misplaced;
mod mode;
mod names;
mod nearest;
mod number;
mod order;
mod policy;
mod printed;
mod receiver;
mod record;
mod renewal;
mod returns;
mod revision;
mod root;
mod shape;
mod ttl_cached;
mod words;

#[cfg(test)]
mod tests;

#[doc = include_str!("../docs/ttl_cached.md")]
#[proc_macro_attribute]
pub fn ttl_cached(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("ttl_cached", args, item, ttl_cached::expand)
}

#[doc = include_str!("../docs/hexsha_cached.md")]
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
/// The function returns what it returned before; the receipt of what it ended is handed out by `larder::receipts(call)`.
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
/// ## `phase = around`
///
/// When the names end: `after` the body, or `around` it: before it and after it, with a fence in between, behind which
/// others compute and store nothing. So what they read while the write was not committed is not served later, also when
/// this process is killed between its commit and the end. The fence needs one round trip to Redis before the body; where
/// Redis is away, it stands in this process alone. It falls with the call, and where that never ends, after `max_txn`.
/// A body that fails takes the fence away; one that panics or is dropped leaves it to fall by itself, since a commit may
/// be on its way. Default: `after`. Refuses other words; with `around`, names from `ret` and calls.
///
/// ```
/// #[larder::invalidates("tool:{id}", phase = around, max_txn = "2s")]
/// async fn rename(id: u32, name: &str) -> Result<(), String> {
///     let _ = (id, name);                                     // begins, writes and commits
///     Ok(())
/// }
/// # pollster::block_on(rename(1, "hammer")).unwrap();
/// ```
///
/// ## `max_txn = "5s"`
///
/// How long the body may take from its begin to its commit, with `phase = around`. Where it takes longer and this process
/// is killed right behind the commit, others may go on to serve what was there before; a body that took longer is logged.
/// Default: 5 s. Refuses 0, and more than an hour.
///
/// ## `crate = ::path`
///
/// Where the runtime is. Default: `::larder`. Refuses paths that depend on the module.
#[proc_macro_attribute]
pub fn invalidates(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("invalidates", args, item, invalidates::expand)
}

#[doc = include_str!("../docs/leader.md")]
#[proc_macro_attribute]
pub fn leader(args: TokenStream, item: TokenStream) -> TokenStream {
    expand("leader", args, item, leader::expand)
}

#[doc = include_str!("../docs/cache_key.md")]
#[proc_macro_derive(CacheKey, attributes(key))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    derive(item, cache_key::expand)
}

#[doc = include_str!("../docs/record.md")]
#[proc_macro_derive(Record, attributes(record))]
pub fn derive_record(item: TokenStream) -> TokenStream {
    derive(item, record::expand)
}

/// The way of every derive.
fn derive(
    item: TokenStream,
    expand: fn(&proc_macro2::TokenStream) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    let item = item.into();
    let expanded = expand(&item).unwrap_or_else(syn::Error::into_compile_error);
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
