//! What each mistake in arguments is answered with: every text, and how many there are.

use proc_macro2::TokenStream;

use crate::{errors, invalidates, ttl_cached};

pub(super) type Expand = fn(TokenStream, TokenStream) -> syn::Result<TokenStream>;

/// A function that every attribute accepts.
pub(super) const PLAIN: &str = "async fn find(id: u32, team: &str) -> Option<u32> { None }";

/// The faults of one expansion, in order.
fn faults(expand: Expand, args: &str, item: &str) -> Vec<String> {
    let tokens = |text: &str| text.parse::<TokenStream>().map_err(syn::Error::from);
    let expanded = tokens(args).and_then(|args| expand(args, tokens(item)?));
    expanded.map_or_else(|error| error.into_iter().map(|fault| fault.to_string()).collect(), |_| Vec::new())
}

/// Each row: the arguments, the item, the faults that they must have.
pub(super) fn check(expand: Expand, rows: &[(&str, &str, &[&str])]) {
    for (args, item, expected) in rows {
        assert_eq!(faults(expand, args, item), *expected, "\n#[..({args})]\n{item}");
    }
}

#[test]
fn names_of_arguments() {
    check(
        ttl_cached::expand,
        &[
            (
                r#"entity = "a", ttl = 1, ttl = 2"#,
                PLAIN,
                &["`ttl` given twice: leave out one of them", "first given here"],
            ),
            (r#"entity = "a", tll = 1"#, PLAIN, &["`tll` is not an argument of `ttl_cached`: did you mean `ttl`?"]),
            (r#"entity = "a", time = 20"#, PLAIN, &["`time` is called `ttl` here: write `ttl = \"20s\"`"]),
            (r#"entity = "a", size = 20"#, PLAIN, &["`size` is called `capacity` here: write `capacity = 10_000`"]),
            (r#"entity = "a", convert = {}"#, PLAIN, &["`convert` is called `key` here: write `key(id, filter.team)`"]),
            (r#"entity = "a", expire = 1"#, PLAIN, &["`expire` is called `ttl` here: write `ttl = \"20s\"`"]),
            (
                r#"entity = "a", sync_writes"#,
                PLAIN,
                &["`sync_writes` is called `single_flight` here: write `single_flight = off`"],
            ),
            (
                r#"entity = "a", result = true"#,
                PLAIN,
                &["`result` is not needed: an `Err` is never stored, whatever the alias of the type, leave it out"],
            ),
            (
                r#"entity = "a", option"#,
                PLAIN,
                &[
                    "`option` is not needed: `None` is stored and is a hit unless `store_if = |v| v.is_some()` says otherwise, leave it out",
                ],
            ),
            (
                r#"entity = "a", map_error = |e| e"#,
                PLAIN,
                &["`map_error` is not needed: a failing cache is a miss, never an error of the function, leave it out"],
            ),
            (
                r#"entity = "a", ty = "T", create = "{}""#,
                PLAIN,
                &[
                    "`ty` is not needed: the storage is made by the runtime, from `larder::Larder::builder()`, leave it out",
                    "`create` is not needed: the storage is made by the runtime, from `larder::Larder::builder()`, leave it out",
                ],
            ),
            (
                r#"entity = "a", stale_if_error = 0"#,
                PLAIN,
                &["this duration must not be zero: write for example `\"30s\"`"],
            ),
            (
                r#"entity = "a", err_ttl = 0"#,
                PLAIN,
                &["a failure is not stored unless you ask for it: leave out `err_ttl`"],
            ),
            (r#"entity = "a", refresh_ahead = 1.0"#, PLAIN, &["this is no part of a life: write for example `0.8`"]),
            (r#"entity = "a", refresh_ahead = 2"#, PLAIN, &["this is no part of a life: write for example `0.8`"]),
            (
                r#"entity = "a", refresh_ahead = 0.5, store = redis"#,
                PLAIN,
                &["`refresh_ahead` renews what is in memory, and `store = redis` keeps nothing there: leave out one"],
            ),
            (
                r#"entity = "a", stale_while_revalidate = 0"#,
                PLAIN,
                &["this duration must not be zero: write for example `\"30s\"`"],
            ),
            (r#"entity = "a", none_ttl"#, PLAIN, &["`none_ttl` needs a value: write `none_ttl = \"5s\"`"]),
            (r#"entiy = "a""#, PLAIN, &["`entiy` is not an argument of `ttl_cached`: did you mean `entity`?"]),
            (r#"name = "a""#, PLAIN, &["`name` is called `entity` here: write `entity = \"tools\"`"]),
            (
                r#"entity = "a", keep = 2"#,
                PLAIN,
                &["`keep` is an argument of `hexsha_cached`, not of `ttl_cached`: leave it out"],
            ),
            (
                r#"entity = "a", when = id >"#,
                PLAIN,
                &["the value of `when` is not finished: write for example `when = cursor.is_none()`"],
            ),
            ("ttl = 1", PLAIN, &["`ttl_cached` needs `entity`: add `entity = \"tools\"`"]),
            ("entity", PLAIN, &["`entity` needs a value: write `entity = \"tools\"`"]),
            (
                "entity = , ttl =",
                PLAIN,
                &["`entity` needs a value: write `entity = \"tools\"`", "`ttl` needs a value: write `ttl = \"20s\"`"],
            ),
            (r#""tools""#, PLAIN, &["a value without a name: write `entity = \"tools\"`"]),
            (r#"entity = "a" ttl = 1"#, PLAIN, &["a `,` is missing before this argument"]),
            (r#"entity("a")"#, PLAIN, &["`entity` takes one value: write `entity = \"tools\"`"]),
            (r#"entity = "a", skip = id"#, PLAIN, &["`skip` takes a list: write `skip(db)`"]),
            (r#"entity = "a", skip()"#, PLAIN, &["`skip` names nothing: leave it out, or write `skip(db)`"]),
            (
                r#"entity = "a", + 1, ttl = "x""#,
                PLAIN,
                &[
                    "this begins no argument of `ttl_cached`: write for example `entity = \"tools\"`",
                    "this is no duration: write seconds as `20`, or `\"250ms\"`, `\"20s\"`, `\"1m30s\"`, `\"2h\"`, or an expression of type `Duration`",
                ],
            ),
        ],
    );
    let text = faults(ttl_cached::expand, r#"entity = "a", zebra = 1"#, PLAIN).join("\n");
    assert!(text.starts_with("`zebra` is not an argument of `ttl_cached`: it takes `entity`, `ttl`"), "{text}");
}

#[test]
fn values_of_arguments() {
    check(
        ttl_cached::expand,
        &[
            (r#"entity = """#, PLAIN, &["an empty name: write for example `\"tools\"`"]),
            (r#"entity = TOOLS"#, PLAIN, &["an entity is one fixed name: write `entity = \"tools\"`"]),
            (r#"entity = "a\nb""#, PLAIN, &["a name has no control characters: write it in plain text"]),
            (
                r#"entity = "tool:{id}""#,
                PLAIN,
                &["an entity is one fixed name: write what is finer as `tags(\"tool:{id}\")`"],
            ),
            (r#"entity = "a", capacity = 0"#, PLAIN, &["0 would store nothing: write a number from 1 up"]),
            (r#"entity = "a", capacity = -1"#, PLAIN, &["this number is negative: write one from 1 up"]),
            (
                r#"entity = "a", capacity = "9""#,
                PLAIN,
                &["this is no whole number: write one without quotes, such as `2`, or a constant"],
            ),
            (
                r#"entity = "a", capacity = 99999999999999999999"#,
                PLAIN,
                &["this number is too large: write a smaller one"],
            ),
            (r#"entity = "a", key(id, id)"#, PLAIN, &["this stands in the list already: leave it out"]),
            (r#"entity = "a", tags("b:{id}", "b:{id}")"#, PLAIN, &["this stands in the list already: leave it out"]),
            (
                r#"entity = "a", tags("a")"#,
                PLAIN,
                &["this is the entity, which every value has as a name already: leave it out"],
            ),
            (
                r#"entity = "a", key(id.)"#,
                PLAIN,
                &["the value of `key` is not finished: write for example `key(id, filter.team)`"],
            ),
            (r#"entity = "a", version = 5_000_000_000"#, PLAIN, &["a version is a `u32`: write a smaller number"]),
            (r#"entity = "a", jitter = 1.5"#, PLAIN, &["this share is outside 0.0..=1.0: write for example `0.1`"]),
            (r#"entity = "a", jitter = -0.1"#, PLAIN, &["this share is outside 0.0..=1.0: write for example `0.1`"]),
            (
                r#"entity = "a", jitter = "x""#,
                PLAIN,
                &["this is no share: write a number from 0.0 to 1.0, such as `0.1`"],
            ),
            (r#"entity = "a", ttl = 20s"#, PLAIN, &["a duration with a unit needs quotes: write `\"20s\"`"]),
            (r#"entity = "a", store = "memory""#, PLAIN, &["a word stands here without quotes: write `memory`"]),
            (r#"entity = "a", store = memroy"#, PLAIN, &["`memroy` is unknown here: did you mean `memory`?"]),
            (
                r#"entity = "a", store = disk"#,
                PLAIN,
                &["this is unknown here: write `memory`, `redis` or `tiered`, without quotes"],
            ),
            (
                r#"entity = "a", coherence = no"#,
                PLAIN,
                &["this is unknown here: write `tracked`, `strict` or `ttl`, without quotes"],
            ),
            (
                r#"entity = "a", single_flight = on"#,
                PLAIN,
                &["this is unknown here: write `process`, `cluster` or `off`, without quotes"],
            ),
            (
                r#"entity = "a", single_flight = cluster, store = memory"#,
                PLAIN,
                &[
                    "`single_flight = cluster` shares what is in Redis, and `store = memory` keeps nothing there: leave out one",
                ],
            ),
            (
                r#"entity = "a", crate = other::larder"#,
                PLAIN,
                &["this path depends on the module: write `crate = ::other::larder` or `crate = crate::other::larder`"],
            ),
            (
                r#"entity = "a", crate = "larder""#,
                PLAIN,
                &["this is no path: write `crate = ::larder`, without quotes"],
            ),
            (
                r#"entity = "a", when = ret.is_some()"#,
                PLAIN,
                &["there is no `ret` before the function runs: use parameters"],
            ),
            (r#"entity = "a", ttl = ret.ttl"#, PLAIN, &["there is no `ret` before the function runs: use parameters"]),
            (
                r#"entity = "a", store_if = !ret.is_empty()"#,
                PLAIN,
                &["`store_if` is given the value: write a closure, `|ret| ..`"],
            ),
            (r#"entity = "a", store_if = |ret| !ret.is_empty()"#, PLAIN, &[]),
            (
                r#"capacity = 0, jitter = 2, store = disk"#,
                PLAIN,
                &[
                    "`ttl_cached` needs `entity`: add `entity = \"tools\"`",
                    "this is unknown here: write `memory`, `redis` or `tiered`, without quotes",
                    "0 would store nothing: write a number from 1 up",
                    "this share is outside 0.0..=1.0: write for example `0.1`",
                ],
            ),
        ],
    );
}

#[test]
fn names() {
    let like = "write a name like `{id}`, or a tuple for an expression: `(\"tool\", id)`";
    let bare = "a name is a string or a tuple: write `\"tool:{id}\"` or `(\"tool\", id)`";
    check(
        invalidates::expand,
        &[
            (
                "",
                PLAIN,
                &["`invalidates` needs a name: write `#[invalidates(\"tools\")]` or `#[invalidates(\"tool:{id}\")]`"],
            ),
            (r#""""#, PLAIN, &["an empty name: write for example `\"tools\"`"]),
            (r#""a\tb""#, PLAIN, &["a name has no control characters: write it in plain text"]),
            (r#""a:{}""#, PLAIN, &[&format!("an empty placeholder: {like}")]),
            (r#""a:{0}""#, PLAIN, &[&format!("`{{0}}` is not a placeholder: {like}")]),
            (r#""a:{id:?}""#, PLAIN, &[&format!("`{{id:?}}` is not a placeholder: {like}")]),
            (r#""a:{id + 1}""#, PLAIN, &[&format!("`{{id + 1}}` is not a placeholder: {like}")]),
            (r#""a:{id.}""#, PLAIN, &[&format!("`{{id.}}` is not a placeholder: {like}")]),
            (r#""a:{ID}""#, PLAIN, &[&format!("`{{ID}}` is not a placeholder: {like}")]),
            (r#""a:{id""#, PLAIN, &["a `{` without its `}`: write `{{` for the character itself"]),
            (r#""a:{id} {id""#, PLAIN, &["a `{` without its `}`: write `{{` for the character itself"]),
            (r#""a:id}""#, PLAIN, &["a `}` without its `{`: write `}}` for the character itself"]),
            (r#""a:{di}""#, PLAIN, &["`di` is not a parameter of `find`: did you mean `id`?"]),
            (r#""a:{self.id}""#, PLAIN, &["`find` has no `self`: name one of its parameters"]),
            (r#""a:{id}:{team.0.len}:{{x}}:{ret.id}""#, PLAIN, &[]),
            (r#"("a", team.len(), 7, ret)"#, PLAIN, &[]),
            (
                r#""a:{ret}""#,
                "fn f(ret: u8) -> u8 { 1 }",
                &["`ret` is the result here and a parameter too: rename the parameter"],
            ),
            (r#"("a", tean)"#, PLAIN, &["`tean` is not a parameter of `find`: did you mean `team`?"]),
            ("()", PLAIN, &[bare]),
            ("7", PLAIN, &[bare]),
            ("(id)", PLAIN, &[bare]),
            ("tools", PLAIN, &["`tools` is neither an argument of `invalidates` nor a name: write `\"tools\"`"]),
            (
                r#"entity = "tools""#,
                PLAIN,
                &["names stand here without `entity`: write `\"tools\"` or `\"tool:{id}\"`"],
            ),
            (r#"("a", ret + id)"#, PLAIN, &["`id` and `ret` are not there at one time: make two parts of it"]),
            (r#"("a", ret.iter().map(|id| id.len()).sum())"#, PLAIN, &[]),
            (r#""a", "a""#, PLAIN, &["this stands in the list already: leave it out"]),
            (r#""a", on = never"#, PLAIN, &["this is unknown here: write `ok` or `always`, without quotes"]),
            (r#""a", phase = around, max_txn = "5s""#, PLAIN, &[]),
            (r#""a:{id}", phase = around, max_txn = LONGEST"#, PLAIN, &[]),
            (r#""a", phase = before"#, PLAIN, &["this is unknown here: write `after` or `around`, without quotes"]),
            (
                r#""a", phase = around, max_txn = 0"#,
                PLAIN,
                &["a write takes longer than that: write for example `\"5s\"`"],
            ),
            (
                r#""a", phase = around, max_txn = "61m""#,
                PLAIN,
                &["a fence stands for an hour at most: write for example `\"5s\"`"],
            ),
            (
                r#""a", max_txn = "5s""#,
                PLAIN,
                &["`max_txn` bounds the fence of `phase = around`: add that, or leave this out"],
            ),
            (
                r#""a", phase = after, max_txn = "5s""#,
                PLAIN,
                &["`max_txn` bounds the fence of `phase = around`: leave it out, or write that phase"],
            ),
            (
                r#""a:{ret}", find(id), phase = around"#,
                PLAIN,
                &[
                    "the fence of `phase = around` stands before the body runs, and there is no `ret` yet: name it by \
                     parameters, or write `phase = after`",
                    "the fence of `phase = around` stands before names, and a single entry has none of its own: give its \
                     function `tags(..)` and write such a tag here, or write `phase = after`",
                ],
            ),
            (
                r#""a:{ret}""#,
                "fn f() -> impl Sized {}",
                &["the result has no named type to look at: name the return type"],
            ),
        ],
    );
    let args = r#"entity = "a", tags(id, "x:{zebra}")"#;
    check(ttl_cached::expand, &[(args, PLAIN, &[bare, "`zebra` is not a parameter of `find`: write `id` or `team`"])]);
}

#[test]
fn the_item_stays_as_it_was() {
    let item: TokenStream = PLAIN.parse().unwrap_or_default();
    let faulty = errors::or_untouched(ttl_cached::expand(TokenStream::new(), item.clone()), item.clone()).to_string();
    assert!(faulty.starts_with(&item.to_string()), "{faulty}");
    assert_eq!(faulty.matches("compile_error").count(), 1, "{faulty}");
}
