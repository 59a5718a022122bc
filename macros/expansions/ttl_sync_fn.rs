// #[ttl_cached(entity = "squares")]
// fn square(n: u64) -> u64 {
//     n * n
// }

fn square(n: u64) -> u64 {
    let __larder = match ::larder::__private::look(
        {
            static __LARDER: ::larder::__private::Site = ::larder::__private::Site::tiered()
                .named("square", "squares", 15734597298014113651u64);
            __LARDER.place(|| {})
        },
        ::larder::__private::SharedKey::empty().part(&n),
        ::larder::__private::Now::<u64>::NEW.shape(),
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    __larder.run_blocking(move || -> u64 { n * n })
}
