// #[ttl_cached(entity = "users", key(self.realm, id), store = memory)]
// pub fn user(&self, id: u32) -> Option<User> {
//     self.users.get(&id).cloned()
// }

pub fn user(&self, id: u32) -> Option<User> {
    let __larder = match ::larder::__private::look(
        {
            static SITE: ::larder::__private::Site = ::larder::__private::Site::new(
                    "user",
                    "users",
                    2143274279817371847u64,
                )
                .memory();
            &SITE
        },
        || (),
        ::larder::__private::Key::new().part(&self.realm).part(&id),
        ::larder::__private::Return::<Option<User>>::NEW.shape(),
        ::larder::__private::Local,
        true,
    ) {
        ::larder::__private::Look::Hit(__larder) => return __larder,
        ::larder::__private::Look::Miss(__larder) => __larder,
    };
    __larder
        .run_blocking(|_| true, move || -> Option<User> { self.users.get(&id).cloned() })
}
