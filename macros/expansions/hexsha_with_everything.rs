// #[hexsha_cached(revision = config.hexsha(), skip(db), key(host), keep = 3, capacity = 1024, when = host.is_some(), store_if = |v| v.is_live(), store = tiered)]
// fn page(config: &Config, db: &Db, host: Option<&str>) -> Page {
//     render(config, db, host)
// }

fn page(config: &Config, db: &Db, host: Option<&str>) -> Page {
    let __larder = match ::larder::__private::look_at(
        {
            static SITE: ::larder::__private::Site = ::larder::__private::Site::new(
                    "page",
                    "",
                    2805065702039663543u64,
                )
                .keep(3)
                .capacity(1024)
                .tiered();
            &SITE
        },
        ::larder::__private::text_of(&config.hexsha()),
        || (),
        ::larder::__private::Key::new().part(&host),
        ::larder::__private::Return::<Page>::NEW.shape(),
        ::larder::__private::Shared,
        host.is_some(),
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    __larder.run_blocking(|v| v.is_live(), move || -> Page { render(config, db, host) })
}
