//! `#[ttl_cached]`: fresh until its time or its entity ends.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::apart::Apart;
use crate::args::{Args, Grammar, is_text};
use crate::chain::Chain;
use crate::conditions::Conditions;
use crate::duration::Length;
use crate::errors::Errors;
use crate::function::Function;
use crate::key::{Key, KeyArgs};
use crate::names::{Name, bind, early, entity};
use crate::number;
use crate::policy::{Choice as _, Coherence, Flight, Store, reads};
use crate::renewal::{Renewal, beyond};
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
        ("stale_while_revalidate", "stale_while_revalidate = \"10s\""),
        ("stale_if_error", "stale_if_error = \"5m\""),
        ("refresh_ahead", "refresh_ahead = 0.8"),
        ("none_ttl", "none_ttl = \"5s\""),
        ("err_ttl", "err_ttl = \"1s\""),
        ("jitter", "jitter = 0.1"),
        ("coherence", "coherence = strict"),
        ("single_flight", "single_flight = off"),
        ("version", "version = 2"),
        ("crate", "crate = ::larder"),
    ],
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
    /// The lives of what is nothing, and of what failed.
    none_ttl: Option<Length>,
    err_ttl: Option<Length>,
    /// What a body that runs in the background takes along.
    apart: Option<Apart>,
    tags: Vec<Name>,
    fingerprint: u64,
}

impl Plan {
    fn new(mut args: Args, function: &Function, errors: &mut Errors) -> Self {
        args.require("entity", errors);
        let entity = args.value("entity", errors, entity);
        let ttl = args.value("ttl", errors, |value| early(value, function).and_then(Length::read));
        let none_ttl = args.value("none_ttl", errors, |value| early(value, function).and_then(Length::read));
        let err_ttl = args.value("err_ttl", errors, |value| early(value, function).and_then(Length::read_err));
        let store = args.value("store", errors, Store::read).unwrap_or(Store::Tiered);
        store.check(&function.returns, errors);
        let capacity = args.value("capacity", errors, number::count);
        let (fixed, jitter) = (ttl.as_ref().and_then(Length::fixed), args.value("jitter", errors, number::share));
        let life = fixed.zip(jitter.as_ref()).map(|(ttl, jitter)| quote!(#ttl, #jitter));
        let apart = life.is_none();
        let renewal = Renewal::take(&mut args, store, function, errors);
        let fallback = args.value("stale_if_error", errors, beyond);
        let version = args.value("version", errors, number::version);
        let (coherence, flight) =
            (args.value("coherence", errors, Coherence::read), args.value("single_flight", errors, Flight::read));
        let fleet = flight.and_then(|flight| flight.across(store, function.name_span(), errors));
        let settings = Chain::default()
            .with("life", life)
            .with("ttl", fixed.filter(|_| apart))
            .with("jitter", jitter.filter(|_| apart))
            .with("capacity", capacity)
            .with("renewed", renewal.as_ref().map(|renewal| &renewal.settings))
            .with("fallback", fallback)
            .with("version", version.filter(number::is_constant))
            .flag(reads(coherence, flight))
            .flag(fleet);
        let conditions = Conditions::take(&mut args, function, errors);
        let tags = args.list("tags", errors).map_or_else(Vec::new, |tags| tags.value);
        for tag in tags.iter().filter(|tag| entity.as_ref().is_some_and(|entity| is_text(tag, &entity.value()))) {
            errors.cover(tag, "this is the entity, which every value has as a name already: leave it out");
        }
        let tags = Name::read_all(&tags, function, errors);
        Self {
            root: Root::take(&mut args, errors),
            entity: entity.unwrap_or_else(|| LitStr::new("", Span::call_site())),
            key: Key::plan(KeyArgs::take(&mut args, errors), function, None, errors),
            store,
            settings,
            conditions,
            ttl,
            none_ttl,
            err_ttl,
            apart: renewal.map(|renewal| renewal.apart),
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
//             let mut miss = match look({ static SITE: Site = ..; SITE.place(|| {}) }, key of `filter` and `first`, shape) {
//                 Look::Hit(hit) => return hit,
//                 Look::Miss(miss) => miss,
//             };
//             let body = pin!(async move { return edge; { statements } });
//             miss.run(body).await
//         }
fn emit(function: &Function, plan: &Plan) -> TokenStream {
    let (at, private) = (function.at(), &plan.root.private(function.at()));
    let (name, entity, fingerprint) = (function.name(), &plan.entity, plan.fingerprint);
    let (settings, store_if) = (plan.settings.at(at), plan.conditions.store_if(at));
    let key = plan.key.tokens(private, &plan.store.tier(private, at), plan.conditions.when(), at);
    let shape = plan.err_ttl.as_ref();
    let shape = shape.map_or_else(|| function.shape(private), |err_ttl| function.whole(err_ttl, private));
    let store = Ident::new(plan.store.word(), at);
    let settings = quote_spanned!(at=> #store().named(#name, #entity, #fingerprint) #settings);
    let place = function.place(private, &settings);
    let look = quote_spanned!(at=> look(#place, #key, #shape));
    let lives = Chain::default()
        .with("ttl", plan.ttl.as_ref().and_then(Length::late))
        .with("none_ttl", plan.none_ttl.as_ref())
        .at(at);
    let told = [lives, bind(plan.tags.iter(), private, at), store_if];
    let call = function.cached(&look, &told, plan.apart.as_ref(), private);
    match &plan.apart {
        None => function.with_body(&call),
        Some(apart) => function.with_body_apart(apart, &call),
    }
}
