//! A table on the terminal, printed row by row as its facts come in.

use std::io::{self, Write as _};
use std::time::Duration;

/// The columns of a table: a title, and how wide it is; a negative width puts the text at the right.
#[derive(Clone)]
pub(crate) struct Table {
    widths: Vec<isize>,
}

impl Table {
    /// Prints the titles.
    pub(crate) fn open(columns: &[(&str, isize)]) -> io::Result<Self> {
        let table = Self { widths: columns.iter().map(|(_, width)| *width).collect() };
        let titles: Vec<&str> = columns.iter().map(|(title, _)| *title).collect();
        let rules: Vec<String> = table.widths.iter().map(|width| "-".repeat(width.unsigned_abs())).collect();
        table.row(&titles)?;
        table.row(&rules)?;
        Ok(table)
    }

    pub(crate) fn row<S: AsRef<str>>(&self, cells: &[S]) -> io::Result<()> {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(&self.widths) {
            let (cell, room) = (cell.as_ref(), width.unsigned_abs());
            line += &if *width < 0 { format!("{cell:>room$}") } else { format!("{cell:<room$}") };
            line += "  ";
        }
        say(line.trim_end())
    }
}

/// Prints a line.
pub(crate) fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}

/// A span of time for people: `87 us`, `1.25 ms`, `3.10 s`.
pub(crate) fn span(time: Duration) -> String {
    match time.as_micros() {
        micros @ ..1_000 => format!("{micros} us"),
        ..1_000_000 => format!("{:.2} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}
