//! `LARDER_EXPAND=name`: the expansion of one function, printed while it is compiled.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proc_macro2::TokenStream;
use quote::quote;
use syn::Signature;
use syn::parse::{Parse as _, ParseStream, Parser as _};

/// The name of the function, or of the type, whose expansion is asked for.
const VARIABLE: &str = "LARDER_EXPAND";

/// Prints the expansion if it is that of the function that was asked for. Without the variable it costs one look at it.
pub(crate) fn print_if_asked(item: &TokenStream, expanded: &TokenStream) {
    if let Ok(asked) = std::env::var(VARIABLE)
        && name(item).is_some_and(|name| name == asked)
    {
        // A compiler that cannot write to its error stream has no other place to say so.
        let _ = writeln!(std::io::stderr().lock(), "{}", formatted(expanded));
    }
}

/// The name of a function, struct or enum.
fn name(item: &TokenStream) -> Option<String> {
    let function = |input: ParseStream<'_>| {
        input.call(syn::Attribute::parse_outer)?;
        input.parse::<syn::Visibility>()?;
        input.parse::<Option<syn::Token![default]>>()?;
        let name = Signature::parse(input)?.ident;
        input.parse::<TokenStream>().map(|_| name)
    };
    let function = function.parse2(item.clone()).ok();
    let name = function.or_else(|| syn::parse2::<syn::DeriveInput>(item.clone()).ok().map(|input| input.ident))?;
    Some(syn::ext::IdentExt::unraw(&name).to_string())
}

/// The tokens as rustfmt writes them, or on one line where there is no rustfmt.
pub(crate) fn formatted(expanded: &TokenStream) -> String {
    // A method is no item: it is formatted within an `impl`.
    let method = quote!(impl Method { #expanded });
    [expanded.to_string(), method.to_string()]
        .iter()
        .enumerate()
        .find_map(|(depth, text)| rustfmt(text).map(|text| outer(&text, depth)))
        .unwrap_or_else(|| expanded.to_string())
}

fn rustfmt(text: &str) -> Option<String> {
    let mut rustfmt = Command::new(std::env::var_os("RUSTFMT").unwrap_or_else(|| "rustfmt".into()))
        .args(["--edition", "2024", "--emit", "stdout", "--quiet"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    // The pipe is closed when it is dropped here; rustfmt reads all before it writes.
    let sent = rustfmt.stdin.take().map(|mut stdin| stdin.write_all(text.as_bytes()));
    let output = rustfmt.wait_with_output().ok()?;
    let done = output.status.success() && matches!(sent, Some(Ok(())));
    done.then(|| String::from_utf8(output.stdout).ok())?
}

/// What is `depth` braces deep, without its margin.
fn outer(text: &str, depth: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    let inner = lines.get(depth..lines.len().saturating_sub(depth)).unwrap_or_default();
    let inner: Vec<_> = inner.iter().map(|line| line.strip_prefix(&" ".repeat(4 * depth)).unwrap_or(line)).collect();
    inner.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> TokenStream {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn functions_methods_and_types_have_names() {
        for (item, expected) in [
            ("#[inline] pub(crate) async fn list(id: u32) -> u32 { id }", Some("list")),
            ("fn r#match(&self) {}", Some("match")),
            ("struct Filter { id: u32 }", Some("Filter")),
            ("enum Page { First }", Some("Page")),
            ("mod tools {}", None),
        ] {
            assert_eq!(name(&tokens(item)).as_deref(), expected, "{item}");
        }
    }

    #[test]
    fn functions_and_methods_are_formatted() {
        let written = formatted(&tokens("async fn list(id:u32)->u32{ look(id) . await }"));
        assert_eq!(written, "async fn list(id: u32) -> u32 {\n    look(id).await\n}");
        let written = formatted(&tokens("pub fn list(&self,id:u32)->u32{ self.look(id) }"));
        assert_eq!(written, "pub fn list(&self, id: u32) -> u32 {\n    self.look(id)\n}");
    }

    #[test]
    fn what_rustfmt_refuses_is_printed_as_it_is() {
        assert_eq!(formatted(&tokens("let x = 1 ;")), "let x = 1 ;");
    }
}
