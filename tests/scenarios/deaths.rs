//! What a process that died left half done: what the services had done for it by then, and its
//! database does not know. Only that may ever be there twice, and nothing else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Result;
use neurocards::sandbox::Sandbox;
use neurocards::sandbox::telegram::Message;
use rusqlite::Connection;

/// How long the services take at most to read what a dead process had sent, in real time.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// The moment of a death.
#[derive(Clone, Debug, Default)]
pub(crate) struct Death {
    /// Messages whose answer was lost: they stand in a chat, and no row of the outbox knows them.
    pub(crate) messages: Vec<Message>,
    /// Tasks whose answer was lost: KIE has them, and no submit knows them.
    pub(crate) tasks: BTreeSet<String>,
    /// Submits that were under way.
    pub(crate) submits: BTreeSet<i64>,
    /// Rows of the outbox whose video was under way, and since when.
    pub(crate) calls: BTreeSet<(i64, i64)>,
    /// What the services had heard too early: it depends on a commit that is not there.
    pub(crate) broken: Vec<String>,
}

impl Death {
    /// Of a process that has just died; `conn` is `None` where it had no database yet.
    pub(crate) fn of(
        conn: Option<&Connection>,
        sandbox: &Sandbox,
        earlier: &[Self],
    ) -> Result<Self> {
        let until = Instant::now() + LAST_WORDS;
        while sandbox.open_lines() > 0 && Instant::now() < until {
            sandbox.telegram().wait(Duration::from_millis(2), |_| None::<()>);
        }
        let Some(conn) = conn else { return Ok(Self::without_a_database(sandbox)) };
        let mut death = Self {
            tasks: unknown_tasks(conn, sandbox)?,
            submits: numbers(conn, "SELECT id FROM submits WHERE outcome = 'sending'", [])?,
            calls: pairs(conn, "SELECT id, calling_at FROM outbox WHERE calling_at IS NOT NULL")?,
            ..Self::default()
        };
        // Those whose answers were lost without a death are settled.
        let lost = number(conn, "SELECT COUNT(*) FROM submits WHERE outcome = 'lost'", [])?;
        if death.tasks.len() > death.submits.len() + lost as usize {
            let (tasks, open) = (death.tasks.len(), death.submits.len());
            death.broken.push(format!("{tasks} tasks, {open} submits under way, {lost} lost"));
        }
        let old = excused_tasks(earlier);
        death.tasks.retain(|task| !old.contains(task));
        for user in sandbox.telegram().users() {
            death.chat(conn, sandbox, user, earlier)?;
        }
        death.presses(conn, sandbox)?;
        Ok(death)
    }

    fn without_a_database(sandbox: &Sandbox) -> Self {
        let chats = sandbox.telegram().users().into_iter();
        let said = chats.map(|user| sandbox.telegram().messages(user).len()).sum::<usize>();
        let submits = sandbox.kie().submits();
        let mut death = Self::default();
        if said + submits > 0 {
            let what = format!("{said} messages and {submits} tasks came without a database");
            death.broken.push(what);
        }
        death
    }

    /// A chat waits for each answer before it hears more, so at most one is lost; what it shows
    /// is what a commit says, or waits to be sent.
    fn chat(
        &mut self,
        conn: &Connection,
        sandbox: &Sandbox,
        user: i64,
        earlier: &[Self],
    ) -> Result<()> {
        let known = numbers(
            conn,
            "SELECT message_id FROM outbox WHERE chat_id = ?1 AND message_id IS NOT NULL",
            [user],
        )?;
        let (old, all) = (excused_messages(earlier), sandbox.telegram().messages(user));
        let unknown =
            all.iter().filter(|it| !known.contains(&it.id) && !old.contains(&(user, it.id)));
        let unknown: Vec<Message> = unknown.cloned().collect();
        // Those whose answers were lost without a death.
        let lost =
            number(conn, "SELECT COALESCE(SUM(lost), 0) FROM outbox WHERE chat_id = ?1", [user])?;
        let unsent = "SELECT COUNT(*) FROM outbox
                      WHERE chat_id = ?1 AND state = 'pending' AND message_id IS NULL";
        let unsent = number(conn, unsent, [user])?;
        if unknown.len() as i64 > unsent.min(1) + lost {
            let texts: Vec<_> = unknown.iter().map(|it| &it.text).collect();
            self.broken.push(format!("{user} heard what no commit says: {texts:?}"));
        }
        self.broken.extend(not_as_written(conn, &all, user)?);
        self.messages.extend(unknown);
        Ok(())
    }

    /// A button stops to spin when its press is on disk.
    fn presses(&mut self, conn: &Connection, sandbox: &Sandbox) -> Result<()> {
        let sql = "SELECT COUNT(*) FROM inbox WHERE INSTR(body, ?1) > 0";
        for press in sandbox.telegram().answers() {
            let stored = || conn.query_row(sql, [&press.id], |row| row.get::<_, i64>(0));
            if press.answer.is_some() && stored()? == 0 {
                self.broken.push(format!("{} was answered and is not on disk", press.data));
            }
        }
        Ok(())
    }
}

/// Sent rows whose message shows something else.
pub(crate) fn not_as_written(
    conn: &Connection,
    messages: &[Message],
    user: i64,
) -> Result<Vec<String>> {
    let mut query = conn.prepare(
        "SELECT message_id, content ->> '$.html'
         FROM outbox
         WHERE chat_id = ?1 AND state = 'sent' AND message_id IS NOT NULL AND error IS NULL",
    )?;
    let rows = query.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut broken = Vec::new();
    for row in rows {
        let (id, html): (i64, Option<String>) = row?;
        let shown = messages.iter().find(|message| message.id == id);
        match (shown, html) {
            (None, _) => broken.push(format!("{user} does not have the message {id}")),
            (Some(message), Some(html)) if message.html != html => {
                broken.push(format!("{user} reads {:?} in {id}, not {html:?}", message.html));
            }
            _ => {}
        }
    }
    Ok(broken)
}

/// By user and message.
pub(crate) fn excused_messages(deaths: &[Death]) -> BTreeSet<(i64, i64)> {
    deaths.iter().flat_map(|it| it.messages.iter().map(|one| (one.user, one.id))).collect()
}

pub(crate) fn excused_tasks(deaths: &[Death]) -> BTreeSet<String> {
    deaths.iter().flat_map(|it| it.tasks.iter().cloned()).collect()
}

/// Submits that were under way at some death.
pub(crate) fn cut_submits(deaths: &[Death]) -> i64 {
    deaths.iter().flat_map(|it| &it.submits).collect::<BTreeSet<_>>().len() as i64
}

/// How often this row's video was under way at a death.
pub(crate) fn cut_calls(deaths: &[Death], row: i64) -> i64 {
    let calls: BTreeSet<_> = deaths.iter().flat_map(|it| &it.calls).collect();
    calls.iter().filter(|(id, _)| *id == row).count() as i64
}

fn unknown_tasks(conn: &Connection, sandbox: &Sandbox) -> Result<BTreeSet<String>> {
    let mut known = conn.prepare("SELECT 1 FROM submits WHERE task_id = ?1")?;
    let mut unknown = BTreeSet::new();
    for task in sandbox.kie().tasks() {
        if !known.exists([&task.id])? {
            unknown.insert(task.id);
        }
    }
    Ok(unknown)
}

fn number(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<i64> {
    Ok(conn.query_row(sql, params, |row| row.get(0))?)
}

fn numbers(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<BTreeSet<i64>> {
    let mut query = conn.prepare(sql)?;
    let rows = query.query_map(params, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn pairs(conn: &Connection, sql: &str) -> Result<BTreeSet<(i64, i64)>> {
    let mut query = conn.prepare(sql)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
