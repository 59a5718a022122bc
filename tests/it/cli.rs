//! The command, as a process of its own beside a fleet: what it shows, what it ends, how it fails.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use larder::{Larder, Receipt, ttl_cached};
use serde_json::Value;

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::{Source, connected, node};

/// Holds the arguments of a process that is the command.
const ROLE: &str = "LARDER_IT_COMMAND";
/// What the command prints comes behind this line.
const MARK: &str = "@@ the command";

#[ttl_cached(entity = "rows", skip(source), tags("row:{id}"))]
async fn row(source: &Source, id: u64) -> u64 {
    source.read() + id
}

/// A command that ran to its end.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }
}

fn command(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "cli::the_command", "--nocapture", "--include-ignored", "--test-threads=1"]);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LARDER_")) {
        command.env_remove(name);
    }
    command.env(ROLE, serde_json::to_string(arguments).unwrap()).envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = command(arguments, variables);
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (_, out) = text(ended.stdout).split_once(MARK).map(|(a, b)| (a.to_owned(), b.trim_start().to_owned())).unwrap();
    Ran { code: ended.status.code().unwrap(), out, err: text(ended.stderr) }
}

async fn run(server: &RedisServer, arguments: &[&str]) -> Ran {
    let url = server.url();
    run_with(&[arguments, &["--redis", &url, "--namespace", "it"]].concat(), &[]).await
}

#[test]
#[ignore = "the command itself, for the tests beside it"]
fn the_command() {
    let Ok(arguments) = std::env::var(ROLE) else { return };
    let arguments: Vec<String> = serde_json::from_str(&arguments).unwrap();
    let arguments = ["larder-cli".to_owned()].into_iter().chain(arguments).map(OsString::from);
    let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
    writeln!(out, "{MARK}").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let code = runtime.block_on(larder_cli::run(arguments, &mut out, &mut err));
    std::process::exit(code.into());
}

#[track_caller]
fn find<'a>(rows: &'a Value, name: &str, value: &str) -> &'a Value {
    rows.as_array().unwrap().iter().find(|row| row[name] == value).unwrap_or_else(|| panic!("{value} in {rows}"))
}

#[tokio::test]
async fn it_shows_what_a_fleet_has_stored_and_nothing_of_other_namespaces() {
    let server = RedisServer::start();
    let (here, source) = (node(&server).await, Source::of(1));
    let mut there = Node::over(&server.url());
    for id in 0..7 {
        here.scope(row(&source, id)).await;
    }
    there.ask("shared 1");
    there.ask("shared 2");
    // Namespaces that begin as this one does.
    for namespace in ["it:1", "its"] {
        let builder = Larder::builder().ignore_environment().redis(server.url()).namespace(namespace);
        let other = builder.build().await.unwrap();
        connected(&other).await;
        other.scope(row(&source, 1)).await;
        other.invalidate("elsewhere").await.unwrap();
    }

    let stats = run(&server, &["stats", "--json"]).await.json();
    assert_eq!((stats["complete"].clone(), stats["servers"].clone()), (true.into(), 1.into()));
    assert_eq!(stats["functions"].as_array().unwrap().len(), 2, "{stats}");
    let rows = find(&stats["functions"], "entity", "rows");
    assert_eq!((rows["function"].clone(), rows["values"].clone()), ("it.cli.row".into(), 7.into()));
    assert!(rows["bytes_each"].as_u64().unwrap() > 100, "{rows}");
    assert_eq!(find(&stats["functions"], "entity", "shared")["values"], 2);
    let table = run(&server, &["stats"]).await;
    assert!(table.out.starts_with("ENTITY  FUNCTION"), "{table:?}");
    assert!(table.out.contains("9 values of 2 functions") && table.out.contains("Redis does not know"), "{table:?}");

    here.invalidate("rows").await.unwrap();
    let entities = run(&server, &["entities", "--json"]).await.json();
    let names = &entities["names"];
    assert_eq!(find(names, "name", "rows")["values"], 7, "kept until their time is over");
    assert_eq!(find(names, "name", "row:3")["values"], 0);
    assert!(!names.to_string().contains("elsewhere") && !names.to_string().contains('@'), "{names}");
    let ago =
        |name: &str| entities["now_us"].as_u64().unwrap() - find(names, "name", name)["since_us"].as_u64().unwrap();
    assert!(ago("rows") < ago("shared") && ago("shared") < 60_000_000, "{entities}");
    let table = run(&server, &["entities", "--rows", "3"]).await;
    assert!(table.out.contains("and 4 more") && table.out.contains("everything: ended or first met"), "{table:?}");
    let bounded = run(&server, &["stats", "--most", "1"]).await;
    assert!(!bounded.out.contains("lower bounds"), "one step has seen them all: {bounded:?}");
    let fill: Vec<String> = (0..2_000).map(|at| format!("other:{at} 1")).collect();
    let _: String = server.run(&format!("MSET {}", fill.join(" "))).await;
    let bounded = run(&server, &["stats", "--most", "1"]).await;
    assert!(bounded.out.contains("lower bounds"), "{bounded:?}");
}

#[tokio::test]
async fn what_it_ends_is_ended_in_every_process() {
    let server = RedisServer::start();
    let (here, source) = (node(&server).await, Source::of(1));
    let mut there = Node::over(&server.url());
    there.ask("set 10");
    assert_eq!((there.ask("shared 1"), there.ask("tools 1")), ("11".to_owned(), "11".to_owned()));
    here.scope(row(&source, 1)).await;
    there.ask("set 20");

    let ended = run(&server, &["invalidate", "shared", "row:1", "--json"]).await.json();
    assert_eq!(ended["applied"], true);
    let receipt: Receipt = serde_json::from_value(ended["receipt"].clone()).unwrap();
    assert_eq!(receipt.names().collect::<Vec<_>>(), ["row:1", "shared"]);
    assert!(here.after(&receipt).await.is_applied());
    there.ask(&format!("after {}", ended["receipt"]));
    here.scope(row(&source, 1)).await;
    assert_eq!((there.ask("shared 1"), there.ask("tools 1")), ("21".to_owned(), "11".to_owned()));
    assert_eq!(source.runs(), 2);

    let refused = run(&server, &["clear"]).await;
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("--yes") && refused.err.contains("`it`"), "{refused:?}");
    let own = run(&server, &["invalidate", "@everything"]).await;
    assert!(own.code == 2 && own.err.contains("clear --yes"), "{own:?}");
    assert_eq!(there.ask("tools 1"), "11", "nothing was ended");
    let cleared = run(&server, &["clear", "--yes", "--json"]).await.json();
    assert!(cleared["receipt"]["@everything"].is_string(), "{cleared}");
    there.ask(&format!("after {}", cleared["receipt"]));
    assert_eq!(there.ask("tools 1"), "21");
}

#[tokio::test]
async fn it_shows_who_leads_and_by_which_token() {
    let server = RedisServer::start();
    let here = node(&server).await;
    let none = run(&server, &["leaders"]).await;
    assert!(none.code == 0 && none.out.contains("nobody holds a lease"), "{none:?}");
    let lease = here.leader_gate("nightly").acquire().await.unwrap().expect("nobody else");
    let leaders = run(&server, &["leaders", "--json"]).await.json();
    let leader = find(&leaders["leaders"], "key", "nightly");
    assert_eq!((leader["token"].clone(), leader["pid"].clone()), (lease.token().into(), std::process::id().into()));
    assert!((1..=60_000).contains(&leader["remaining_ms"].as_u64().unwrap()), "{leader}");
    let table = run(&server, &["leaders"]).await;
    assert!(table.out.contains("nightly") && table.out.contains(&lease.token().to_string()), "{table:?}");
}

/// A command that goes on, and what it prints.
struct Watching {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watching {
    fn start(server: &RedisServer, more: &[&str]) -> Self {
        let url = server.url();
        let arguments = [&["watch", "--redis", &url, "--namespace", "it"], more].concat();
        let mut child = command(&arguments, &[]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.by_ref().map_while(Result::ok).any(|line| line.contains(MARK)));
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().expect("another line").unwrap()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_prints_what_is_announced_as_it_comes_and_ends_when_it_was_enough() {
    let server = RedisServer::start();
    let here = node(&server).await;
    here.invalidate("before").await.unwrap();
    let mut watching = Watching::start(&server, &["--json", "--count", "3"]);
    let mut said = || -> Value { serde_json::from_str(&watching.line()).unwrap() };
    assert_eq!(said()["what"], "watching");
    here.invalidate("rows").await.unwrap();
    let first = said();
    assert_eq!((first["what"].clone(), first["name"].clone()), ("ended".into(), "rows".into()));
    assert!(first["at_ms"].as_u64().unwrap() > 1_700_000_000_000, "{first}");
    let lease = here.leader_gate("nightly").acquire().await.unwrap().expect("nobody else");
    lease.release().await.unwrap();
    let second = said();
    assert_eq!((second["what"].clone(), second["lease"].clone()), ("lease let go".into(), "nightly".into()));
    here.clear().await.unwrap();
    assert_eq!(said()["name"], "@everything");
    assert_eq!(watching.child.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn it_fails_with_a_cure_and_without_the_password() {
    const PASSWORD: &str = "Passw0rt-geheim";
    let away = format!("redis://benutzer:{PASSWORD}@127.0.0.1:1");
    let ran = run_with(&["stats", "--redis", &away], &[]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("nobody listens at 127.0.0.1:1"), "{ran:?}");
    let stray = run_with(&["stats", &away], &[]).await;
    assert_eq!(stray.code, 2, "{stray:?}");
    let wrong = run_with(&["stats", "--redis", &format!("reddis://:{PASSWORD}@host")], &[]).await;
    assert!(wrong.code == 2 && wrong.err.contains("redis url"), "{wrong:?}");
    let help = run_with(&["stats", "--help"], &[("LARDER_REDIS_URL", &away)]).await;
    assert!(help.code == 0 && help.out.contains("LARDER_REDIS_URL"), "{help:?}");
    let ending = run_with(&["invalidate", "--help"], &[]).await;
    assert!(ending.out.contains("`invalidate gateways tools`"), "what depends on a name is not known here: {ending:?}");
    for ran in [&ran, &stray, &wrong, &help] {
        let said = format!("{ran:?}");
        assert!(!said.contains(PASSWORD) && !said.contains("benutzer"), "{said}");
    }
    let nowhere = run_with(&["stats"], &[]).await;
    assert!(nowhere.code == 2 && nowhere.err.contains("LARDER_REDIS_URL"), "{nowhere:?}");
    let half = run_with(&["stats", "--master", "mymaster"], &[]).await;
    assert!(half.code == 2 && half.err.contains("--sentinels"), "{half:?}");

    let server = RedisServer::start();
    let variables = [("LARDER_REDIS_URL", &*server.url()), ("LARDER_NAMESPACE", "it")];
    assert_eq!(run_with(&["leaders"], &variables).await.code, 0, "the variables of the services");
    // The argument stands above the variable.
    let other = run_with(&["leaders", "--redis", &away], &variables).await;
    assert_eq!(other.code, 3, "{other:?}");
    let _: String = server.run("ACL SETUSER default -publish").await;
    let kept = run(&server, &["invalidate", "rows"]).await;
    assert!(kept.code == 3 && kept.err.contains("did not confirm") && kept.out.contains("not confirmed"), "{kept:?}");
    let _: String = server.run("ACL SETUSER default +publish -scan").await;
    let forbidden = run(&server, &["stats"]).await;
    assert!(forbidden.code == 3 && forbidden.err.contains("`+scan`"), "{forbidden:?}");
}
