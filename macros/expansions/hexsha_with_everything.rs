// #[hexsha_cached(revision = config.hexsha(), skip(db), key(host), keep = 3, capacity = 1024, when = host.is_some(), store_if = |v| v.is_live(), store = tiered)]
// fn page(config: &Config, db: &Db, host: Option<&str>) -> Page {
//     render(config, db, host)
// }

fn page(config: &Config, db: &Db, host: Option<&str>) -> Page {
    let __larder = match ::larder::__private::look_at(
        {
            static __LARDER: ::larder::__private::Site = ::larder::__private::Site::tiered()
                .named("page", "", 2805065702039663543u64)
                .keep(3)
                .capacity(1024);
            __LARDER.place(|| {})
        },
        ::larder::__private::text_of(&config.hexsha()),
        ::larder::__private::SharedKey::when(host.is_some())
            .part(&host)
            .revision(::larder::__private::LeftOut::new(&db).revision()),
        ::larder::__private::Now::<Page>::NEW.shape(),
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    let __larder = __larder.store_if(|v| v.is_live());
    __larder.run_blocking(move || -> Page { render(config, db, host) })
}
