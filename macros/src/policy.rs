//! The choices that are made with one word.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{Expr, ExprLit, Lit, TypeReference};

use crate::errors::Errors;
use crate::nearest::{listed, nearest};
use crate::returns::Returns;

/// One of a few words.
pub(crate) trait Choice: Copy + Sized + 'static {
    /// The words and what they mean.
    const WORDS: &'static [(&'static str, Self)];

    fn read(value: Expr) -> syn::Result<Self> {
        let word = match &value {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            Expr::Call(call) => match &*call.func {
                Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
                _ => None,
            },
            _ => None,
        };
        let found = Self::WORDS.iter().find(|(known, _)| word.as_deref() == Some(known));
        match found {
            Some((_, choice)) if matches!(value, Expr::Path(_)) => Ok(*choice),
            _ => Err(syn::Error::new_spanned(&value, Self::refusal(&value))),
        }
    }

    /// What is wrong with a value that is none of the words, and what to write.
    fn refusal(value: &Expr) -> String {
        let words = || Self::WORDS.iter().map(|(word, _)| *word);
        let (written, quoted) = match value {
            Expr::Lit(ExprLit { lit: Lit::Str(lit), .. }) => (lit.value(), true),
            other => (other.to_token_stream().to_string(), false),
        };
        let meant = nearest(&written, words());
        match meant {
            Some(meant) if quoted => format!("a word stands here without quotes: write `{meant}`"),
            Some(meant) => format!("`{written}` is unknown here: did you mean `{meant}`?"),
            None => format!("this is unknown here: write {}, without quotes", listed(words())),
        }
    }
}

/// Where values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Memory,
    Redis,
    Tiered,
}

impl Choice for Store {
    const WORDS: &'static [(&'static str, Self)] =
        &[("memory", Self::Memory), ("redis", Self::Redis), ("tiered", Self::Tiered)];
}

impl Store {
    /// Says so where a `&'static` value would have to come back from Redis.
    pub(crate) fn check(self, returns: &Returns, errors: &mut Errors) {
        let fixed = |lent: &&TypeReference| lent.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
        if let Some(lent) = returns.lent.as_ref().filter(fixed).filter(|_| self != Self::Memory) {
            errors.cover(
                lent,
                "a `&'static` value cannot come back from Redis: return an owned one, or write `store = memory`",
            );
        }
    }

    /// The runtime's constructor of a site.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Tiered => "tiered",
        }
    }

    /// The runtime's key for what a value must be able to do.
    pub(crate) fn tier(self, private: &TokenStream, at: Span) -> TokenStream {
        match self {
            Self::Memory => quote_spanned!(at=> #private::LocalKey),
            Self::Redis | Self::Tiered => quote_spanned!(at=> #private::SharedKey),
        }
    }
}

/// How an invalidation elsewhere is noticed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Coherence {
    Tracked,
    Strict,
    Ttl,
}

impl Choice for Coherence {
    const WORDS: &'static [(&'static str, Self)] =
        &[("tracked", Self::Tracked), ("strict", Self::Strict), ("ttl", Self::Ttl)];
}

/// Who waits for whose computation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flight {
    Process,
    Cluster,
    Off,
}

impl Choice for Flight {
    const WORDS: &'static [(&'static str, Self)] =
        &[("process", Self::Process), ("cluster", Self::Cluster), ("off", Self::Off)];
}

impl Flight {
    /// What the site says where all processes share one run.
    pub(crate) fn across(self, store: Store, at: Span, errors: &mut Errors) -> Option<&'static str> {
        if !matches!(self, Self::Cluster) {
            return None;
        }
        if store == Store::Memory {
            let text = "`single_flight = cluster` shares what is in Redis, and `store = memory` keeps nothing there: leave out one";
            errors.push(at, text);
        }
        Some("fleet")
    }
}

/// How a site says both, where they are not the defaults.
pub(crate) const fn reads(coherence: Option<Coherence>, flight: Option<Flight>) -> Option<&'static str> {
    match (coherence, flight) {
        (None | Some(Coherence::Tracked), None | Some(Flight::Process | Flight::Cluster)) => None,
        (None | Some(Coherence::Tracked), Some(Flight::Off)) => Some("alone"),
        (Some(Coherence::Strict), None | Some(Flight::Process | Flight::Cluster)) => Some("strict"),
        (Some(Coherence::Strict), Some(Flight::Off)) => Some("strict_alone"),
        (Some(Coherence::Ttl), None | Some(Flight::Process | Flight::Cluster)) => Some("by_ttl"),
        (Some(Coherence::Ttl), Some(Flight::Off)) => Some("by_ttl_alone"),
    }
}

/// After which results a write ends what it names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Ok,
    Always,
}

impl Choice for On {
    const WORDS: &'static [(&'static str, Self)] = &[("ok", Self::Ok), ("always", Self::Always)];
}

impl On {
    /// What the site says, where it is not the default.
    pub(crate) const fn setting(self) -> Option<&'static str> {
        match self {
            Self::Ok => None,
            Self::Always => Some("always"),
        }
    }
}

/// When a write ends what it names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Phase {
    After,
    Around,
}

impl Choice for Phase {
    const WORDS: &'static [(&'static str, Self)] = &[("after", Self::After), ("around", Self::Around)];
}

/// What becomes of the lease when the leader returns an `Err`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OnErr {
    Release,
    Grace,
}

impl Choice for OnErr {
    const WORDS: &'static [(&'static str, Self)] = &[("release", Self::Release), ("grace", Self::Grace)];
}

impl OnErr {
    /// What the site says, where it is not the default.
    pub(crate) const fn setting(self) -> Option<&'static str> {
        match self {
            Self::Release => None,
            Self::Grace => Some("keep_on_err"),
        }
    }
}

/// What happens when nobody can say who leads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OnUnavailable {
    Skip,
    Run,
    Error,
}

impl Choice for OnUnavailable {
    const WORDS: &'static [(&'static str, Self)] = &[("skip", Self::Skip), ("run", Self::Run), ("error", Self::Error)];
}

impl OnUnavailable {
    /// What the call says, where it is not the default.
    pub(crate) const fn call(self) -> Option<&'static str> {
        match self {
            Self::Skip => None,
            Self::Run => Some("run_unavailable"),
            Self::Error => Some("error"),
        }
    }
}
