// #[derive(Record)]
// #[record(name = "tenant", ttl = "1h", from = TenantV1)]
// struct Tenant {
//     #[record(key)]
//     id: u64,
//     #[record(unique)]
//     pub host: String,
//     #[record(index)]
//     #[serde(default)]
//     r#type: Option<Kind>,
//     note: String,
// }

#[automatically_derived]
impl ::larder::Record for Tenant {
    type Key = u64;
    const NAME: &'static str = "tenant";
    const SHAPE: &'static str = "tenant 1, host: String, id: u64, note: String, type: Option<Kind> serde(default)";
    fn life() -> ::core::option::Option<::core::time::Duration> {
        ::core::option::Option::Some(::core::time::Duration::from_secs(3600u64))
    }
    fn file(&self, __larder: &mut ::larder::__private::Filing) {
        __larder.key("id", &self.id);
        __larder.unique("host", &self.host);
        __larder.index("type", &self.r#type);
    }
    fn former() -> ::larder::__private::Former<Self> {
        ::larder::__private::Former::of::<TenantV1>()
    }
}
#[automatically_derived]
impl Tenant {
    ///Finds the one record with this `host`.
    pub const HOST: ::larder::Unique<Self, String> = ::larder::Unique::of("host");
    ///Finds the records with this `type`.
    const TYPE: ::larder::Index<Self, Option<Kind>> = ::larder::Index::of("type");
}
