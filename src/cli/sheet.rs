//! Facts for people and for pipes: aligned under headings on a terminal, else one fact a line with
//! tabs between its fields.

use std::fmt::Display;

use crate::cli::exit::Exit;
use crate::cli::print::{complain, page_form, print_shown};
use crate::cli::shown::{PageForm, Shown, Tone};

/// A fact that holds or does not.
pub(super) const fn yes_or_no(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// Rows of fields, in sections.
#[derive(Default)]
pub(super) struct Sheet(Vec<Section>);

#[derive(Default)]
struct Section {
    title: String,
    /// Whether the first field of every row repeats the title, for a pipe, which gets none.
    keyed: bool,
    /// Names of the columns, for people only.
    heads: Vec<String>,
    /// The least widths of the columns.
    least: Vec<usize>,
    /// What a person reads if there are no rows.
    empty: Option<String>,
    rows: Vec<SheetRow>,
}

struct SheetRow {
    fields: Vec<String>,
    /// What the last field is to its reader.
    tone: Tone,
}

impl Sheet {
    /// Begins a section; its title is for people only.
    pub(super) fn section(&mut self, title: &str) {
        self.0.push(Section { title: title.to_owned(), ..Section::default() });
    }

    /// Begins a section whose title is the first field of every row as well: for a pipe, which gets
    /// no titles; a person gets the rows without it.
    pub(super) fn keyed_section(&mut self, title: &str) {
        self.section(title);
        self.current().keyed = true;
    }

    /// Names the columns of the section; the names are for people only.
    pub(super) fn heads(&mut self, heads: &[&str]) {
        self.current().heads = heads.iter().map(|head| (*head).to_owned()).collect();
    }

    /// Widens the columns of the section, as for rows that are printed one by one.
    pub(super) fn at_least(&mut self, widths: &[usize]) {
        self.current().least = widths.to_vec();
    }

    /// Says what it means that the section has no rows; not a fact, and so nothing for a pipe.
    pub(super) fn if_empty(&mut self, text: &str) {
        self.current().empty = Some(text.to_owned());
    }

    /// Adds a row of a name and a value.
    pub(super) fn fact(&mut self, name: &str, value: &dyn Display) {
        self.row(&[name, &value.to_string()]);
    }

    /// The same with a value that is good or bad.
    pub(super) fn toned_fact(&mut self, name: &str, value: &dyn Display, tone: Tone) {
        self.toned_row(&[name, &value.to_string()], tone);
    }

    /// Adds a row. Its fields may come from anywhere: they are escaped when they are printed.
    pub(super) fn row(&mut self, fields: &[&str]) {
        self.toned_row(fields, Tone::Plain);
    }

    /// The same with a last field that is good or bad.
    pub(super) fn toned_row(&mut self, fields: &[&str], tone: Tone) {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self.current().rows.push(SheetRow { fields, tone });
    }

    /// The section that was begun last; one without a title if there is none.
    fn current(&mut self) -> &mut Section {
        if self.0.is_empty() {
            self.section("");
        }
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    pub(super) fn print(&self) -> Exit {
        let form = page_form();
        let is_bare = self.0.iter().all(|section| section.rows.is_empty());
        if form.width.is_none() && is_bare {
            // Beside the facts: whoever counts lines must not count this one. Where other sections
            // have rows, a missing one says enough, and cron would mail this.
            for section in &self.0 {
                section.empty.iter().for_each(|text| complain(text));
            }
        }
        print_shown(&self.shown(form))
    }

    fn shown(&self, form: PageForm) -> Shown {
        let mut page = Shown::new(form);
        match form.width {
            None => self.0.iter().for_each(|section| section.list(&mut page)),
            Some(width) => {
                for (number, section) in self.0.iter().enumerate() {
                    if number > 0 && !section.title.is_empty() {
                        page.end();
                    }
                    section.align(&mut page, width);
                }
            }
        }
        page
    }
}

impl Section {
    fn list(&self, page: &mut Shown) {
        for row in &self.rows {
            for (number, field) in row.fields.iter().enumerate() {
                if number > 0 {
                    page.tab();
                }
                page.put(Tone::Plain, field);
            }
            page.end();
        }
    }

    fn align(&self, page: &mut Shown, width: usize) {
        let indent = if self.title.is_empty() { 0 } else { 2 };
        if !self.title.is_empty() {
            page.put(Tone::Heading, &self.title);
            page.end();
        }
        let widths = self.widths();
        if !self.heads.is_empty() && !self.rows.is_empty() {
            align_row(page, &self.heads, Tone::Heading, (indent, &widths, width));
        }
        for row in &self.rows {
            align_row(page, self.cells(row), row.tone, (indent, &widths, width));
        }
        if let Some(empty) = self.empty.as_ref().filter(|_| self.rows.is_empty()) {
            page.put(Tone::Plain, &" ".repeat(indent));
            page.end_with(Tone::Plain, empty, indent, indent);
        }
    }

    /// What a person gets of a row.
    fn cells<'a>(&self, row: &'a SheetRow) -> &'a [String] {
        row.fields.get(usize::from(self.keyed)..).unwrap_or_default()
    }

    /// The widths of the columns: characters, not bytes, as a terminal shows them once they are
    /// escaped.
    fn widths(&self) -> Vec<usize> {
        let rows = || self.rows.iter().map(|row| self.cells(row)).chain([self.heads.as_slice()]);
        let columns = rows().map(<[String]>::len).max().unwrap_or_default();
        let width = |column: usize| {
            // The last cell of a row needs no padding, and would widen every other row.
            let cells =
                rows().filter(|row| column + 1 < row.len()).filter_map(|row| row.get(column));
            let widest = cells.map(|cell| shown_length(cell)).max().unwrap_or_default();
            widest.max(self.least.get(column).copied().unwrap_or_default())
        };
        (0..columns).map(width).collect()
    }
}

/// Prints the fields of a row under those of the others; the last one goes on under itself, or
/// close to the margin where too little room is left beside the others.
fn align_row(
    page: &mut Shown,
    fields: &[String],
    tone: Tone,
    (indent, widths, width): (usize, &[usize], usize),
) {
    let Some((last, others)) = fields.split_last() else { return page.end() };
    // Headings are in bold from the first to the last.
    let before = if tone == Tone::Heading { tone } else { Tone::Plain };
    page.put(Tone::Plain, &" ".repeat(indent));
    let mut at = indent;
    for (number, (field, column)) in others.iter().zip(widths).enumerate() {
        page.put(before, field);
        // Nothing at the end of a line that nothing follows on.
        let ends = last.is_empty() && number + 1 == others.len();
        let padding = if ends { 0 } else { column - shown_length(field) + GAP };
        page.put(Tone::Plain, &" ".repeat(padding));
        at += column + GAP;
    }
    let hang = if at + LEAST <= width { at } else { indent + 2 * GAP };
    page.end_with(tone, last, at, hang);
}

fn shown_length(field: &str) -> usize {
    crate::io::console::escape(field).to_string().chars().count()
}

/// Columns between two fields.
const GAP: usize = 2;

/// The fewest columns that are worth breaking a text into.
const LEAST: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::default();
        sheet.row(&["state", "S1"]);
        sheet.keyed_section("ITL");
        sheet.row(&["itl", "length", "5252"]);
        sheet.row(&["itl", "md5", "\u{1b}[2J\t"]);
        sheet.section("Answers");
        sheet.heads(&["SHA-256", "LEFT"]);
        sheet.if_empty("no answers are cached");
        sheet
    }

    fn at(width: Option<usize>) -> String {
        sheet().shown(PageForm { width, colours: false }).as_str().to_owned()
    }

    #[test]
    fn a_pipe_gets_one_fact_a_line() {
        assert_eq!(at(None), "state\tS1\nitl\tlength\t5252\nitl\tmd5\t\\u{1b}[2J\\t\n");
    }

    #[test]
    fn a_terminal_gets_columns_under_headings() {
        let expected = "state  S1\n\nITL\n  length  5252\n  md5     \\u{1b}[2J\\t\n\n\
                        Answers\n  no answers are cached\n";
        assert_eq!(at(Some(80)), expected);
    }

    /// As an answer of TVS whose certificate is not kept.
    #[test]
    fn columns_stay_apart_where_the_last_is_empty() {
        let mut sheet = Sheet::default();
        sheet.row(&["1f", "59 min", "TVS", ""]);
        sheet.row(&["2e1f", "1 h", "CCM, TVS", "certificate"]);
        let expected = "1f    59 min  TVS\n2e1f  1 h     CCM, TVS  certificate\n";
        let page = sheet.shown(PageForm { width: Some(80), colours: false });
        assert_eq!(page.as_str(), expected);
    }

    #[test]
    fn a_long_detail_goes_on_under_itself() {
        let mut sheet = Sheet::default();
        sheet.toned_fact("last pass", &"failed: signer not in CTL or ITL", Tone::Bad);
        sheet.fact("state", &"S1");
        let narrow = PageForm { width: Some(36), colours: true };
        let expected = "last pass  \x1b[31mfailed: signer not in CTL\x1b[0m\n           \
                        \x1b[31mor ITL\x1b[0m\nstate      S1\n";
        assert_eq!(sheet.shown(narrow).as_str(), expected);
    }

    #[test]
    fn a_table_has_heads_for_people() {
        let mut sheet = sheet();
        sheet.row(&["1f", "5 s"]);
        let page = sheet.shown(PageForm { width: Some(80), colours: false });
        assert!(page.as_str().ends_with("  SHA-256  LEFT\n  1f       5 s\n"), "{}", page.as_str());
        let list = sheet.shown(PageForm::default());
        assert!(list.as_str().ends_with("\n1f\t5 s\n"), "{}", list.as_str());
    }
}
