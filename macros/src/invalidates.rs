//! `#[invalidates]`: ends entities and tags after a write.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use crate::args::{Args, Grammar};
use crate::chain::Chain;
use crate::errors::Errors;
use crate::function::Function;
use crate::names::Name;
use crate::policy::{Choice as _, On, Phase};
use crate::returns::Use;
use crate::root::Root;

const GRAMMAR: Grammar = Grammar {
    attribute: "invalidates",
    names: &[("on", "on = always"), ("phase", "phase = after"), ("crate", "crate = ::larder")],
    later: &["max_txn"],
    unnamed: None,
};

struct Plan {
    root: Root,
    names: Vec<Name>,
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
        // The only phase there is: nothing to tell the runtime.
        let _: Option<Phase> = args.value("phase", errors, Phase::read);
        Self {
            root: Root::take(&mut args, errors),
            names: Name::read_all(&names, function, errors),
            settings: Chain::default().flag(args.value("on", errors, On::read).and_then(On::setting)),
        }
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
//             __private::invalidates({ static SITE: WriteSite = ..; &SITE }, shape)
//                 .run(move |__larder| __larder.tag(name with `id`).late(name with a hole, |ret| [text of `ret.team`])
//                     .body(async move { return edge; { statements } })).await
//         }
fn emit(function: &Function, plan: &Plan) -> TokenStream {
    let (at, private) = (function.at(), &plan.root.private(function.at()));
    let (name, settings, shape) = (function.name(), plan.settings.at(at), function.shape(private));
    let names = plan.names.iter().map(|name| name.bind(private, at));
    let (work, body, run, wait) = (function.work(), function.body(private), function.run(), function.wait());
    function.with_body(&quote_spanned! {at=>
        #private::invalidates(
            { static SITE: #private::WriteSite = #private::WriteSite::new(#name) #settings; &SITE },
            #shape,
        )
        .#run(move |__larder| __larder #(#names)* .#work(#body)) #wait
    })
}
