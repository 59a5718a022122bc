//! What leaders did, line by line: one file that every process appends to, in times that all of them share.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::Path;

/// What a body says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// It began, and the lease was held after this time was taken.
    Begin,
    /// It goes on, and the lease was held after this time was taken.
    Beat,
    /// It ends by itself, and the lease was held after this time was taken.
    End,
    /// It went on, and found that the lease was not held.
    Late,
    /// It was dropped or stopped before its end.
    Lost,
}

const WORDS: [(What, &str); 5] =
    [(What::Begin, "begin"), (What::Beat, "beat"), (What::End, "end"), (What::Late, "late"), (What::Lost, "lost")];

/// Who leads what, for one term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Term {
    /// The lease.
    pub(crate) job: usize,
    pub(crate) token: u64,
    pub(crate) place: usize,
    /// How often a process in this place was started before.
    pub(crate) life: u64,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// On the machine's monotonic clock, taken before the lease was looked at.
    pub(crate) at: u64,
    pub(crate) term: Term,
    pub(crate) what: What,
}

impl Line {
    fn to_text(self) -> String {
        let Term { job, token, place, life } = self.term;
        let word = WORDS.iter().find(|(what, _)| *what == self.what).unwrap().1;
        format!("{} {job} {token} {place} {life} {word}\n", self.at)
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut number = || words.next()?.parse::<u64>().ok();
        let (at, job, token, place, life) = (number()?, number()?, number()?, number()?, number()?);
        let term = Term { job: usize::try_from(job).ok()?, token, place: usize::try_from(place).ok()?, life };
        let word = words.next()?;
        let what = WORDS.iter().find(|(_, known)| *known == word)?.0;
        words.next().is_none().then_some(Self { at, term, what })
    }
}

/// The file, as one process opened it, to write or to read.
#[derive(Debug)]
pub(crate) struct Book {
    file: File,
    /// What was read of a line that was not whole yet.
    rest: String,
}

impl Book {
    pub(crate) fn open(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).read(true).open(path).unwrap();
        Self { file, rest: String::new() }
    }

    /// Appends one line, in one write: a process that is killed leaves a whole line or none.
    pub(crate) fn write(&self, line: Line) {
        (&self.file).write_all(line.to_text().as_bytes()).unwrap();
    }

    /// The lines that came since this was asked last.
    pub(crate) fn more(&mut self) -> Vec<Line> {
        self.file.read_to_string(&mut self.rest).unwrap();
        let whole = self.rest.rfind('\n').map_or(0, |at| at + 1);
        let lines = self.rest[..whole].lines();
        let lines = lines.map(|text| Line::from_text(text).unwrap_or_else(|| panic!("not a line: {text:?}"))).collect();
        self.rest.drain(..whole);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written_once_they_are_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book");
        let (process, mut judge) = (Book::open(&path), Book::open(&path));
        let term = Term { job: 1, token: 1 << 60, place: 4, life: 2 };
        for (what, _) in WORDS {
            let line = Line { at: 7, term, what };
            let text = line.to_text();
            (&process.file).write_all(&text.as_bytes()[..5]).unwrap();
            assert_eq!(judge.more(), []);
            (&process.file).write_all(&text.as_bytes()[5..]).unwrap();
            process.write(line);
            assert_eq!(judge.more(), [line, line]);
        }
    }
}
