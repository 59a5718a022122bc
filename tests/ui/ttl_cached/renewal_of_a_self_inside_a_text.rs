#[derive(Clone, Debug)]
struct Tools {
    team: String,
}

impl Tools {
    #[larder::ttl_cached(entity = "tools", key(self.team), stale_while_revalidate = "10s")]
    async fn list(&self) -> String {
        let braces = format!("{{self}} {}", self.team);
        format!("{braces} of {self:?}")
    }
}

fn main() {
    let _ = Tools { team: String::new() }.list();
}
