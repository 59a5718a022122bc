//! The arguments: where Redis is, and what is to be done.

use clap::{Args, Parser, Subcommand};
use larder::{Builder, Larder};

use crate::Failure;

/// Looks at what a fleet caches with larder in one Redis, and ends it.
#[derive(Debug, Parser)]
#[command(name = "larder-cli", version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Answers in JSON: one document, of `watch` one a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where Redis is: the variables are those of the services.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// redis://[user:password@]host:port/database, rediss:// for TLS, unix:///path
    #[arg(long, global = true, value_name = "URL", env = "LARDER_REDIS_URL", hide_env_values = true)]
    redis: Option<String>,
    /// The nodes of a Cluster, separated by commas
    #[arg(long, global = true, value_name = "ADDRESSES", env = "LARDER_REDIS_CLUSTER", hide_env_values = true)]
    cluster: Option<String>,
    /// What sentinels call the master
    #[arg(long, global = true, value_name = "NAME", env = "LARDER_REDIS_MASTER")]
    master: Option<String>,
    /// The sentinels, separated by commas
    #[arg(long, global = true, value_name = "ADDRESSES", env = "LARDER_REDIS_SENTINELS", hide_env_values = true)]
    sentinels: Option<String>,
    /// Who signs the certificates of rediss:// addresses: PEM, or the path of it
    #[arg(long, global = true, value_name = "PEM", env = "LARDER_REDIS_CA", hide_env_values = true)]
    ca: Option<String>,
    /// The certificate to show: PEM, or the path of it
    #[arg(long, global = true, value_name = "PEM", env = "LARDER_REDIS_CERTIFICATE", hide_env_values = true)]
    certificate: Option<String>,
    /// The key of that certificate: PEM, or the path of it
    #[arg(long, global = true, value_name = "PEM", env = "LARDER_REDIS_KEY", hide_env_values = true)]
    key: Option<String>,
    /// The namespace that the services are built with
    #[arg(long, global = true, value_name = "NAME", env = "LARDER_NAMESPACE", default_value = "larder")]
    pub(crate) namespace: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// What is stored: values of each function, and what they take of the server's memory
    Stats {
        /// Looks at so many keys of each server at most
        #[arg(long, value_name = "KEYS", default_value_t = 1_000_000)]
        most: u64,
    },
    /// The names that can be ended, and since when each is at its epoch
    Entities {
        /// Looks at so many keys of each server at most
        #[arg(long, value_name = "KEYS", default_value_t = 1_000_000)]
        most: u64,
        /// Shows so many of the tags (entities are shown all; JSON has all)
        #[arg(long, value_name = "N", default_value_t = 50)]
        rows: usize,
    },
    /// Ends entities or tags in every process, and nothing that `depends(..)` on them: name that, too
    ///
    /// What ends with what is told to the services by `depends("gateways", ["tools"])`, and this command does not know it. Say
    /// `invalidate gateways tools`, and name what depends on tools, too.
    Invalidate {
        /// Entities or tags, such as tools or tool:7
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
    /// Ends everything in the namespace, in every process
    Clear {
        /// Needed: nothing is asked
        #[arg(long)]
        yes: bool,
    },
    /// Who holds which lease, and for how long
    Leaders,
    /// Prints what the processes tell each other, as it comes
    Watch {
        /// Ends after so many announcements
        #[arg(long, value_name = "N")]
        count: Option<u64>,
    },
}

impl Place {
    /// An instance as the services build theirs; what the environment says is among the arguments already.
    pub(crate) fn builder(&self) -> Result<Builder, Failure> {
        let commas = |text: &str| text.split(',').map(|address| address.trim().to_owned()).collect::<Vec<_>>();
        let mut builder = Larder::builder().ignore_environment().namespace(&self.namespace);
        if self.redis.is_none() && self.cluster.is_none() && self.sentinels.is_none() && self.master.is_none() {
            let text = "no Redis is named: write --redis redis://host:6379, or set LARDER_REDIS_URL; \
                        there are --cluster and --sentinels with --master, too";
            return Err(Failure::Usage(text.to_owned()));
        }
        if let Some(url) = &self.redis {
            builder = builder.redis(url);
        }
        if let Some(nodes) = &self.cluster {
            builder = builder.redis_cluster(commas(nodes));
        }
        match (&self.master, &self.sentinels) {
            (None, None) => {}
            (Some(master), Some(sentinels)) => builder = builder.redis_sentinel(master, commas(sentinels)),
            _ => return Err(Failure::Usage("give both: --master NAME and --sentinels ADDRESSES".to_owned())),
        }
        if let Some(ca) = &self.ca {
            builder = builder.redis_ca(ca);
        }
        match (&self.certificate, &self.key) {
            (None, None) => {}
            (Some(certificate), Some(key)) => builder = builder.redis_identity(certificate, key),
            _ => return Err(Failure::Usage("give both: --certificate PEM and --key PEM".to_owned())),
        }
        Ok(builder)
    }
}
