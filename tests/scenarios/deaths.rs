//! What a process that died left half done: what the services had done for it by then, and its
//! database does not know. Only that may ever be there twice, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use anyhow::Result;
use neurocards::sandbox::Sandbox;
use neurocards::sandbox::telegram::Message;
use rusqlite::Connection;
use rusqlite::types::FromSql;

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
            submits: column(conn, "SELECT id FROM submits WHERE outcome = 'sending'")?,
            calls: pairs(conn, "SELECT id, calling_at FROM outbox WHERE calling_at IS NOT NULL")?,
            ..Self::default()
        };
        // Those whose answers were lost without a death are settled.
        let lost: BTreeSet<i64> = column(conn, "SELECT id FROM submits WHERE outcome = 'lost'")?;
        let lost = lost.len();
        if death.tasks.len() > death.submits.len() + lost {
            let (tasks, open) = (death.tasks.len(), death.submits.len());
            death.broken.push(format!("{tasks} tasks, {open} submits under way, {lost} lost"));
        }
        let old = excused_tasks(earlier);
        death.tasks.retain(|task| !old.contains(task));
        let (old, rows) = (excused_messages(earlier), Said::read(conn)?);
        for user in sandbox.telegram().users() {
            death.chat(sandbox, user, &old, rows.get(&user).map_or(&[], Vec::as_slice));
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
    fn chat(&mut self, sandbox: &Sandbox, user: i64, old: &BTreeSet<(i64, i64)>, rows: &[Said]) {
        let all = sandbox.telegram().messages(user);
        let known: BTreeSet<i64> = rows.iter().filter_map(|row| row.message).collect();
        let is_new = |it: &&Message| !known.contains(&it.id) && !old.contains(&(user, it.id));
        let unknown: Vec<Message> = all.iter().filter(is_new).cloned().collect();
        // Those whose answers were lost without a death.
        let lost = rows.iter().map(|row| row.lost).sum::<i64>();
        let unsent = rows.iter().any(|row| row.pending && row.message.is_none());
        if unknown.len() as i64 > i64::from(unsent) + lost {
            let texts: Vec<_> = unknown.iter().map(|it| &it.text).collect();
            self.broken.push(format!("{user} heard what no commit says: {texts:?}"));
        }
        self.broken.extend(not_as_written(rows, &all, user));
        self.messages.extend(unknown);
    }

    /// A button stops to spin when its press is on disk.
    fn presses(&mut self, conn: &Connection, sandbox: &Sandbox) -> Result<()> {
        let sql = "SELECT body ->> '$.callback_query.id' FROM inbox
                   WHERE body LIKE '%\"callback_query\"%'";
        let stored: BTreeSet<Option<String>> = column(conn, sql)?;
        // Of who left nothing is on disk any more.
        let left: BTreeSet<i64> =
            column(conn, "SELECT tg_user_id FROM users WHERE deleted_at IS NOT NULL")?;
        for press in sandbox.telegram().answers() {
            let (answered, data) = (press.answer.is_some(), press.data);
            if answered && !left.contains(&press.user) && !stored.contains(&Some(press.id)) {
                self.broken.push(format!("{data} was answered and is not on disk"));
            }
        }
        Ok(())
    }
}

/// A row of the outbox.
pub(crate) struct Said {
    message: Option<i64>,
    pending: bool,
    /// What the message shows where nothing of it waits or was refused.
    html: Option<String>,
    lost: i64,
}

impl Said {
    /// By chat.
    pub(crate) fn read(conn: &Connection) -> Result<BTreeMap<i64, Vec<Self>>> {
        let mut query = conn.prepare(
            "SELECT chat_id, message_id, state = 'pending', lost,
                    CASE WHEN state = 'sent' AND error IS NULL THEN content ->> '$.html' END
             FROM outbox",
        )?;
        let rows = query.query_map([], |row| {
            let (message, pending) = (row.get(1)?, row.get(2)?);
            let said = Self { message, pending, lost: row.get(3)?, html: row.get(4)? };
            Ok((row.get(0)?, said))
        })?;
        let mut chats: BTreeMap<i64, Vec<Self>> = BTreeMap::new();
        for row in rows {
            let (chat, said) = row?;
            chats.entry(chat).or_default().push(said);
        }
        Ok(chats)
    }
}

/// Sent rows whose message shows something else.
pub(crate) fn not_as_written(rows: &[Said], messages: &[Message], user: i64) -> Vec<String> {
    let mut broken = Vec::new();
    let shown: HashMap<i64, &Message> = messages.iter().map(|it| (it.id, it)).collect();
    for row in rows {
        let (Some(id), Some(html)) = (row.message, &row.html) else { continue };
        match shown.get(&id) {
            None => broken.push(format!("{user} does not have the message {id}")),
            Some(message) if message.html != *html => {
                broken.push(format!("{user} reads {:?} in {id}, not {html:?}", message.html));
            }
            _ => {}
        }
    }
    broken
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

/// How often each row's video was under way at a death.
pub(crate) fn cut_calls(deaths: &[Death]) -> HashMap<i64, i64> {
    let calls: BTreeSet<_> = deaths.iter().flat_map(|it| &it.calls).collect();
    let mut cut = HashMap::new();
    for (row, _) in calls {
        *cut.entry(*row).or_default() += 1;
    }
    cut
}

fn unknown_tasks(conn: &Connection, sandbox: &Sandbox) -> Result<BTreeSet<String>> {
    let known = "SELECT task_id FROM submits WHERE task_id IS NOT NULL";
    let known: BTreeSet<String> = column(conn, known)?;
    let tasks = sandbox.kie().tasks().into_iter().map(|task| task.id);
    Ok(tasks.filter(|task| !known.contains(task)).collect())
}

fn column<T: FromSql + Ord>(conn: &Connection, sql: &str) -> Result<BTreeSet<T>> {
    let mut query = conn.prepare(sql)?;
    let rows = query.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn pairs(conn: &Connection, sql: &str) -> Result<BTreeSet<(i64, i64)>> {
    let mut query = conn.prepare(sql)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
