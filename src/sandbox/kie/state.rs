//! All that KIE remembers.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use axum::body::Bytes;
use serde_json::Value;

use crate::clock::Millis;
use crate::sandbox::faults::Fate;

/// A render task.
#[derive(Clone, Debug)]
pub struct Task {
    /// 32 hex digits.
    pub id: String,
    /// The account that made it, the only one that sees it.
    pub key: String,
    /// As sent.
    pub model: String,
    /// As sent.
    pub input: Value,
    /// As sent.
    pub prompt: String,
    /// As sent.
    pub image_url: String,
    /// The bytes behind it, where they were uploaded here.
    pub photo: Option<u64>,
    /// Where it stands now.
    pub state: TaskState,
    /// When it was accepted.
    pub created_at: Millis,
    /// When it ended.
    pub finished_at: Option<Millis>,
    /// KIE credits that it took.
    pub credits: f64,
    /// How often it was asked about.
    pub polls: u64,
    pub(super) ends_at: Millis,
    pub(super) fate: Option<Fate>,
    /// Of the result, pixels.
    pub(super) shape: (u32, u32),
    pub(super) veo: bool,
    pub(super) last_poll: Millis,
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Accepted.
    Waiting,
    /// In the queue.
    Queuing,
    /// Rendering.
    Generating,
    /// There is a video (or should be).
    Success,
    /// It has failed.
    Fail,
}

/// Times between polls, in the order in which they were seen; so many at most.
const MOST_LOOKS: usize = 1_000_000;

/// How tasks were asked about.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// Between two polls of one task that ran.
    pub pauses: Vec<Millis>,
    /// From the end of a task to the first poll that saw it.
    pub late: Vec<Millis>,
}

/// An uploaded picture.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Where it can be fetched.
    pub url: String,
    /// The account that uploaded it.
    pub key: String,
    /// `uploadPath/fileName`.
    pub path: String,
    /// Of the contents.
    pub hash: u64,
    /// In bytes.
    pub len: usize,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// When.
    pub at: Millis,
}

pub(super) struct Account {
    pub(super) balance: f64,
    /// createTask calls of the last ten seconds.
    pub(super) creates: VecDeque<Millis>,
}

pub(super) struct State {
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) tasks: Vec<Task>,
    pub(super) index: HashMap<String, usize>,
    pub(super) uploads: Vec<Upload>,
    /// `path`s of the uploads.
    pub(super) names: HashSet<String>,
    /// Contents of the uploads by hash, each once.
    pub(super) photos: HashMap<u64, Bytes>,
    pub(super) downloads: u64,
    pub(super) looks: Looks,
    pub(super) paused: HashSet<String>,
    pub(super) padding: usize,
    pub(super) render_ms: (Millis, Millis),
    pub(super) fates: VecDeque<Fate>,
    pub(super) fated: Vec<(String, Fate)>,
    pub(super) violations: Vec<String>,
    pub(super) random: fastrand::Rng,
    pub(super) first_balance: f64,
}

impl State {
    pub(super) fn new(options: &crate::sandbox::Options) -> Self {
        let mut state = Self {
            accounts: BTreeMap::new(),
            tasks: Vec::new(),
            index: HashMap::new(),
            uploads: Vec::new(),
            names: HashSet::new(),
            photos: HashMap::new(),
            downloads: 0,
            looks: Looks::default(),
            paused: HashSet::new(),
            padding: 0,
            render_ms: options.render_ms,
            fates: VecDeque::new(),
            fated: Vec::new(),
            violations: Vec::new(),
            random: fastrand::Rng::with_seed(options.seed),
            first_balance: options.kie_balance,
        };
        for key in &options.kie_keys {
            state.account(key);
        }
        state
    }

    pub(super) fn account(&mut self, key: &str) -> &mut Account {
        let balance = self.first_balance;
        let account = || Account { balance, creates: VecDeque::new() };
        self.accounts.entry(key.to_owned()).or_insert_with(account)
    }

    /// A poll; `before`: when the one before it was, 0 for the first.
    pub(super) fn looked(&mut self, task: &Task, before: Millis, now: Millis) {
        let ended = task.finished_at.is_some();
        if !ended && before > 0 && self.looks.pauses.len() < MOST_LOOKS {
            self.looks.pauses.push(now - before);
        }
        if ended && before < task.ends_at && self.looks.late.len() < MOST_LOOKS {
            self.looks.late.push(now - task.ends_at);
        }
    }

    pub(super) fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.get(*self.index.get(id)?)
    }

    pub(super) fn task_mut(&mut self, id: &str) -> Option<&mut Task> {
        self.tasks.get_mut(*self.index.get(id)?)
    }
}

impl Task {
    /// As it stands at that time.
    pub(super) fn shown(&self, now: Millis) -> Self {
        let mut task = self.clone();
        task.state = self.state_at(now);
        let ended = matches!(task.state, TaskState::Success | TaskState::Fail);
        task.finished_at = ended.then_some(self.ends_at);
        task
    }

    pub(super) fn state_at(&self, now: Millis) -> TaskState {
        if now >= self.ends_at && self.fate != Some(Fate::Never) {
            return match self.fate {
                Some(Fate::Fails(..)) => TaskState::Fail,
                _ => TaskState::Success,
            };
        }
        let (passed, whole) = (now - self.created_at, self.ends_at - self.created_at);
        if passed * 20 < whole {
            TaskState::Waiting
        } else if passed * 6 < whole {
            TaskState::Queuing
        } else {
            TaskState::Generating
        }
    }
}
