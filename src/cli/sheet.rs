//! Facts for people and for pipes: aligned under headings on a terminal, else one fact a line with
//! tabs between its fields.

use std::fmt::{Display, Write};

use crate::cli::exit::Exit;
use crate::cli::print::{is_for_a_person, print};
use crate::io::console::escape;

/// A fact that holds or does not.
pub(super) const fn yes_or_no(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// Rows of fields, in sections.
#[derive(Default)]
pub(super) struct Sheet(Vec<Section>);

struct Section {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Begins a section; its title is for people only.
    pub(super) fn section(&mut self, title: &str) {
        self.0.push(Section { title: escape(title).to_string(), rows: Vec::new() });
    }

    /// Adds a row of a name and a value.
    pub(super) fn fact(&mut self, name: &str, value: &dyn Display) {
        self.row(&[name, &value.to_string()]);
    }

    /// Adds a row. Its fields may come from anywhere: they are escaped here.
    pub(super) fn row(&mut self, fields: &[&str]) {
        if self.0.is_empty() {
            self.section("");
        }
        let fields = fields.iter().map(|field| escape(field).to_string()).collect();
        if let Some(section) = self.0.last_mut() {
            section.rows.push(fields);
        }
    }

    pub(super) fn print(&self) -> Exit {
        print(&if is_for_a_person() { self.aligned() } else { self.plain() })
    }

    fn plain(&self) -> String {
        let rows = self.0.iter().flat_map(|section| &section.rows);
        rows.map(|fields| fields.join("\t") + "\n").collect()
    }

    fn aligned(&self) -> String {
        let mut text = String::new();
        for (number, section) in self.0.iter().enumerate() {
            if !section.title.is_empty() {
                let gap = if number == 0 { "" } else { "\n" };
                let _fits = writeln!(text, "{gap}{}", section.title);
            }
            let indent = if section.title.is_empty() { "" } else { "  " };
            section.align(&mut text, indent);
        }
        text
    }
}

impl Section {
    fn align(&self, text: &mut String, indent: &str) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            // The last cell of a row needs no padding, and would widen every other row.
            let rows = self.rows.iter().filter(|row| column + 1 < row.len());
            let cells = rows.filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        // Characters, not bytes, and escaped ones: as a terminal shows them.
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            let line = padded.collect::<Vec<_>>().join("  ");
            let _fits = writeln!(text, "{indent}{}", line.trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::default();
        sheet.row(&["state", "S1"]);
        sheet.section("ITL");
        sheet.row(&["length", "5252"]);
        sheet.row(&["md5", "\u{1b}[2J\t"]);
        sheet
    }

    #[test]
    fn a_pipe_gets_one_fact_a_line() {
        assert_eq!(sheet().plain(), "state\tS1\nlength\t5252\nmd5\t\\u{1b}[2J\\t\n");
    }

    #[test]
    fn a_terminal_gets_columns_under_headings() {
        let expected = "state  S1\n\nITL\n  length  5252\n  md5     \\u{1b}[2J\\t\n";
        assert_eq!(sheet().aligned(), expected);
    }
}
