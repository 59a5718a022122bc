//! Versions of a type: none is read as another, and none is lost by another.

use larder::{ErrorKind, Larder, Record};

use crate::server::RedisServer;
use crate::support::node;

mod old {
    use larder::Record;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
    #[record(name = "document")]
    pub(super) struct Document {
        #[record(key)]
        pub(super) id: u64,
        #[record(unique)]
        pub(super) path: String,
    }
}

mod new {
    use larder::Record;
    use serde::{Deserialize, Serialize};

    /// Serde alone would read an old one as this, with an empty owner.
    #[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
    #[record(name = "document", from = super::old::Document)]
    pub(super) struct Document {
        #[record(key)]
        pub(super) id: u64,
        #[record(index)]
        #[serde(default)]
        pub(super) owner: String,
        pub(super) name: String,
    }

    impl From<super::old::Document> for Document {
        fn from(old: super::old::Document) -> Self {
            Self { id: old.id, owner: "nobody".to_owned(), name: old.path }
        }
    }
}

mod stranger {
    use larder::Record;
    use serde::{Deserialize, Serialize};

    /// What serde reads as a present one, and means something else.
    #[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
    #[record(name = "document", version = 2)]
    pub(super) struct Document {
        #[record(key)]
        pub(super) id: u64,
        #[record(unique)]
        pub(super) path: String,
    }
}

mod third {
    use larder::Record;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize, Record)]
    #[record(name = "document", from = super::new::Document)]
    pub(super) struct Document {
        #[record(key)]
        pub(super) id: u64,
        pub(super) title: String,
    }

    impl From<super::new::Document> for Document {
        fn from(new: super::new::Document) -> Self {
            Self { id: new.id, title: format!("{} of {}", new.name, new.owner) }
        }
    }
}

async fn scenario() {
    old::Document { id: 1, path: "/a".to_owned() }.save().await.unwrap();

    // A version that does not know another neither reads nor overwrites it, and says so.
    for error in [
        stranger::Document::load(&1).await.unwrap_err(),
        stranger::Document::find_unique(stranger::Document::PATH, "/a").await.unwrap_err(),
        stranger::Document::all().await.unwrap_err(),
        stranger::Document { id: 1, path: "/b".to_owned() }.save().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert!(error.to_string().contains("another version of the type"), "{error}");
        assert!(!error.to_string().contains("/a"), "{error}");
    }
    assert!(old::Document::load(&1).await.unwrap().is_some(), "nothing was lost");

    // One that was made from it reads it; its new index fills as records are saved.
    let read = new::Document::load(&1).await.unwrap().expect("there");
    assert_eq!(read, new::Document { id: 1, owner: "nobody".to_owned(), name: "/a".to_owned() });
    assert_eq!(new::Document::find(new::Document::OWNER, "nobody").await.unwrap(), []);
    for document in new::Document::all().await.unwrap() {
        document.save().await.unwrap();
    }
    assert_eq!(new::Document::find(new::Document::OWNER, "nobody").await.unwrap(), [read]);
    // The index that the new version does not have is gone with the old one.
    assert_eq!(old::Document::find_unique(old::Document::PATH, "/a").await.unwrap(), None);
    // A process that is not up to date loses nothing, either.
    let error = old::Document { id: 1, path: "/c".to_owned() }.save().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);

    // Versions go on from each other.
    old::Document { id: 2, path: "/d".to_owned() }.save().await.unwrap();
    let mut titles: Vec<String> = third::Document::all().await.unwrap().into_iter().map(|read| read.title).collect();
    titles.sort();
    assert_eq!(titles, ["/a of nobody", "/d of nobody"]);

    // Whoever gives it up may delete it.
    assert!(stranger::Document::delete(&1).await.unwrap());
    assert_eq!(new::Document::load(&1).await.unwrap(), None);
}

#[tokio::test]
async fn no_version_misreads_or_overwrites_another_over_redis() {
    let server = RedisServer::start();
    node(&server).await.scope(scenario()).await;
    super::consistent(&server, "document").await;
}

#[tokio::test]
async fn no_version_misreads_or_overwrites_another_over_the_stand_in() {
    Larder::testing().scope(scenario()).await;
}
