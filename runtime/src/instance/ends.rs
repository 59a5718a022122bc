//! The ends that an instance makes: at once, behind a transaction, with a fence around a write, and after those of others.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::held::Held;
use super::receipts::Gathering;
use super::{Larder, Receipt};
use crate::epoch::{Cell, Epoch, Fence, Fencing, Told};
use crate::error::{Error, ErrorKind};
use crate::stats::Counters;

/// What is under way to Redis already.
pub(super) type Ending = Pin<Box<dyn Future<Output = Receipt> + Send>>;

impl Larder {
    /// Ends an entity or a tag, in every process, with all that depends on it.
    ///
    /// When this returns, no later call in this process gets a value whose computation began before. Where Redis is
    /// configured and away, the end is kept and sent when it is back; [`Receipt::is_applied`] tells. The work goes on if
    /// the returned future is dropped. Inside a [`transaction`](crate::transaction) the end waits for that.
    ///
    /// # Errors
    ///
    /// Only for an empty name.
    pub async fn invalidate(&self, name: impl AsRef<str>) -> Result<Receipt, Error> {
        let name = name.as_ref();
        if name.is_empty() {
            let text = "an empty name was to be invalidated: give the entity or tag, such as \"tools\"";
            return Err(Error::new(ErrorKind::Configuration, text));
        }
        Ok(self.end_with(vec![name.to_owned()], &[], Fencing::None).await)
    }

    /// Ends everything in this namespace, in every process.
    ///
    /// # Errors
    ///
    /// None at present.
    pub async fn clear(&self) -> Result<Receipt, Error> {
        Ok(self.hold_or_end(Vec::new(), vec![Arc::clone(&self.inner.everything)], Fencing::None).await)
    }

    /// Makes sure that this process reads what was written before another process's receipt.
    ///
    /// When this returns, no later call in this process gets a value whose computation began before the receipt's ends. A
    /// name that is known here to be as far needs nothing; of others Redis is asked when they are next read. What the
    /// other process could not tell Redis is ended here, too, and this process sends it as well: the receipt returned
    /// says what became of it.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::builder().build().await?;
    /// let receipt: larder::Receipt = serde_json::from_str(r#"{"tools": "1763712345678901.17", "tool:7": null}"#)?;
    /// assert!(!receipt.is_applied());
    /// assert!(larder.after(&receipt).await.is_applied());
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub async fn after(&self, receipt: &Receipt) -> Receipt {
        if receipt.is_known_to(self.id()) {
            return receipt.clone();
        }
        let table = self.table();
        let mut unsent = Vec::new();
        for (name, epoch) in &receipt.epochs {
            let cell = table.cell(name);
            if epoch.is_confirmed() {
                table.reaches(&cell, *epoch);
            } else {
                unsent.push(cell);
            }
        }
        if unsent.is_empty() {
            return receipt.with(self.id(), Receipt::nothing());
        }
        receipt.with(self.id(), self.end_cells(unsent, Fencing::None).await)
    }

    /// Begins the end of names at once; what is awaited is only the word of Redis. Inside a transaction it is held.
    pub(crate) fn end_with(
        &self,
        names: Vec<String>,
        entries: &[[Arc<Cell>; 2]],
        fencing: Fencing,
    ) -> impl Future<Output = Receipt> + Send + use<> + 'static {
        #[cfg(feature = "testkit")]
        for name in names.iter().filter(|_| self.is_testing()) {
            crate::testkit::seen::ended(name, self.inner.settings.with_dependants(vec![name.clone()]));
        }
        let (names, mut cells) = self.named(names);
        cells.extend(entries.iter().flatten().cloned());
        self.hold_or_end(names, cells, fencing)
    }

    /// Names with all that depends on them, and their cells.
    fn named(&self, names: Vec<String>) -> (Vec<String>, Vec<Arc<Cell>>) {
        let names: Vec<String> = self.inner.settings.with_dependants(names).into_iter().collect();
        let cells = names.iter().map(|name| self.inner.table.named(name)).collect();
        (names, cells)
    }

    fn hold_or_end(&self, names: Vec<String>, cells: Vec<Arc<Cell>>, fencing: Fencing) -> Ending {
        match Held::current().filter(|held| held.hold(self, &names, &cells)) {
            Some(_) => {
                let held = Receipt::held(self.id(), cells.iter().map(|cell| Arc::clone(cell.name())));
                Box::pin(std::future::ready(held))
            }
            None => self.end_now(&names, cells, fencing),
        }
    }

    /// Ends, also inside a transaction.
    pub(super) fn end_now<'a>(
        &self,
        names: impl IntoIterator<Item = &'a String>,
        cells: Vec<Arc<Cell>>,
        fencing: Fencing,
    ) -> Ending {
        for name in names {
            self.ended(name).invalidations.up();
        }
        if let Fencing::Raise(_) = fencing {
            // The write that it stands around has not begun.
            return Box::pin(self.end_cells(cells, fencing));
        }
        let gathering = Gathering::begin(self.id(), &cells);
        let ending = self.end_cells(cells, fencing);
        Box::pin(async move {
            let receipt = ending.await;
            gathering.settle(&receipt);
            receipt
        })
    }

    fn end_cells(
        &self,
        cells: Vec<Arc<Cell>>,
        fencing: Fencing,
    ) -> impl Future<Output = Receipt> + Send + use<> + 'static {
        let reply = match &self.inner.remote {
            Some(remote) => Some(remote.end(cells.clone(), fencing)),
            None => {
                cells.iter().for_each(|cell| self.inner.table.end(cell, fencing));
                None
            }
        };
        let id = self.id();
        async move {
            let confirmed: Option<Vec<Told>> = match reply {
                None => Some(cells.iter().map(|cell| cell.epoch().into()).collect()),
                Some(reply) => reply.await.ok(),
            };
            let applied = confirmed.is_some();
            let epochs = confirmed.unwrap_or_else(|| vec![Epoch::UNKNOWN.into(); cells.len()]);
            let names = cells.iter().map(|cell| Arc::clone(cell.name()));
            Receipt::of(id, names.zip(epochs.iter().map(|told| told.epoch)), applied)
        }
    }

    /// Ends names and puts a fence around a write that is to begin: until it falls, what others compute is answered, and
    /// stored nowhere. It falls after `longest` by itself. Where Redis is away it stands in this process alone.
    pub(crate) fn fence(&self, names: Vec<String>, longest: Duration) -> Pin<Box<dyn Future<Output = Fenced> + Send>> {
        let held = Held::current().filter(|held| held.is_open());
        let token = held.as_ref().map_or_else(new_token, |held| held.token());
        let (_, cells) = self.named(names);
        if let Some(held) = &held {
            held.fenced(self, &cells);
        }
        // The write begins when Redis has answered, at most that much after it counted.
        let life = longest.clamp(SHORTEST, LONGEST) + self.inner.settings.operation_timeout;
        let raised = self.end_now([], cells.clone(), Fencing::Raise(Fence { token, life }));
        let larder = self.clone();
        Box::pin(async move {
            raised.await;
            Fenced { larder, cells, token, held: held.is_some() }
        })
    }

    /// Takes fences away, and ends nothing.
    pub(super) fn lower(&self, cells: &[Arc<Cell>], token: u64) {
        cells.iter().for_each(|cell| cell.unfence(token));
        if let Some(remote) = self.remote() {
            remote.lower(cells, token);
        }
    }

    /// The counters of a name that was ended.
    pub(crate) fn ended(&self, name: &str) -> Arc<Counters> {
        /// More names are counted together, so that counters stay bounded.
        const NAMES: usize = 1000;
        let mut ended = self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let name =
            if ended.len() < NAMES || ended.contains_key(name) { Arc::from(name) } else { Arc::from("(others)") };
        Arc::clone(ended.entry(name).or_default())
    }
}

/// The bounds of `max_txn`.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_secs(3_600);

/// A fence's own name: nobody's else, and never zero.
pub(super) fn new_token() -> u64 {
    fastrand::u64(1..)
}

/// A fence that stands around a write.
#[derive(Debug)]
pub(crate) struct Fenced {
    larder: Larder,
    cells: Vec<Arc<Cell>>,
    token: u64,
    /// The transaction around the write takes it away.
    held: bool,
}

impl Fenced {
    /// How it goes with the end of what it stands around.
    pub(crate) const fn with_the_end(&self) -> Fencing {
        Fencing::Lower(self.token)
    }

    /// Takes it away: the write did not happen. Nobody stored anything behind it.
    pub(crate) fn lower(self) {
        if !self.held {
            self.larder.lower(&self.cells, self.token);
        }
    }
}
