// #[ttl_cached(entity = "tools", ttl = life, skip(db), tags("tool:{id}", ("team", ret.team)), when = cursor.is_none(), store_if = |v| v.is_live(), capacity = 500, store = redis, jitter = 0.2, coherence = strict, single_flight = off, version = 3, crate = crate::kept)]
// /// One tool.
// #[inline]
// pub(crate) async fn tool<T: Table>(db: &Db, id: T::Id, (cursor, life): (Option<u32>, Duration)) -> Result<Tool, Error> {
//     db.tool(id, cursor, life).await
// }

/// One tool.
#[inline]
pub(crate) async fn tool<T: Table>(
    db: &Db,
    id: T::Id,
    (cursor, life): (Option<u32>, Duration),
) -> Result<Tool, Error> {
    let __larder = match crate::kept::__private::look(
        {
            static SITE: crate::kept::__private::Site = crate::kept::__private::Site::new(
                    "tool",
                    "tools",
                    11863986981797164285u64,
                )
                .capacity(500)
                .jitter(0.2f64)
                .version(3)
                .redis()
                .strict()
                .no_flight();
            &SITE
        },
        || (),
        crate::kept::__private::Key::new().part(&id).part(&cursor).part(&life),
        crate::kept::__private::Return::<Result<Tool, Error>>::NEW.shape(),
        crate::kept::__private::Shared,
        cursor.is_none(),
    ) {
        crate::kept::__private::Look::Hit(__larder) => return __larder,
        crate::kept::__private::Look::Miss(__larder) => __larder,
    };
    __larder
        .ttl(life)
        .tag(crate::kept::__private::Name::new().lit("tool:").part(&id))
        .late(
            crate::kept::__private::Name::new().lit("team:").hole(),
            |ret| [crate::kept::__private::text(&ret.team)],
        )
        .run(
            |v| v.is_live(),
            async move {
                if false {
                    return crate::kept::__private::never::<Result<Tool, Error>>();
                }
                { db.tool(id, cursor, life).await }
            },
        )
        .await
}
