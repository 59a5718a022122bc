//! `#[hexsha_cached]`: a pure function of a configuration revision.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use crate::args::{Args, Grammar};
use crate::chain::Chain;
use crate::conditions::Conditions;
use crate::errors::Errors;
use crate::function::Function;
use crate::key::{Key, KeyArgs};
use crate::names::early;
use crate::number;
use crate::policy::{Choice as _, Store};
use crate::returns::Use;
use crate::revision::Revision;
use crate::root::Root;

const GRAMMAR: Grammar = Grammar {
    attribute: "hexsha_cached",
    names: &[
        ("revision", "revision = config.hexsha()"),
        ("key", "key(host, user.id)"),
        ("skip", "skip(db)"),
        ("keep", "keep = 2"),
        ("capacity", "capacity = 1024"),
        ("when", "when = host.is_some()"),
        ("store_if", "store_if = |v| !v.is_empty()"),
        ("store", "store = tiered"),
        ("crate", "crate = ::larder"),
    ],
    unnamed: Some("revision"),
};

struct Plan {
    root: Root,
    revision: Revision,
    key: Key,
    store: Store,
    settings: Chain,
    conditions: Conditions,
    fingerprint: u64,
}

impl Plan {
    fn new(mut args: Args, function: &Function, errors: &mut Errors) -> Self {
        let seen = args.seen("revision");
        let given = args.value("revision", errors, |value| Revision::written(early(value, function)?, function));
        let revision = match given {
            Some(revision) => revision,
            None if seen => Revision::none(),
            None => Revision::first(function, errors),
        };
        let store = args.value("store", errors, Store::read).unwrap_or(Store::Memory);
        store.check(&function.returns, errors);
        let settings = Chain::default()
            .with("keep", args.value("keep", errors, number::count))
            .with("capacity", args.value("capacity", errors, number::count));
        let conditions = Conditions::take(&mut args, function, errors);
        Self {
            root: Root::take(&mut args, errors),
            key: Key::plan(KeyArgs::take(&mut args, errors), function, revision.root(), errors),
            revision,
            store,
            settings,
            conditions,
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

// Input:  #[hexsha_cached]
//         async fn issuer(config: &Config, host: &str) -> Arc<Issuer> { statements }
// Output: async fn issuer(config: &Config, host: &str) -> Arc<Issuer> {
//             let mut miss = match look_at({ static SITE: Site = ..; SITE.place(|| {}) }, revision of `config`, key, shape) {
//                 Look::Hit(hit) => return hit,
//                 Look::Miss(miss) => miss,
//             };
//             let body = pin!(async move { return edge; { statements } });
//             miss.run(body).await
//         }
fn emit(function: &Function, plan: &Plan) -> TokenStream {
    let (at, private) = (function.at(), &plan.root.private(function.at()));
    let (name, fingerprint) = (function.name(), plan.fingerprint);
    let (settings, store_if) = (plan.settings.at(at), plan.conditions.store_if(at));
    let key = plan.key.tokens(private, &plan.store.tier(private, at), plan.conditions.when(), at);
    let (revision, shape) = (plan.revision.tokens(private), function.shape(private));
    let store = Ident::new(plan.store.word(), at);
    let settings = quote_spanned!(at=> #store().named(#name, "", #fingerprint) #settings);
    let place = function.place(private, &settings);
    let look = quote_spanned!(at=> look_at(#place, #revision, #key, #shape));
    function.with_body(&function.cached(&look, &[store_if], None, private))
}
