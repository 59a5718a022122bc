//! What a call does that finds another leading.

use quote::ToTokens as _;
use syn::{Expr, ExprCall, ExprLit, Lit};

use crate::duration::Length;
use crate::function::Function;
use crate::names::early;
use crate::nearest::nearest;

/// `skip`, or `wait(..)`.
#[derive(Debug)]
pub(crate) enum Mode {
    Skip,
    Wait(Length),
}

const WORDS: [&str; 2] = ["skip", "wait"];
const WAIT: &str = "`wait` needs to be told how long: write `wait(\"30s\")`";

impl Mode {
    pub(crate) fn read(value: Expr, function: &Function) -> syn::Result<Self> {
        let (word, call) = match &value {
            Expr::Call(call) => (call.func.to_token_stream().to_string(), Some(call)),
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => return Err(quoted(&value, &text.value())),
            other => (other.to_token_stream().to_string(), None),
        };
        match (word.as_str(), call) {
            ("skip", None) => Ok(Self::Skip),
            ("skip", Some(call)) => Err(syn::Error::new_spanned(call, "`skip` waits for nothing: write `skip` alone")),
            ("wait", None) => Err(syn::Error::new_spanned(value, WAIT)),
            ("wait", Some(call)) => length(call, function).map(Self::Wait),
            (word, _) => {
                let text = match nearest(word, WORDS) {
                    Some(meant) => format!("`{word}` is unknown here: did you mean `{}`?", example(meant)),
                    None => "this is unknown here: write `skip` or `wait(\"30s\")`".to_owned(),
                };
                Err(syn::Error::new_spanned(value, text))
            }
        }
    }

    /// How long to wait, where there is something to wait for.
    pub(crate) fn wait(self) -> Option<Length> {
        match self {
            Self::Skip => None,
            Self::Wait(length) => Some(length),
        }
    }
}

fn example(word: &str) -> &str {
    if word == "wait" { "wait(\"30s\")" } else { word }
}

/// What stands in quotes, and not in these.
fn quoted(value: &Expr, text: &str) -> syn::Error {
    let word = text.split_once('(').map_or(text, |(word, _)| word);
    let meant = nearest(word, WORDS).map_or("skip", example);
    syn::Error::new_spanned(value, format!("a word stands here without quotes: write `{meant}`"))
}

fn length(call: &ExprCall, function: &Function) -> syn::Result<Length> {
    let mut arguments = call.args.iter();
    let (Some(first), None) = (arguments.next(), arguments.next()) else {
        return Err(syn::Error::new_spanned(call, WAIT));
    };
    early(first.clone(), function).and_then(Length::read_wait)
}
