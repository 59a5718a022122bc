//! Durations as attributes write them.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, ExprUnary, Lit, LitFloat, LitInt, LitStr, UnOp};

/// How a duration is written, for the texts of faults.
const CURE: &str =
    "write seconds as `20`, or `\"250ms\"`, `\"20s\"`, `\"1m30s\"`, `\"2h\"`, or an expression of type `Duration`";

/// A length of time.
#[derive(Debug)]
pub(crate) enum Length {
    /// Known while compiling.
    Fixed(Duration, Span),
    /// An expression of type `Duration`.
    Late(Box<Expr>),
}

impl Length {
    pub(crate) fn read(value: Expr) -> syn::Result<Self> {
        match &value {
            Expr::Lit(ExprLit { lit: Lit::Int(lit), .. }) => seconds(lit).map(|length| Self::Fixed(length, lit.span())),
            Expr::Lit(ExprLit { lit: Lit::Str(lit), .. }) => text(lit).map(|length| Self::Fixed(length, lit.span())),
            Expr::Lit(ExprLit { lit: Lit::Float(lit), .. }) => Err(fraction(lit)),
            Expr::Lit(other) => Err(syn::Error::new_spanned(other, format!("this is no duration: {CURE}"))),
            Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }) => {
                Err(syn::Error::new_spanned(value, format!("a duration is never negative: {CURE}")))
            }
            _ => Ok(Self::Late(Box::new(value))),
        }
    }

    /// The length, when it is known while compiling.
    pub(crate) fn fixed(&self) -> Option<&Self> {
        matches!(self, Self::Fixed(..)).then_some(self)
    }

    /// The length, when only the call tells it.
    pub(crate) fn late(&self) -> Option<&Self> {
        matches!(self, Self::Late(_)).then_some(self)
    }

    /// As [`Length::read`], and within what a lease can have.
    pub(crate) fn read_lease(value: Expr) -> syn::Result<Self> {
        let length = Self::read(value)?;
        let fault = match length {
            Self::Fixed(Duration::ZERO, _) => "this duration must not be zero: write for example `\"30s\"`",
            Self::Fixed(length, _) if length < Duration::from_millis(10) => {
                "a lease lasts 10 ms at least: write for example `\"30s\"`"
            }
            Self::Fixed(length, _) if length > LONGEST_LEASE => {
                "a lease lasts 365 days at most: write for example `\"30s\"`"
            }
            _ => return Ok(length),
        };
        Err(syn::Error::new(length.span(), fault))
    }

    /// As [`Length::read`], and as long as a record can live.
    pub(crate) fn read_life(value: Expr) -> syn::Result<Self> {
        match Self::read(value)? {
            Self::Fixed(Duration::ZERO, at) => {
                Err(syn::Error::new(at, "a record of no life is never stored: leave out `ttl` for one without an end"))
            }
            length => Ok(length),
        }
    }

    /// As [`Length::read`], and longer than nothing.
    pub(crate) fn read_err(value: Expr) -> syn::Result<Self> {
        match Self::read(value)? {
            Self::Fixed(Duration::ZERO, at) => {
                Err(syn::Error::new(at, "a failure is not stored unless you ask for it: leave out `err_ttl`"))
            }
            length => Ok(length),
        }
    }

    /// As [`Length::read`], and more than nothing.
    pub(crate) fn read_wait(value: Expr) -> syn::Result<Self> {
        let length = Self::read(value)?;
        if matches!(length, Self::Fixed(Duration::ZERO, _)) {
            let text = "a wait of no time is none: write `mode = skip`, or for example `wait(\"30s\")`";
            return Err(syn::Error::new(length.span(), text));
        }
        Ok(length)
    }

    /// That of a write that says nothing of it.
    pub(crate) fn txn() -> Self {
        Self::Fixed(Duration::from_secs(5), Span::call_site())
    }

    /// As [`Length::read`], and within what a fence can have.
    pub(crate) fn read_txn(value: Expr) -> syn::Result<Self> {
        let length = Self::read(value)?;
        let fault = match length {
            Self::Fixed(Duration::ZERO, _) => "a write takes longer than that: write for example `\"5s\"`",
            Self::Fixed(length, _) if length > LONGEST_TXN => {
                "a fence stands for an hour at most: write for example `\"5s\"`"
            }
            _ => return Ok(length),
        };
        Err(syn::Error::new(length.span(), fault))
    }

    fn span(&self) -> Span {
        match self {
            Self::Fixed(_, at) => *at,
            Self::Late(value) => value.span(),
        }
    }
}

impl ToTokens for Length {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::Late(value) => value.to_token_stream(),
            Self::Fixed(length, at) => {
                let at = at.resolved_at(Span::mixed_site());
                let (secs, millis) = (length.as_secs(), length.subsec_millis());
                if millis == 0 {
                    quote_spanned!(at=> ::core::time::Duration::from_secs(#secs))
                } else {
                    let millis = secs.saturating_mul(1000).saturating_add(u64::from(millis));
                    quote_spanned!(at=> ::core::time::Duration::from_millis(#millis))
                }
            }
        });
    }
}

fn seconds(lit: &LitInt) -> syn::Result<Duration> {
    let known = ["", "u8", "u16", "u32", "u64", "usize", "i32", "i64"].contains(&lit.suffix());
    match lit.base10_parse::<u64>() {
        Ok(seconds) if known && seconds <= LONGEST => Ok(Duration::from_secs(seconds)),
        Ok(_) if known => Err(syn::Error::new(lit.span(), LONG)),
        Err(_) if known => Err(syn::Error::new(lit.span(), LONG)),
        _ => Err(syn::Error::new(lit.span(), format!("a duration with a unit needs quotes: write `\"{lit}\"`"))),
    }
}

/// Seconds with a point in them.
fn fraction(lit: &LitFloat) -> syn::Error {
    let millis = lit.base10_parse::<f64>().ok().map(|seconds| seconds * 1000.0);
    let text = match millis.filter(|millis| millis.fract() == 0.0 && *millis < 1e12 && lit.suffix().is_empty()) {
        Some(millis) if millis % 1000.0 == 0.0 => format!("seconds are whole here: write `{}`", millis / 1000.0),
        Some(millis) => format!("seconds are whole here: write `\"{millis}ms\"`"),
        None => format!("this is no duration: {CURE}"),
    };
    syn::Error::new(lit.span(), text)
}

/// As long as the runtime lets a fence stand.
const LONGEST_TXN: Duration = Duration::from_secs(60 * 60);

/// As long as the runtime grants a lease.
const LONGEST_LEASE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A hundred years, in seconds: the sum with a clock's reading never overflows.
const LONGEST: u64 = 100 * 365 * 24 * 60 * 60;

/// The units from long to short, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

fn text(lit: &LitStr) -> syn::Result<Duration> {
    let written = lit.value();
    parse(&written).map_err(|fault| {
        let cure = meant(&written).filter(|meant| parse(meant).is_ok());
        let text = match (cure, fault) {
            (_, LONG) => LONG.to_owned(),
            (Some(meant), _) => format!("{fault}: write `\"{meant}\"`"),
            (None, _) => format!("{fault}: {CURE}"),
        };
        syn::Error::new(lit.span(), text)
    })
}

/// The duration that was probably meant: with our units, and without spaces.
fn meant(written: &str) -> Option<String> {
    let plain: String = written.to_lowercase().chars().filter(|at| !at.is_whitespace() && *at != '_').collect();
    let (mut rest, mut meant) = (plain.as_str(), String::new());
    while !rest.is_empty() {
        let (count, after) = leading(rest, |at| at.is_ascii_digit());
        let (word, after) = leading(after, |at| !at.is_ascii_digit());
        let unit = match word {
            "" | "s" | "sec" | "secs" | "second" | "seconds" => "s",
            "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => "ms",
            "m" | "min" | "mins" | "minute" | "minutes" => "m",
            "h" | "hr" | "hrs" | "hour" | "hours" => "h",
            "d" | "day" | "days" => "d",
            _ => return None,
        };
        // Behind a unit, a bare number may be minutes or seconds.
        if word.is_empty() && !meant.is_empty() {
            return None;
        }
        meant.extend([count, unit]);
        rest = after;
    }
    Some(meant)
}

/// What a text says that counts more than a hundred years.
const LONG: &str = "this duration is too long: the longest is a hundred years";

fn parse(written: &str) -> Result<Duration, &'static str> {
    let mut rest = written;
    let mut units = UNITS.as_slice();
    let mut millis = 0_u64;
    if rest.is_empty() {
        return Err("this is no duration");
    }
    while !rest.is_empty() {
        let (count, after) = leading(rest, |at| at.is_ascii_digit());
        let (unit, after) = leading(after, |at| !at.is_ascii_digit());
        if !count.is_empty() && unit.is_empty() {
            return Err("a unit is missing");
        }
        let place = units.iter().position(|(name, _)| *name == unit).ok_or("this is no duration")?;
        let count: u64 = if count.len() > 15 { u64::MAX } else { count.parse().map_err(|_| "this is no duration")? };
        millis = millis.saturating_add(count.saturating_mul(units[place].1));
        units = &units[place + 1..];
        rest = after;
    }
    if millis / 1000 > LONGEST {
        return Err(LONG);
    }
    Ok(Duration::from_millis(millis))
}

fn leading(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|at| !belongs(at)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Duration, String> {
        match syn::parse_str(value).and_then(Length::read) {
            Ok(Length::Fixed(length, _)) => Ok(length),
            Ok(Length::Late(_)) => Err(String::from("late")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn durations_are_read() {
        assert_eq!(read("20"), Ok(Duration::from_secs(20)));
        assert_eq!(read("0"), Ok(Duration::ZERO));
        assert_eq!(read("1_000u64"), Ok(Duration::from_secs(1000)));
        assert_eq!(read("\"250ms\""), Ok(Duration::from_millis(250)));
        assert_eq!(read("\"20s\""), Ok(Duration::from_secs(20)));
        assert_eq!(read("\"1m30s\""), Ok(Duration::from_secs(90)));
        assert_eq!(read("\"2h\""), Ok(Duration::from_secs(7200)));
        assert_eq!(read("\"1d2h3m4s5ms\""), Ok(Duration::from_millis(93_784_005)));
        assert_eq!(read("LIFE"), Err(String::from("late")));
        assert_eq!(read("Duration::from_secs(1)"), Err(String::from("late")));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for wrong in
            ["\"\"", "\"x\"", "\"1h30\"", "\"s\"", "\"1s1m\"", "\"1s2s\"", "\"1.5s\"", "\"-1s\"", "\"1é\"", "\"2w\""]
        {
            assert!(read(wrong).is_err_and(|text| text.contains("write seconds as `20`")), "{wrong}");
        }
        for (wrong, meant) in [
            ("\"20\"", "20s"),
            ("\" 1s\"", "1s"),
            ("\"20 s\"", "20s"),
            ("\"1 day\"", "1d"),
            ("\"5 Minutes\"", "5m"),
            ("\"1hr30min\"", "1h30m"),
            ("1.5", "1500ms"),
        ] {
            assert!(read(wrong).is_err_and(|text| text.ends_with(&format!("write `\"{meant}\"`"))), "{wrong}");
        }
        assert!(read("0.0001").is_err_and(|text| text.starts_with("this is no duration")));
        assert!(read("-1").is_err_and(|text| text.starts_with("a duration is never negative")));
        assert!(read("20s").is_err_and(|text| text.ends_with("write `\"20s\"`")));
        assert!(read("\"99999999999999999999d\"").is_err_and(|text| text.contains("too long")));
        assert!(read("99999999999999").is_err_and(|text| text.contains("too long")));
    }
}
