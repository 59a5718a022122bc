//! The user's function, read once.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::parse::{Parse as _, ParseStream, Parser as _};
use syn::visit::Visit;
use syn::{Attribute, Block, FnArg, Pat, PatIdent, PatOr, ReturnType, Safety, Signature, Token, Visibility};

use crate::apart::Apart;
use crate::boxed::Boxed;
use crate::duration::Length;
use crate::errors::Errors;
use crate::fingerprint::fingerprint;
use crate::misplaced::misplaced;
use crate::order::begins_with_attribute;
use crate::returns::{Returns, Use, check};

/// A function with a body.
#[derive(Debug)]
pub(crate) struct Function {
    attrs: Vec<Attribute>,
    vis: Visibility,
    defaultness: Option<Token![default]>,
    sig: Signature,
    inner_attrs: Vec<Attribute>,
    mode: Mode,
    /// The user's statements, in braces that no lint takes for needless ones.
    statements: Group,
    pub(crate) params: Vec<Param>,
    pub(crate) returns: Returns,
    fingerprint: u64,
}

#[derive(Debug)]
enum Mode {
    Sync,
    Async,
    Boxed(Box<Boxed>),
}

/// One parameter that is not `self`.
#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) pat: Pat,
    /// What the pattern binds.
    pub(crate) names: Vec<Ident>,
    /// The conditions under which a build has it: what is in its `#[cfg(..)]`s.
    pub(crate) conditions: Vec<TokenStream>,
}

impl Function {
    /// Reads the item, and says what of it the attribute cannot work on.
    pub(crate) fn parse(item: TokenStream, attribute: &str, wanted: Use, errors: &mut Errors) -> Option<Self> {
        let read = |input: ParseStream<'_>| Self::read(input, attribute);
        let function = errors.keep(read.parse2(item))?;
        function.check(attribute, wanted, errors);
        Some(function)
    }

    fn read(input: ParseStream<'_>, attribute: &str) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis: Visibility = input.parse()?;
        let start = input.fork();
        let defaultness = if input.peek(Token![default]) { Some(input.parse()?) } else { None };
        let sig = Signature::parse(input)
            .map_err(|error| misplaced(&start, attribute).unwrap_or_else(|| unfinished(&error)))?;
        if input.peek(Token![;]) {
            let text = format!("a method without a body: write `#[{attribute}]` on its implementations");
            return Err(input.error(text));
        }
        let TokenTree::Group(body) = input.parse()? else {
            return Err(input.error("expected a body in braces"));
        };
        let tokens = [sig.to_token_stream(), body.stream()];
        let split = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?));
        let (inner_attrs, rest) = match body.stream() {
            stream if begins_with_attribute(&stream) => split.parse2(stream)?,
            stream => (Vec::new(), stream),
        };
        let (mode, returns, statements) = match Boxed::read(&sig, &body) {
            Some(boxed) => {
                let (returns, statements) = (Returns::of(&boxed.output), boxed.statements.clone());
                (Mode::Boxed(Box::new(boxed)), returns, fresh(statements.stream(), statements.span()))
            }
            None => {
                let mode = if sig.asyncness.is_some() { Mode::Async } else { Mode::Sync };
                // What does not parse keeps its braces, so that the compiler says it once.
                let kept =
                    inner_attrs.is_empty() && (is_several(&rest) || Block::parse_within.parse2(rest.clone()).is_err());
                let statements = if kept { body } else { fresh(rest, body.span()) };
                (mode, Returns::new(&sig.output, sig.ident.span()), statements)
            }
        };
        let mut params: Vec<_> = sig.inputs.iter().filter_map(Param::new).collect();
        if let Mode::Boxed(boxed) = &mode {
            for (stand_in, pat) in boxed.patterns() {
                let param =
                    params.iter_mut().find(|param| matches!(&param.pat, Pat::Ident(pat) if pat.ident == stand_in));
                if let Some(param) = param {
                    *param = Param::of(pat);
                    // `_` has become a variable, which is no part of the key.
                    param.names.retain(|name| name != stand_in);
                }
            }
        }
        let fingerprint = fingerprint(&tokens);
        Ok(Self { attrs, vis, defaultness, sig, inner_attrs, mode, statements, params, returns, fingerprint })
    }

    fn check(&self, attribute: &str, wanted: Use, errors: &mut Errors) {
        let sig = &self.sig;
        if let Some(token) = sig.constness {
            errors.cover(token, format!("`#[{attribute}]` does not work on a `const fn`: leave out `const`"));
        }
        if let Safety::Unsafe(token) = sig.safety {
            let text = "does not work on an `unsafe fn`: write a safe one, with the `unsafe` block in its body";
            errors.cover(token, format!("`#[{attribute}]` {text}"));
        }
        if let Some(abi) = &sig.abi {
            let text =
                "does not work on an `extern fn`: leave out `extern`, and call this function from an `extern` one";
            errors.cover(abi, format!("`#[{attribute}]` {text}"));
        }
        if let Some(variadic) = &sig.variadic {
            errors.cover(variadic, format!("`#[{attribute}]` does not work with variadic arguments: take a slice"));
        }
        match (&self.mode, &sig.output) {
            (Mode::Boxed(boxed), _) => check(&boxed.output, wanted, &self.name(), errors),
            (_, ReturnType::Type(_, ty)) => check(ty, wanted, &self.name(), errors),
            (_, ReturnType::Default) => {}
        }
    }

    pub(crate) fn name(&self) -> String {
        syn::ext::IdentExt::unraw(&self.sig.ident).to_string()
    }

    pub(crate) fn name_span(&self) -> Span {
        self.sig.ident.span()
    }

    /// Where the plumbing of an expansion stands.
    pub(crate) const fn at(&self) -> Span {
        self.returns.at
    }

    /// `self`, where there is one.
    pub(crate) fn receiver(&self) -> Option<Ident> {
        self.sig.receiver().map(|receiver| Ident::from(receiver.self_token))
    }

    pub(crate) fn has_self(&self) -> bool {
        self.sig.receiver().is_some()
    }

    /// What the parameters bind, in order.
    pub(crate) fn bound(&self) -> impl Iterator<Item = &Ident> {
        self.params.iter().flat_map(|param| &param.names)
    }

    pub(crate) fn binds(&self, name: &str) -> bool {
        self.bound().any(|bound| bound == name)
    }

    /// A number that is another for every version of the function, and of the arguments of its attribute.
    pub(crate) fn fingerprint(&self, args: &TokenStream) -> u64 {
        self.fingerprint.rotate_left(1) ^ fingerprint([args])
    }

    /// The value that tells the runtime what the result means. Of a sync function, also whether it is a future.
    pub(crate) fn shape(&self, private: &TokenStream) -> TokenStream {
        let (at, ty) = (self.at(), &self.returns.ty);
        if self.returns.opaque {
            quote_spanned!(at=> #private::Opaque)
        } else if matches!(self.mode, Mode::Sync) && !self.returns.inferred {
            quote_spanned!(at=> #private::Now::<#ty>::NEW.shape())
        } else {
            quote_spanned!(at=> #private::Return::<#ty>::NEW.shape())
        }
    }

    /// The same where failures are stored, too.
    pub(crate) fn whole(&self, err_ttl: &Length, private: &TokenStream) -> TokenStream {
        let (at, ty) = (self.at(), &self.returns.ty);
        quote_spanned!(at=> #private::Failures::<#ty>::NEW.whole(#err_ttl))
    }

    /// The parameters of a function whose body runs apart from its call.
    pub(crate) fn apart(&self, argument: &str, errors: &mut Errors) -> Apart {
        Apart::plan(&self.sig, &self.statements, argument, errors)
    }

    /// The user's body, to run apart from its call.
    pub(crate) fn body_apart(&self, apart: &Apart, private: &TokenStream) -> TokenStream {
        apart.body(private, self.at(), &self.statements, |statements| self.started(private, statements))
    }

    /// The user's body: a future, or a closure where the function is sync.
    pub(crate) fn body(&self, private: &TokenStream) -> TokenStream {
        self.started(private, &self.statements.to_token_stream())
    }

    fn started(&self, private: &TokenStream, statements: &TokenStream) -> TokenStream {
        let (at, ty) = (self.at(), &self.returns.ty);
        match (&self.mode, self.returns.opaque) {
            (Mode::Sync, false) => quote_spanned!(at=> move || -> #ty #statements),
            (Mode::Sync, true) => quote_spanned!(at=> move || #statements),
            (_, false) => {
                let edge = quote_spanned!(at=> let 0 = 0 else { return #private::never::<#ty>() };);
                quote_spanned!(at=> async move { #edge #statements })
            }
            (_, true) => quote_spanned!(at=> async move #statements),
        }
    }

    /// The user's body as a closure that starts it.
    pub(crate) fn starter(&self, private: &TokenStream) -> TokenStream {
        let (at, body) = (self.at(), self.body(private));
        if matches!(self.mode, Mode::Sync) { body } else { quote_spanned!(at=> move || #body) }
    }

    /// The runtime's method that runs the body.
    pub(crate) fn run(&self) -> Ident {
        let name = if matches!(self.mode, Mode::Sync) { "run_blocking" } else { "run" };
        Ident::new(name, self.at())
    }

    /// Where the function is: its site, made by `settings`, and a closure of it. No name of the user's means the static.
    pub(crate) fn place(&self, private: &TokenStream, settings: &TokenStream) -> TokenStream {
        let at = self.at();
        quote_spanned!(at=> { static __LARDER: #private::Site = #private::Site::#settings; __LARDER.place(|| {}) })
    }

    /// A look into the cache and, where that had no answer, the body: what `look` is called with, and what the miss is told
    /// before it runs. What an expression of `told` borrows is given back before the body runs: so each is a statement. A
    /// future is dropped before the miss, which stands for it: so it is a variable.
    pub(crate) fn cached(
        &self,
        look: &TokenStream,
        told: &[TokenStream],
        apart: Option<&Apart>,
        private: &TokenStream,
    ) -> TokenStream {
        let (at, wait) = (self.at(), self.wait());
        let told: Vec<_> = told.iter().filter(|told| !told.is_empty()).collect();
        let lent = apart.is_none() && !matches!(self.mode, Mode::Sync);
        let kept =
            |last: bool| if lent && last { quote_spanned!(at=> mut __larder) } else { quote_spanned!(at=> __larder) };
        let (first, then) = (kept(told.is_empty()), (1..=told.len()).map(|nth| kept(nth == told.len())));
        let run = match apart {
            Some(apart) => {
                let (run, body) = (Ident::new(self.run_apart(), at), self.body_apart(apart, private));
                quote_spanned!(at=> __larder.#run(#body) #wait)
            }
            None if lent => {
                let body = self.body(private);
                let running = quote_spanned!(at=> #private::Running(&mut __larder, __larder_body));
                quote_spanned!(at=> let __larder_body = #private::pin!(#body); #running #wait)
            }
            None => {
                let body = self.body(private);
                quote_spanned!(at=> __larder.run_blocking(#body))
            }
        };
        quote_spanned! {at=>
            let #first = match #private::#look {
                #private::Look::Hit(__larder) => return __larder,
                #private::Look::Miss(__larder) => __larder,
            };
            #(let #then = __larder #told;)*
            #run
        }
    }

    /// The runtime's method that may run the body apart from its call.
    const fn run_apart(&self) -> &'static str {
        if matches!(self.mode, Mode::Sync) { "run_apart_blocking" } else { "run_apart" }
    }

    /// `.await`, or nothing where the function is sync.
    pub(crate) fn wait(&self) -> TokenStream {
        let at = self.at();
        if matches!(self.mode, Mode::Sync) { TokenStream::new() } else { quote_spanned!(at=> .await) }
    }

    /// The function as the user wrote it, with another body.
    pub(crate) fn with_body(&self, call: &TokenStream) -> TokenStream {
        self.signed(&self.sig, call)
    }

    /// The same for a body that runs apart from its call.
    pub(crate) fn with_body_apart(&self, apart: &Apart, call: &TokenStream) -> TokenStream {
        self.signed(&apart.signature(self.sig.clone()), call)
    }

    fn signed(&self, sig: &Signature, call: &TokenStream) -> TokenStream {
        let Self { attrs, vis, defaultness, inner_attrs, .. } = self;
        let call = match &self.mode {
            Mode::Boxed(boxed) => boxed.around(call),
            Mode::Sync | Mode::Async => call.clone(),
        };
        quote!(#(#attrs)* #vis #defaultness #sig { #(#inner_attrs)* #call })
    }
}

impl Param {
    fn new(argument: &FnArg) -> Option<Self> {
        let FnArg::Typed(typed) = argument else {
            return None;
        };
        let conditions = typed.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
        let conditions = conditions.filter_map(|attr| Some(attr.meta.require_list().ok()?.tokens.clone()));
        Some(Self { conditions: conditions.collect(), ..Self::of(&typed.pat) })
    }

    fn of(pat: &Pat) -> Self {
        let mut names = Names::default();
        names.visit_pat(pat);
        Self { pat: pat.clone(), names: names.found, conditions: Vec::new() }
    }
}

#[derive(Default)]
struct Names {
    found: Vec<Ident>,
}

impl<'a> Visit<'a> for Names {
    fn visit_pat_ident(&mut self, pat: &'a PatIdent) {
        if !self.found.contains(&pat.ident) {
            self.found.push(pat.ident.clone());
        }
        syn::visit::visit_pat_ident(self, pat);
    }

    /// All sides bind the same: what only one of them names is a constant, like `None`.
    fn visit_pat_or(&mut self, pat: &'a PatOr) {
        let mut sides = pat.cases.iter().map(|case| {
            let mut side = Names::default();
            side.visit_pat(case);
            side.found
        });
        let first = sides.next().unwrap_or_default();
        let shared = sides.fold(first, |mut shared, side| {
            shared.retain(|name| side.contains(name));
            shared
        });
        for name in shared {
            if !self.found.contains(&name) {
                self.found.push(name);
            }
        }
    }
}

/// What a signature says that the compiler has minded already.
fn unfinished(error: &syn::Error) -> syn::Error {
    syn::Error::new(error.span(), "this signature is not finished: complete it, and the attribute works again")
}

/// Whether there is a `;` between statements: braces around several are no lint's concern, and their reading would be half
/// the work of an expansion.
fn is_several(statements: &TokenStream) -> bool {
    statements.clone().into_iter().any(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ';'))
}

/// Braces that no lint takes for the user's.
fn fresh(statements: TokenStream, at: Span) -> Group {
    let mut group = Group::new(Delimiter::Brace, statements);
    group.set_span(at.resolved_at(Span::mixed_site()));
    group
}
