//! A rolling deploy: two processes over one Redis, each with its checkout of one repository, asked over HTTP all the time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use http::Request;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use larder::Larder;
use larder_example_well_known::git::Repository;
use larder_example_well_known::routes;
use larder_example_well_known::source::Source;
use tokio::task::JoinHandle;

use super::{A, ALL, B, CONFIG, Site, commit_of, git, tag_of};
use crate::node::{Node, answer};
use crate::server::RedisServer;
use crate::support::{SOON, eventually};

/// The functions whose results the processes share; the configuration itself is read by each.
const SHARED: [&str; 7] = [
    "::openid_configuration",
    "::scopes",
    "documents::metadata",
    "extension::metadata",
    "::jwks",
    "::security_txt",
    "::shown",
];

/// What another process does with a line: `serve FOLDER` answers from a checkout, and says at which port; `made` says how many
/// of the shared results it made itself, and how many it took over.
pub(crate) fn obey(line: &str) {
    let Some(folder) = line.strip_prefix("serve ") else {
        let functions = Larder::current().stats().functions;
        let shared = functions.iter().filter(|(name, _)| SHARED.iter().any(|end| name.ends_with(end)));
        let (made, taken) =
            shared.fold((0, 0), |(made, taken), (_, counts)| (made + counts.misses, taken + counts.hits_redis));
        return answer(format!("{made} {taken}"));
    };
    let folder = PathBuf::from(folder);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let source = Arc::new(Source::new(Repository::open(&folder).await.unwrap(), SOON));
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            answer(listener.local_addr().unwrap());
            routes::serve(listener, source, std::future::pending()).await.unwrap();
        });
    });
}

/// A process that serves its own checkout.
struct Process {
    node: Node,
    address: SocketAddr,
}

impl Process {
    fn start(server: &RedisServer, checkout: &Path) -> Self {
        let mut node = Node::over(&server.url());
        assert_eq!(node.ask("connected"), "connected");
        let address = node.ask(&format!("well-known serve {}", checkout.display())).parse().unwrap();
        Self { node, address }
    }

    /// How many shared results it made, and how many it took over.
    fn made(&mut self) -> (u64, u64) {
        let said = self.node.ask("well-known made");
        let (made, taken) = said.split_once(' ').unwrap();
        (made.parse().unwrap(), taken.parse().unwrap())
    }
}

/// What a commit is answered with, for a host and a path: the tag and the body.
type Truth = BTreeMap<(String, &'static str, &'static str), (String, String)>;

/// What a process without Redis answers at its `HEAD`; the commit.
async fn learn(truth: &Mutex<Truth>, reference: &Site) -> String {
    let mut commit = String::new();
    for path in ALL {
        for host in [A, B] {
            let answer = reference.get(host, path).await;
            commit = commit_of(&answer).to_owned();
            let known = (tag_of(&answer).to_owned(), answer.body);
            truth.lock().unwrap().insert((commit.clone(), host, path), known);
        }
    }
    commit
}

/// Where a process may be: at one commit, and while it is moved, at either of two.
#[derive(Clone, Debug)]
struct Place(Arc<Mutex<Vec<String>>>);

impl Place {
    fn at(commit: &str) -> Self {
        Self(Arc::new(Mutex::new(vec![commit.to_owned()])))
    }

    fn now(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// Moves a checkout to a commit of the repository.
    async fn deploy(&self, checkout: &Path, commit: &str) {
        self.0.lock().unwrap().push(commit.to_owned());
        git(checkout, &["fetch", "--quiet"]).await;
        git(checkout, &["reset", "--quiet", "--hard", commit]).await;
        *self.0.lock().unwrap() = vec![commit.to_owned()];
    }
}

/// Clients that ask one process for every document without a pause, and judge each answer.
struct Clients {
    over: Arc<AtomicBool>,
    /// Each with how many answers it judged.
    tasks: Vec<(JoinHandle<()>, Arc<AtomicUsize>)>,
}

impl Clients {
    fn of(process: &Process, place: &Place, truth: &Arc<Mutex<Truth>>) -> Self {
        let over = Arc::<AtomicBool>::default();
        let tasks = [A, B].map(|host| {
            let judged = Arc::<AtomicUsize>::default();
            let (over, place, truth) = (Arc::clone(&over), place.clone(), Arc::clone(truth));
            let counter = Arc::clone(&judged);
            let address = process.address;
            let task = tokio::spawn(async move {
                let client = Client::builder(TokioExecutor::new()).build_http();
                while !over.load(Ordering::SeqCst) {
                    for path in ALL {
                        judge(&client, address, (host, path), &place, &truth).await;
                        counter.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
            (task, judged)
        });
        Self { over, tasks: tasks.into() }
    }

    /// Waits until every document of every host was judged anew, begun after this was called.
    async fn round(&self) {
        for (task, judged) in &self.tasks {
            // More than once: the first of them was under way.
            let wanted = judged.load(Ordering::SeqCst) + 2 * 2 * ALL.len();
            eventually(SOON * 3, || {
                assert!(!task.is_finished(), "a client has found a fault");
                judged.load(Ordering::SeqCst) >= wanted
            })
            .await;
        }
    }

    /// Ends with the last answer; returns how many there were.
    async fn end(self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        let mut answers = 0;
        for (task, judged) in self.tasks {
            task.await.unwrap();
            answers += judged.load(Ordering::SeqCst);
        }
        answers
    }
}

/// Asks without a tag, with the tag of each commit that there is, and fails where an answer is not that of the process's own.
async fn judge(
    client: &Client<HttpConnector, Body>,
    address: SocketAddr,
    (host, path): (&'static str, &'static str),
    place: &Place,
    truth: &Mutex<Truth>,
) {
    let known: Vec<(String, String)> = {
        let truth = truth.lock().unwrap();
        let here = truth.iter().filter(|((_, of, at), _)| (*of, *at) == (host, path));
        here.map(|((commit, ..), (tag, _))| (commit.clone(), tag.clone())).collect()
    };
    for had in std::iter::once(None).chain(known.iter().map(Some)) {
        let mut request = Request::get(format!("http://{address}{path}")).header("host", host);
        if let Some((_, tag)) = had {
            request = request.header("if-none-match", tag);
        }
        let mut may = place.now();
        let (parts, body) = client.request(request.body(Body::empty()).unwrap()).await.expect("an answer").into_parts();
        may.extend(place.now());
        let body = to_bytes(Body::new(body), 1 << 20).await.unwrap();
        let field = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
        let commit = field("config-commit").to_owned();
        assert!(may.contains(&commit), "{host}{path}: {commit} of {may:?}");
        let (tag, text) = truth.lock().unwrap()[&(commit.clone(), host, path)].clone();
        assert_eq!(field("etag"), tag, "{host}{path} at {commit}");
        let has_it = had.is_some_and(|(of, _)| *of == commit);
        let expected = if has_it { (304, "") } else { (200, text.as_str()) };
        assert_eq!((parts.status.as_u16(), &*String::from_utf8_lossy(&body)), expected, "{host}{path} at {commit}");
    }
}

/// A checkout of the repository.
async fn checkout(repository: &Path, folder: PathBuf) -> PathBuf {
    git(repository, &["clone", "--quiet", ".", folder.to_str().unwrap()]).await;
    folder
}

#[tokio::test]
async fn each_process_answers_its_own_revision_through_a_commit_a_restart_and_a_redis_that_goes_and_comes() {
    let mut server = RedisServer::start();
    let (reference, folder, truth) = (Site::new().await, tempfile::tempdir().unwrap(), Arc::<Mutex<Truth>>::default());
    let first = learn(&truth, &reference).await;
    let repository = reference.folder.path();
    let old = checkout(repository, folder.path().join("old")).await;
    let new = checkout(repository, folder.path().join("new")).await;

    let (old_at, new_at) = (Place::at(&first), Place::at(&first));
    let (a, mut b) = (Process::start(&server, &old), Process::start(&server, &new));
    let (of_a, mut of_b) = (Clients::of(&a, &old_at, &truth), Clients::of(&b, &new_at, &truth));
    of_a.round().await;
    of_b.round().await;

    // A commit reaches one of them.
    reference.commit_vo("second").await;
    let second = learn(&truth, &reference).await;
    new_at.deploy(&new, &second).await;
    of_a.round().await;
    of_b.round().await;
    let mut judged = of_b.end().await;

    // That one is started again, in the midst of what the other asks: what its former process made is taken over.
    b.node.kill();
    of_a.round().await;
    b = Process::start(&server, &new);
    of_b = Clients::of(&b, &new_at, &truth);
    of_b.round().await;
    let (made, taken) = b.made();
    assert!(made == 0 && taken >= 8, "{made} made again, {taken} taken over");

    // Redis goes, and comes with what it had saved; a commit falls between.
    let _: String = server.run("SAVE").await;
    server.kill();
    of_a.round().await;
    of_b.round().await;
    reference.commit_vo("third").await;
    let third = learn(&truth, &reference).await;
    new_at.deploy(&new, &third).await;
    of_b.round().await;
    server.restart();
    assert_eq!(b.node.ask("connected"), "connected");
    of_a.round().await;
    of_b.round().await;

    // Back to the former revision, and then both to the latest.
    new_at.deploy(&new, &second).await;
    of_b.round().await;
    for (place, folder) in [(&new_at, &new), (&old_at, &old)] {
        place.deploy(folder, &third).await;
    }
    of_a.round().await;
    of_b.round().await;
    judged += of_a.end().await + of_b.end().await;

    assert!(judged > 300, "{judged} documents judged");
    let truth = truth.lock().unwrap();
    let mut tags: Vec<&String> = truth.values().map(|(tag, _)| tag).collect();
    tags.sort_unstable();
    tags.dedup();
    assert_eq!(tags.len(), 3 * 2, "a tag for each commit and host");
    assert_ne!(truth[&(first, A, CONFIG)].1, truth[&(third, A, CONFIG)].1);
}
