// #[invalidates("tool:{id}", phase = around, max_txn = "2s")]
// async fn rename(db: &Db, id: u32) -> Result<(), Error> {
//     db.rename(id).await
// }

async fn rename(db: &Db, id: u32) -> Result<(), Error> {
    let __larder = ::larder::__private::invalidates(
            ::larder::__private::Return::<Result<(), Error>>::NEW.shape(),
        )
        .tag(::larder::__private::Name::new().lit("tool:").part(&id))
        .around(::core::time::Duration::from_secs(2u64));
    __larder
        .run(async move {
            let 0 = 0 else { return ::larder::__private::never::<Result<(), Error>>() };
            { db.rename(id).await }
        })
        .await
}
