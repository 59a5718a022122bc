// #[leader(key = ("sync", tenant.id), ttl = life, renew = true, on_err = grace, on_unavailable = error)]
// fn sync(tenant: &Tenant, life: Duration) -> Result<Leadership<u64>, Error> {
//     tenant.sync()
// }

fn sync(tenant: &Tenant, life: Duration) -> Result<Leadership<u64>, Error> {
    ::larder::__private::lead::<
        Result<Leadership<u64>, Error>,
    >({
            static SITE: ::larder::__private::LeadSite = ::larder::__private::LeadSite::new(
                    "sync",
                    "",
                )
                .renew()
                .keep_on_err();
            &SITE
        })
        .key(::larder::__private::Name::new().lit("sync:").part(&tenant.id))
        .ttl(life)
        .error()
        .run_blocking(move || -> Result<Leadership<u64>, Error> { tenant.sync() })
}
