// #[leader("nightly", ttl = "300s", grace = "10s")]
// async fn report(db: &Db) {
//     db.report().await;
// }

async fn report(db: &Db) {
    let __larder = ::larder::__private::lead::<()>("report")
        .key(::larder::__private::Name::new().lit("nightly"));
    let __larder = __larder
        .ttl(::core::time::Duration::from_secs(300u64))
        .grace(::core::time::Duration::from_secs(10u64));
    __larder
        .run(move || async move {
            let 0 = 0 else { return ::larder::__private::never::<()>() };
            {
                db.report().await;
            }
        })
        .await
}
