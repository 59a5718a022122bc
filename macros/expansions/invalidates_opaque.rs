// #[invalidates("tools")]
// fn names(&mut self) -> Result<impl Iterator<Item = String>, Error> {
//     self.reload()
// }

fn names(&mut self) -> Result<impl Iterator<Item = String>, Error> {
    let __larder = ::larder::__private::invalidates(
            ::larder::__private::Return::<Result<_, Error>>::NEW.shape(),
        )
        .tag(::larder::__private::Name::new().lit("tools"));
    __larder.run_blocking(move || -> Result<_, Error> { self.reload() })
}
