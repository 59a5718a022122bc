//! A command that looks at what a fleet caches in one Redis, and ends it.
//!
//! `larder-cli stats|entities|leaders|watch|invalidate|clear --redis URL --namespace NS`. It is one more process of the fleet: what it
//! ends goes the way of every end. What only a process knows (hits, misses, what its memory holds) is not in Redis, and
//! is not shown: ask the dashboard or the metrics of that process.
//!
//! | exit code | |
//! |---|---|
//! | 0 | done |
//! | 1 | what was asked for failed, or could not be printed |
//! | 2 | wrong arguments, or `clear` without `--yes` |
//! | 3 | Redis is away, or did not confirm |

mod arguments;
mod ends;
mod looks;
mod print;
mod watch;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser as _;
use larder::{ErrorKind, Larder};

use arguments::{Cli, Command};

/// Runs the program on the process's own arguments.
pub fn main() -> ExitCode {
    let built = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let code = match built {
        Ok(runtime) => runtime.block_on(run(std::env::args_os(), &mut io::stdout(), &mut io::stderr())),
        Err(error) => {
            let _ = writeln!(io::stderr(), "larder-cli: no runtime could be started: {error}");
            1
        }
    };
    ExitCode::from(code)
}

/// Does what `arguments` say, the program's name in front of them. Returns the exit code.
pub async fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // A help text is no error. A stray argument may be an address, with its password.
            let text = hidden(&error.to_string(), &arguments);
            let _ = if error.use_stderr() { err.write_all(text.as_bytes()) } else { out.write_all(text.as_bytes()) };
            return u8::try_from(error.exit_code()).unwrap_or(USAGE);
        }
    };
    match obey(&cli, out).await {
        Ok(()) => 0,
        // Whoever reads has gone, as `head` does.
        Err(Failure::Print(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(failure) => {
            let _ = writeln!(err, "larder-cli: {failure}");
            failure.code()
        }
    }
}

const USAGE: u8 = 2;

/// The text with every argument taken out that looks like an address.
fn hidden(text: &str, arguments: &[OsString]) -> String {
    let addresses = arguments.iter().filter_map(|argument| argument.to_str()).filter(|text| text.contains('@'));
    addresses.fold(text.to_owned(), |text, address| text.replace(address, "(an address)"))
}

async fn obey(cli: &Cli, out: &mut dyn Write) -> Result<(), Failure> {
    if let Command::Clear { yes: false } = cli.command {
        return Err(Failure::Usage(format!(
            "this ends every value in the namespace `{}`, in every process: add --yes if that is wanted",
            cli.place.namespace
        )));
    }
    let larder = cli.place.connect().await?;
    match &cli.command {
        Command::Stats { most } => looks::stats(&larder, *most, cli.json, out).await,
        Command::Entities { most, rows } => looks::entities(&larder, *most, *rows, cli.json, out).await,
        Command::Leaders => looks::leaders(&larder, cli.json, out).await,
        Command::Invalidate { names } => ends::invalidate(&larder, names, cli.json, out).await,
        Command::Clear { .. } => ends::clear(&larder, cli.json, out).await,
        Command::Watch { count } => watch::watch(&larder, *count, cli.json, out).await,
    }
}

/// Why it was not done.
#[derive(Debug)]
enum Failure {
    Usage(String),
    /// Redis is away, or did not confirm.
    Away(String),
    Larder(larder::Error),
    Print(io::Error),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => USAGE,
            Self::Away(_) => 3,
            Self::Larder(error) => match error.kind() {
                ErrorKind::Configuration => USAGE,
                ErrorKind::Unavailable => 3,
                _ => 1,
            },
            Self::Print(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Away(text) => f.write_str(text),
            Self::Larder(error) => error.fmt(f),
            Self::Print(error) => write!(f, "the answer could not be printed: {error}"),
        }
    }
}

impl From<larder::Error> for Failure {
    fn from(error: larder::Error) -> Self {
        Self::Larder(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Print(error)
    }
}

/// Why there is no link to Redis; `None` while there is one.
fn fault(health: &larder::Health) -> Option<Failure> {
    let fault = health.fault.as_deref().unwrap_or("Redis does not answer");
    (!health.is_up()).then(|| Failure::Away(format!("Redis is away: {fault}")))
}

impl arguments::Place {
    /// An instance with a link.
    async fn connect(&self) -> Result<Larder, Failure> {
        let larder = self.builder()?.build().await?;
        match fault(&larder.health().await) {
            None => Ok(larder),
            Some(failure) => Err(failure),
        }
    }
}
