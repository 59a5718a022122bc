// #[leader(key = ("sync", tenant.id), ttl = life, grace = 10, renew = true, on_err = grace, on_unavailable = error, mode = wait("1m30s"), min_replicas = 1)]
// fn sync(tenant: &Tenant, life: Duration) -> Result<Leadership<u64>, Error> {
//     tenant.sync()
// }

fn sync(tenant: &Tenant, life: Duration) -> Result<Leadership<u64>, Error> {
    let __larder = ::larder::__private::lead::<Result<Leadership<u64>, Error>>("sync")
        .key(::larder::__private::Name::new().lit("sync:").part(&tenant.id));
    let __larder = __larder
        .ttl(life)
        .grace(::core::time::Duration::from_secs(10u64))
        .renew()
        .keep_on_err()
        .error()
        .wait(::core::time::Duration::from_secs(90u64))
        .min_replicas(1);
    __larder.run_blocking(move || -> Result<Leadership<u64>, Error> { tenant.sync() })
}
