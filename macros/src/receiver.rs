//! Where the statements of a method name its `self`, in tokens or inside a text.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};

/// The statements with another name for `self`, but for the items among them, which have a `self` of their own.
pub(crate) fn renamed(statements: Group, name: &Ident) -> Group {
    mapped(statements, false, &mut |token, _| match token {
        TokenTree::Ident(ident) if ident == "self" => {
            let mut name = name.clone();
            name.set_span(ident.span().resolved_at(Span::mixed_site()));
            name.into()
        }
        other => other,
    })
}

/// The texts that a macro is given and that name `self`, as `"{self:?}"` does, each with what is written behind the name.
pub(crate) fn in_texts(statements: &Group) -> Vec<(Literal, String)> {
    let mut found = Vec::new();
    mapped(statements.clone(), false, &mut |token, in_macro| {
        if let TokenTree::Literal(literal) = &token
            && in_macro
            && let syn::Lit::Str(text) = syn::Lit::new(literal.clone())
            && let Some(written) = placeholder(&text.value())
        {
            found.push((literal.clone(), written));
        }
        token
    });
    found
}

/// What stands behind `self` in the first placeholder that names it: `:?` of `{self:?}`.
fn placeholder(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        rest = rest.get(at + 1..)?;
        if let Some(behind) = rest.strip_prefix('{') {
            rest = behind;
        } else if let Some((inside, _)) = rest.split_once('}')
            && let Some(written) = inside.trim().strip_prefix("self")
            && (written.is_empty() || written.trim_start().starts_with(':'))
        {
            return Some(written.trim().to_owned());
        }
    }
    None
}

/// The statements with each token but those of the items among them mapped; `in_macro`: they are what a macro is given.
fn mapped(statements: Group, in_macro: bool, map: &mut dyn FnMut(TokenTree, bool) -> TokenTree) -> Group {
    let mut item = false;
    let mut tokens = TokenStream::new();
    let mut rest = statements.stream().into_iter().peekable();
    let (mut named, mut called) = (false, false);
    while let Some(token) = rest.next() {
        let token: TokenTree = match token {
            TokenTree::Ident(ident) => {
                // Without a name behind it, `fn` is a type.
                let behind = matches!(rest.peek(), Some(TokenTree::Ident(_)));
                item |= (ident == "fn" && behind) || ident == "impl" || ident == "trait";
                // `if !(..)` calls no macro.
                (named, called) = (syn::parse_str::<Ident>(&ident.to_string()).is_ok(), false);
                if item { ident.into() } else { map(ident.into(), in_macro) }
            }
            TokenTree::Group(group) if item => {
                item = group.delimiter() != Delimiter::Brace;
                group.into()
            }
            TokenTree::Group(group) => {
                let group = mapped(group, in_macro || called, map);
                (named, called) = (false, false);
                group.into()
            }
            TokenTree::Punct(punct) => {
                item &= punct.as_char() != ';';
                (named, called) = (false, named && punct.as_char() == '!');
                punct.into()
            }
            TokenTree::Literal(literal) => map(literal.into(), in_macro),
        };
        tokens.extend([token]);
    }
    let mut group = Group::new(statements.delimiter(), tokens);
    group.set_span(statements.span());
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(statements: &str) -> Vec<String> {
        let group = Group::new(Delimiter::Brace, statements.parse().expect("tokens"));
        in_texts(&group).into_iter().map(|(_, written)| written).collect()
    }

    #[test]
    fn a_text_of_a_macro_names_self_in_a_placeholder() {
        for (statements, written) in [
            (r#"format!("{self}")"#, ""),
            (r#"std::println!("a {} {self:?}", 1)"#, ":?"),
            (r##"write!(out, r#"{{{self:>8}}}"#)"##, ":>8"),
            (r#"if x { vec![format!("{ self :#?}")] }"#, ":#?"),
            (r#"assert!(y, "\u{7b}self}")"#, ""),
        ] {
            assert_eq!(found(statements), [written], "{statements}");
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        for statements in [
            r#"format!("{{self}}")"#,
            r#"format!("{self_id} {}", self)"#,
            r#"let text = "{self}";"#,
            r#"if !("{self}" == x) { y("{self:?}") }"#,
            r#"impl T for X { fn f(&self) { format!("{self}") } } 1"#,
            r#"format!("self} {")"#,
        ] {
            assert_eq!(found(statements), [""; 0], "{statements}");
        }
    }
}
