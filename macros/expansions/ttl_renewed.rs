// #[ttl_cached(entity = "tools", refresh_ahead = 0.8, stale_while_revalidate = "10s")]
// async fn find(name: &str) -> Tool {
//     fetch(name).await
// }

async fn find(name: &str) -> Tool {
    let __larder = match ::larder::__private::look(
        {
            static __LARDER: ::larder::__private::Site = ::larder::__private::Site::tiered()
                .named("find", "tools", 5691984595219641708u64)
                .renewed(0.8f64, ::core::time::Duration::from_secs(10u64));
            __LARDER.place(|| {})
        },
        ::larder::__private::SharedKey::empty().part(&name),
        ::larder::__private::Return::<Tool>::NEW.shape(),
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    __larder
        .run_apart({
            let name = ::larder::__private::own(name);
            async move {
                let 0 = 0 else { return ::larder::__private::never::<Tool>() };
                {
                    let name = ::larder::__private::lend::<str>(&name);
                    fetch(name).await
                }
            }
        })
        .await
}
