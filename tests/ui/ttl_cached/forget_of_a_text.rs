async fn rename() {
    let _ = larder::forget("tool:1").await;
}

fn main() {}
