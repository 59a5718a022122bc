// #[ttl_cached(entity = "tools", ttl = "20s")]
// async fn list_tools(filter: &Filter, page: u32) -> Result<Arc<Vec<Tool>>, Error> {
//     fetch(filter, page).await
// }

async fn list_tools(filter: &Filter, page: u32) -> Result<Arc<Vec<Tool>>, Error> {
    let mut __larder = match ::larder::__private::look(
        {
            static __LARDER: ::larder::__private::Site = ::larder::__private::Site::tiered()
                .named("list_tools", "tools", 1607238528414204678u64)
                .ttl(::core::time::Duration::from_secs(20u64));
            __LARDER.place(|| {})
        },
        ::larder::__private::SharedKey::empty().part(&filter).part(&page),
        ::larder::__private::Return::<Result<Arc<Vec<Tool>>, Error>>::NEW.shape(),
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    let __larder_body = ::larder::__private::pin!(
        async move { let 0 = 0 else { return ::larder::__private::never:: < Result < Arc
        < Vec < Tool > >, Error > > () }; { fetch(filter, page). await } }
    );
    ::larder::__private::Running(&mut __larder, __larder_body).await
}
