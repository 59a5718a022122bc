//! Names of entities and tags: text with placeholders, from parameters and from the result.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{Expr, ExprClosure, ExprLit, ExprPath, Lit, LitStr, Member};

use crate::args::{peel, string};
use crate::errors::Errors;
use crate::function::Function;
use crate::key::{borrowed, root, unknown};
use crate::root::placed;

/// One name.
#[derive(Debug, Default)]
pub(crate) struct Name {
    pieces: Vec<Piece>,
}

/// What a write ends: a name, or the entry that a call would be answered from.
#[derive(Debug)]
pub(crate) enum Ended {
    Name(Name),
    Entry { call: Expr, ret: Option<Ident> },
}

impl Ended {
    pub(crate) fn read_all(values: &[Expr], function: &Function, errors: &mut Errors) -> Vec<Self> {
        values.iter().map(|value| Self::read(value, function, errors)).collect()
    }

    fn read(value: &Expr, function: &Function, errors: &mut Errors) -> Self {
        if let Expr::Await(awaited) = value {
            errors.cover(awaited, "a call only names its entry here, nothing runs: leave out `.await`");
        } else if !matches!(value, Expr::Call(_) | Expr::MethodCall(_)) {
            return Self::Name(Name::read(value, function, errors));
        }
        let ret = mention("ret", value.to_token_stream()).filter(|_| !function.binds("ret"));
        if ret.is_some() {
            if function.returns.opaque {
                errors.cover(value, "the result has no named type to look at: name the return type");
            } else if let Some(other) = parameter(value, function) {
                let text = format!("`{other}` and `ret` are not there at one time: call it with one of them");
                errors.cover(other, text);
            }
        }
        Self::Entry { call: value.clone(), ret }
    }

    /// What ends, each by its kind: `.tag(name)`, `.late(|ret| [..])`, `.entry(entry_of(call))`, `.late_entry(..)`.
    pub(crate) fn bind(ends: &[Self], private: &TokenStream, at: Span) -> TokenStream {
        let names = bind(ends.iter().filter_map(Self::name), private, at);
        let entries = ends.iter().filter_map(|ended| {
            let Self::Entry { call, ret } = ended else { return None };
            let here = call.span().resolved_at(Span::mixed_site());
            let private = placed(private.clone(), here);
            let entry = quote_spanned!(here=> #private::entry_of(#call));
            Some(match ret {
                None => quote_spanned!(here=> .entry(#entry)),
                Some(ret) => {
                    let function = shade(ret);
                    quote_spanned!(here=> .late_entry({ #function |#ret| #entry }))
                }
            })
        });
        quote_spanned!(at=> #names #(#entries)*)
    }

    /// Says so where a fence before the body could not stand for it.
    pub(crate) fn is_known_before(&self, errors: &mut Errors) {
        match self {
            Self::Name(name) => {
                if let Some(ret) = name.late() {
                    let text = "the fence of `phase = around` stands before the body runs, and there is no `ret` yet: \
                                name it by parameters, or write `phase = after`";
                    errors.cover(ret, text);
                }
            }
            Self::Entry { call, .. } => errors.cover(
                call,
                "the fence of `phase = around` stands before names, and a single entry has none of its own: give its \
                 function `tags(..)` and write such a tag here, or write `phase = after`",
            ),
        }
    }

    const fn name(&self) -> Option<&Name> {
        match self {
            Self::Name(name) => Some(name),
            Self::Entry { .. } => None,
        }
    }
}

#[derive(Debug)]
enum Piece {
    Text(String, Span),
    /// Known before the function runs.
    Early(Expr),
    /// Known from its result, which the expression calls `ret`.
    Late(Expr, Ident),
}

impl Name {
    /// Reads every name of a list.
    pub(crate) fn read_all(values: &[Expr], function: &Function, errors: &mut Errors) -> Vec<Self> {
        values.iter().map(|value| Self::read(value, function, errors)).collect()
    }

    /// Reads `"tool:{id}"` or `("tool", id)`.
    pub(crate) fn read(value: &Expr, function: &Function, errors: &mut Errors) -> Self {
        let mut name = Self { pieces: Vec::new() };
        match value {
            Expr::Lit(ExprLit { lit: Lit::Str(lit), .. }) => name.text(lit, function, errors),
            Expr::Tuple(tuple) if !tuple.elems.is_empty() => {
                for (place, element) in tuple.elems.iter().enumerate() {
                    if place > 0 {
                        name.pieces.push(Piece::Text(String::from(":"), element.span()));
                    }
                    match element {
                        Expr::Lit(ExprLit { lit: Lit::Str(lit), .. }) => name.text(lit, function, errors),
                        other => name.value(peel(other.clone()), function, errors),
                    }
                }
            }
            Expr::Paren(inner) => return Self::read(&inner.expr, function, errors),
            other => errors.cover(other, "a name is a string or a tuple: write `\"tool:{id}\"` or `(\"tool\", id)`"),
        }
        name
    }

    /// A leader's key: any value that can be displayed, besides what every name can be.
    pub(crate) fn read_any(value: Expr, function: &Function, errors: &mut Errors) -> Self {
        match value {
            Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) | Expr::Tuple(_) => Self::read(&value, function, errors),
            other => {
                let mut name = Self { pieces: Vec::new() };
                name.value(other, function, errors);
                name
            }
        }
    }

    /// Says so when the name needs the result, which is not there yet.
    pub(crate) fn require_early(&self, errors: &mut Errors) {
        if let Some(ret) = self.late() {
            errors.cover(ret, "the key is needed before the function runs, so there is no `ret` yet: use parameters");
        }
    }

    /// `Name::new().lit("tool:").part(&id)`
    pub(crate) fn tokens(&self, private: &TokenStream, at: Span) -> TokenStream {
        let pieces = self.pieces.chunk_by(|left, right| matches!((left, right), (Piece::Text(..), Piece::Text(..))));
        let calls = pieces.filter_map(|run| Some(call(run.first()?, run)));
        quote_spanned!(at=> #private::Name::new() #(#calls)*)
    }

    /// What fills the holes.
    fn texts(&self, private: &TokenStream) -> impl Iterator<Item = TokenStream> {
        self.pieces.iter().filter_map(move |piece| match piece {
            Piece::Late(value, _) => {
                let here = value.span().resolved_at(Span::mixed_site());
                let (private, value) = (placed(private.clone(), here), borrowed(value, here));
                Some(quote_spanned!(here=> #private::text(#value)))
            }
            Piece::Text(..) | Piece::Early(_) => None,
        })
    }

    fn late(&self) -> Option<&Ident> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Late(_, ret) => Some(ret),
            Piece::Text(..) | Piece::Early(_) => None,
        })
    }

    fn value(&mut self, value: Expr, function: &Function, errors: &mut Errors) {
        self.pieces.push(match mention("ret", value.to_token_stream()) {
            Some(ret) => {
                if function.binds("ret") {
                    errors.cover(&ret, "`ret` is the result here and a parameter too: rename the parameter");
                } else if function.returns.opaque {
                    errors.cover(&ret, "the result has no named type to look at: name the return type");
                } else if let Some(other) = parameter(&value, function) {
                    let text = format!("`{other}` and `ret` are not there at one time: make two parts of it");
                    errors.cover(other, text);
                }
                Piece::Late(value, ret)
            }
            None => {
                if let Some(name) = root(&value)
                    && let Some(text) = unknown(name, function)
                {
                    errors.cover(name, text);
                }
                Piece::Early(value)
            }
        });
    }

    fn text(&mut self, lit: &LitStr, function: &Function, errors: &mut Errors) {
        let (written, mut text) = (lit.value(), String::new());
        if let Some(fault) = fault(&written) {
            return errors.cover(lit, fault);
        }
        let mut rest = written.as_str();
        while let Some(place) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(place);
            text.push_str(before);
            rest = if let Some(after) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
                text.push_str(&brace[..1]);
                after
            } else if brace.starts_with('}') {
                return errors.cover(lit, "a `}` without its `{`: write `}}` for the character itself");
            } else if let Some((inside, after)) = brace[1..].split_once('}') {
                self.pieces.push(Piece::Text(std::mem::take(&mut text), lit.span()));
                match placeholder(inside, lit.span(), function) {
                    Ok(value) => self.value(value, function, errors),
                    Err(text) => errors.cover(lit, text),
                }
                after
            } else {
                return errors.cover(lit, "a `{` without its `}`: write `{{` for the character itself");
            };
        }
        text.push_str(rest);
        self.pieces.push(Piece::Text(text, lit.span()));
    }
}

/// `.tag(name)` for each name, and `.late(|ret| [..])` where they need the result.
pub(crate) fn bind<'a>(names: impl Iterator<Item = &'a Name> + Clone, private: &TokenStream, at: Span) -> TokenStream {
    let tags = names.clone().map(|name| {
        let name = name.tokens(private, at);
        quote_spanned!(at=> .tag(#name))
    });
    let late = names.clone().find_map(Name::late).map(|ret| {
        let texts = names.flat_map(|name| name.texts(private));
        let function = shade(ret);
        quote_spanned!(at=> .late({ #function |#ret| [#(#texts),*] }))
    });
    quote_spanned!(at=> #(#tags)* #late)
}

/// A constant of the user's that is called `ret` would make a pattern of a parameter; a function in its place does not.
fn shade(ret: &Ident) -> TokenStream {
    let at = ret.span().resolved_at(Span::mixed_site());
    let function = Ident::new("ret", at);
    quote_spanned!(at=> const fn #function() {})
}

/// Why a text is no name.
fn fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("an empty name: write for example `\"tools\"`")
    } else if text.contains(char::is_control) {
        Some("a name has no control characters: write it in plain text")
    } else {
        None
    }
}

/// An expression that is evaluated before the function runs.
pub(crate) fn early(value: Expr, function: &Function) -> syn::Result<Expr> {
    let text = "there is no `ret` before the function runs: use parameters";
    match mention("ret", value.to_token_stream()) {
        Some(ret) if !function.binds("ret") => Err(syn::Error::new(ret.span(), text)),
        _ => Ok(value),
    }
}

/// The name of an entity: one fixed text.
pub(crate) fn entity(value: Expr) -> syn::Result<LitStr> {
    let lit = string(value, "an entity is one fixed name: write `entity = \"tools\"`")?;
    let written = lit.value();
    let braces = written
        .contains(['{', '}'])
        .then_some("an entity is one fixed name: write what is finer as `tags(\"tool:{id}\")`");
    match fault(&written).or(braces) {
        Some(fault) => Err(syn::Error::new(lit.span(), fault)),
        None => Ok(lit),
    }
}

/// The identifier `word` where it stands for a variable.
pub(crate) fn mention(word: &str, tokens: TokenStream) -> Option<Ident> {
    let mut field = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if !field && ident == word => return Some(ident),
            TokenTree::Group(group) => {
                if let Some(found) = mention(word, group.stream()) {
                    return Some(found);
                }
                field = false;
            }
            TokenTree::Punct(punct) => field = punct.as_char() == '.' && !field,
            _ => field = false,
        }
    }
    None
}

/// A parameter that the expression looks at, its closures aside: they may call their own parameters the same.
fn parameter(value: &Expr, function: &Function) -> Option<Ident> {
    struct Search<'a>(&'a Function, Option<Ident>);
    impl Visit<'_> for Search<'_> {
        fn visit_expr_path(&mut self, path: &ExprPath) {
            let name = path.path.get_ident().filter(|name| *name == "self" || self.0.binds(&name.to_string()));
            self.1 = self.1.take().or_else(|| name.cloned());
        }

        fn visit_expr_closure(&mut self, _: &ExprClosure) {}
    }
    let mut search = Search(function, None);
    search.visit_expr(value);
    search.1
}

fn call(first: &Piece, run: &[Piece]) -> TokenStream {
    match first {
        Piece::Text(_, at) => {
            let text: String = run
                .iter()
                .filter_map(|piece| if let Piece::Text(text, _) = piece { Some(text.as_str()) } else { None })
                .collect();
            let at = at.resolved_at(Span::mixed_site());
            if text.is_empty() { TokenStream::new() } else { quote_spanned!(at=> .lit(#text)) }
        }
        Piece::Early(value) => {
            let at = value.span().resolved_at(Span::mixed_site());
            let value = borrowed(value, at);
            quote_spanned!(at=> .part(#value))
        }
        Piece::Late(value, _) => {
            let at = value.span().resolved_at(Span::mixed_site());
            quote_spanned!(at=> .hole())
        }
    }
}

/// The expression of `{inside}`: a variable, or a field of one.
fn placeholder(inside: &str, at: Span, function: &Function) -> Result<Expr, String> {
    let cure = || match function.bound().next() {
        Some(name) => format!("write a name like `{{{name}}}`, or a tuple for an expression: `(\"tool\", {name})`"),
        None => String::from("write a name like `{ret}`, or a tuple for an expression: `(\"tool\", ret.id)`"),
    };
    if inside.is_empty() {
        return Err(format!("an empty placeholder: {}", cure()));
    }
    let fault = || format!("`{{{inside}}}` is not a placeholder: {}", cure());
    let (first, fields) = inside.split_once('.').map_or((inside, None), |(first, fields)| (first, Some(fields)));
    let first =
        if first == "self" { Ident::new(first, at) } else { syn::parse_str::<Ident>(first).map_err(|_| fault())? };
    let word = first.to_string();
    if word != "ret"
        && !function.binds(&word)
        && let Some(text) = unknown(&first, function).or_else(|| Some(fault()))
        && !(word == "self" && function.has_self())
    {
        return Err(text);
    }
    let mut first = first;
    first.set_span(at);
    let mut tokens = first.into_token_stream();
    for field in fields.into_iter().flat_map(|fields| fields.split('.')) {
        let mut member = syn::parse_str::<Member>(field).map_err(|_| fault())?;
        match &mut member {
            Member::Named(name) => name.set_span(at),
            Member::Unnamed(index) => index.span = at,
        }
        tokens.extend(quote_spanned!(at=> .#member));
    }
    syn::parse2(tokens).map_err(|_| fault())
}
