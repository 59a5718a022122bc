//! A miss is logged at debug, with the hash of its key and nothing of its arguments.

use std::collections::BTreeSet;

use super::{A, B, METADATA, OPENID, Site, listen};

#[tokio::test]
async fn every_miss_is_logged_with_the_hash_of_its_key_alone() {
    let (heard, _guard) = listen().await;
    let site = Site::new().await;
    let told = |text: &str| {
        let all = heard.taken();
        let found = all.lines().filter(|line| line.contains(text)).count();
        let keys: BTreeSet<_> = all.lines().filter_map(|line| Some(line.strip_prefix("key = ")?.to_owned())).collect();
        assert!(![".example", "https", "astro", "ERROR", "WARN"].iter().any(|word| all.contains(word)), "{all}");
        assert!(all.contains("DEBUG larder") || all.is_empty(), "{all}");
        (found, keys)
    };
    site.get(A, OPENID).await;
    let (found, keys) = told("openid_configuration");
    assert_eq!((found, keys.len()), (2, 3), "event and span; the commit, the document and its scopes");
    assert!(keys.iter().all(|key| key.len() == 16 && key.bytes().all(|byte| byte.is_ascii_hexdigit())), "{keys:?}");
    site.get(A, OPENID).await;
    assert_eq!(told("openid_configuration"), (0, BTreeSet::new()), "a hit says nothing");
    site.get(B, OPENID).await;
    let (found, others) = told("openid_configuration");
    assert_eq!((found, others.len()), (2, 1));
    assert!(keys.is_disjoint(&others), "another host is another key");
    site.get(A, METADATA).await;
    assert_eq!(told("metadata").0, 4, "both layers");
}
