//! One request and its reply on one connection, within a time.

use std::time::Duration;

use redis::aio::{ConnectionLike as _, MultiplexedConnection};
use redis::{Cmd, Pipeline, RedisError, Value};

use crate::remote::Refusal;

/// What is sent in one round trip.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    One(Cmd),
    Several(Pipeline),
}

/// The reply to each command: what it returned, or the code of its error.
pub(crate) type Replies = Vec<Result<Value, String>>;

impl Request {
    pub(crate) fn of(commands: impl IntoIterator<Item = Cmd>) -> Self {
        let mut commands: Vec<Cmd> = commands.into_iter().collect();
        match commands.len() {
            1 => Self::One(commands.remove(0)),
            _ => {
                let mut pipeline = Pipeline::with_capacity(commands.len());
                for command in commands {
                    pipeline.add_command(command);
                }
                pipeline.ignore_errors();
                Self::Several(pipeline)
            }
        }
    }

    /// Each command.
    pub(crate) fn commands(&self) -> Vec<Cmd> {
        match self {
            Self::One(command) => vec![command.clone()],
            Self::Several(pipeline) => pipeline.cmd_iter().cloned().collect(),
        }
    }

    /// Sends this and waits for the replies, at most `limit`. Needs a tokio runtime with timers.
    pub(crate) async fn exchange(
        &self,
        mut connection: MultiplexedConnection,
        limit: Duration,
    ) -> Result<Replies, Refusal> {
        tokio::time::timeout(limit, self.forward(&mut connection)).await.unwrap_or(Err(Refusal::Unknown))
    }

    /// Sends this and waits for the replies for as long as the connection lives. Works on every executor.
    pub(crate) async fn forward(&self, connection: &mut MultiplexedConnection) -> Result<Replies, Refusal> {
        let replies = match self {
            Self::One(command) => connection.req_packed_command(command).await.map(|value| vec![value]),
            Self::Several(pipeline) => connection.req_packed_commands(pipeline, 0, pipeline.len()).await,
        };
        match replies {
            Ok(values) => Ok(values.into_iter().map(reply).collect()),
            Err(error) => code(&error).map(|code| vec![Err(code)]).ok_or(Refusal::Unknown),
        }
    }
}

/// What a command returned, or the code of its error.
pub(super) fn reply(value: Value) -> Result<Value, String> {
    match value {
        Value::ServerError(error) => Err(error.code().to_owned()),
        value => Ok(value),
    }
}

/// The code of an error that the server gave; `None` for one of the connection.
pub(crate) fn code(error: &RedisError) -> Option<String> {
    if error.is_io_error() || error.is_timeout() || error.is_connection_dropped() {
        return None;
    }
    error.code().map(str::to_owned)
}
