//! `#[leader]`: at most one process runs the function.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;

use crate::args::{Args, Grammar};
use crate::chain::Chain;
use crate::duration::Length;
use crate::errors::Errors;
use crate::function::Function;
use crate::mode::Mode;
use crate::names::{Name, early};
use crate::number;
use crate::policy::{Choice as _, OnErr, OnUnavailable};
use crate::returns::Use;
use crate::root::Root;

const GRAMMAR: Grammar = Grammar {
    attribute: "leader",
    names: &[
        ("key", "key = \"nightly\""),
        ("ttl", "ttl = \"300s\""),
        ("grace", "grace = \"10s\""),
        ("renew", "renew = true"),
        ("on_err", "on_err = grace"),
        ("on_unavailable", "on_unavailable = skip"),
        ("mode", "mode = wait(\"30s\")"),
        ("min_replicas", "min_replicas = 1"),
        ("crate", "crate = ::larder"),
    ],
    unnamed: None,
};

struct Plan {
    root: Root,
    key: Name,
    settings: Chain,
}

impl Plan {
    fn new(mut args: Args, function: &Function, errors: &mut Errors) -> Self {
        args.require("ttl", errors);
        let key = key(&mut args, function, errors);
        let ttl = args.value("ttl", errors, |value| early(value, function).and_then(Length::read_lease));
        let grace = args.value("grace", errors, |value| early(value, function).and_then(Length::read));
        let (graceful, on_err) = (args.seen("grace"), args.written("on_err"));
        let keeps = args.value("on_err", errors, OnErr::read).and_then(OnErr::setting);
        if let Some(at) = on_err.filter(|_| keeps.is_some() && !graceful) {
            errors.push(at, "`on_err = grace` holds nothing without a grace: add `grace = \"10s\"`");
        }
        let on_unavailable = args.value("on_unavailable", errors, OnUnavailable::read).unwrap_or(OnUnavailable::Skip);
        let wait = args.value("mode", errors, |value| Mode::read(value, function)).and_then(Mode::wait);
        let min_replicas =
            args.value("min_replicas", errors, |value| early(value, function).and_then(number::replicas));
        let settings = Chain::default()
            .with("ttl", ttl)
            .with("grace", grace)
            .flag(args.value("renew", errors, number::flag).and_then(|renew| renew.then_some("renew")))
            .flag(keeps)
            .flag(on_unavailable.call())
            .with("wait", wait)
            .with("min_replicas", min_replicas);
        Self { root: Root::take(&mut args, errors), key, settings }
    }
}

/// The key: the value without a name, or `key = ..`.
fn key(args: &mut Args, function: &Function, errors: &mut Errors) -> Name {
    let (seen, mut unnamed) = (args.seen("key"), args.unnamed().into_iter());
    let (first, named) = (unnamed.next(), args.value("key", errors, Ok));
    let key = match (first, named) {
        (Some(first), _) if seen => {
            errors.cover(first, "the key is given twice: leave out this one or `key = ..`");
            Name::default()
        }
        (Some(first @ (Expr::Lit(_) | Expr::Tuple(_))), _) => Name::read(&first, function, errors),
        (Some(first), _) => {
            errors.cover(first, "a key that is an expression needs its name: write `key = ..` before it");
            Name::default()
        }
        (None, Some(named)) => Name::read_any(named, function, errors),
        (None, None) => {
            if !seen && !args.stray() {
                errors.push(Span::call_site(), "`leader` needs a key: write `#[leader(\"nightly\", ttl = \"300s\")]`");
            }
            Name::default()
        }
    };
    for more in unnamed {
        errors.cover(more, "a leader has one key: write `key = (\"sync\", id)` to make it of several parts");
    }
    key.require_early(errors);
    key
}

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let args = Args::parse(args, &GRAMMAR, &mut errors);
    let function = Function::parse(item, GRAMMAR.attribute, Use::Lead, &mut errors);
    let plan = function.as_ref().map(|function| Plan::new(args, function, &mut errors));
    errors.finish(function.zip(plan)).map(|(function, plan)| emit(&function, &plan))
}

// Input:  #[leader("nightly", ttl = "300s", grace = linger)]
//         async fn report(linger: Duration) -> Option<u64> { statements }
// Output: async fn report(linger: Duration) -> Option<u64> {
//             let lead = lead::<Option<u64>>("report").key(name).ttl(300 s).grace(linger);
//             lead.run(move || async move { return edge; { statements } }).await
//         }
// What an expression borrows is given back before the body runs: so the settings are a statement of their own.
fn emit(function: &Function, plan: &Plan) -> TokenStream {
    let (at, private) = (function.at(), &plan.root.private(function.at()));
    let (name, ty, settings) = (function.name(), &function.returns.ty, plan.settings.at(at));
    let settings = (!settings.is_empty()).then(|| quote_spanned!(at=> let __larder = __larder #settings;));
    let key = plan.key.tokens(private, at);
    let (body, run, wait) = (function.starter(private), function.run(), function.wait());
    function.with_body(&quote_spanned! {at=>
        let __larder = #private::lead::<#ty>(#name).key(#key);
        #settings
        __larder.#run(#body) #wait
    })
}
