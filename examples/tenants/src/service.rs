//! One worker of the service: prepared, then served, until it is told to end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use larder::{Larder, Leadership, Revisioned};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::defaults::Defaults;
use crate::error::Error;
use crate::jobs::{self, Bootstrapped};
use crate::routes;
use crate::store::Db;

/// What a worker is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// The SQLite file that all workers share.
    pub database: PathBuf,
    /// The last tier of the settings.
    pub defaults: Defaults,
    /// Whether a worker without Redis is unhealthy.
    pub redis_required: bool,
    /// What the worker is called.
    pub worker: String,
    /// The time between two sweeps: [`SWEEP_EVERY`](crate::SWEEP_EVERY).
    pub sweep_every: Duration,
}

/// What all requests of a worker share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) db: Db,
    pub(crate) defaults: Revisioned<Defaults>,
    pub(crate) redis_required: bool,
}

/// A worker that is prepared: nothing is served before.
#[derive(Debug)]
pub struct Service {
    larder: Larder,
    state: Arc<State>,
    bootstrapped: Bootstrapped,
    sweeper: JoinHandle<()>,
}

impl Service {
    /// Opens the database and waits until one of the workers has prepared it. The cache is the one in force here.
    ///
    /// # Errors
    ///
    /// Where Redis is required and none is named, the database cannot be opened, or nobody prepared it within a minute.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let larder = Larder::current();
        if config.redis_required && !larder.stats().redis.configured {
            return Err(Error::NoRedis);
        }
        let db = Db::open(&config.database).await?;
        let led = jobs::bootstrap(&db, &config.defaults, &config.worker, config.redis_required).await?;
        let Leadership::Led(bootstrapped) = led else { return Err(Error::Unprepared) };
        let sweeps = jobs::sweep_for_ever(db.clone(), config.worker, config.sweep_every);
        let sweeper = tokio::spawn(larder.scope(sweeps));
        let defaults = Revisioned::new(config.defaults);
        let state = State { db, defaults, redis_required: config.redis_required };
        Ok(Self { larder, state: Arc::new(state), bootstrapped, sweeper })
    }

    /// Whether this worker prepared the database.
    #[must_use]
    pub const fn bootstrapped(&self) -> Bootstrapped {
        self.bootstrapped
    }

    /// How often the database was asked for a setting or a host: a cached answer does not count.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.state.db.asked()
    }

    /// The HTTP routes. Each request has the cache of this worker in force, whichever task serves it.
    pub fn router(&self) -> Router {
        let larder = self.larder.clone();
        let scoped = middleware::from_fn(move |request: Request, next: Next| larder.scope(next.run(request)));
        routes::router(Arc::clone(&self.state)).layer(scoped)
    }

    /// Serves until `end` is ready, and then what is under way.
    ///
    /// # Errors
    ///
    /// Where the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        end: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        axum::serve(listener, self.router()).with_graceful_shutdown(end).await
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.sweeper.abort();
    }
}
