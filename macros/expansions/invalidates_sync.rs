// #[invalidates("tools", "tool:{id}")]
// fn remove(&mut self, id: u32) -> Option<Tool> {
//     self.tools.remove(&id)
// }

fn remove(&mut self, id: u32) -> Option<Tool> {
    let __larder = ::larder::__private::invalidates(
            ::larder::__private::Now::<Option<Tool>>::NEW.shape(),
        )
        .tag(::larder::__private::Name::new().lit("tools"))
        .tag(::larder::__private::Name::new().lit("tool:").part(&id));
    __larder.run_blocking(move || -> Option<Tool> { self.tools.remove(&id) })
}
