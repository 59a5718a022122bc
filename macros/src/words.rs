//! Names that are no argument here, and what to write in their place.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::token;

use crate::args::Grammar;
use crate::nearest::{listed, nearest};

/// Why a word cannot be an argument.
pub(crate) struct Refusal {
    pub(crate) text: String,
    pub(crate) meant: Meant,
}

/// What was meant in its place, so that nobody is told to add it too.
pub(crate) enum Meant {
    Argument(&'static str),
    /// A value without a name.
    Unnamed,
    Nothing,
}

/// Why `name` cannot be an argument of this attribute; `None` when it is one. A `bare` word may be a forgotten string.
pub(crate) fn refusal(name: &Ident, grammar: &Grammar, bare: bool) -> Option<Refusal> {
    let word = name.to_string();
    let known = || grammar.names.iter().map(|(known, _)| *known);
    if known().any(|known| known == word) {
        return None;
    }
    let attribute = grammar.attribute;
    let of_a_lease = ["name", "lock", "id"].contains(&word.as_str()).then_some("key");
    let ours = if attribute == "leader" && of_a_lease.is_some() { of_a_lease } else { elsewhere(&word) };
    let ours = ours.filter(|ours| known().any(|known| known == *ours));
    let (text, meant) = if let Some(ours) = ours {
        let text = format!("`{word}` is called `{ours}` here: write `{}`", grammar.example(ours));
        (text, Meant::Argument(ours))
    } else if attribute == "invalidates" && of_names(&word) {
        (format!("names stand here without `{word}`: write `\"tools\"` or `\"tool:{{id}}\"`"), Meant::Unnamed)
    } else if attribute == "hexsha_cached" && (word == "ttl" || elsewhere(&word) == Some("ttl")) {
        (format!("`{word}` is not needed: the value of one revision never goes stale, leave it out"), Meant::Nothing)
    } else if let Some(owner) = owner(&word) {
        (format!("`{word}` is an argument of `{owner}`, not of `{attribute}`: leave it out"), Meant::Nothing)
    } else if let Some(reason) = needless(&word) {
        (format!("`{word}` is not needed: {reason}, leave it out"), Meant::Nothing)
    } else if let Some(meant) = nearest(&word, known()) {
        let text = format!("`{word}` is not an argument of `{attribute}`: did you mean `{meant}`?");
        (text, Meant::Argument(meant))
    } else if bare && grammar.unnamed.is_none() {
        let text = format!("`{word}` is neither an argument of `{attribute}` nor a name: write `\"{word}\"`");
        (text, Meant::Unnamed)
    } else {
        let text = format!("`{word}` is not an argument of `{attribute}`: it takes {}", listed(known()));
        (text, Meant::Nothing)
    };
    Some(Refusal { text, meant })
}

/// Whether `name(..)` is the call of a function, and no argument that was meant.
pub(crate) fn is_call(input: ParseStream<'_>, grammar: &Grammar) -> bool {
    let ahead = input.fork();
    let Ok(name) = ahead.call(Ident::parse_any) else { return false };
    let word = name.to_string();
    let known = grammar.names.iter().any(|(known, _)| *known == word);
    let meant = known || of_names(&word) || elsewhere(&word).is_some() || owner(&word).is_some();
    ahead.peek(token::Paren) && !meant && needless(&word).is_none()
}

/// What stands before names elsewhere.
fn of_names(word: &str) -> bool {
    ["entity", "entities", "tag", "tags", "name", "names"].contains(&word)
}

/// What other libraries call an argument of ours.
fn elsewhere(word: &str) -> Option<&'static str> {
    Some(match word {
        "time" | "time_secs" | "time_millis" | "expire" | "expires" | "expiry" | "timeout" | "time_to_live" => "ttl",
        "size" | "max_size" | "limit" | "max_capacity" | "max_entries" | "maxsize" => "capacity",
        "convert" | "key_expr" | "keys" | "args" => "key",
        "ignore" | "ignore_args" | "exclude" | "skip_args" => "skip",
        "sync_writes" | "sync_lock" | "dedup" => "single_flight",
        "condition" | "cond" | "cache_if" => "when",
        "unless" | "predicate" => "store_if",
        "tag" | "depends_on" => "tags",
        "name" | "group" => "entity",
        "hash" | "sha" | "rev" => "revision",
        "history" | "generations" => "keep",
        "lease" | "lock_ttl" => "ttl",
        "replicas" | "quorum" => "min_replicas",
        "backend" | "tier" => "store",
        _ => return None,
    })
}

/// The only attribute of ours that takes an argument of this name.
fn owner(word: &str) -> Option<&'static str> {
    Some(match word {
        "entity" | "tags" | "jitter" | "coherence" | "single_flight" | "version" => "ttl_cached",
        "revision" | "keep" => "hexsha_cached",
        "phase" | "max_txn" => "invalidates",
        "grace" | "renew" | "on_err" | "on_unavailable" | "mode" | "min_replicas" => "leader",
        _ => return None,
    })
}

/// What other libraries must be told, and this one knows.
fn needless(word: &str) -> Option<&'static str> {
    Some(match word {
        "result" => "an `Err` is never stored, whatever the alias of the type",
        "option" => "`None` is stored and is a hit unless `store_if = |v| v.is_some()` says otherwise",
        "map_error" => "a failing cache is a miss, never an error of the function",
        "ty" | "create" | "unbound" => "the storage is made by the runtime, from `larder::Larder::builder()`",
        "redis" | "disk" | "map" => "the storage is chosen by the runtime, or by `store = memory`",
        "with_cached_flag" | "companions" => "nothing is added beside the function, use `larder::stats()`",
        "in_impl" => "methods work as they are",
        _ => return None,
    })
}
