//! `#[invalidates]`: ends entities and tags after a write.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::args::{Args, Grammar, once};
use crate::chain::Chain;
use crate::duration::Length;
use crate::errors::Errors;
use crate::function::Function;
use crate::names::Ended;
use crate::policy::{Choice as _, On, Phase};
use crate::returns::Use;
use crate::root::Root;

const GRAMMAR: Grammar = Grammar {
    attribute: "invalidates",
    names: &[
        ("on", "on = always"),
        ("phase", "phase = around"),
        ("max_txn", "max_txn = \"5s\""),
        ("crate", "crate = ::larder"),
    ],
    unnamed: None,
};

struct Plan {
    root: Root,
    ends: Vec<Ended>,
    settings: Chain,
}

impl Plan {
    fn new(mut args: Args, function: &Function, errors: &mut Errors) -> Self {
        let names = args.unnamed();
        if names.is_empty() && !args.stray() {
            let text =
                "`invalidates` needs a name: write `#[invalidates(\"tools\")]` or `#[invalidates(\"tool:{id}\")]`";
            errors.push(Span::call_site(), text);
        }
        once(&names, errors);
        let (phase_seen, bound) = (args.seen("phase"), args.written("max_txn"));
        let phase = args.value("phase", errors, Phase::read);
        let longest = args.value("max_txn", errors, Length::read_txn);
        let ends = Ended::read_all(&names, function, errors);
        let fence = match (phase, bound) {
            (Some(Phase::Around), _) => {
                ends.iter().for_each(|ended| ended.is_known_before(errors));
                Some(longest.unwrap_or_else(Length::txn))
            }
            (Some(Phase::After), Some(at)) => {
                errors.push(at, "`max_txn` bounds the fence of `phase = around`: leave it out, or write that phase");
                None
            }
            (None, Some(at)) if !phase_seen => {
                errors.push(at, "`max_txn` bounds the fence of `phase = around`: add that, or leave this out");
                None
            }
            _ => None,
        };
        let on = args.value("on", errors, On::read).and_then(On::setting);
        Self { root: Root::take(&mut args, errors), ends, settings: Chain::default().flag(on).with("around", fence) }
    }
}

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let args = Args::parse(args, &GRAMMAR, &mut errors);
    let function = Function::parse(item, GRAMMAR.attribute, Use::Judge, &mut errors);
    let plan = function.as_ref().map(|function| Plan::new(args, function, &mut errors));
    errors.finish(function.zip(plan)).map(|(function, plan)| emit(&function, &plan))
}

// Input:  #[invalidates("tool:{id}", ("team", ret.team))]
//         async fn rename(id: u32, name: &str) -> Result<Tool, Error> { statements }
// Output: async fn rename(id: u32, name: &str) -> Result<Tool, Error> {
//             let write = invalidates(shape)
//                 .tag(name with `id`).tag(name with a hole).late(|ret| [text of `ret.team`]);
//             write.run(async move { return edge; { statements } }).await
//         }
// What an expression borrows is given back before the body runs: so the names are a statement of their own.
fn emit(function: &Function, plan: &Plan) -> TokenStream {
    let (at, private) = (function.at(), &plan.root.private(function.at()));
    let (settings, shape) = (plan.settings.at(at), function.shape(private));
    let ends = Ended::bind(&plan.ends, private, at);
    let (body, run, wait) = (function.body(private), function.run(), function.wait());
    function.with_body(&quote_spanned! {at=>
        let __larder = #private::invalidates(#shape) #ends #settings;
        __larder.#run(#body) #wait
    })
}
