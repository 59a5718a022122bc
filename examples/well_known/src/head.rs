//! What `HEAD` names, read from the files that git replaces as a whole when a commit is made.

use std::fs;
use std::io;
use std::path::Path;

use crate::git::Commit;

/// What `HEAD` names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Head {
    At(Commit),
    /// There is no repository yet, or no commit in it.
    Unborn,
    /// References are kept in a way that only git knows: a linked worktree, a reftable, a name for a name.
    Elsewhere,
}

/// Reads what the repository in this folder is at. Each file is read whole or not at all, because git renames it into place.
pub(crate) fn read(folder: &Path) -> io::Result<Head> {
    let inside = folder.join(".git");
    let git = if inside.is_dir() { &*inside } else { folder };
    loop {
        let Some(head) = text(&git.join("HEAD"))? else {
            return Ok(if inside.is_file() { Head::Elsewhere } else { Head::Unborn });
        };
        let found = follow(git, &head)?;
        // A branch that was left in between may have moved on to what was never HEAD.
        if text(&git.join("HEAD"))?.as_ref() == Some(&head) {
            return Ok(found);
        }
    }
}

fn follow(git: &Path, head: &str) -> io::Result<Head> {
    let Some(name) = head.trim_end().strip_prefix("ref: ") else {
        return Ok(Commit::read(head.trim_end()).map_or(Head::Elsewhere, Head::At));
    };
    // What a reftable has there, for those who do not know it.
    if name == "refs/heads/.invalid" {
        return Ok(Head::Elsewhere);
    }
    if let Some(loose) = text(&git.join(name))? {
        return Ok(Commit::read(loose.trim_end()).map_or(Head::Elsewhere, Head::At));
    }
    // git packs a reference before it removes the file, so that one of the two is always there.
    let packed = text(&git.join("packed-refs"))?.unwrap_or_default();
    let line = packed.lines().find_map(|line| line.split_once(' ').filter(|(_, packed)| *packed == name));
    match line {
        Some((hash, _)) => Ok(Commit::read(hash).map_or(Head::Elsewhere, Head::At)),
        None => Ok(Head::Unborn),
    }
}

/// The text of a file; `None` where there is none.
fn text(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::IsADirectory].contains(&error.kind()) => Ok(None),
        Err(error) => Err(error),
    }
}
