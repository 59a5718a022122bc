//! What is answered, from which tier, and what a write ends.

use std::time::Duration;

use http::{Method, StatusCode};
use larder::Larder;
use larder_example_tenants::{Config, Defaults, Service};
use serde_json::json;

use super::{ask, get, worker};
use crate::support::{SOON, eventually_async};

const RARELY: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_setting_is_read_from_the_cache_then_from_sqlite_then_from_yaml() {
    let folder = tempfile::tempdir().unwrap();
    let larder = Larder::testing();
    let service = larder.scope(worker(&folder.path().join("db"), false, RARELY)).await;
    let router = service.router();
    let theme = "/tenants/blue/settings/theme";

    assert_eq!(get(&router, theme).await, (StatusCode::OK, json!({ "value": "dark", "said_by": "tenant" })));
    let asked = service.asked();
    assert_eq!(get(&router, theme).await.0, StatusCode::OK);
    assert_eq!(service.asked(), asked, "the second answer is cached");
    let seats = get(&router, "/tenants/blue/settings/seats").await;
    assert_eq!(seats, (StatusCode::OK, json!({ "value": 5, "said_by": "defaults" })));
    assert_eq!(service.asked(), asked + 1, "SQLite is asked before YAML");
    for _ in 0..2 {
        assert_eq!(get(&router, "/tenants/blue/settings/nothing").await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(service.asked(), asked + 2, "that nobody knows it is known, too");

    // Another worker is answered from the shared tier, and sees a write at once.
    let another = larder.another();
    let second = another.scope(worker(&folder.path().join("db"), false, RARELY)).await;
    assert_eq!(get(&second.router(), theme).await.1["value"], "dark");
    assert_eq!(second.asked(), 0);
    assert_eq!(ask(&router, Method::PUT, theme, Some(json!("loud"))).await.0, StatusCode::NO_CONTENT);
    for router in [&router, &second.router()] {
        assert_eq!(get(router, theme).await.1, json!({ "value": "loud", "said_by": "tenant" }));
        assert_eq!(get(router, "/tenants/blue/settings").await.1["theme"]["value"], "loud");
    }
    assert_eq!(ask(&second.router(), Method::DELETE, theme, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(get(&router, theme).await.1, json!({ "value": "light", "said_by": "defaults" }));
    assert_eq!(ask(&router, Method::DELETE, theme, None).await.0, StatusCode::NOT_FOUND);
    let strange = ask(&router, Method::PUT, "/tenants/nobody/settings/theme", Some(json!(1))).await;
    assert_eq!(strange.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn workers_with_other_defaults_share_no_setting() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("db");
    let larder = Larder::testing();
    let first = larder.scope(worker(&database, false, RARELY)).await;
    let defaults = Defaults::parse("settings: { seats: 50 }").unwrap();
    let config = Config { database, defaults, redis_required: false, worker: "b".to_owned(), sweep_every: RARELY };
    let second = larder.another().scope(Service::start(config)).await.unwrap();
    assert_eq!(get(&first.router(), "/tenants/blue/settings/seats").await.1["value"], 5);
    assert_eq!(get(&second.router(), "/tenants/blue/settings/seats").await.1["value"], 50);
    assert_eq!(get(&first.router(), "/tenants/blue/settings/seats").await.1["value"], 5);
}

#[tokio::test]
async fn a_host_leads_to_its_tenant_and_back_also_after_it_changed_hands() {
    let folder = tempfile::tempdir().unwrap();
    let larder = Larder::testing();
    let service = larder.scope(worker(&folder.path().join("db"), false, RARELY)).await;
    let router = service.router();
    let known = async || {
        let blue = get(&router, "/tenants/blue/hosts").await.1;
        let green = get(&router, "/tenants/green/hosts").await.1;
        (get(&router, "/hosts/www.blue.example").await.1["tenant"].clone(), blue, green)
    };
    let before = (json!("blue"), json!(["blue.example", "www.blue.example"]), json!(["green.example"]));
    assert_eq!(known().await, before);
    let asked = service.asked();
    assert_eq!((known().await, service.asked()), (before, asked));

    let given = ask(&router, Method::PUT, "/hosts/www.blue.example", Some(json!({ "tenant": "green" }))).await;
    assert_eq!(given.0, StatusCode::OK);
    let after = (json!("green"), json!(["blue.example"]), json!(["green.example", "www.blue.example"]));
    assert_eq!(known().await, after);
    assert_eq!(ask(&router, Method::DELETE, "/hosts/www.blue.example", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(get(&router, "/hosts/www.blue.example").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&router, "/tenants/green/hosts").await.1, json!(["green.example"]));

    let mut request = http::Request::builder().uri("/whoami").header("host", "blue.example:8080");
    request = request.header("accept", "*/*");
    let response = tower_service::Service::call(&mut router.clone(), request.body(axum::body::Body::empty()).unwrap());
    let bytes = axum::body::to_bytes(response.await.unwrap().into_body(), 1 << 20).await.unwrap();
    let whoami: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&whoami["tenant"], &whoami["settings"]["theme"]["value"]), (&json!("blue"), &json!("dark")));
}

#[tokio::test]
async fn a_host_whose_time_is_over_is_swept_and_no_answer_shows_it_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let larder = crate::support::memory().await;
    let service = larder.scope(worker(&folder.path().join("db"), false, Duration::from_millis(200))).await;
    let router = service.router();
    let owner = json!({ "tenant": "blue", "seconds": 3 });
    assert_eq!(ask(&router, Method::PUT, "/hosts/trial.example", Some(owner)).await.0, StatusCode::OK);
    assert_eq!(get(&router, "/hosts/trial.example").await.1["tenant"], "blue");
    assert_eq!(get(&router, "/tenants/blue/hosts").await.1.as_array().unwrap().len(), 3);
    eventually_async(SOON, "a sweep", async || get(&router, "/hosts/trial.example").await.0 == StatusCode::NOT_FOUND)
        .await;
    assert_eq!(get(&router, "/tenants/blue/hosts").await.1, json!(["blue.example", "www.blue.example"]));
}

#[tokio::test]
async fn an_invitation_is_found_by_host_and_tenant_and_taken_up_once() {
    let folder = tempfile::tempdir().unwrap();
    let larder = Larder::testing();
    let service = larder.scope(worker(&folder.path().join("db"), false, RARELY)).await;
    let router = service.router();
    let guest = || Some(json!({ "host": "new.example" }));
    let (status, made) = ask(&router, Method::POST, "/tenants/green/invitations", guest()).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, refused) = ask(&router, Method::POST, "/tenants/blue/invitations", guest()).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(refused["error"].as_str().unwrap().contains("`host`"), "{refused}");
    assert_eq!(get(&router, "/hosts/new.example/invitation").await, (StatusCode::OK, made.clone()));
    assert_eq!(get(&router, "/tenants/green/invitations").await.1, json!([made]));
    assert_eq!(get(&router, "/tenants/blue/invitations").await.1, json!([]));

    let accept = format!("/invitations/{}/accept", made["code"].as_str().unwrap());
    assert_eq!(ask(&router, Method::POST, &accept, None).await.0, StatusCode::OK);
    assert_eq!(get(&router, "/hosts/new.example").await.1["tenant"], "green");
    assert_eq!(ask(&router, Method::POST, &accept, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&router, Method::POST, "/tenants/blue/invitations", guest()).await.0, StatusCode::CREATED);
    // A day later nobody is invited.
    larder.clock().advance(Duration::from_secs(24 * 3_600));
    assert_eq!(get(&router, "/tenants/blue/invitations").await.1, json!([]));
}
