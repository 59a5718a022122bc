//! The arguments of an attribute: names, values and lists as they were written.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Expr, ExprLit, Lit, LitStr, Token, token};

use crate::errors::Errors;
use crate::words::{self, Meant};

/// What one attribute takes.
#[derive(Debug)]
pub(crate) struct Grammar {
    /// The attribute's own name.
    pub(crate) attribute: &'static str,
    /// Every argument's name, and how it is written.
    pub(crate) names: &'static [(&'static str, &'static str)],
    /// The argument that a value without a name must be; `None` where such values belong.
    pub(crate) unnamed: Option<&'static str>,
}

impl Grammar {
    /// How the argument `name` is written.
    pub(crate) fn example(&self, name: &str) -> &'static str {
        self.names.iter().find(|(known, _)| *known == name).map_or("", |(_, example)| example)
    }
}

/// A value, and where its name stands.
#[derive(Debug)]
pub(crate) struct Arg<T> {
    pub(crate) name: Span,
    pub(crate) value: T,
}

/// The arguments not yet taken.
#[derive(Debug)]
pub(crate) struct Args {
    tokens: TokenStream,
    grammar: &'static Grammar,
    named: Vec<(Ident, Value)>,
    unnamed: Vec<Expr>,
    /// Every name that was written or meant, with a value or without.
    seen: Vec<String>,
    /// Whether a value without a name was meant, and refused.
    stray: bool,
}

#[derive(Debug)]
enum Value {
    One(Expr),
    List(token::Paren, Vec<Expr>),
}

impl Args {
    /// Reads all arguments; unknown names, names given twice and missing values are faults here, once for all macros.
    pub(crate) fn parse(tokens: TokenStream, grammar: &'static Grammar, errors: &mut Errors) -> Self {
        let (named, unnamed, seen) = (Vec::new(), Vec::new(), Vec::new());
        let mut args = Self { tokens: tokens.clone(), grammar, named, unnamed, seen, stray: false };
        let read = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = args.argument(input, errors) {
                    errors.add(error);
                    skip_to_comma(input)?;
                }
                if input.peek(Token![;]) {
                    errors.push(input.span(), "a `;` stands between two arguments: write `,`");
                    input.parse::<Token![;]>()?;
                } else if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                    errors.push(input.span(), "a `,` is missing before this argument");
                }
            }
            Ok(())
        };
        if let Err(error) = read.parse2(tokens) {
            errors.add(error);
        }
        args
    }

    fn argument(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        if !is_named(input) || (self.grammar.unnamed.is_none() && words::is_call(input, self.grammar)) {
            if input.peek(syn::Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]) {
                let name: Ident = input.parse()?;
                self.seen.push(name.to_string());
                let text = format!("a `:` stands between `{name}` and its value: write `=`");
                return Err(input.error(text));
            }
            let value = input.fork().parse::<Expr>();
            if value.is_err() || (self.grammar.unnamed.is_some() && input.cursor().punct().is_some()) {
                self.stray = true;
                let example = self.grammar.names.first().map_or("", |(_, example)| example);
                let text =
                    format!("this begins no argument of `{}`: write for example `{example}`", self.grammar.attribute);
                return Err(input.error(text));
            }
            let value: Expr = input.parse()?;
            match self.grammar.unnamed {
                Some(name) => {
                    self.seen.push(name.to_owned());
                    errors.cover(value, format!("a value without a name: write `{}`", self.grammar.example(name)));
                }
                None => self.unnamed.push(value),
            }
            return Ok(());
        }
        let name = input.call(Ident::parse_any)?;
        self.seen.push(name.to_string());
        let value = Value::parse(&name, self.grammar, input)?;
        if let Some(refusal) = words::refusal(&name, self.grammar, value.is_none()) {
            errors.push(name.span(), refusal.text);
            match refusal.meant {
                Meant::Argument(known) => self.seen.push(known.to_owned()),
                Meant::Unnamed => self.stray = true,
                Meant::Nothing => {}
            }
        } else if let Some((first, _)) = self.named.iter().find(|(first, _)| *first == name) {
            errors.push(name.span(), format!("`{name}` given twice: leave out one of them"));
            errors.push(first.span(), "first given here");
        } else if let Some(value) = value {
            self.named.push((name, value));
        } else {
            let example = self.grammar.example(&name.to_string());
            errors.push(name.span(), format!("`{name}` needs a value: write `{example}`"));
        }
        Ok(())
    }

    /// Takes `name = value`.
    pub(crate) fn value<T>(
        &mut self,
        name: &str,
        errors: &mut Errors,
        read: impl FnOnce(Expr) -> syn::Result<T>,
    ) -> Option<T> {
        let (name, value) = self.take(name)?;
        match value {
            Value::One(value) => errors.keep(read(peel(value))),
            Value::List(paren, _) => {
                let example = self.grammar.example(&name.to_string());
                errors.push(paren.span.open(), format!("`{name}` takes one value: write `{example}`"));
                None
            }
        }
    }

    /// Whether a value without a name was meant, and is among the faults already.
    pub(crate) const fn stray(&self) -> bool {
        self.stray
    }

    /// Whether `name` was written, rightly or not.
    pub(crate) fn seen(&self, name: &str) -> bool {
        self.seen.iter().any(|seen| seen == name)
    }

    /// Where `name` was written.
    pub(crate) fn written(&self, name: &str) -> Option<Span> {
        self.named.iter().find(|(known, _)| known == name).map(|(known, _)| known.span())
    }

    /// Says so when `name` was not written at all.
    pub(crate) fn require(&self, name: &str, errors: &mut Errors) {
        if !self.seen(name) {
            let Grammar { attribute, .. } = self.grammar;
            let example = self.grammar.example(name);
            errors.push(Span::call_site(), format!("`{attribute}` needs `{name}`: add `{example}`"));
        }
    }

    /// Takes `name(value, value, ..)`.
    pub(crate) fn list(&mut self, name: &str, errors: &mut Errors) -> Option<Arg<Vec<Expr>>> {
        let (name, value) = self.take(name)?;
        let example = self.grammar.example(&name.to_string());
        match value {
            Value::List(_, values) if values.is_empty() => {
                errors.push(name.span(), format!("`{name}` names nothing: leave it out, or write `{example}`"));
                None
            }
            Value::List(_, values) => {
                let values: Vec<_> = values.into_iter().map(peel).collect();
                once(&values, errors);
                Some(Arg { name: name.span(), value: values })
            }
            Value::One(value) => {
                errors.cover(value, format!("`{name}` takes a list: write `{example}`"));
                None
            }
        }
    }

    /// All that was written.
    pub(crate) const fn tokens(&self) -> &TokenStream {
        &self.tokens
    }

    /// Takes the values that have no name.
    pub(crate) fn unnamed(&mut self) -> Vec<Expr> {
        std::mem::take(&mut self.unnamed).into_iter().map(peel).collect()
    }

    fn take(&mut self, name: &str) -> Option<(Ident, Value)> {
        let place = self.named.iter().position(|(known, _)| known == name)?;
        Some(self.named.remove(place))
    }
}

impl Value {
    fn parse(name: &Ident, grammar: &Grammar, input: ParseStream<'_>) -> syn::Result<Option<Self>> {
        if input.peek(token::Paren) {
            let inside;
            let paren = syn::parenthesized!(inside in input);
            let values = Punctuated::<Expr, Token![,]>::parse_terminated(&inside)
                .map_err(|error| if inside.is_empty() { unfinished(name, grammar) } else { error })?;
            return Ok(Some(Self::List(paren, values.into_iter().collect())));
        }
        if input.parse::<Option<Token![=]>>()?.is_none() || input.is_empty() || input.peek(Token![,]) {
            return Ok(None);
        }
        let value = input.parse();
        let value = value.map_err(|error| if input.is_empty() { unfinished(name, grammar) } else { error });
        Ok(Some(Self::One(value?)))
    }
}

/// What a value says that ends too early.
fn unfinished(name: &Ident, grammar: &Grammar) -> syn::Error {
    let example = grammar.example(&name.to_string());
    syn::Error::new(name.span(), format!("the value of `{name}` is not finished: write for example `{example}`"))
}

/// Says so where a list holds the same twice.
pub(crate) fn once(values: &[Expr], errors: &mut Errors) {
    for (place, value) in values.iter().enumerate() {
        if values.iter().take(place).any(|before| before == value) {
            errors.cover(value, "this stands in the list already: leave it out");
        }
    }
}

/// The string literal that `value` must be.
pub(crate) fn string(value: Expr, text: &str) -> syn::Result<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(lit), .. }) => Ok(lit),
        other => Err(syn::Error::new_spanned(other, text)),
    }
}

/// Whether `value` is this string literal.
pub(crate) fn is_text(value: &Expr, text: &str) -> bool {
    matches!(value, Expr::Lit(ExprLit { lit: Lit::Str(lit), .. }) if lit.value() == text)
}

/// The expression without the invisible group that a `macro_rules!` fragment puts around it.
pub(crate) fn peel(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => peel(*group.expr),
        other => other,
    }
}

/// Whether an argument begins with its name: `name`, `name = value` or `name(value, ..)`.
fn is_named(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    if ahead.call(Ident::parse_any).is_err() {
        return false;
    }
    if ahead.peek(token::Paren) && ahead.parse::<TokenTree>().is_err() {
        return false;
    }
    ahead.is_empty() || ahead.peek(Token![,]) || (ahead.peek(Token![=]) && !ahead.peek(Token![==]))
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
