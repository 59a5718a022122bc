//! What `#[leader]` answers to wrong arguments.

use super::errors::{PLAIN, check};
use crate::leader;

const WAIT: &str = "`wait` needs to be told how long: write `wait(\"30s\")`";

#[test]
fn leaders() {
    check(
        leader::expand,
        &[
            (r#""a""#, PLAIN, &["`leader` needs `ttl`: add `ttl = \"300s\"`"]),
            (r#""a", ttl = 0"#, PLAIN, &["this duration must not be zero: write for example `\"30s\"`"]),
            (r#""a", ttl = "9ms""#, PLAIN, &["a lease lasts 10 ms at least: write for example `\"30s\"`"]),
            (r#""a", ttl = "366d""#, PLAIN, &["a lease lasts 365 days at most: write for example `\"30s\"`"]),
            (
                r#""a", ttl = 9, on_err = grace"#,
                PLAIN,
                &["`on_err = grace` holds nothing without a grace: add `grace = \"10s\"`"],
            ),
            (r#""a", ttl = 9, grace = 1, on_err = grace"#, PLAIN, &[]),
            (r#""a", ttl = "0ms""#, PLAIN, &["this duration must not be zero: write for example `\"30s\"`"]),
            ("ttl = 9", PLAIN, &["`leader` needs a key: write `#[leader(\"nightly\", ttl = \"300s\")]`"]),
            (
                r#""a", "b", ttl = 9"#,
                PLAIN,
                &["a leader has one key: write `key = (\"sync\", id)` to make it of several parts"],
            ),
            ("id + 1, ttl = 9", PLAIN, &["a key that is an expression needs its name: write `key = ..` before it"]),
            ("7, ttl = 9", PLAIN, &["a name is a string or a tuple: write `\"tool:{id}\"` or `(\"tool\", id)`"]),
            (
                "nightly, ttl = 9",
                PLAIN,
                &["`nightly` is neither an argument of `leader` nor a name: write `\"nightly\"`"],
            ),
            (
                r#""a", ttl = 9, renwe = true"#,
                PLAIN,
                &["`renwe` is not an argument of `leader`: did you mean `renew`?"],
            ),
            (r#""a", key = id, ttl = 9"#, PLAIN, &["the key is given twice: leave out this one or `key = ..`"]),
            (
                r#"key = ret.id, ttl = 9"#,
                PLAIN,
                &["the key is needed before the function runs, so there is no `ret` yet: use parameters"],
            ),
            (r#""a:{zebra}", ttl = 9"#, PLAIN, &["`zebra` is not a parameter of `find`: write `id` or `team`"]),
            (
                r#""a", ttl = 9, renew = yes"#,
                PLAIN,
                &["this is neither `true` nor `false`: write one of them, without quotes"],
            ),
            (
                r#""a", ttl = 9, on_err = keep"#,
                PLAIN,
                &["this is unknown here: write `release` or `grace`, without quotes"],
            ),
            (
                r#""a", ttl = 9, on_unavailable = fail"#,
                PLAIN,
                &["this is unknown here: write `skip`, `run` or `error`, without quotes"],
            ),
            (r#""a", ttl = 9, mode = wait("30s"), min_replicas = 2"#, PLAIN, &[]),
            (r#""a", ttl = 9, mode = wait(LIMIT), min_replicas = REPLICAS"#, PLAIN, &[]),
            (r#""a", ttl = 9, mode = wait"#, PLAIN, &[WAIT]),
            (r#""a", ttl = 9, mode = wait()"#, PLAIN, &[WAIT]),
            (r#""a", ttl = 9, mode = wait("1s", "2s")"#, PLAIN, &[WAIT]),
            (
                r#""a", ttl = 9, mode = wait(0)"#,
                PLAIN,
                &["a wait of no time is none: write `mode = skip`, or for example `wait(\"30s\")`"],
            ),
            (r#""a", ttl = 9, mode = wait("1 s")"#, PLAIN, &["this is no duration: write `\"1s\"`"]),
            (
                r#""a", ttl = 9, mode = wait(ret)"#,
                PLAIN,
                &["there is no `ret` before the function runs: use parameters"],
            ),
            (r#""a", ttl = 9, mode = skip("1s")"#, PLAIN, &["`skip` waits for nothing: write `skip` alone"]),
            (r#""a", ttl = 9, mode = wiat("1s")"#, PLAIN, &["`wiat` is unknown here: did you mean `wait(\"30s\")`?"]),
            (r#""a", ttl = 9, mode = skp"#, PLAIN, &["`skp` is unknown here: did you mean `skip`?"]),
            (r#""a", ttl = 9, mode = block"#, PLAIN, &["this is unknown here: write `skip` or `wait(\"30s\")`"]),
            (r#""a", ttl = 9, mode = "wait""#, PLAIN, &["a word stands here without quotes: write `wait(\"30s\")`"]),
            (
                r#""a", ttl = 9, min_replicas = 0"#,
                PLAIN,
                &["0 asks no replica, as without it: leave it out, or write `1`"],
            ),
            (
                r#""a", ttl = 9, min_replicas = "1""#,
                PLAIN,
                &["this is no whole number: write one without quotes, such as `2`, or a constant"],
            ),
            (r#""a", ttl = 9, min_replicas = -1"#, PLAIN, &["this number is negative: write one from 1 up"]),
            (r#""a", ttl = 9, min_replicas = 4294967296"#, PLAIN, &["this number is too large: write a smaller one"]),
            (
                r#""a", ttl = 9, replicas = 1"#,
                PLAIN,
                &["`replicas` is called `min_replicas` here: write `min_replicas = 1`"],
            ),
        ],
    );
}
