// #[ttl_cached(entity = "tools", none_ttl = "5s", err_ttl = pause, stale_if_error = "5m")]
// async fn find(name: &str, pause: Duration) -> Result<Option<Tool>, Error> {
//     fetch(name).await
// }

async fn find(name: &str, pause: Duration) -> Result<Option<Tool>, Error> {
    let __larder = match ::larder::__private::look(
        {
            static __LARDER: ::larder::__private::Site = ::larder::__private::Site::tiered()
                .named("find", "tools", 18172326893876636426u64)
                .fallback(::core::time::Duration::from_secs(300u64));
            __LARDER.place(|| {})
        },
        ::larder::__private::SharedKey::empty().part(&name).part(&pause),
        ::larder::__private::Failures::<Result<Option<Tool>, Error>>::NEW.whole(pause),
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    let mut __larder = __larder.none_ttl(::core::time::Duration::from_secs(5u64));
    let __larder_body = ::larder::__private::pin!(
        async move { let 0 = 0 else { return ::larder::__private::never:: < Result <
        Option < Tool >, Error > > () }; { fetch(name). await } }
    );
    ::larder::__private::Running(&mut __larder, __larder_body).await
}
