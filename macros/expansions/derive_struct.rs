// #[derive(CacheKey)]
// struct Filter<'a, T: Table, const N: usize> {
//     id: T::Id,
//     team: &'a str,
//     tables: [T; N],
//     #[key(skip)]
//     trace: Trace,
// }

#[automatically_derived]
impl<'a, T: Table, const N: usize> ::larder::CacheKey for Filter<'a, T, N>
where
    T::Id: ::larder::CacheKey,
    T: ::larder::CacheKey,
{
    fn encode_key(&self, __larder: &mut ::larder::KeyWriter) {
        __larder.shape(13836675052334972466u64);
        ::larder::CacheKey::encode_key(&self.id, __larder);
        ::larder::CacheKey::encode_key(&self.team, __larder);
        ::larder::CacheKey::encode_key(&self.tables, __larder);
    }
}
