//! An extension lies over the base's function and caches its own layer; both entries end together.

use larder::Larder;
use larder_example_well_known::documents;
use larder_example_well_known::sample;
use serde_json::json;

use super::{A, B, METADATA, ORIGINS, Site, json, tag_of};

fn runs(site: &Site) -> (u64, u64) {
    (site.runs("documents::metadata"), site.runs("extension::metadata"))
}

#[tokio::test]
async fn the_extension_overrides_what_the_base_says() {
    let site = Site::new().await;
    let extended = json(&site.get(A, METADATA).await);
    assert_eq!(extended["extension"], json!({ "name": "gubbins", "capabilities": ["staging"] }));
    for vo in ["astro", "bio"] {
        assert_eq!(extended["virtual_organizations"][vo]["support"], "helpdesk@example.org");
    }
    let tag = tag_of(&site.get(A, METADATA).await).to_owned();

    // It gives way to the VO where it says nothing, and to the base where it is not configured.
    let config = sample::config(&ORIGINS);
    site.commit(&config.replace("  support: helpdesk@example.org\n", "")).await;
    let extended = json(&site.get(A, METADATA).await);
    assert_eq!(extended["virtual_organizations"]["astro"]["support"], "helpdesk@astro.example");
    assert_eq!(extended["extension"]["name"], "gubbins");
    let (plain, _) = config.split_once("extension:").unwrap();
    site.commit(plain).await;
    let base = site.get(A, METADATA).await;
    assert_eq!(json(&base)["virtual_organizations"]["astro"]["support"], "helpdesk@astro.example");
    assert_eq!(json(&base).get("extension"), None);
    assert_ne!(tag_of(&base), tag);
}

#[tokio::test]
async fn each_layer_has_an_entry_of_its_own_for_each_host_and_revision() {
    let site = Site::new().await;
    for (host, expected) in [(A, (1, 1)), (A, (1, 1)), (B, (2, 2)), (B, (2, 2))] {
        site.get(host, METADATA).await;
        assert_eq!(runs(&site), expected);
    }
    let present = site.larder.scope(site.source.present()).await.unwrap();
    let origin = &present.config.origins[0];
    let base = site.larder.scope(documents::metadata(&present.config, origin)).await;
    assert_eq!((base.extension.clone(), runs(&site)), (None, (2, 2)), "the base's own entry is a hit, and bare");
    site.commit_vo("new").await;
    site.get(A, METADATA).await;
    assert_eq!(runs(&site), (3, 3));
}

#[tokio::test]
async fn what_ends_the_inner_entry_ends_the_outer_one() {
    let site = Site::new().await;
    site.get(A, METADATA).await;
    site.get(B, METADATA).await;
    let present = site.larder.scope(site.source.present()).await.unwrap();
    let origin = &present.config.origins[0];
    let forgotten = async { larder::forget(documents::metadata(&present.config, origin)).await };
    site.larder.scope(forgotten).await.unwrap();
    site.get(A, METADATA).await;
    assert_eq!(runs(&site), (3, 3), "the inner one was ended, and the outer one with it");
    site.get(B, METADATA).await;
    assert_eq!(runs(&site), (3, 4), "the inner one of another host was not; what is made of any entry is made anew");
    site.larder.clear().await.unwrap();
    site.get(A, METADATA).await;
    assert_eq!(runs(&site), (4, 5));
}

#[tokio::test]
async fn an_instance_that_is_off_makes_the_same_answers() {
    let cached = Site::new().await;
    let off = Larder::builder().ignore_environment().enabled(false).build().await.unwrap();
    let plain = Site::over(cached.folder.clone(), cached.repository.clone(), crate::support::SOON, off);
    for path in super::ALL {
        let (one, other) = (cached.get(A, path).await, plain.get(A, path).await);
        assert_eq!((&one.body, tag_of(&one)), (&other.body, tag_of(&other)), "{path}");
    }
}
