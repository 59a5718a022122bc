// #[invalidates("tools", "tool:{id}", "team:{ret.team}:{id}", ("owner", ret.owner.id()), on = always)]
// async fn rename(db: &Db, id: u32, name: &str) -> Result<Tool, Error> {
//     db.rename(id, name).await
// }

async fn rename(db: &Db, id: u32, name: &str) -> Result<Tool, Error> {
    ::larder::__private::invalidates(
            {
                static SITE: ::larder::__private::WriteSite = ::larder::__private::WriteSite::new(
                        "rename",
                    )
                    .always();
                &SITE
            },
            ::larder::__private::Return::<Result<Tool, Error>>::NEW.shape(),
        )
        .run(move |__larder| {
            __larder
                .tag(::larder::__private::Name::new().lit("tools"))
                .tag(::larder::__private::Name::new().lit("tool:").part(&id))
                .late(
                    ::larder::__private::Name::new()
                        .lit("team:")
                        .hole()
                        .lit(":")
                        .part(&id),
                    |ret| [::larder::__private::text(&ret.team)],
                )
                .late(
                    ::larder::__private::Name::new().lit("owner:").hole(),
                    |ret| [::larder::__private::text(&ret.owner.id())],
                )
                .body(async move {
                    if false {
                        return ::larder::__private::never::<Result<Tool, Error>>();
                    }
                    { db.rename(id, name).await }
                })
        })
        .await
}
