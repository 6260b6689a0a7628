//! The Bot API's methods.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::chat::Answer;
use super::state::{File, State, bot};
use super::table::Arg;
use super::updates::SOCKETS_TAKE;
use super::users::unique;
use super::{Telegram, refused};
use crate::clock::{Clock, MINUTE, Millis, SECOND};
use crate::sandbox::call::{Call, Reply};

/// A button's press cannot be answered for ever.
const PRESS_OPEN: Millis = 15 * MINUTE;
/// Files that `getFile` gives away are no larger.
const LARGEST_DOWNLOAD: usize = 20 << 20;
/// Long polls last no longer.
const LONGEST_POLL: i64 = 50;

/// The answer of a method: its result, or what it is refused with.
pub(super) type Outcome = Result<Value, Refusal>;

pub(super) struct Refusal {
    pub(super) code: u16,
    pub(super) text: String,
    /// Seconds, with 429.
    pub(super) retry_after: Option<u64>,
    /// Whether the caller should have known better.
    pub(super) violation: bool,
}

/// A checked call: arguments and files.
pub(super) struct Args {
    pub(super) values: Map<String, Value>,
    pub(super) files: HashMap<String, Bytes>,
}

impl Refusal {
    /// Something that happens to good callers too.
    pub(super) fn plain(code: u16, text: &str) -> Self {
        Self { code, text: text.into(), retry_after: None, violation: false }
    }

    /// Something that a good caller never does.
    pub(super) fn broken(text: impl Into<String>) -> Self {
        Self { code: 400, text: text.into(), retry_after: None, violation: true }
    }
}

impl Args {
    pub(super) fn text(&self, name: &str) -> &str {
        self.values.get(name).and_then(Value::as_str).unwrap_or("")
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.values.get(name).and_then(Value::as_i64)
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.values.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

impl Telegram {
    /// One call of a method: counted, checked, limited, done.
    pub(super) async fn serve(&self, name: &str, call: &Call) -> Reply {
        let name = name.trim_matches('/');
        *self.state().calls.entry(name.to_lowercase()).or_default() += 1;
        let Some((method, rules)) = self.0.table.method(name) else {
            self.state().violation(format!("{name}: not in the table of methods"));
            return refused(404, "Not Found: method not found");
        };
        let outcome = match self.0.table.check(rules, arguments(call)) {
            Err(wrong) => Err(Refusal::broken(wrong)),
            Ok(values) => {
                let files = call.parts.iter().filter(|part| part.file_name.is_some());
                let files = files.map(|part| (part.name.clone(), part.bytes.clone())).collect();
                let args = Args { values, files };
                if method == "getUpdates" {
                    self.poll(&args).await
                } else {
                    self.call(method, &args)
                }
            }
        };
        self.reply(method, outcome)
    }

    fn reply(&self, method: &str, outcome: Outcome) -> Reply {
        let refusal = match outcome {
            Ok(result) => {
                if method != "getUpdates" {
                    self.changed();
                }
                return Reply::json(200, &json!({ "ok": true, "result": result }));
            }
            Err(refusal) => refusal,
        };
        let kind = match refusal.code {
            400 => "Bad Request: ",
            403 => "Forbidden: ",
            409 => "Conflict: ",
            429 => "Too Many Requests: ",
            _ => "",
        };
        let description = format!("{kind}{}", refusal.text);
        if refusal.violation {
            self.state().violation(format!("{method}: {description}"));
        }
        let mut body =
            json!({ "ok": false, "error_code": refusal.code, "description": description });
        if let Some(seconds) = refusal.retry_after {
            body["parameters"] = json!({ "retry_after": seconds });
        }
        Reply::json(refusal.code, &body)
    }

    fn call(&self, method: &str, args: &Args) -> Outcome {
        let now = self.now();
        let mut state = self.state();
        if self.0.table.limited.iter().any(|limited| limited == method) {
            let user = self.receiver(&mut state, args)?;
            if self.0.limits {
                flood(&mut state, user, now)?;
            }
            return self.send(&mut state, method, args, user, now);
        }
        match method {
            "getMe" => {
                let mut me = bot(&self.0.token);
                me["can_join_groups"] = json!(false);
                me["can_read_all_group_messages"] = json!(false);
                me["supports_inline_queries"] = json!(false);
                me["can_connect_to_business"] = json!(false);
                me["has_main_web_app"] = json!(false);
                Ok(me)
            }
            "getWebhookInfo" => Ok(json!({
                "url": state.webhook.url, "has_custom_certificate": false,
                "pending_update_count": state.updates.waiting()
            })),
            "deleteWebhook" => {
                if !state.webhook.stays {
                    state.webhook.url.clear();
                }
                Ok(true.into())
            }
            "setMyCommands" => {
                let commands = args.values.get("commands").and_then(Value::as_array);
                state.commands = commands.cloned().unwrap_or_default();
                Ok(true.into())
            }
            "answerPreCheckoutQuery" => self.answer_checkout(&mut state, args, now),
            "refundStarPayment" => self.refund(&mut state, args, now),
            "getStarTransactions" => state.transactions(args, now),
            "sendChatAction" => self.receiver(&mut state, args).map(|_| true.into()),
            "answerCallbackQuery" => answer(&mut state, args, &self.0.clock),
            "getFile" => get_file(&state, args),
            "deleteMessage" => {
                let user = self.receiver(&mut state, args)?;
                delete(&mut state, user, args.number("message_id").unwrap_or(0))
            }
            _ => Err(Refusal::plain(501, "not in the sandbox")),
        }
    }

    /// Whose chat it is, if the bot may write there.
    fn receiver(&self, state: &mut State, args: &Args) -> Result<i64, Refusal> {
        let user = args.number("chat_id");
        let chat = user.and_then(|user| state.chats.get(&user)).filter(|chat| chat.open);
        match chat {
            None => Err(Refusal::plain(400, "chat not found")),
            Some(chat) if chat.blocked => Err(Refusal::plain(403, "bot was blocked by the user")),
            Some(chat) => Ok(chat.user.id),
        }
    }

    async fn poll(&self, args: &Args) -> Outcome {
        let seconds = args.number("timeout").unwrap_or(0).clamp(0, LONGEST_POLL);
        let limit = args.number("limit").unwrap_or(100).clamp(1, 100) as usize;
        let offset = args.number("offset").unwrap_or(0);
        let until = tokio::time::Instant::now() + self.0.clock.real_span(seconds * SECOND);
        let mut bell = self.0.bell.listen();
        const WEBHOOK: &str = "can't use getUpdates method while webhook is active; use \
                               deleteWebhook to delete the webhook first";
        let me = {
            let mut state = self.state();
            if !state.webhook.url.is_empty() {
                return Err(Refusal::plain(409, WEBHOOK));
            }
            if let Some(kinds) = args.values.get("allowed_updates").and_then(Value::as_array) {
                let kinds = kinds.iter().filter_map(Value::as_str).map(str::to_owned);
                state.updates.allow(kinds.collect());
            }
            state.updates.confirm(offset);
            state.updates.poller += 1;
            state.updates.poller
        };
        // The poller that it sends away is waiting for this.
        self.changed();
        loop {
            bell.mark_unchanged();
            {
                let mut state = self.state();
                if state.updates.poller != me {
                    return Err(Refusal::plain(
                        409,
                        "terminated by other getUpdates request; make sure that only one bot \
                         instance is running",
                    ));
                }
                if !state.webhook.url.is_empty() {
                    return Err(Refusal::plain(409, "terminated by setWebhook request"));
                }
                let (taken, dropped) = state.updates.take(offset, limit, &self.0.clock);
                if !dropped.is_empty() {
                    let presses = state.presses.iter_mut();
                    presses.filter(|it| dropped.contains(&it.id)).for_each(|it| it.dropped = true);
                }
                if !taken.is_empty() {
                    return Ok(taken.into());
                }
            }
            let rung = tokio::time::timeout_at(until, bell.changed()).await;
            if rung.is_err() {
                return Ok(json!([]));
            }
        }
    }

    /// `/file/bot<TOKEN>/photos/file_7.jpg`.
    pub(super) fn download(&self, path: &str) -> Reply {
        let state = self.state();
        let Some((file, bytes)) = state.file_at(path) else { return refused(404, "Not Found") };
        let side = file.shrunk_to;
        drop(state);
        let small = side.and_then(|side| {
            let picture = image::load_from_memory(&bytes).ok()?.thumbnail(side, side);
            let mut jpeg = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut jpeg, image::ImageFormat::Jpeg).ok()?;
            Some(Bytes::from(jpeg.into_inner()))
        });
        Reply::file("application/octet-stream", small.unwrap_or(bytes))
    }
}

/// What came, wherever it came: query, JSON body, form.
fn arguments(call: &Call) -> BTreeMap<String, Arg> {
    let mut args = BTreeMap::new();
    for (name, value) in call.query_pairs() {
        args.insert(name, Arg::Text(value));
    }
    let referred = |name: &str| {
        let link = format!("attach://{name}");
        call.parts.iter().any(|part| part.file_name.is_none() && part.text().contains(&link))
    };
    for part in &call.parts {
        if part.file_name.is_none() {
            args.insert(part.name.clone(), Arg::Text(part.text()));
        } else if !referred(&part.name) {
            args.insert(part.name.clone(), Arg::File);
        }
    }
    if call.parts.is_empty()
        && let Some(Value::Object(fields)) = call.json()
    {
        args.extend(fields.into_iter().map(|(name, value)| (name, Arg::Json(value))));
    }
    args
}

fn flood(state: &mut State, user: i64, now: Millis) -> Result<(), Refusal> {
    let chat = state.chat(user, now).flood.missing(now);
    let missing = chat.max(state.overall.missing(now));
    if let Some(seconds) = missing {
        state.floods += 1;
        let text = format!("retry after {seconds}");
        return Err(Refusal { retry_after: Some(seconds), ..Refusal::plain(429, &text) });
    }
    state.chat(user, now).flood.take();
    state.overall.take();
    Ok(())
}

fn answer(state: &mut State, args: &Args, clock: &Clock) -> Outcome {
    let now = clock.now();
    let lives = PRESS_OPEN.max(clock.span_of(SOCKETS_TAKE));
    let id = args.text("callback_query_id");
    let press = state.presses.iter_mut().rev().find(|press| press.id == id);
    let open = |press: &&mut super::Press| {
        press.answer.is_none() && !press.dropped && now - press.at <= lives
    };
    let Some(press) = press.filter(open) else {
        let text = "query is too old and response timeout expired or query ID is invalid";
        return Err(Refusal::plain(400, text));
    };
    let (text, alert) = (args.text("text").to_owned(), args.is("show_alert"));
    press.answer = Some(Answer { text, alert, at: now, came: Instant::now() });
    let user = press.user;
    state.chat(user, now).revision += 1;
    Ok(true.into())
}

fn get_file(state: &State, args: &Args) -> Outcome {
    let file_id = args.text("file_id");
    let Some((file, bytes)) = state.file(file_id) else {
        return Err(Refusal::plain(400, "wrong file_id or the file is temporarily unavailable"));
    };
    if bytes.len() > LARGEST_DOWNLOAD {
        return Err(Refusal::plain(400, "file is too big"));
    }
    let File { path, .. } = file;
    Ok(json!({
        "file_id": file_id, "file_unique_id": unique(file_id), "file_size": bytes.len(),
        "file_path": path
    }))
}

fn delete(state: &mut State, user: i64, id: i64) -> Outcome {
    let Some(chat) = state.chats.get_mut(&user) else {
        return Err(Refusal::plain(400, "chat not found"));
    };
    let Some(message) = chat.messages.remove(&id) else {
        return Err(Refusal::plain(400, "message to delete not found"));
    };
    chat.revision += 1;
    chat.deleted.push_back(message);
    Ok(true.into())
}
