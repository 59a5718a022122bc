use larder::invalidates;

struct Repo;

impl Repo {
    #[invalidates(self.tool(id))]
    async fn rename(&self, id: u32) {
        let _ = id;
    }
}

fn main() {}
