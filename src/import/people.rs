//! The old system's `users`.

use super::cells::Cells;
use super::columns::Heading;
use super::report::{Columns, Remark};
use super::rows::{Row, Table};
use super::values::{Decimal, NoPerson, Number, person};
use super::{BATCH, Kind, Rule, Watch, Work};
use crate::db::Tx;
use crate::ledger::{self, Grant};
use crate::operator::hands::CREDITS_MAX;
use crate::text::Lang;
use crate::users::imported::{self, Here, Newcomer};
use anyhow::Result;
use rusqlite::Connection;

const TABLE: &str = "users";

/// How a column with Telegram's id may be called, also in `jobs`.
pub(super) const TELEGRAM_ID: [&str; 8] = [
    "telegram_id",
    "tg_user_id",
    "telegram_user_id",
    "tg_id",
    "user_tg_id",
    "user_telegram_id",
    "tg_chat_id",
    "chat_id",
];
const BALANCE: [&str; 5] =
    ["credits", "balance", "credits_balance", "credit_balance", "credits_left"];
const CREATED: [&str; 6] =
    ["created_at", "registered_at", "date_joined", "joined_at", "registration_date", "created"];

/// Longer than any name of Telegram's.
const NAME_MAX: usize = 64;

/// Why a row is left out.
pub(super) const NO_ID: &str = "no Telegram id";
pub(super) const NOT_AN_ID: &str = "not a Telegram id";
pub(super) const GROUP: &str = "a group or a channel, no person";
const TWICE: &str = "the same Telegram id again: the first row counts";
pub(super) const HAS_LEFT: &str = "they had all of theirs deleted with /delete_me";

/// What is changed about one.
const ROUNDED: &str = "a balance with a fraction: rounded up to a whole credit";
const NEGATIVE: &str = "a balance below 0: taken as 0";
const NO_BALANCE: &str = "no balance: taken as 0";
const NO_NUMBER: &str = "a balance that cannot be read: no credits given, see `neurocards grant`";
const TOO_LARGE: &str = "a balance over 1,000,000: no credits given, see `neurocards grant`";
const OTHER: &str = "another balance than was imported before: that one stays";
const FLAGGED: &str = "blocked or banned there: not taken over, see `neurocards ban`";

/// Where a row has what.
pub(super) struct PeopleColumns {
    tg: usize,
    balance: usize,
    old: Option<usize>,
    username: Option<usize>,
    first_name: Option<usize>,
    language: Option<usize>,
    created: Option<usize>,
    /// Flags that are not taken over.
    flags: Vec<usize>,
    shown: Columns,
}

impl PeopleColumns {
    /// # Errors
    /// One is missing without which nothing can be done.
    pub(super) fn of(table: &Table) -> Result<Self> {
        let mut of = Heading::of(table);
        let mut names = TELEGRAM_ID.to_vec();
        // Beside an `id` of its own, so is this one.
        names.push("user_id");
        let tg = of.take("tg_user_id", &names);
        let tg =
            of.need(tg, "the Telegram id (if `id` is it, export it as telegram_id)", &names)?;
        let balance = of.take_only("credits", &BALANCE)?;
        let balance = of.need(balance, "the balance", &BALANCE)?;
        let is_flag = |name: &String| {
            let name = name.to_lowercase();
            name.contains("banned") || name.contains("blocked") || name.contains("is_ban")
        };
        let flags = (0..table.columns.len()).filter(|at| is_flag(&table.columns[*at])).collect();
        Ok(Self {
            tg,
            balance,
            old: of.take("id", &["id"]),
            username: of.take("username", &["username", "tg_username", "telegram_username"]),
            first_name: of.take("first_name", &["first_name", "tg_first_name"]),
            language: of.take("language", &["language_code", "language", "lang", "locale"]),
            created: of.take("created_at", &CREATED),
            flags,
            shown: of.columns(),
        })
    }

    /// Whether the old system had ids of its own.
    pub(super) fn has_ids(&self) -> bool {
        self.old.is_some()
    }
}

/// A row that can be brought.
struct Person {
    line: u64,
    who: Newcomer,
    /// Above 0, else 0.
    exact: Decimal,
    /// Below 0, else 0.
    negative: Decimal,
    credits: i64,
    remarks: Vec<Remark>,
}

/// What is to be done about them.
struct Outcome {
    here: Here,
    give: i64,
    before: Option<i64>,
}

impl Person {
    fn key(&self) -> String {
        format!("import:{}", self.who.tg_user_id)
    }
}

impl Kind for Person {
    type Outcome = Outcome;

    /// Whoever began with the bot before keeps what they have there; the old balance is added once.
    fn decide(&self, conn: Option<&Connection>, _rule: Rule) -> Result<Outcome> {
        let Some(conn) = conn else {
            return Ok(Outcome { here: Here::Nobody, give: self.credits, before: None });
        };
        let here = imported::stands(conn, self.who.tg_user_id)?;
        let before = ledger::given(conn, &self.key())?.map(|given| given.credits);
        let give = if here == Here::Left || before.is_some() { 0 } else { self.credits };
        Ok(Outcome { here, give, before })
    }

    fn changes(outcome: &Outcome) -> bool {
        outcome.here == Here::Nobody || outcome.give > 0
    }

    fn write(&self, tx: &Tx<'_>, outcome: &Outcome, rule: Rule) -> Result<()> {
        let user = match outcome.here {
            Here::Nobody => imported::bring(tx, &self.who)?,
            Here::Known(user) => user,
            Here::Left => return Ok(()),
        };
        if outcome.give == 0 {
            return Ok(());
        }
        let key = self.key();
        let is_whole = Decimal::of(self.credits) == self.exact;
        let note = (!is_whole).then(|| format!("{} there", self.exact));
        let (key, note) = (Some(key.as_str()), note.as_deref());
        let brought = Grant { user, credits: outcome.give, key, actor: "operator", note };
        ledger::import(tx, &brought, rule.now).map(drop)
    }
}

/// Brings all of them.
pub(super) fn bring(
    work: &mut Work<'_>,
    mut table: Table,
    columns: &PeopleColumns,
    watch: Watch<'_>,
) -> Result<()> {
    work.report.tables.push(columns.shown.clone());
    let at = work.report.tables.len() - 1;
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(row) = table.rows.next()? {
        work.report.tables[at].rows += 1;
        batch.extend(read(work, columns, &row)?);
        if batch.len() == BATCH {
            tell(work, std::mem::take(&mut batch))?;
            watch(TABLE, table.rows.read(), table.bytes);
        }
    }
    tell(work, batch)
}

/// `None`: it is left out, and the report has it.
fn read(work: &mut Work<'_>, columns: &PeopleColumns, row: &Row) -> Result<Option<Person>> {
    let line = row.line;
    let cells = match &row.cells {
        Ok(cells) => cells,
        Err(why) => return work.skip(TABLE, line, why, String::new()).map(|()| None),
    };
    let mut cells = Cells::of(cells, work.rule.now);
    let Some(id) = cells.word(Some(columns.tg)) else {
        return work.skip(TABLE, line, NO_ID, String::new()).map(|()| None);
    };
    let tg_user_id = match person(&id) {
        Ok(id) => id,
        Err(NoPerson::Group) => return work.skip(TABLE, line, GROUP, id).map(|()| None),
        Err(NoPerson::NoId) => return work.skip(TABLE, line, NOT_AN_ID, id).map(|()| None),
    };
    // Also of a row that says the same again: its videos are theirs.
    if let Some(old) = cells.word(columns.old) {
        work.scratch.known_as(&old, tg_user_id)?;
    }
    cells.of = id;
    let (exact, negative, credits) = balance(&mut cells, columns);
    if !work.scratch.person(tg_user_id)? {
        let detail = format!("{tg_user_id}, with a balance of {exact}");
        return work.skip(TABLE, line, TWICE, detail).map(|()| None);
    }
    let flags = columns.flags.iter().any(|at| is_set(cells.word(Some(*at)).as_deref()));
    if flags {
        cells.say(FLAGGED, "");
    }
    let language = cells.word(columns.language);
    let username = cells.name(columns.username, NAME_MAX);
    let who = Newcomer {
        tg_user_id,
        username: username.map(|name| name.trim_start_matches('@').to_owned()),
        first_name: cells.name(columns.first_name, NAME_MAX),
        lang: language.map(|code| Lang::of(Some(&code.to_lowercase()))),
        created_at: cells.time(columns.created).unwrap_or(work.rule.now),
    };
    Ok(Some(Person { line, who, exact, negative, credits, remarks: cells.remarks }))
}

fn is_set(flag: Option<&str>) -> bool {
    let flag = flag.map(str::to_lowercase);
    flag.is_some_and(|flag| !["f", "false", "0", "n", "no", "off"].contains(&flag.as_str()))
}

/// The balance, what is missing to 0, and the credits for it.
fn balance(cells: &mut Cells<'_>, columns: &PeopleColumns) -> (Decimal, Decimal, i64) {
    let none = Decimal::default();
    let nothing = (none, none, 0);
    let Some(text) = cells.word(Some(columns.balance)) else {
        cells.say(NO_BALANCE, "");
        return nothing;
    };
    match Decimal::read(&text) {
        Number::None => cells.say(NO_NUMBER, &text),
        Number::Huge => cells.say(TOO_LARGE, &text),
        Number::Is(exact) if exact > Decimal::of(CREDITS_MAX) => cells.say(TOO_LARGE, &text),
        Number::Is(exact) if exact < none => {
            cells.say(NEGATIVE, &text);
            return (none, exact, 0);
        }
        Number::Is(exact) => {
            let credits = exact.rounded_up() as i64;
            if Decimal::of(credits) != exact {
                cells.say(ROUNDED, &text);
            }
            return (exact, none, credits);
        }
    }
    nothing
}

/// Settles a batch, and counts what came of it.
fn tell(work: &mut Work<'_>, batch: Vec<Person>) -> Result<()> {
    for (mut person, outcome) in work.settle(batch)? {
        let (line, id) = (person.line, person.who.tg_user_id);
        let report = &mut work.report;
        match outcome.here {
            Here::Left => {
                let detail = format!("{id}, with a balance of {}", person.exact);
                work.skip(TABLE, line, HAS_LEFT, detail)?;
                continue;
            }
            Here::Nobody => report.customers.new += 1,
            Here::Known(_) => report.customers.here += 1,
        }
        let credits = &mut report.credits;
        credits.in_file.0 += person.exact.0;
        credits.rounded_up.0 += Decimal::of(person.credits).0 - person.exact.0;
        credits.negative.0 += person.negative.0;
        credits.given += outcome.give;
        credits.given_before += outcome.before.unwrap_or(0);
        if let Some(before) = outcome.before.filter(|before| *before != person.credits) {
            let detail = format!("{id}: {before} then, {} now", person.credits);
            person.remarks.push(Remark { why: OTHER, detail });
        }
        for said in &person.remarks {
            work.changed(TABLE, line, said)?;
        }
    }
    Ok(())
}
