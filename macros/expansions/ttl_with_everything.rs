// #[ttl_cached(entity = "tools", ttl = "20s", skip(db), tags("tool:{id}"), when = cursor.is_none(), store_if = |v| v.is_live(), capacity = 500, store = redis, jitter = 0.2, coherence = strict, single_flight = off, version = 3, crate = ::kept)]
// /// One tool.
// #[inline]
// pub(crate) async fn tool<T: Table>(db: &Db, (id, cursor): (T::Id, Option<u32>)) -> Result<Tool, Error> {
//     db.tool(id, cursor).await
// }

/// One tool.
#[inline]
pub(crate) async fn tool<T: Table>(
    db: &Db,
    (id, cursor): (T::Id, Option<u32>),
) -> Result<Tool, Error> {
    let __larder = match ::kept::__private::look(
        {
            static __LARDER: ::kept::__private::Site = ::kept::__private::Site::redis()
                .named("tool", "tools", 3901365891168682726u64)
                .life(::core::time::Duration::from_secs(20u64), 0.2f64)
                .capacity(500)
                .strict_alone();
            __LARDER.place(|| {})
        },
        ::kept::__private::SharedKey::when(cursor.is_none())
            .part(&id)
            .part(&cursor)
            .revision(::kept::__private::LeftOut::new(&db).revision()),
        ::kept::__private::Return::<Result<Tool, Error>>::NEW.shape(),
    ) {
        ::kept::__private::Look::Hit(__larder) => return __larder,
        ::kept::__private::Look::Miss(__larder) => __larder,
    };
    let __larder = __larder.tag(::kept::__private::Name::new().lit("tool:").part(&id));
    let mut __larder = __larder.store_if(|v| v.is_live());
    let __larder_body = ::kept::__private::pin!(
        async move { let 0 = 0 else { return ::kept::__private::never:: < Result < Tool,
        Error > > () }; { db.tool(id, cursor). await } }
    );
    ::kept::__private::Running(&mut __larder, __larder_body).await
}
