// #[invalidates("tools")]
// fn names(&mut self) -> Result<impl Iterator<Item = String>, Error> {
//     self.reload()
// }

fn names(&mut self) -> Result<impl Iterator<Item = String>, Error> {
    ::larder::__private::invalidates(
            ::larder::__private::Return::<Result<_, Error>>::NEW.shape(),
        )
        .tag(::larder::__private::Name::new().lit("tools"))
        .run_blocking(move || -> Result<_, Error> { self.reload() })
}
