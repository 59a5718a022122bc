// #[invalidates("tools", "tool:{id}", "team:{ret.team}:{id}", ("owner", ret.owner.id()), on = always)]
// async fn rename(db: &Db, id: u32, name: &str) -> Result<Tool, Error> {
//     db.rename(id, name).await
// }

async fn rename(db: &Db, id: u32, name: &str) -> Result<Tool, Error> {
    let __larder = ::larder::__private::invalidates(
            ::larder::__private::Return::<Result<Tool, Error>>::NEW.shape(),
        )
        .tag(::larder::__private::Name::new().lit("tools"))
        .tag(::larder::__private::Name::new().lit("tool:").part(&id))
        .tag(::larder::__private::Name::new().lit("team:").hole().lit(":").part(&id))
        .tag(::larder::__private::Name::new().lit("owner:").hole())
        .late({
            const fn ret() {}
            |ret| [
                ::larder::__private::text(&ret.team),
                ::larder::__private::text(&ret.owner.id()),
            ]
        })
        .always();
    __larder
        .run(async move {
            let 0 = 0 else {
                return ::larder::__private::never::<Result<Tool, Error>>()
            };
            { db.rename(id, name).await }
        })
        .await
}
