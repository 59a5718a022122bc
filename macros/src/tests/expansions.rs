//! The expansions in `macros/expansions`: one file per shape, also there to be read.

use expect_test::{ExpectFile, expect_file};
use proc_macro2::TokenStream;

use crate::{cache_key, hexsha_cached, invalidates, leader, record, ttl_cached};

type Expand = fn(TokenStream, TokenStream) -> syn::Result<TokenStream>;

/// How many lines an expansion may add to what the user wrote.
const LONGEST: usize = 25;

/// Expands `args` on `item` and compares with the file, which begins with what was expanded.
fn check(name: &str, expand: Expand, args: &str, item: &str, expected: ExpectFile) {
    let tokens = |text: &str| text.parse::<TokenStream>().map_err(syn::Error::from);
    let print =
        |file: syn::Result<syn::File>| file.map_or_else(|error| error.to_string(), |file| prettyplease::unparse(&file));
    let printed = print(tokens(args).and_then(|args| expand(args, tokens(item)?)).and_then(syn::parse2));
    // A derive does not repeat the item.
    let written = if name.starts_with("derive") { String::new() } else { print(tokens(item).and_then(syn::parse2)) };
    let added = printed.lines().count().saturating_sub(written.lines().count());
    assert!((1..=LONGEST).contains(&added), "{name} adds {added} lines:\n{printed}");
    let args = if args.is_empty() { String::new() } else { format!("({args})") };
    let input: String =
        item.lines().map(|line| format!("// {}\n", line.strip_prefix("        ").unwrap_or(line))).collect();
    expected.assert_eq(&format!("// #[{name}{args}]\n{input}\n{printed}"));
}

#[test]
fn ttl_async_function() {
    check(
        "ttl_cached",
        ttl_cached::expand,
        r#"entity = "tools", ttl = "20s""#,
        "async fn list_tools(filter: &Filter, page: u32) -> Result<Arc<Vec<Tool>>, Error> {
            fetch(filter, page).await
        }",
        expect_file!["../../expansions/ttl_async_fn.rs"],
    );
}

#[test]
fn ttl_sync_method() {
    check(
        "ttl_cached",
        ttl_cached::expand,
        r#"entity = "users", key(self.realm, id), store = memory"#,
        "pub fn user(&self, id: u32) -> Option<User> {
            self.users.get(&id).cloned()
        }",
        expect_file!["../../expansions/ttl_sync_method.rs"],
    );
}

#[test]
fn ttl_with_everything() {
    check(
        "ttl_cached",
        ttl_cached::expand,
        r#"entity = "tools", ttl = "20s", skip(db), tags("tool:{id}"), when = cursor.is_none(), store_if = |v| v.is_live(), capacity = 500, store = redis, jitter = 0.2, coherence = strict, single_flight = off, version = 3, crate = ::kept"#,
        "/// One tool.
        #[inline]
        pub(crate) async fn tool<T: Table>(db: &Db, (id, cursor): (T::Id, Option<u32>)) -> Result<Tool, Error> {
            db.tool(id, cursor).await
        }",
        expect_file!["../../expansions/ttl_with_everything.rs"],
    );
}

#[test]
fn ttl_with_names() {
    check(
        "ttl_cached",
        ttl_cached::expand,
        r#"entity = "tools", ttl = life(id), tags("tool:{id}", ("team", ret.team, id))"#,
        "async fn tool(id: u32) -> Option<Tool> {
            fetch(id).await
        }",
        expect_file!["../../expansions/ttl_with_names.rs"],
    );
}

#[test]
fn ttl_renewed_in_the_background() {
    check(
        "ttl_cached",
        ttl_cached::expand,
        r#"entity = "tools", refresh_ahead = 0.8, stale_while_revalidate = "10s""#,
        "async fn find(name: &str) -> Tool {
            fetch(name).await
        }",
        expect_file!["../../expansions/ttl_renewed.rs"],
    );
}

#[test]
fn ttl_with_failures() {
    check(
        "ttl_cached",
        ttl_cached::expand,
        r#"entity = "tools", none_ttl = "5s", err_ttl = pause, stale_if_error = "5m""#,
        "async fn find(name: &str, pause: Duration) -> Result<Option<Tool>, Error> {
            fetch(name).await
        }",
        expect_file!["../../expansions/ttl_with_failures.rs"],
    );
}

#[test]
fn ttl_sync_function() {
    check(
        "ttl_cached",
        ttl_cached::expand,
        r#"entity = "squares""#,
        "fn square(n: u64) -> u64 {
            n * n
        }",
        expect_file!["../../expansions/ttl_sync_fn.rs"],
    );
}

#[test]
fn ttl_generic_function() {
    check(
        "ttl_cached",
        ttl_cached::expand,
        r#"entity = "rows", jitter = 0.0, capacity = ROWS, version = SCHEMA"#,
        "async fn row<T: Table, const N: usize>(table: &T, id: impl Into<u64> + CacheKey) -> Option<[T::Row; N]>
        where
            T: CacheKey,
        {
            table.row(id.into()).await
        }",
        expect_file!["../../expansions/ttl_generic.rs"],
    );
}

#[test]
fn ttl_async_trait_method() {
    check(
        "ttl_cached",
        ttl_cached::expand,
        r#"entity = "tools""#,
        "fn list<'life0, 'async_trait>(
            &'life0 self,
            page: u32,
        ) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Vec<Tool>> + ::core::marker::Send + 'async_trait>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async move {
                let __self = self;
                let page = page;
                let __ret: Vec<Tool> = { __self.fetch(page).await };
                __ret
            })
        }",
        expect_file!["../../expansions/ttl_async_trait_method.rs"],
    );
}

#[test]
fn hexsha_function() {
    check(
        "hexsha_cached",
        hexsha_cached::expand,
        "",
        "async fn openid_configuration(config: &Config, host: &str) -> Arc<OpenId> {
            Arc::new(OpenId::of(config, host).await)
        }",
        expect_file!["../../expansions/hexsha.rs"],
    );
}

#[test]
fn hexsha_with_everything() {
    check(
        "hexsha_cached",
        hexsha_cached::expand,
        "revision = config.hexsha(), skip(db), key(host), keep = 3, capacity = 1024, when = host.is_some(), store_if = |v| v.is_live(), store = tiered",
        "fn page(config: &Config, db: &Db, host: Option<&str>) -> Page {
            render(config, db, host)
        }",
        expect_file!["../../expansions/hexsha_with_everything.rs"],
    );
}

#[test]
fn invalidates_with_late_names() {
    check(
        "invalidates",
        invalidates::expand,
        r#""tools", "tool:{id}", "team:{ret.team}:{id}", ("owner", ret.owner.id()), on = always"#,
        "async fn rename(db: &Db, id: u32, name: &str) -> Result<Tool, Error> {
            db.rename(id, name).await
        }",
        expect_file!["../../expansions/invalidates.rs"],
    );
}

#[test]
fn invalidates_sync_function() {
    check(
        "invalidates",
        invalidates::expand,
        r#""tools", "tool:{id}""#,
        "fn remove(&mut self, id: u32) -> Option<Tool> {
            self.tools.remove(&id)
        }",
        expect_file!["../../expansions/invalidates_sync.rs"],
    );
}

#[test]
fn invalidates_around() {
    check(
        "invalidates",
        invalidates::expand,
        r#""tool:{id}", phase = around, max_txn = "2s""#,
        "async fn rename(db: &Db, id: u32) -> Result<(), Error> {
            db.rename(id).await
        }",
        expect_file!["../../expansions/invalidates_around.rs"],
    );
}

#[test]
fn invalidates_opaque_function() {
    check(
        "invalidates",
        invalidates::expand,
        r#""tools""#,
        "fn names(&mut self) -> Result<impl Iterator<Item = String>, Error> {
            self.reload()
        }",
        expect_file!["../../expansions/invalidates_opaque.rs"],
    );
}

#[test]
fn leader_async() {
    check(
        "leader",
        leader::expand,
        r#""nightly", ttl = "300s", grace = "10s""#,
        "async fn report(db: &Db) {
            db.report().await;
        }",
        expect_file!["../../expansions/leader_async.rs"],
    );
}

#[test]
fn leader_sync() {
    check(
        "leader",
        leader::expand,
        r#"key = ("sync", tenant.id), ttl = life, grace = 10, renew = true, on_err = grace, on_unavailable = error, mode = wait("1m30s"), min_replicas = 1"#,
        "fn sync(tenant: &Tenant, life: Duration) -> Result<Leadership<u64>, Error> {
            tenant.sync()
        }",
        expect_file!["../../expansions/leader_sync.rs"],
    );
}

#[test]
fn derive_struct() {
    check(
        "derive(CacheKey)",
        |_, item| cache_key::expand(&item),
        "",
        "struct Filter<'a, T: Table, const N: usize> {
            id: T::Id,
            team: &'a str,
            tables: [T; N],
            #[key(skip)]
            trace: Trace,
        }",
        expect_file!["../../expansions/derive_struct.rs"],
    );
}

#[test]
fn derive_enum() {
    check(
        "derive(CacheKey)",
        |_, item| cache_key::expand(&item),
        "",
        "#[key(crate = ::kept)]
        enum Page {
            First,
            After(Cursor, #[key(skip)] Hint),
            Between { low: u32, high: u32 },
        }",
        expect_file!["../../expansions/derive_enum.rs"],
    );
}

#[test]
fn derive_record() {
    check(
        "derive(Record)",
        |_, item| record::expand(&item),
        "",
        r#"#[record(name = "tenant", ttl = "1h", from = TenantV1)]
        struct Tenant {
            #[record(key)]
            id: u64,
            #[record(unique)]
            pub host: String,
            #[record(index)]
            #[serde(default)]
            r#type: Option<Kind>,
            note: String,
        }"#,
        expect_file!["../../expansions/derive_record.rs"],
    );
}
