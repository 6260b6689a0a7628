//! Which column is what, by its name: the old system's names are known only about.

use super::report::{Columns, Taken};
use super::rows::Table;
use anyhow::{Result, bail};

/// The columns of a table, of which some are taken.
pub(super) struct Heading<'a> {
    table: &'a Table,
    taken: Vec<(usize, &'static str)>,
}

impl<'a> Heading<'a> {
    pub(super) fn of(table: &'a Table) -> Self {
        Self { table, taken: Vec::new() }
    }

    /// The first of these names that there is: the likelier ones stand first.
    pub(super) fn take(&mut self, what: &'static str, names: &[&str]) -> Option<usize> {
        let at = names.iter().find_map(|name| self.find(name))?;
        self.taken.push((at, what));
        Some(at)
    }

    /// The same where two that fit cannot both be meant.
    ///
    /// # Errors
    /// There are two.
    pub(super) fn take_only(
        &mut self,
        what: &'static str,
        names: &[&str],
    ) -> Result<Option<usize>> {
        let found: Vec<_> = names.iter().filter_map(|name| self.find(name)).collect();
        if let [one, other, ..] = found[..] {
            let name = |at: usize| &self.table.columns[at];
            bail!(
                "{}: both {} and {} could be the {what}: export it without one of them",
                self.shown(),
                name(one),
                name(other)
            );
        }
        Ok(self.take(what, names))
    }

    /// One without which nothing can be done.
    ///
    /// # Errors
    /// It is not there.
    pub(super) fn need(&self, at: Option<usize>, what: &str, names: &[&str]) -> Result<usize> {
        let Some(at) = at else {
            bail!(
                "{} has no column for {what}: looked for {}, found {}",
                self.shown(),
                names.join(", "),
                self.table.columns.join(", ")
            )
        };
        Ok(at)
    }

    fn find(&self, name: &str) -> Option<usize> {
        let free = |at: &usize| self.taken.iter().all(|(taken, _)| taken != at);
        let fits = |column: &String| plain(column) == plain(name);
        (0..self.table.columns.len()).filter(free).find(|at| fits(&self.table.columns[*at]))
    }

    /// As an error names the table.
    pub(super) fn shown(&self) -> String {
        format!("the table {} in {}", self.table.name, self.table.file.display())
    }

    /// What was found, for the report.
    pub(super) fn columns(&self) -> Columns {
        let name = |at: usize| self.table.columns[at].clone();
        let is_taken = |at: &usize| self.taken.iter().any(|(taken, _)| taken == at);
        let all = 0..self.table.columns.len();
        Columns {
            table: self.table.name,
            file: self.table.file.display().to_string(),
            rows: 0,
            taken: self.taken.iter().map(|(at, what)| Taken { what, column: name(*at) }).collect(),
            ignored: all.filter(|at| !is_taken(at)).map(name).collect(),
        }
    }
}

/// `telegram_id`, `telegramId` and `Telegram ID` are one name.
fn plain(name: &str) -> String {
    let letters = name.trim_start_matches('\u{feff}').chars();
    letters.filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
