//! What can go wrong with a record, and what is told of it: the name of its type and of a field, never a value.

use crate::error::{Error, ErrorKind};
use crate::remote::Refusal;

/// What went wrong.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The instance has no Redis.
    Memory,
    Refused(Refusal),
    Taken {
        field: String,
    },
    /// A save would overwrite what it cannot read.
    Overwrites,
    /// It was written by another version of the type.
    Foreign,
    Damaged,
    /// A key or an indexed field has no canonical form.
    NoKey {
        field: &'static str,
    },
    /// The record has no form to store.
    NoForm,
}

/// What was asked for, as a text says it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) name: &'static str,
    /// What was to be done, in the past.
    pub(super) what: &'static str,
}

impl Asked {
    pub(super) fn of<T>(self, result: Result<T, Fault>) -> Result<T, Error> {
        result.map_err(|fault| self.fault(fault))
    }

    pub(super) fn fault(self, fault: Fault) -> Error {
        let (kind, why) = match fault {
            Fault::Memory => {
                let why = "records need Redis: name it with `Larder::builder().redis(..)` or `LARDER_REDIS_URL`";
                (ErrorKind::Configuration, why.to_owned())
            }
            Fault::Refused(Refusal::Unknown) if self.what == "saved" || self.what == "deleted" => {
                let why = "Redis did not answer in time, and may do it yet: do the same once more";
                (ErrorKind::Unavailable, why.to_owned())
            }
            Fault::Refused(refusal) => (ErrorKind::Unavailable, format!("{refusal}: try again later")),
            Fault::Taken { field } => {
                let why = format!(
                    "another one has its value of the unique field `{field}`: save it with another value, or delete that one"
                );
                (ErrorKind::Conflict, why)
            }
            Fault::Overwrites => {
                let why = "the one that is stored was written by another version of the type: say how that becomes this \
                           one, `#[record(from = ..)]`, or delete it";
                (ErrorKind::Unreadable, why.to_owned())
            }
            Fault::Foreign => {
                let why = "it was written by another version of the type: say how that becomes this one, `#[record(from \
                           = ..)]`, or delete it";
                (ErrorKind::Unreadable, why.to_owned())
            }
            Fault::Damaged => {
                let why = "what is stored is no record of this type: delete it, or restore it from a backup";
                (ErrorKind::Unreadable, why.to_owned())
            }
            Fault::NoKey { field } => {
                let why =
                    format!("its field `{field}` has no canonical form: a type whose `Serialize` fails is no key");
                (ErrorKind::Unstorable, why)
            }
            Fault::NoForm => {
                let why = "serde cannot write it, or would read it as another: leave out a `Some(None)`, and all that has \
                           no form in MessagePack";
                (ErrorKind::Unstorable, why.to_owned())
            }
        };
        Error::new(kind, format!("the record `{}` was not {}: {why}", self.name, self.what))
    }
}
