// #[ttl_cached(entity = "rows", jitter = 0.0, capacity = ROWS, version = SCHEMA)]
// async fn row<T: Table, const N: usize>(table: &T, id: impl Into<u64> + CacheKey) -> Option<[T::Row; N]>
// where
//     T: CacheKey,
// {
//     table.row(id.into()).await
// }

async fn row<T: Table, const N: usize>(
    table: &T,
    id: impl Into<u64> + CacheKey,
) -> Option<[T::Row; N]>
where
    T: CacheKey,
{
    let mut __larder = match ::larder::__private::look(
        {
            static __LARDER: ::larder::__private::Site = ::larder::__private::Site::tiered()
                .named("row", "rows", 4365798066771650073u64)
                .jitter(0f64)
                .capacity(ROWS)
                .version(SCHEMA);
            __LARDER.place(|| {})
        },
        ::larder::__private::SharedKey::empty().part(&table).part(&id),
        ::larder::__private::Return::<Option<[T::Row; N]>>::NEW.shape(),
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    let __larder_body = ::larder::__private::pin!(
        async move { let 0 = 0 else { return ::larder::__private::never:: < Option <
        [T::Row; N] > > () }; { table.row(id.into()). await } }
    );
    ::larder::__private::Running(&mut __larder, __larder_body).await
}
