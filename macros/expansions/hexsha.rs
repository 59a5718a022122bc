// #[hexsha_cached]
// async fn openid_configuration(config: &Config, host: &str) -> Arc<OpenId> {
//     Arc::new(OpenId::of(config, host).await)
// }

async fn openid_configuration(config: &Config, host: &str) -> Arc<OpenId> {
    let mut __larder = match ::larder::__private::look_at(
        {
            static __LARDER: ::larder::__private::Site = ::larder::__private::Site::memory()
                .named("openid_configuration", "", 117516313831880535u64);
            __LARDER.place(|| {})
        },
        ::larder::__private::revision(&config),
        ::larder::__private::LocalKey::empty().part(&host),
        ::larder::__private::Return::<Arc<OpenId>>::NEW.shape(),
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    let __larder_body = ::larder::__private::pin!(
        async move { let 0 = 0 else { return ::larder::__private::never:: < Arc < OpenId
        > > () }; { Arc::new(OpenId::of(config, host). await) } }
    );
    ::larder::__private::Running(&mut __larder, __larder_body).await
}
