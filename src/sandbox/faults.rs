//! What goes wrong, and when: scripted per service, call and occurrence.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use super::bell::held;
use super::call::Call;
use crate::clock::Millis;

/// Requests that are remembered at most.
const LONGEST_LOG: usize = 100_000;

/// Which of the three a request went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The Bot API and its file downloads.
    Telegram,
    /// KIE's API, uploads and result downloads.
    Kie,
    /// OpenAI.
    OpenAi,
}

/// A request as the faults and the log see it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its number among all requests, from 1.
    pub n: u64,
    /// Where it went.
    pub service: Service,
    /// The path, without the bot's token.
    pub path: String,
    /// The HTTP method.
    pub method: String,
    /// The key it came with (KIE, OpenAI).
    pub key: String,
    /// The start of its body as text, files left out; empty in the log.
    pub body: String,
    /// When it came.
    pub at: Millis,
}

/// Before or after a request took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It has arrived whole; nothing has happened yet.
    Before,
    /// It has taken effect, or was refused; the answer has not been sent.
    After,
}

/// What a plug did to the program that sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// Nothing.
    No,
    /// It is dead: the line is cut, and what had not happened by then does not happen.
    Out,
}

impl From<()> for Pulled {
    fn from((): ()) -> Self {
        Self::No
    }
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// This HTTP status and body (JSON).
    Status(u16, String),
    /// HTTP 200 with KIE's envelope: code and message.
    Envelope(i64, String),
    /// A web server's error page.
    Html(u16),
    /// HTTP 200 and half an answer.
    BrokenJson,
    /// Nothing for so long (process clock), then the line is cut; no effect.
    Hang(Millis),
    /// Served, but so much later.
    Slow(Millis),
    /// The line is cut before anything happens.
    DropBefore,
    /// It happens, and the line is cut instead of an answer.
    DropAfter,
    /// For createTask: accepted, and the render ends so.
    Render(Fate),
    /// It happens, and the answer comes one byte at a time, each so much later.
    Drip(Millis),
    /// It happens, and the answer is said again and again without an end.
    Endless,
    /// The request is read one byte at a time, each so much later: an upload that does not get on.
    SlowRead(Millis),
}

/// How a render ends that does not succeed.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// State `fail` with this failCode and failMsg.
    Fails(String, String),
    /// State `success` without any URL.
    NoUrl,
    /// It never ends.
    Never,
    /// It succeeds after this long (process clock).
    Takes(Millis),
}

type Condition = Arc<dyn Fn(&Seen) -> bool + Send + Sync>;
type Plug = Arc<dyn Fn(Moment, &Seen) -> Pulled + Send + Sync>;

/// Scripted faults and the log of all requests. Clones are the same one.
#[derive(Clone)]
pub struct Faults(Arc<Mutex<State>>);

struct State {
    rules: Vec<Rule>,
    next_rule: u64,
    plug: Option<Plug>,
    count: u64,
    record: bool,
    log: VecDeque<Seen>,
}

struct Rule {
    id: u64,
    service: Service,
    path: String,
    from: u64,
    to: u64,
    condition: Option<Condition>,
    action: Action,
    matched: u64,
    hit: u64,
}

/// A fault being written: `faults.on(Service::Kie, "createTask").nth(2).does(action)`.
#[must_use = "it takes effect with `does`"]
pub struct Writing {
    faults: Faults,
    rule: Rule,
}

impl Faults {
    pub(super) fn new(record: bool) -> Self {
        let log = VecDeque::new();
        let state = State { rules: Vec::new(), next_rule: 1, plug: None, count: 0, record, log };
        Self(Arc::new(Mutex::new(state)))
    }

    /// A fault for the requests of a service whose path contains `path` (case ignored; for
    /// Telegram the method's name). Every one, unless [`Writing::nth`] says otherwise.
    pub fn on(&self, service: Service, path: &str) -> Writing {
        let rule = Rule {
            id: 0,
            service,
            path: path.to_lowercase(),
            from: 1,
            to: u64::MAX,
            condition: None,
            action: Action::DropBefore,
            matched: 0,
            hit: 0,
        };
        Writing { faults: self.clone(), rule }
    }

    /// A day of small trouble that a good program gets over: broken answers, lost answers, a
    /// render that breaks the rules (one refund), GPT without money, Telegram in a hurry.
    pub fn usual_trouble(&self) -> Vec<u64> {
        let slow_down = "{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests: \
                         retry after 3\",\"parameters\":{\"retry_after\":3}}";
        let rules = "This content may violate our guardrails concerning similarity to \
                     third-party content.";
        let busy = "Internal Error, Please try again later.";
        let quota = super::openai::out_of_quota();
        let trouble = [
            (Service::Kie, "createTask", 2, Action::Envelope(500, busy.into())),
            (
                Service::Kie,
                "createTask",
                5,
                Action::Render(Fate::Fails("400".into(), rules.into())),
            ),
            (Service::Kie, "createTask", 8, Action::DropAfter),
            (Service::Kie, "recordInfo", 7, Action::Html(502)),
            (Service::Kie, "recordInfo", 12, Action::BrokenJson),
            (Service::Kie, "file-stream-upload", 2, Action::Status(503, "{}".into())),
            (Service::Kie, "/results/", 3, Action::DropBefore),
            (Service::OpenAi, "chat/completions", 3, Action::Status(429, quota)),
            (Service::OpenAi, "chat/completions", 6, Action::Html(500)),
            (Service::Telegram, "editMessageText", 6, Action::DropAfter),
            (Service::Telegram, "sendMessage", 9, Action::Html(502)),
            (Service::Telegram, "sendVideo", 4, Action::Status(429, slow_down.into())),
            (Service::Telegram, "getUpdates", 10, Action::BrokenJson),
        ];
        let written = trouble.into_iter();
        written
            .map(|(service, path, n, action)| self.on(service, path).nth(n).does(action))
            .collect()
    }

    /// How often a fault has struck.
    pub fn hits(&self, id: u64) -> u64 {
        let state = held(&self.0);
        state.rules.iter().find(|rule| rule.id == id).map_or(0, |rule| rule.hit)
    }

    /// Takes a fault away.
    pub fn remove(&self, id: u64) {
        held(&self.0).rules.retain(|rule| rule.id != id);
    }

    /// Takes all faults away.
    pub fn clear(&self) {
        held(&self.0).rules.clear();
    }

    /// Called before and after every request; a test kills its program in there and may say so
    /// ([`Pulled`]). The answer is sent only after it has returned.
    pub fn pull_plug<P: Into<Pulled>>(
        &self,
        plug: impl Fn(Moment, &Seen) -> P + Send + Sync + 'static,
    ) {
        held(&self.0).plug = Some(Arc::new(move |moment, seen| plug(moment, seen).into()));
    }

    /// No plug any more.
    pub fn mend_plug(&self) {
        held(&self.0).plug = None;
    }

    /// All requests so far, without their bodies; the oldest are dropped at 100,000.
    pub fn requests(&self) -> Vec<Seen> {
        held(&self.0).log.iter().cloned().collect()
    }

    /// How many requests there were.
    pub fn count(&self) -> u64 {
        held(&self.0).count
    }

    pub(super) fn seen(&self, service: Service, call: &Call, at: Millis) -> Seen {
        let mut state = held(&self.0);
        state.count += 1;
        let seen = Seen {
            n: state.count,
            service,
            path: without_token(&call.path),
            method: call.method.clone(),
            key: call.bearer.clone(),
            body: String::new(),
            at,
        };
        if state.record {
            if state.log.len() == LONGEST_LOG {
                state.log.pop_front();
            }
            state.log.push_back(seen.clone());
        }
        let unread = state.rules.is_empty() && state.plug.is_none();
        let body = if unread { String::new() } else { call.text() };
        Seen { body, ..seen }
    }

    pub(super) fn tell(&self, moment: Moment, seen: &Seen) -> Pulled {
        let plug = held(&self.0).plug.clone();
        plug.map_or(Pulled::No, |plug| plug(moment, seen))
    }

    /// Every rule that fits counts the request; the first that is due strikes.
    pub(super) fn pick(&self, seen: &Seen) -> Option<Action> {
        let mut state = held(&self.0);
        let mut struck = None;
        for rule in &mut state.rules {
            let fits = rule.is_about(seen.service, &seen.path)
                && !matches!(rule.action, Action::SlowRead(_))
                && rule.condition.as_ref().is_none_or(|condition| condition(seen));
            if fits && rule.is_due() && struck.is_none() {
                rule.hit += 1;
                struck = Some(rule.action.clone());
            }
        }
        struck
    }

    /// How long each byte of a request's body takes. Only its head is known by then: conditions do
    /// not count.
    pub(super) fn reading(&self, service: Service, path: &str) -> Option<Millis> {
        let (mut state, path) = (held(&self.0), without_token(path));
        state.rules.iter_mut().find_map(|rule| {
            let Action::SlowRead(pause) = rule.action else { return None };
            if !rule.is_about(service, &path) || !rule.is_due() {
                return None;
            }
            rule.hit += 1;
            Some(pause)
        })
    }
}

impl Rule {
    fn is_about(&self, service: Service, path: &str) -> bool {
        self.service == service && path.to_lowercase().contains(&self.path)
    }

    /// Counts a request that fits.
    fn is_due(&mut self) -> bool {
        self.matched += 1;
        (self.from..=self.to).contains(&self.matched)
    }
}

impl Writing {
    /// Only the n-th that fits, from 1.
    pub fn nth(mut self, n: u64) -> Self {
        (self.rule.from, self.rule.to) = (n, n);
        self
    }

    /// Only the first so many that fit.
    pub fn first(mut self, n: u64) -> Self {
        (self.rule.from, self.rule.to) = (1, n);
        self
    }

    /// Only the n-th that fits and all after it.
    pub fn since(mut self, n: u64) -> Self {
        (self.rule.from, self.rule.to) = (n, u64::MAX);
        self
    }

    /// Only requests for which this is true. It is called with the faults locked.
    pub fn when(mut self, condition: impl Fn(&Seen) -> bool + Send + Sync + 'static) -> Self {
        self.rule.condition = Some(Arc::new(condition));
        self
    }

    /// Only requests whose body has this text.
    pub fn with_body(self, part: &str) -> Self {
        let part = part.to_owned();
        self.when(move |seen| seen.body.contains(&part))
    }

    /// Puts it in force; the number is for [`Faults::hits`] and [`Faults::remove`].
    pub fn does(mut self, action: Action) -> u64 {
        let mut state = held(&self.faults.0);
        self.rule.id = state.next_rule;
        self.rule.action = action;
        state.next_rule += 1;
        let id = self.rule.id;
        state.rules.push(self.rule);
        id
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("requests", &self.count()).finish_non_exhaustive()
    }
}

/// `/bot123:secret/sendMessage` is `/sendMessage`.
fn without_token(path: &str) -> String {
    let file = path.strip_prefix("/file/bot").map(|rest| ("/file/", rest));
    let Some((prefix, rest)) = file.or_else(|| path.strip_prefix("/bot").map(|rest| ("/", rest)))
    else {
        return path.to_owned();
    };
    rest.split_once('/').map_or_else(|| path.to_owned(), |(_, rest)| format!("{prefix}{rest}"))
}
