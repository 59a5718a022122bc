// #[invalidates("tools", "tool:{id}")]
// fn remove(&mut self, id: u32) -> Option<Tool> {
//     self.tools.remove(&id)
// }

fn remove(&mut self, id: u32) -> Option<Tool> {
    ::larder::__private::invalidates(
            ::larder::__private::Now::<Option<Tool>>::NEW.shape(),
        )
        .tag(::larder::__private::Name::new().lit("tools"))
        .tag(::larder::__private::Name::new().lit("tool:").part(&id))
        .run_blocking(move || -> Option<Tool> { self.tools.remove(&id) })
}
