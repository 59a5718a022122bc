// #[leader("nightly", ttl = "300s", grace = "10s")]
// async fn report(db: &Db) {
//     db.report().await;
// }

async fn report(db: &Db) {
    ::larder::__private::lead::<
        (),
    >({
            static SITE: ::larder::__private::LeadSite = ::larder::__private::LeadSite::new(
                    "report",
                    "nightly",
                )
                .ttl(::core::time::Duration::from_secs(300u64))
                .grace(::core::time::Duration::from_secs(10u64));
            &SITE
        })
        .run(move || async move {
            if false {
                return ::larder::__private::never::<()>();
            }
            {
                db.report().await;
            }
        })
        .await
}
