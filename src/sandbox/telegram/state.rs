//! All that Telegram remembers.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::chat::{Button, Chat, Does, Media, Message, Press, Shown};
use super::checkout::Counter;
use super::flood::Bucket;
use super::stars::Account;
use super::updates::Updates;
use crate::clock::Millis;

/// The bot's name at Telegram.
pub(super) const USERNAME: &str = "neurocards_sandbox_bot";
/// Broken rules that are remembered at most.
const MOST_VIOLATIONS: usize = 1_000;
/// Arrivals that are remembered at most.
const MOST_ARRIVALS: usize = 1_000_000;

pub(super) struct State {
    pub(super) updates: Updates,
    pub(super) chats: BTreeMap<i64, Chat>,
    pub(super) presses: Vec<Press>,
    pub(super) violations: Vec<String>,
    pub(super) calls: BTreeMap<String, u64>,
    pub(super) floods: u64,
    pub(super) overall: Bucket,
    pub(super) commands: Vec<Value>,
    pub(super) counter: Counter,
    pub(super) account: Account,
    pub(super) webhook: Webhook,
    /// Messages and edits.
    pub(super) arrivals: VecDeque<Shown>,
    files: HashMap<String, File>,
    blobs: HashMap<u64, Bytes>,
    last_message: i64,
    last_file: u64,
}

/// Where another program wants the bot's updates.
#[derive(Default)]
pub(super) struct Webhook {
    /// Empty: nowhere.
    pub(super) url: String,
    /// That program sets it again as soon as it is deleted.
    pub(super) stays: bool,
}

/// A file that Telegram knows.
#[derive(Clone)]
pub(super) struct File {
    pub(super) hash: u64,
    /// A smaller size of a photo: its longest side.
    pub(super) shrunk_to: Option<u32>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) duration: u32,
    /// `photos/file_7.jpg`.
    pub(super) path: String,
}

impl State {
    pub(super) fn new(now: Millis) -> Self {
        Self {
            updates: Updates::default(),
            chats: BTreeMap::new(),
            presses: Vec::new(),
            violations: Vec::new(),
            calls: BTreeMap::new(),
            floods: 0,
            overall: Bucket::overall(now),
            commands: Vec::new(),
            counter: Counter::default(),
            account: Account::default(),
            webhook: Webhook::default(),
            arrivals: VecDeque::new(),
            files: HashMap::new(),
            blobs: HashMap::new(),
            last_message: 0,
            last_file: 0,
        }
    }

    pub(super) fn violation(&mut self, what: String) {
        if self.violations.len() < MOST_VIOLATIONS {
            self.violations.push(what);
        }
    }

    pub(super) fn chat(&mut self, user: i64, now: Millis) -> &mut Chat {
        self.chats.entry(user).or_insert_with(|| Chat::new(user, now))
    }

    pub(super) fn next_message(&mut self) -> i64 {
        self.last_message += 1;
        self.last_message
    }

    pub(super) fn last_message(&self) -> i64 {
        self.last_message
    }

    /// Keeps the bytes once, however often the same file comes. Returns its file_id.
    pub(super) fn keep(&mut self, bytes: Bytes, folder: &str, ending: &str, file: File) -> String {
        self.last_file += 1;
        let n = self.last_file;
        self.blobs.entry(file.hash).or_insert(bytes);
        let file_id = format!("BQAC{n:08x}sandbox{:016x}", file.hash);
        let path = format!("{folder}/file_{n}.{ending}");
        self.files.insert(file_id.clone(), File { path, ..file });
        file_id
    }

    pub(super) fn file(&self, file_id: &str) -> Option<(&File, Bytes)> {
        let file = self.files.get(file_id)?;
        Some((file, self.blobs.get(&file.hash)?.clone()))
    }

    pub(super) fn file_at(&self, path: &str) -> Option<(&File, Bytes)> {
        let file = self.files.values().find(|file| file.path == path)?;
        Some((file, self.blobs.get(&file.hash)?.clone()))
    }

    pub(super) fn media(&self, file_id: &str, uploaded: bool) -> Option<Media> {
        let (file, bytes) = self.file(file_id)?;
        Some(Media {
            file_id: file_id.to_owned(),
            hash: file.hash,
            len: bytes.len(),
            width: file.width,
            height: file.height,
            duration: file.duration,
            uploaded,
        })
    }

    /// Puts a message into its chat.
    pub(super) fn post(&mut self, message: Message) {
        let user = message.user;
        if self.arrivals.len() == MOST_ARRIVALS {
            self.arrivals.pop_front();
        }
        let at = message.edited_at.unwrap_or(message.sent_at);
        self.arrivals.push_back(Shown { user, at, came: Instant::now() });
        if let Some(chat) = self.chats.get_mut(&user) {
            chat.revision += 1;
            chat.messages.insert(message.id, message);
        }
    }
}

impl File {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let hash = hash(bytes);
        Self { hash, shrunk_to: None, width: 0, height: 0, duration: 0, path: String::new() }
    }
}

pub(in crate::sandbox) fn hash(bytes: &[u8]) -> u64 {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

pub(super) fn bot(token: &str) -> Value {
    let id: i64 = token.split(':').next().and_then(|id| id.parse().ok()).unwrap_or(0);
    json!({
        "id": id, "is_bot": true, "first_name": "Sandbox", "username": USERNAME
    })
}

/// The buttons of an `InlineKeyboardMarkup` that the table has let pass.
pub(super) fn buttons(markup: Option<&Value>) -> Vec<Vec<Button>> {
    let rows = markup.and_then(|markup| markup["inline_keyboard"].as_array());
    let button = |button: &Value| {
        let does = match (button["callback_data"].as_str(), button["url"].as_str()) {
            (Some(data), _) => Does::Data(data.to_owned()),
            (_, Some(url)) => Does::Url(url.to_owned()),
            _ if button["pay"] == true => Does::Pay,
            _ => Does::Other,
        };
        Button { text: button["text"].as_str().unwrap_or("").to_owned(), does }
    };
    let row = |row: &Value| row.as_array().map(|row| row.iter().map(button).collect());
    rows.map(|rows| rows.iter().filter_map(row).collect()).unwrap_or_default()
}
