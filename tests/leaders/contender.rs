//! One contender: the test binary itself, which leads whenever it can and writes down that it does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use larder::testkit::{Protection, sabotage};
use larder::{Larder, LeaderGate, Leadership, Lease, leader};
use tokio::sync::watch;

use crate::clock::now;
use crate::process::{READY, at_the_end};
use crate::record::{Book, Line, Term, What};

/// How many leases are fought for.
pub(crate) const JOBS: usize = 2;
/// How long a contender waits before it asks again.
pub(crate) const POLL: Duration = Duration::from_millis(25);
/// How often a body gives a sign of life.
const STEP: Duration = Duration::from_millis(5);

/// What a process is told by variables of its environment.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) url: String,
    pub(crate) book: PathBuf,
    pub(crate) place: usize,
    pub(crate) life: u64,
    pub(crate) seed: u64,
    pub(crate) ttl: Duration,
    /// Whether every lease is renewed.
    pub(crate) renewed: bool,
    pub(crate) without: Option<Protection>,
}

/// Those that can be taken out, by the names that they have in orders.
const PROTECTIONS: [Protection; 2] = [Protection::OwnLease, Protection::LeaseDeadline];

impl Orders {
    pub(crate) fn to_variables(&self) -> [(&'static str, String); 8] {
        [
            ("LEADERS_URL", self.url.clone()),
            ("LEADERS_BOOK", self.book.display().to_string()),
            ("LEADERS_PLACE", self.place.to_string()),
            ("LEADERS_LIFE", self.life.to_string()),
            ("LEADERS_SEED", self.seed.to_string()),
            ("LEADERS_TTL", self.ttl.as_millis().to_string()),
            ("LEADERS_RENEWED", self.renewed.to_string()),
            ("LEADERS_WITHOUT", self.without.map(|protection| format!("{protection:?}")).unwrap_or_default()),
        ]
    }

    fn from_environment() -> Option<Self> {
        fn of<T: std::str::FromStr>(name: &str) -> Option<T> {
            std::env::var(name).ok()?.parse().ok()
        }
        let without =
            PROTECTIONS.into_iter().find(|protection| of("LEADERS_WITHOUT") == Some(format!("{protection:?}")));
        Some(Self {
            url: of("LEADERS_URL")?,
            book: of("LEADERS_BOOK")?,
            place: of("LEADERS_PLACE")?,
            life: of("LEADERS_LIFE")?,
            seed: of("LEADERS_SEED")?,
            ttl: Duration::from_millis(of("LEADERS_TTL")?),
            renewed: of("LEADERS_RENEWED")?,
            without,
        })
    }
}

#[derive(Debug)]
struct Contender {
    orders: Orders,
    book: Book,
    over: watch::Sender<bool>,
}

/// The ways to lead.
#[derive(Clone, Copy, Debug)]
enum Form {
    Renewed,
    Blocking,
    Gate,
    /// A gate whose lease is dropped, not released.
    Dropped,
    /// One that waits until it leads.
    Waiting,
    /// A role that is campaigned for, and shut down after a while.
    Campaign,
    /// Not renewed, and sometimes longer than its lease.
    Once,
}

const FORMS: [Form; 7] =
    [Form::Renewed, Form::Blocking, Form::Gate, Form::Dropped, Form::Waiting, Form::Campaign, Form::Once];

/// A body under its lease.
struct Body<'a> {
    contender: &'a Contender,
    job: usize,
    lease: Lease,
    /// Whether the lease was held when it was looked at last.
    held: bool,
    ended: bool,
}

impl<'a> Body<'a> {
    fn begin(contender: &'a Contender, job: usize, lease: Lease) -> Self {
        let mut body = Self { contender, job, lease, held: true, ended: false };
        body.say(What::Begin);
        body
    }

    /// Writes down what the body does, or that it came too late for it. The time is taken first: a lease that is held
    /// after it was held then, wherever this process is stopped in between.
    fn say(&mut self, what: What) {
        let at = now();
        self.held = self.lease.is_held();
        self.write(at, if self.held { what } else { What::Late });
    }

    fn end(mut self) {
        self.say(What::End);
        self.ended = self.held;
    }

    fn write(&self, at: u64, what: What) {
        let Orders { place, life, .. } = self.contender.orders;
        let term = Term { job: self.job, token: self.lease.token(), place, life };
        self.contender.book.write(Line { at, term, what });
    }
}

impl Drop for Body<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.write(now(), What::Lost);
        }
    }
}

/// An async body looks at nothing: it is the library that stops it.
async fn work(contender: &Contender, job: usize, length: Duration) -> Leadership<()> {
    let mut body = Body::begin(contender, job, larder::lease().unwrap());
    let begun = Instant::now();
    while contender.goes_on() && begun.elapsed() < length {
        tokio::time::sleep(STEP).await;
        body.say(What::Beat);
    }
    // The library gets no chance to stop it in between.
    if body.held {
        body.end();
    }
    Leadership::Led(())
}

#[leader("job:{job}", ttl = contender.orders.ttl, renew = true)]
async fn renewed(contender: &Contender, job: usize, length: Duration) -> Leadership<()> {
    work(contender, job, length).await
}

#[leader("job:{job}", ttl = contender.orders.ttl)]
async fn once(contender: &Contender, job: usize, length: Duration) -> Leadership<()> {
    work(contender, job, length).await
}

#[leader("job:{job}", ttl = contender.orders.ttl, renew = true, mode = wait("1s"))]
async fn waiting(contender: &Contender, job: usize, length: Duration) -> Leadership<()> {
    work(contender, job, length).await
}

/// A campaign that lasts for three such terms, most of them in somebody else's reign, and then lets its body end in order.
async fn campaigning(contender: &Arc<Contender>, job: usize, length: Duration) {
    let me = Arc::clone(contender);
    let role = larder::campaign(format!("job:{job}")).ttl(contender.orders.ttl).pause(POLL).drain(STEP * 2);
    let role = role.on_elected(move |_| {
        let me = Arc::clone(&me);
        async move { drop(work(&me, job, length).await) }
    });
    // Where Redis is away, the lease ends by its time.
    let _ = role
        .run(async {
            let _ = tokio::time::timeout(length * 3, contender.over()).await;
        })
        .await;
}

/// What cannot be stopped from outside stops itself.
#[leader("job:{job}", ttl = contender.orders.ttl, renew = true)]
fn blocking(contender: &Contender, job: usize, length: Duration) -> Leadership<()> {
    let mut body = Body::begin(contender, job, larder::lease().unwrap());
    let begun = Instant::now();
    while body.held && contender.goes_on() && begun.elapsed() < length {
        std::thread::sleep(STEP);
        body.say(What::Beat);
    }
    if body.held {
        body.end();
    }
    Leadership::Led(())
}

async fn through_a_gate(contender: &Contender, job: usize, length: Duration, release: bool) {
    let gate = LeaderGate::new(format!("job:{job}")).ttl(contender.orders.ttl).renew(true);
    let Ok(Some(lease)) = gate.acquire().await else { return };
    let mut body = Body::begin(contender, job, lease.clone());
    let begun = Instant::now();
    while body.held && contender.goes_on() && begun.elapsed() < length {
        tokio::time::sleep(STEP).await;
        body.say(What::Beat);
    }
    if body.held {
        body.end();
    }
    if release {
        // Where Redis is away, the lease ends by its time.
        let _ = lease.release().await;
    }
}

impl Contender {
    fn goes_on(&self) -> bool {
        !*self.over.borrow()
    }

    /// Waits until the parent lets this process finish.
    async fn over(&self) {
        let _ = self.over.subscribe().wait_for(|over| *over).await;
    }

    async fn contend(self: Arc<Self>, job: usize, mut rng: Rng) {
        while self.goes_on() {
            // Most terms are short, for many elections; some last until a fault strikes them.
            let length = if rng.u8(..6) == 0 {
                self.orders.ttl.mul_f64(4.0 / 3.0 + 4.0 * rng.f64())
            } else {
                Duration::from_millis(rng.u64(20..150))
            };
            match FORMS[rng.usize(..FORMS.len())] {
                Form::Once if !self.orders.renewed => drop(once(&self, job, length).await),
                Form::Renewed | Form::Once => drop(renewed(&self, job, length).await),
                Form::Blocking => {
                    let me = Arc::clone(&self);
                    let led = tokio::task::spawn_blocking(move || blocking(&me, job, length));
                    drop(led.await.unwrap());
                }
                Form::Gate => through_a_gate(&self, job, length, true).await,
                Form::Dropped => through_a_gate(&self, job, length, false).await,
                Form::Waiting => drop(waiting(&self, job, length).await),
                Form::Campaign => campaigning(&self, job, length).await,
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

#[test]
#[ignore = "one contender of the fleet"]
fn the_contender() {
    let Some(orders) = Orders::from_environment() else { return };
    if let Some(protection) = orders.without {
        sabotage(protection);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let builder = Larder::builder().ignore_environment().redis(&orders.url).namespace("leaders");
        builder.build().await.unwrap().install().unwrap();
        let mut streams = Rng::with_seed(orders.seed ^ ((orders.place as u64) << 32) ^ (orders.life << 48));
        let book = Book::open(&orders.book);
        let contender = Arc::new(Contender { orders, book, over: watch::Sender::new(false) });
        let ending = Arc::clone(&contender);
        at_the_end(move || {
            ending.over.send_replace(true);
        });
        println!("{READY}");
        let jobs: Vec<_> =
            (0..JOBS).map(|job| tokio::spawn(Arc::clone(&contender).contend(job, streams.fork()))).collect();
        for job in jobs {
            job.await.unwrap();
        }
    });
    // The process's own threads are not waited for.
    std::process::exit(0);
}
