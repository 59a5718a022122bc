// #[hexsha_cached]
// async fn openid_configuration(config: &Config, host: &str) -> Arc<OpenId> {
//     Arc::new(OpenId::of(config, host).await)
// }

async fn openid_configuration(config: &Config, host: &str) -> Arc<OpenId> {
    ::larder::__private::hexsha_cached(
            {
                static SITE: ::larder::__private::Site = ::larder::__private::Site::new(
                    "openid_configuration",
                    "",
                    117516313831880535u64,
                );
                &SITE
            },
            ::larder::__private::Revision::of(&config),
            ::larder::__private::Key::new().part(&host),
            ::larder::__private::Return::<Arc<OpenId>>::NEW.shape(),
            ::larder::__private::Local,
            true,
            |_| true,
            move |__larder| {
                __larder
                    .body(async move {
                        if false {
                            return ::larder::__private::never::<Arc<OpenId>>();
                        }
                        { Arc::new(OpenId::of(config, host).await) }
                    })
            },
        )
        .await
}
