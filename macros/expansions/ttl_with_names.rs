// #[ttl_cached(entity = "tools", ttl = life(id), tags("tool:{id}", ("team", ret.team, id)))]
// async fn tool(id: u32) -> Option<Tool> {
//     fetch(id).await
// }

async fn tool(id: u32) -> Option<Tool> {
    let __larder = match ::larder::__private::look(
        {
            static __LARDER: ::larder::__private::Site = ::larder::__private::Site::tiered()
                .named("tool", "tools", 15739607562734057933u64);
            __LARDER.place(|| {})
        },
        ::larder::__private::SharedKey::empty().part(&id),
        ::larder::__private::Return::<Option<Tool>>::NEW.shape(),
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    let __larder = __larder.ttl(life(id));
    let mut __larder = __larder
        .tag(::larder::__private::Name::new().lit("tool:").part(&id))
        .tag(::larder::__private::Name::new().lit("team:").hole().lit(":").part(&id))
        .late({
            const fn ret() {}
            |ret| [::larder::__private::text(&ret.team)]
        });
    let __larder_body = ::larder::__private::pin!(
        async move { let 0 = 0 else { return ::larder::__private::never:: < Option < Tool
        > > () }; { fetch(id). await } }
    );
    ::larder::__private::Running(&mut __larder, __larder_body).await
}
