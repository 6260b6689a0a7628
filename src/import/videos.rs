//! The old system's `jobs`: all of them come as history.

use super::cells::Cells;
use super::columns::Heading;
use super::people::{GROUP, HAS_LEFT, NO_ID, NOT_AN_ID, TELEGRAM_ID};
use super::report::{Columns, Remark};
use super::rows::{Row, Table};
use super::values::{NoPerson, Standing, person, product, standing};
use super::{BATCH, Kind, Rule, Watch, Work};
use crate::db::Tx;
use crate::flow::{PROMPT_MAX, TEXT_MAX};
use crate::jobs::{self, Past};
use crate::ledger::{self, Grant};
use crate::orders::fits_a_link;
use crate::text::shorten;
use crate::users::imported::{self, Here};
use anyhow::{Result, bail};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

const TABLE: &str = "jobs";

/// Of an id, a template, a task: longer ones are nobody's.
const WORD_MAX: usize = 128;
/// Of a service's words on a failure, in characters.
const ERROR_MAX: usize = 500;
const ATTEMPTS_MAX: i64 = 100;
const PRIORITY_MAX: i64 = 9;
/// Words that never are anything: a row that was emptied looks otherwise.
const NO_WORDS: &str = r#"{"text":"","user_prompt":null}"#;

/// Why a row is left out.
const NO_KEY: &str = "no id";
const TWICE: &str = "the same id again: the first row counts";
const STRANGER: &str = "a customer who is not among the users";
const NO_STATUS: &str = "a status that nobody knows";

/// What is changed about one.
const UNDER_WAY: &str = "under way there: failed here, nobody makes it any more";
const NO_JSON: &str = "product_info that is no JSON: without its words";
const CUT: &str = "a text longer than its limit: cut";
const NO_LINK: &str = "output_url that is no link: left out";

/// Where a row has what.
pub(super) struct VideoColumns {
    id: Option<usize>,
    key: Option<usize>,
    tg: Option<usize>,
    user: Option<usize>,
    /// `jobs.user_id` names `users.id`, else Telegram's.
    user_is_id: bool,
    status: usize,
    kind: Option<usize>,
    template: Option<usize>,
    photo: Option<usize>,
    product: Option<usize>,
    wishes: Option<usize>,
    priority: Option<usize>,
    attempts: Option<usize>,
    task: Option<usize>,
    output: Option<usize>,
    error: Option<usize>,
    created: Option<usize>,
    started: Option<usize>,
    finished: Option<usize>,
    shown: Columns,
}

impl VideoColumns {
    /// `ids`: whether `users` has ids of its own; `None`: it is not there.
    ///
    /// # Errors
    /// One is missing without which nothing can be done.
    pub(super) fn of(table: &Table, ids: Option<bool>) -> Result<Self> {
        let mut of = Heading::of(table);
        let tg = of.take("tg_user_id", &TELEGRAM_ID);
        let user = of.take("user_id", &["user_id", "user"]);
        of.need(tg.or(user), "the customer", &["tg_user_id", "telegram_id", "user_id"])?;
        if tg.is_none() && ids.is_none() {
            bail!("{} knows its customers by user_id alone: import users with it", of.shown());
        }
        let id = of.take("id", &["id", "job_id"]);
        let key = match id {
            Some(_) => None,
            None => of.take("id", &["idempotency_key"]),
        };
        of.need(id.or(key), "the id", &["id", "idempotency_key"])?;
        let status = of.take("status", &["status", "state"]);
        let status = of.need(status, "the status", &["status", "state"])?;
        Ok(Self {
            id,
            key,
            tg,
            user,
            user_is_id: ids.unwrap_or(false),
            status,
            kind: of.take("kind", &["kind"]),
            template: of.take("template_id", &["template_id", "template"]),
            photo: of.take("input_photo_path", &["input_photo_path", "photo_url"]),
            product: of.take("product_info", &["product_info"]),
            wishes: of.take("extra_wishes", &["extra_wishes", "wishes"]),
            priority: of.take("priority", &["priority"]),
            attempts: of.take("attempts", &["attempts"]),
            task: of.take("kie_task_id", &["kie_task_id", "task_id"]),
            output: of.take("output_url", &["output_url", "video_url", "result_url"]),
            error: of.take("error", &["error", "error_message"]),
            created: of.take("created_at", &["created_at"]),
            started: of.take("started_at", &["started_at"]),
            finished: of.take("finished_at", &["finished_at", "completed_at"]),
            shown: of.columns(),
        })
    }
}

/// A row that can be brought.
struct Video {
    line: u64,
    past: Past,
    /// It was under way.
    unfinished: bool,
    /// Its customer is in the file with the users.
    in_file: bool,
    remarks: Vec<Remark>,
}

/// What is to be done about it.
struct Outcome {
    here: Here,
    known: bool,
    give: i64,
    given: i64,
}

impl Video {
    /// Of what was given for it: once, whatever it was.
    fn grant_key(&self) -> String {
        self.past.key.replacen("import:", "import:job:", 1)
    }
}

impl Kind for Video {
    type Outcome = Outcome;

    fn decide(&self, conn: Option<&Connection>, rule: Rule) -> Result<Outcome> {
        let give = if self.unfinished { rule.give_back } else { 0 };
        let Some(conn) = conn else {
            return Ok(Outcome { here: Here::Nobody, known: false, give, given: 0 });
        };
        let here = imported::stands(conn, self.past.tg_user_id)?;
        let known = jobs::is_known(conn, &self.past.key)?;
        let given = match self.unfinished {
            true => ledger::given(conn, &self.grant_key())?.map_or(0, |given| given.credits),
            false => 0,
        };
        let comes = here != Here::Left && given == 0;
        Ok(Outcome { here, known, give: if comes { give } else { 0 }, given })
    }

    fn changes(outcome: &Outcome) -> bool {
        matches!(outcome.here, Here::Known(_)) && (!outcome.known || outcome.give > 0)
    }

    fn write(&self, tx: &Tx<'_>, outcome: &Outcome, rule: Rule) -> Result<()> {
        let Here::Known(user) = outcome.here else { return Ok(()) };
        if !outcome.known {
            jobs::keep_past(tx, user, &self.past)?;
        }
        if outcome.give > 0 {
            let key = self.grant_key();
            let (credits, key) = (outcome.give, Some(key.as_str()));
            let back = Grant { user, credits, key, actor: "operator", note: None };
            ledger::import(tx, &back, rule.now)?;
        }
        Ok(())
    }
}

/// Brings all of them, after the users.
pub(super) fn bring(
    work: &mut Work<'_>,
    mut table: Table,
    columns: &VideoColumns,
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
fn read(work: &mut Work<'_>, columns: &VideoColumns, row: &Row) -> Result<Option<Video>> {
    let line = row.line;
    let cells = match &row.cells {
        Ok(cells) => cells,
        Err(why) => return work.skip(TABLE, line, why, String::new()).map(|()| None),
    };
    let mut cells = Cells::of(cells, work.rule.now);
    let Some((key, name)) = key(&cells, columns) else {
        return work.skip(TABLE, line, NO_KEY, String::new()).map(|()| None);
    };
    let tg_user_id = match customer(work, &cells, columns)? {
        Ok(id) => id,
        Err(why) => {
            let whose = cells.word(columns.tg).or_else(|| cells.word(columns.user));
            let detail = format!("{name} of {}", whose.unwrap_or_else(|| "nobody".to_owned()));
            return work.skip(TABLE, line, why, detail).map(|()| None);
        }
    };
    let word = cells.word(Some(columns.status)).unwrap_or_default();
    let Some(standing) = standing(&word) else {
        return work.skip(TABLE, line, NO_STATUS, format!("{name}: {word}")).map(|()| None);
    };
    if !work.scratch.video(&key)? {
        return work.skip(TABLE, line, TWICE, name).map(|()| None);
    }
    cells.of = format!("{name} of {tg_user_id}");
    let in_file = work.scratch.knows(tg_user_id)?;
    let unfinished = standing == Standing::UnderWay;
    let past = past(&mut cells, columns, (key, tg_user_id), (standing, &word));
    Ok(Some(Video { line, past, unfinished, in_file, remarks: cells.remarks }))
}

/// What may exist only once, and how the row is named in the report. A key may hold anything, so that
/// only its hash is kept.
fn key(cells: &Cells<'_>, columns: &VideoColumns) -> Option<(String, String)> {
    let id = cells.word(columns.id).filter(|id| id.len() <= WORD_MAX);
    if let Some(id) = id {
        return Some((format!("import:{id}"), format!("job {id}")));
    }
    let key = cells.word(columns.key)?;
    let hash: String = Sha256::digest(&key).iter().take(8).map(|it| format!("{it:02x}")).collect();
    Some((format!("import:key-{hash}"), format!("job {}", shorten(&key, 20))))
}

/// Whose it is; or why that is nobody.
fn customer(
    work: &Work<'_>,
    cells: &Cells<'_>,
    columns: &VideoColumns,
) -> Result<Result<i64, &'static str>> {
    let telegram = |id: &str| match person(id) {
        Ok(id) => Ok(id),
        Err(NoPerson::Group) => Err(GROUP),
        Err(NoPerson::NoId) => Err(NOT_AN_ID),
    };
    if let Some(id) = cells.word(columns.tg) {
        return Ok(telegram(&id));
    }
    let Some(id) = cells.word(columns.user) else { return Ok(Err(NO_ID)) };
    if columns.user_is_id {
        return Ok(work.scratch.of(&id)?.ok_or(STRANGER));
    }
    Ok(telegram(&id))
}

fn past(
    cells: &mut Cells<'_>,
    columns: &VideoColumns,
    (key, tg_user_id): (String, i64),
    (standing, word): (Standing, &str),
) -> Past {
    let short = |text: Option<String>| text.map(|text| text.chars().take(WORD_MAX).collect());
    let (created, started) = (cells.time(columns.created), cells.time(columns.started));
    let finished = cells.time(columns.finished);
    let begun = started.or(created);
    let (status, error, ended) = match standing {
        Standing::Ended(status) => {
            let error =
                cells.whole(columns.error).filter(|it| status == "failed" && !it.is_empty());
            (status, error.map(|error| shorten(&error, ERROR_MAX)), finished.or(begun))
        }
        Standing::UnderWay => {
            cells.say(UNDER_WAY, word);
            let why = format!("it was {word} when the old system was switched off");
            ("failed", Some(shorten(&why, ERROR_MAX)), begun)
        }
    };
    let created_at = created.or(started).or(finished).unwrap_or(cells.now());
    // Only what may be run again needs its photo, and only an address leads to one.
    let photo = cells.word(columns.photo).filter(|it| is_link(it));
    Past {
        key,
        tg_user_id,
        kind: short(cells.word(columns.kind)).unwrap_or_else(|| "reels".to_owned()),
        template: short(cells.word(columns.template)).unwrap_or_else(|| "ugc".to_owned()),
        photo: photo.filter(|_| standing == Standing::UnderWay),
        product: words(cells, columns),
        wishes: cells.text(columns.wishes, TEXT_MAX),
        status,
        priority: cells.small(columns.priority, PRIORITY_MAX),
        attempts: cells.small(columns.attempts, ATTEMPTS_MAX),
        task: short(cells.word(columns.task)),
        output_url: link(cells, columns).filter(|_| status == "done"),
        error,
        created_at,
        started_at: started,
        finished_at: ended.unwrap_or(created_at).max(created_at),
    }
}

fn words(cells: &mut Cells<'_>, columns: &VideoColumns) -> String {
    let Some(text) = cells.whole(columns.product) else { return NO_WORDS.to_owned() };
    let Some((json, cut)) = product(&text, (TEXT_MAX, PROMPT_MAX)) else {
        cells.say(NO_JSON, &shorten(&text, 40));
        return NO_WORDS.to_owned();
    };
    if cut {
        cells.say(CUT, "");
    }
    json
}

fn link(cells: &mut Cells<'_>, columns: &VideoColumns) -> Option<String> {
    let url = cells.word(columns.output)?;
    if !is_link(&url) {
        cells.say(NO_LINK, &shorten(&url, 40));
        return None;
    }
    Some(url)
}

fn is_link(text: &str) -> bool {
    let url = url::Url::parse(text);
    url.is_ok_and(|url| ["http", "https"].contains(&url.scheme())) && fits_a_link(text)
}

/// Settles a batch, and counts what came of it.
fn tell(work: &mut Work<'_>, batch: Vec<Video>) -> Result<()> {
    for (video, outcome) in work.settle(batch)? {
        let (line, past) = (video.line, &video.past);
        let whose =
            || format!("{} of {}", past.key.replacen("import:", "job ", 1), past.tg_user_id);
        match outcome.here {
            Here::Left => {
                work.skip(TABLE, line, HAS_LEFT, whose())?;
                continue;
            }
            Here::Nobody if !video.in_file => {
                work.skip(TABLE, line, STRANGER, whose())?;
                continue;
            }
            _ => {}
        }
        let videos = &mut work.report.videos;
        match past.status {
            _ if outcome.known => videos.before += 1,
            "done" => videos.done += 1,
            "failed" => videos.failed += 1,
            _ => videos.canceled += 1,
        }
        if video.unfinished {
            let is_first = work.scratch.waits(past.tg_user_id)?;
            let unfinished = &mut work.report.unfinished;
            unfinished.videos += 1;
            unfinished.customers += u64::from(is_first);
            unfinished.given += outcome.give;
            unfinished.given_before += outcome.given;
        }
        for said in &video.remarks {
            work.changed(TABLE, line, said)?;
        }
    }
    Ok(())
}
