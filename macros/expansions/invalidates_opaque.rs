// #[invalidates("tools")]
// fn names(&mut self) -> Result<impl Iterator<Item = String>, Error> {
//     self.reload()
// }

fn names(&mut self) -> Result<impl Iterator<Item = String>, Error> {
    ::larder::__private::invalidates(
            {
                static SITE: ::larder::__private::WriteSite = ::larder::__private::WriteSite::new(
                    "names",
                );
                &SITE
            },
            ::larder::__private::Return::<Result<_, Error>>::NEW.shape(),
        )
        .run_blocking(move |__larder| {
            __larder
                .tag(::larder::__private::Name::new().lit("tools"))
                .body_blocking(move || -> Result<_, Error> { self.reload() })
        })
}
