// #[derive(CacheKey)]
// #[key(crate = ::kept)]
// enum Page {
//     First,
//     After(Cursor, #[key(skip)] Hint),
//     Between { low: u32, high: u32 },
// }

#[automatically_derived]
impl ::kept::CacheKey for Page {
    fn encode_key(&self, __larder: &mut ::kept::KeyWriter) {
        match self {
            Self::First { .. } => {
                __larder.shape(12441638312711299778u64);
            }
            Self::After { 0: __0, .. } => {
                __larder.shape(8774128155782671589u64);
                ::kept::CacheKey::encode_key(__0, __larder);
            }
            Self::Between { low: __0, high: __1, .. } => {
                __larder.shape(6227432408286610565u64);
                ::kept::CacheKey::encode_key(__0, __larder);
                ::kept::CacheKey::encode_key(__1, __larder);
            }
        }
    }
}
