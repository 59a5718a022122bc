//! Promise 11 through a whole outage: no event, no error and no picture of the state holds an argument or a password.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder::{Larder, leader, ttl_cached};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::server::RedisServer;
use crate::support::{Source, connected, disconnected};

/// All that is said to any logger, by anybody.
#[derive(Clone, Debug, Default)]
pub(crate) struct Everything(Arc<Mutex<String>>);

impl Everything {
    /// What was said so far.
    pub(crate) fn said(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    /// The same, forgotten from now on.
    pub(crate) fn taken(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "{field} = {value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Text(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Text(&mut self.0.lock().unwrap()));
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = self.0.lock().unwrap();
        writeln!(text, "{} {}", event.metadata().level(), event.metadata().target()).unwrap();
        event.record(&mut Text(&mut text));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

const PASSWORD: &str = "Passw0rt-geheim";
const USER: &str = "benutzer-geheim";
const ARGUMENT: &str = "argument-geheim";

#[ttl_cached(entity = "people", skip(source), tags("mail:{mail}"))]
async fn person(source: &Source, mail: &str) -> u64 {
    larder::tag(format!("seen by {mail}"));
    source.read() + mail.len() as u64
}

#[leader(("mail", mail), ttl = "5s", on_unavailable = error)]
async fn notify(mail: &str) -> Result<Option<usize>, larder::Error> {
    Ok(Some(mail.len()))
}

/// Everything that can fail, once; adds what was answered to `said`.
async fn use_all(larder: &Larder, said: &mut String) {
    let source = Source::of(1);
    for round in 0..3 {
        let mail = format!("{ARGUMENT}@{round}");
        let _ = larder.scope(person(&source, &mail)).await;
        writeln!(said, "{:?}", larder.invalidate(format!("mail:{mail}")).await).unwrap();
        writeln!(said, "{:?}", larder.scope(async { larder::forget(person(&source, &mail)).await }).await).unwrap();
        match larder.scope(notify(&mail)).await {
            Ok(led) => writeln!(said, "{led:?}").unwrap(),
            Err(error) => writeln!(said, "{error} {error:?}").unwrap(),
        }
    }
    // The names that were ended stand in the statistics: whoever wrote the name chose to show it.
    let (redis, functions) = (larder.stats().redis, larder.stats().functions);
    writeln!(said, "{larder:?} {redis:?} {functions:?} {:?}", larder.health().await).unwrap();
    let kept = larder.leader_gate(ARGUMENT.replace('-', " ")).acquire().await;
    writeln!(said, "{kept:?} {:?}", larder.leaders().await).unwrap();
    if let Ok(Some(lease)) = kept {
        writeln!(said, "{:?} {:?}", lease.check().await, lease.release().await).unwrap();
    }
}

#[tokio::test]
async fn nothing_that_is_said_in_an_outage_holds_a_secret() {
    let heard = Everything::default();
    tracing::subscriber::set_global_default(heard.clone()).unwrap();
    let mut said = String::new();
    let mut server = RedisServer::start();
    let login = format!("ACL SETUSER {USER} on >{PASSWORD} ~* &* +@all");
    let _: String = server.run(&login).await;
    let url = server.url().replace("redis://", &format!("redis://{USER}:{PASSWORD}@"));
    let builder = Larder::builder().ignore_environment().redis(url).namespace("it");
    write!(said, "{builder:?}").unwrap();
    let larder = builder.build().await.unwrap();
    connected(&larder).await;
    use_all(&larder, &mut said).await;
    // Bytes of somebody else's, in the place of every value and every epoch.
    for key in server.keys_with("it:").await {
        let _: String = server.run(&format!("SET {key} {ARGUMENT}")).await;
    }
    use_all(&larder, &mut said).await;
    let _: String = server.run("CONFIG SET maxmemory 1").await;
    use_all(&larder, &mut said).await;
    let _: String = server.run("CONFIG SET maxmemory 0").await;
    let _: String = server.run(&format!("ACL SETUSER {USER} -eval")).await;
    use_all(&larder, &mut said).await;
    let _: String = server.run(&format!("ACL SETUSER {USER} reset")).await;
    disconnected(&larder).await;
    use_all(&larder, &mut said).await;
    // A user that is not there, then a server that is not there, then one that hangs.
    server.kill();
    use_all(&larder, &mut said).await;
    server.restart();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let _: String = server.run(&login).await;
    connected(&larder).await;
    server.freeze();
    use_all(&larder, &mut said).await;
    server.thaw();

    let heard = heard.0.lock().unwrap().clone();
    for (what, text) in [("events", &heard), ("answers", &said)] {
        assert!(text.len() > 1_000, "{what}: {text}");
        for secret in [PASSWORD, USER, ARGUMENT, "argument geheim"] {
            let line = text.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{what}: {secret}");
        }
    }
    for told in [
        "WARN larder",
        "DEBUG larder",
        "INFO larder",
        "elected",
        "released",
        "OOM",
        "NOPERM",
        "Redis is away",
        "is down",
        "key = ",
    ] {
        assert!(heard.contains(told), "not heard: {told}\n{heard}");
    }
    assert!(said.contains("Unavailable"), "{said}");
}
