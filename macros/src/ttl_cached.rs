//! `#[ttl_cached]`: fresh until its time or its entity ends.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::LitStr;

use crate::args::{Args, Grammar};
use crate::chain::Chain;
use crate::conditions::Conditions;
use crate::duration::Length;
use crate::errors::Errors;
use crate::function::Function;
use crate::key::{Key, KeyArgs};
use crate::names::{Name, early, entity};
use crate::number;
use crate::policy::{Choice as _, Coherence, Flight, Store};
use crate::returns::Use;
use crate::root::Root;

const GRAMMAR: Grammar = Grammar {
    attribute: "ttl_cached",
    names: &[
        ("entity", "entity = \"tools\""),
        ("ttl", "ttl = \"20s\""),
        ("key", "key(id, filter.team)"),
        ("skip", "skip(db)"),
        ("tags", "tags(\"tool:{id}\")"),
        ("when", "when = cursor.is_none()"),
        ("store_if", "store_if = |v| !v.is_empty()"),
        ("capacity", "capacity = 10_000"),
        ("store", "store = memory"),
        ("jitter", "jitter = 0.1"),
        ("coherence", "coherence = strict"),
        ("single_flight", "single_flight = off"),
        ("version", "version = 2"),
        ("crate", "crate = ::larder"),
    ],
    later: &["none_ttl", "err_ttl", "stale_while_revalidate", "stale_if_error", "refresh_ahead"],
    unnamed: Some("entity"),
};

struct Plan {
    root: Root,
    entity: LitStr,
    key: Key,
    store: Store,
    settings: Chain,
    /// What decides before the body runs, and after it.
    conditions: Conditions,
    /// What the work carries besides its body.
    ttl: Option<Length>,
    tags: Vec<Name>,
    fingerprint: u64,
}

impl Plan {
    fn new(mut args: Args, function: &Function, errors: &mut Errors) -> Self {
        args.require("entity", errors);
        let entity = args.value("entity", errors, entity);
        let ttl = args.value("ttl", errors, |value| early(value, function).and_then(Length::read));
        let store = args.value("store", errors, Store::read).unwrap_or(Store::Tiered);
        let settings = Chain::default()
            .with("ttl", ttl.as_ref().and_then(Length::fixed))
            .with("capacity", args.value("capacity", errors, number::count))
            .with("jitter", args.value("jitter", errors, number::share))
            .with("version", args.value("version", errors, number::version))
            .flag(store.setting(Store::Tiered))
            .flag(args.value("coherence", errors, Coherence::read).and_then(Coherence::setting))
            .flag(args.value("single_flight", errors, Flight::read).and_then(Flight::setting));
        let conditions = Conditions::take(&mut args, function, errors);
        let tags =
            args.list("tags", errors).map_or_else(Vec::new, |tags| Name::read_all(&tags.value, function, errors));
        Self {
            root: Root::take(&mut args, errors),
            entity: entity.unwrap_or_else(|| LitStr::new("", Span::call_site())),
            key: Key::plan(KeyArgs::take(&mut args, errors), function, None, errors),
            store,
            settings,
            conditions,
            ttl,
            tags,
            fingerprint: function.fingerprint(args.tokens()),
        }
    }
}

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let args = Args::parse(args, &GRAMMAR, &mut errors);
    let function = Function::parse(item, GRAMMAR.attribute, Use::Store, &mut errors);
    let plan = function.as_ref().map(|function| Plan::new(args, function, &mut errors));
    errors.finish(function.zip(plan)).map(|(function, plan)| emit(&function, &plan))
}

// Input:  #[ttl_cached(entity = "tools", ttl = "20s", when = first)]
//         async fn list(filter: Filter, first: bool) -> Vec<Tool> { statements }
// Output: async fn list(filter: Filter, first: bool) -> Vec<Tool> {
//             let __larder = match look({ static SITE: Site = ..; &SITE }, || (), key of `filter` and `first`, shape, Shared, first) {
//                 Look::Hit(__larder) => return __larder,
//                 Look::Miss(__larder) => __larder,
//             };
//             __larder.run(|_| true, async move { return edge; { statements } }).await
//         }
fn emit(function: &Function, plan: &Plan) -> TokenStream {
    let (at, private) = (function.at(), &plan.root.private(function.at()));
    let (name, entity, fingerprint) = (function.name(), &plan.entity, plan.fingerprint);
    let (settings, when, store_if) = (plan.settings.at(at), plan.conditions.when(at), plan.conditions.store_if(at));
    let (key, shape) = (plan.key.tokens(private, at), function.shape(private));
    let tier = Ident::new(plan.store.tier(), at);
    let ttl = Chain::default().with("ttl", plan.ttl.as_ref().and_then(Length::late)).at(at);
    let tags = plan.tags.iter().map(|tag| tag.bind(private, at));
    let (body, run, wait) = (function.body(private), function.run(), function.wait());
    let site = quote_spanned! {at=>
        { static SITE: #private::Site = #private::Site::new(#name, #entity, #fingerprint) #settings; &SITE }
    };
    let look = quote_spanned!(at=> #private::look(#site, || (), #key, #shape, #private::#tier, #when));
    function.with_body(&function.looked_up(
        private,
        &look,
        &quote_spanned! {at=>
            __larder #ttl #(#tags)* .#run(#store_if, #body) #wait
        },
    ))
}
