//! What Prometheus reads of the example service: the documented names, and labels of which there are as many as functions.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use http::Request;
use larder::Larder;
use larder_example_observed::router;
use metrics_exporter_prometheus::PrometheusBuilder;
use tower_service::Service as _;

async fn ask(router: &Router, method: &str, path: &str, json: &'static str) -> (u16, String) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let response = router.clone().call(request.body(Body::from(json)).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// A line of the text format: a name, its labels, its value.
fn read(line: &str) -> (String, Vec<(String, String)>, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap().split(',').filter(|label| !label.is_empty());
    let labels = labels.map(|label| {
        let (name, value) = label.split_once("=\"").unwrap();
        (name.to_owned(), value.strip_suffix('"').unwrap().to_owned())
    });
    (name.to_owned(), labels.collect(), value.parse().unwrap())
}

#[tokio::test]
async fn a_scrape_has_the_documented_names_and_bounded_labels() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let handle = recorder.handle();
    Larder::testing()
        .scope(async move {
            let router = router(handle);
            for _ in 0..3 {
                assert_eq!(ask(&router, "GET", "/tools?team=blue", "").await.0, 200);
            }
            for id in 1..=50 {
                let expected = if id <= 40 { 200 } else { 404 };
                assert_eq!(ask(&router, "GET", &format!("/tools/{id}"), "").await.0, expected);
            }
            let renamed = ask(&router, "PUT", "/tools/3", r#"{"name": "hammer"}"#).await;
            assert_eq!(renamed.0, 204);
            assert!(ask(&router, "GET", "/tools/3", "").await.1.contains("hammer"), "what was ended is read again");

            let (status, text) = ask(&router, "GET", "/metrics", "").await;
            assert_eq!(status, 200);
            let documented = include_str!("../../runtime/src/metrics.rs");
            let lines: Vec<_> =
                text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(read).collect();
            let names: BTreeSet<&str> = lines.iter().map(|(name, _, _)| name.as_str()).collect();
            for name in &names {
                assert!(documented.contains(&format!("`{name}`")), "{name} is not documented");
                assert!(
                    text.contains(&format!("# HELP {name} ")) && text.contains(&format!("# TYPE {name} ")),
                    "{name}"
                );
            }
            assert_eq!(names.len(), 17, "{names:?}");
            for (name, labels, _) in &lines {
                for (label, value) in labels {
                    let known: &[&str] = match label.as_str() {
                        "namespace" => &["larder"],
                        "entity" => &["", "tool", "tools"],
                        "function" => {
                            &["larder_example_observed::catalogue::tool", "larder_example_observed::catalogue::tools"]
                        }
                        "tier" => &["memory", "redis"],
                        "state" => &["closed", "half-open", "open"],
                        _ => &[],
                    };
                    assert!(known.contains(&value.as_str()), "{label}={value} of {name}");
                }
            }
            let value = |name: &str, with: &[(&str, &str)]| {
                let of = |labels: &[(String, String)]| {
                    with.iter().all(|(label, value)| labels.contains(&((*label).to_owned(), (*value).to_owned())))
                };
                let found: Vec<f64> =
                    lines.iter().filter(|(known, labels, _)| known == name && of(labels)).map(|(_, _, v)| *v).collect();
                assert_eq!(found.len(), 1, "{name} {with:?}");
                found[0]
            };
            assert_eq!(value("larder_hits_total", &[("entity", "tools"), ("tier", "memory")]), 2.0);
            assert_eq!(value("larder_misses_total", &[("entity", "tool")]), 51.0);
            assert_eq!(value("larder_invalidations_total", &[("entity", "tools")]), 1.0);
            assert_eq!(value("larder_redis_breaker", &[("state", "closed")]), 1.0);
            let again = ask(&router, "GET", "/metrics", "").await.1;
            assert_eq!(again.lines().count(), text.lines().count(), "a scrape makes no series");
        })
        .await;
}
