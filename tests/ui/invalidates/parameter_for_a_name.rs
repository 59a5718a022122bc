use larder::invalidates;

#[invalidates(&name)]
async fn rename(name: String) {
    drop(name);
}

fn main() {}
