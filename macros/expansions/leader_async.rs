// #[leader("nightly", ttl = "300s", grace = "10s")]
// async fn report(db: &Db) {
//     db.report().await;
// }

async fn report(db: &Db) {
    ::larder::__private::lead::<()>("report")
        .key(::larder::__private::Name::new().lit("nightly"))
        .ttl(::core::time::Duration::from_secs(300u64))
        .grace(::core::time::Duration::from_secs(10u64))
        .run(move || async move {
            let 0 = 0 else { return ::larder::__private::never::<()>() };
            {
                db.report().await;
            }
        })
        .await
}
