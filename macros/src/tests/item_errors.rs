//! What each mistake in an item, or in what names its parts, is answered with.

use super::errors::{PLAIN, check};
use crate::{cache_key, hexsha_cached, invalidates, leader, ttl_cached};

#[test]
fn items_that_are_no_plain_functions() {
    let args = r#"entity = "a""#;
    check(
        ttl_cached::expand,
        &[
            (args, "pub struct A;", &["`#[ttl_cached]` does not work on a struct: write it on a `fn`"]),
            (args, "enum A {}", &["`#[ttl_cached]` does not work on an enum: write it on a `fn`"]),
            (args, "unsafe trait A {}", &["`#[ttl_cached]` does not work on a trait: write it on a `fn`"]),
            (args, "unsafe impl A {}", &["`#[ttl_cached]` does not work on an impl: write it on a `fn`"]),
            (args, "/// A\n const A: fn() = || ();", &["`#[ttl_cached]` does not work on a const: write it on a `fn`"]),
            (args, "|a| a + 1", &["`#[ttl_cached]` does not work on a closure: write a `fn`"]),
            (args, "async move |a| a + 1", &["`#[ttl_cached]` does not work on a closure: write a `fn`"]),
            (args, "fn f(&self) -> u32;", &["a method without a body: write `#[ttl_cached]` on its implementations"]),
            (args, "const fn f() {}", &["`#[ttl_cached]` does not work on a `const fn`: leave out `const`"]),
            (
                args,
                "unsafe fn f() {}",
                &[
                    "`#[ttl_cached]` does not work on an `unsafe fn`: write a safe one, with the `unsafe` block in its body",
                ],
            ),
            (
                args,
                "extern \"C\" fn f(n: u8, ...) {}",
                &[
                    "`#[ttl_cached]` does not work on an `extern fn`: leave out `extern`, and call this function from an `extern` one",
                    "`#[ttl_cached]` does not work with variadic arguments: take a slice",
                ],
            ),
        ],
    );
}

#[test]
fn return_types() {
    let args = r#"entity = "a""#;
    let borrowed = |owned: &str| format!("a borrowed value cannot be stored: return an owned one, like {owned}");
    let opaque = "`impl Trait` has no name to store it under: name the type, or return a `Vec` or an `Arc`";
    check(
        ttl_cached::expand,
        &[
            (args, "fn f(&self) -> &str {}", &[&borrowed("`String`")]),
            (args, "fn f<'a>() -> Result<&'a [u8], E> {}", &[&borrowed("a `Vec`")]),
            (args, "fn f(&self) -> Option<&Tool> {}", &[&borrowed("the value itself or an `Arc` of it")]),
            (args, "fn f<'a>() -> Cow<'a, str> {}", &[&borrowed("one with `'static` here")]),
            (
                args,
                "fn f() -> &'static str {}",
                &["a `&'static` value cannot come back from Redis: return an owned one, or write `store = memory`"],
            ),
            (r#"entity = "a", store = memory"#, "fn f() -> &'static str {}", &[]),
            (args, "fn f() -> Arc<dyn Fn(&str) -> &str> {}", &[]),
            (args, "fn f() -> fn(&str) -> &str {}", &[]),
            (args, "fn f() {}", &[]),
            (args, "fn f() -> ! {}", &["a function that never returns has nothing to store: leave the attribute out"]),
            (args, "fn f() -> impl Iterator<Item = u8> {}", &[opaque]),
            (args, "fn f() -> Result<impl Sized, impl Sized> {}", &[opaque, opaque]),
            (
                args,
                "fn f() -> impl Future<Output = u8> {}",
                &["write `async fn f(..) -> T` instead of `-> impl Future`"],
            ),
            (
                args,
                "fn f() -> Pin<Box<dyn Future<Output = u8> + Send>> { g() }",
                &["a boxed future is made before anything is awaited: write `async fn f(..) -> T`"],
            ),
            (args, "fn f() -> Pin<Box<dyn Future<Output = u8> + Send>> { Box::pin(async move { 1 }) }", &[]),
        ],
    );
    check(
        invalidates::expand,
        &[
            (r#""a""#, "fn f(&self) -> Option<&str> {}", &[]),
            (r#""a""#, "fn f() -> Result<impl Sized, E> {}", &[]),
            (
                r#""a""#,
                "fn f() -> impl Future<Output = u8> {}",
                &["write `async fn f(..) -> T` instead of `-> impl Future`"],
            ),
        ],
    );
    check(
        leader::expand,
        &[(
            r#""a", ttl = 9"#,
            "fn f() -> impl Sized {}",
            &["a leader returns `()`, `Option<T>`, `larder::Leadership<T>` or a `Result` of these: name the type"],
        )],
    );
}

#[test]
fn keys() {
    let late = "the key is made before the function runs, so there is no `ret` yet: use parameters";
    check(
        ttl_cached::expand,
        &[
            (r#"entity = "a", key(idd)"#, PLAIN, &["`idd` is not a parameter of `find`: did you mean `id`?"]),
            (r#"entity = "a", key(tean.len())"#, PLAIN, &["`tean` is not a parameter of `find`: did you mean `team`?"]),
            (r#"entity = "a", key(zebra)"#, PLAIN, &["`zebra` is not a parameter of `find`: write `id` or `team`"]),
            (r#"entity = "a", key(zebra)"#, "fn f() {}", &["`zebra` is not a parameter of `f`: it has none"]),
            (r#"entity = "a", key(self.id)"#, PLAIN, &["`find` has no `self`: name one of its parameters"]),
            (r#"entity = "a", key(self.id, id, REGION, crate::region(), id + 1)"#, "fn f(&self, id: u8) {}", &[]),
            (r#"entity = "a", key(ret.id)"#, PLAIN, &[late]),
            (r#"entity = "a", key(format!("{}", ret))"#, PLAIN, &[late]),
            (r#"entity = "a", key(ret.ret)"#, "fn f(ret: R) {}", &[]),
            (r#"entity = "a", skip(db)"#, PLAIN, &["`db` is not a parameter of `find`: write `id` or `team`"]),
            (r#"entity = "a", skip(DB)"#, PLAIN, &["`DB` is not a parameter of `find`: leave it out here"]),
            (r#"entity = "a", skip(self)"#, "fn f(&self) {}", &["`self` is never in the key: leave it out here"]),
            (r#"entity = "a", skip(team.id)"#, PLAIN, &["`skip` takes names of parameters: write `skip(db)`"]),
            (r#"entity = "a", key(id), skip(id, team)"#, PLAIN, &["`id` is in `key` too: leave it out in one of them"]),
            (
                r#"entity = "a", key(id), skip(id)"#,
                "fn f(id: u8, n: u8) {}",
                &[
                    "`id` is in `key` too: leave it out in one of them",
                    "`key` and `skip` together say nothing of `n`: write only one of them",
                    "`key` is here",
                ],
            ),
            (r#"entity = "a", key(id), skip(team)"#, PLAIN, &[]),
        ],
    );
}

#[test]
fn revisions() {
    check(
        hexsha_cached::expand,
        &[
            (
                "",
                "fn f(&self) {}",
                &["nothing here tells the revision: take the configuration first, or write `revision = ..`"],
            ),
            (
                "",
                "fn f((a, b): (u8, u8)) {}",
                &[
                    "the first parameter is the revision and needs a name: take the configuration first, or write `revision = ..`",
                ],
            ),
            ("revision = self.sha", "fn f(&self) {}", &[]),
            ("keep = 0", PLAIN, &["0 would store nothing: write a number from 1 up"]),
            ("ttl = 1", PLAIN, &["`ttl` is not needed: the value of one revision never goes stale, leave it out"]),
            ("config.hexsha()", PLAIN, &["a value without a name: write `revision = config.hexsha()`"]),
        ],
    );
}

#[test]
fn derived_keys() {
    check(
        |_, item| cache_key::expand(&item),
        &[
            ("", "union A { a: u8 }", &["a union does not tell which field it holds: implement `CacheKey` by hand"]),
            ("", "struct A(#[key(skipp)] u8);", &["a field knows only `#[key(skip)]`: write that, or leave it out"]),
            (
                "",
                "#[key(skip)] struct A;",
                &["a type knows only `#[key(crate = ::larder)]`: write `#[key(skip)]` on a field"],
            ),
            (
                "",
                "#[key(crate = larder)] struct A;",
                &["this path depends on the module: write `crate = ::larder` or `crate = crate::larder`"],
            ),
            ("", "enum A { #[key(skip)] B }", &["a variant is always in the key: write `#[key(skip)]` on its fields"]),
        ],
    );
}
