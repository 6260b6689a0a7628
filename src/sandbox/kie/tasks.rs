//! createTask, recordInfo, the Veo calls and the downloads.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::models::Model;
use super::state::{State, Task, TaskState};
use super::{Kie, done, envelope};
use crate::clock::{HOUR, Millis, SECOND};
use crate::sandbox::bell::held;
use crate::sandbox::call::{Call, Reply};
use crate::sandbox::faults::Fate;
use crate::sandbox::film;

const CREATES: usize = 20;
const CREATES_WITHIN: Millis = 10 * SECOND;
const RUNNING: usize = 100;
/// Uploads and results can be fetched for so long.
pub(super) const LINKS_LIVE: Millis = 24 * HOUR;
const POOR: &str = "Credits insufficient : Your current balance isn't enough to run this request. \
                    Please top up to continue.";
const TOO_FAST: &str = "Your call frequency is too high. Please try again later.";

/// What a photo's URL leads to: its contents and its size.
struct Photo {
    hash: Option<u64>,
    size: (u32, u32),
}

impl Kie {
    pub(super) fn create(&self, call: &Call, fate: Option<Fate>) -> Reply {
        let Some(Value::Object(body)) = call.json() else {
            return envelope(422, "Invalid request: the body is not JSON");
        };
        let name = body.get("model").and_then(Value::as_str).unwrap_or("");
        let Some(Value::Object(input)) = body.get("input") else {
            return envelope(500, "This field is required: input is required");
        };
        let extra =
            body.keys().find(|it| !["model", "input", "callBackUrl"].contains(&it.as_str()));
        if let Some(extra) = extra {
            return envelope(422, &format!("Invalid request: {extra}"));
        }
        let model = self.0.models.iter().find(|model| !model.veo && model.name == name);
        self.accept(call, name, model, input, fate)
    }

    pub(super) fn create_veo(&self, call: &Call, fate: Option<Fate>) -> Reply {
        let Some(Value::Object(mut input)) = call.json() else {
            return envelope(422, "Invalid request: the body is not JSON");
        };
        let name = input.remove("model").unwrap_or_default();
        let name = name.as_str().unwrap_or("veo3");
        input.remove("callBackUrl");
        let model = self.0.models.iter().find(|model| model.veo && model.name == name);
        self.accept(call, name, model, &input, fate)
    }

    fn accept(
        &self,
        call: &Call,
        name: &str,
        model: Option<&Model>,
        input: &Map<String, Value>,
        fate: Option<Fate>,
    ) -> Reply {
        let now = self.now();
        let mut state = self.state();
        if let Some(text) = over_limits(&mut state, &call.bearer, now) {
            return envelope(429, text);
        }
        if state.paused.contains(name) {
            return envelope(500, "This interface is temporarily paused.");
        }
        let Some(model) = model else {
            return envelope(422, "The model name you specified is not supported.");
        };
        let (url, prompt) = match model.check(input) {
            Ok(checked) => checked,
            Err((code, text)) => return envelope(code, &text),
        };
        let photo = match self.photo(&mut state, &url, now) {
            Ok(photo) => photo,
            Err((code, text)) => return envelope(code, text),
        };
        let price = model.price(input);
        let account = state.account(&call.bearer);
        if account.balance < price {
            return envelope(402, POOR);
        }
        let fate = fate.or_else(|| state.fates.pop_front()).or_else(|| {
            let fated = state.fated.iter().find(|(part, _)| prompt.contains(part));
            fated.map(|(_, fate)| fate.clone())
        });
        // A failed task is not billed.
        let fails = matches!(fate, Some(Fate::Fails(..)));
        let credits = if fails { 0.0 } else { price };
        let account = state.account(&call.bearer);
        account.balance -= credits;
        let (least, most) = state.render_ms;
        let takes = match &fate {
            Some(Fate::Takes(ms)) => *ms,
            _ => state.random.i64(least..=most.max(least)),
        };
        let shape = film::shape(model.follows_photo, photo.size);
        let id = format!("{:032x}", state.random.u128(..));
        let task = Task {
            id: id.clone(),
            key: call.bearer.clone(),
            model: name.to_owned(),
            input: Value::Object(input.clone()),
            prompt,
            image_url: url,
            photo: photo.hash,
            state: TaskState::Waiting,
            created_at: now,
            finished_at: None,
            credits,
            polls: 0,
            ends_at: now + takes,
            fate,
            shape,
            veo: model.veo,
            last_poll: 0,
        };
        let place = state.tasks.len();
        state.index.insert(id.clone(), place);
        state.tasks.push(task);
        drop(state);
        self.ring();
        if !fails {
            // While it "renders": a fast clock leaves little time between the end and the fetch.
            let kie = self.clone();
            tokio::task::spawn_blocking(move || kie.shoot(photo.hash, shape));
        }
        done(json!({ "taskId": id, "recordId": id }))
    }

    /// Ours must be known and fresh; what lies elsewhere is taken for a photo of 900 by 1200.
    fn photo(
        &self,
        state: &mut State,
        url: &str,
        now: Millis,
    ) -> Result<Photo, (i64, &'static str)> {
        if url.contains(&self.0.options.token) || url.contains("api.telegram.org") {
            let text = "createTask: a link to Telegram's files hands over the bot".to_owned();
            state.violations.push(text);
        }
        if url.is_empty() {
            return Ok(Photo { hash: None, size: (720, 1280) });
        }
        if url.starts_with(&self.0.url) {
            let upload = state.uploads.iter().rev().find(|upload| upload.url == url);
            let fresh = upload.filter(|upload| now - upload.at < LINKS_LIVE);
            let Some(upload) = fresh else { return Err((500, "resource download failed")) };
            let size = (upload.width, upload.height);
            return Ok(Photo { hash: Some(upload.hash), size });
        }
        let foreign = url::Url::parse(url).is_ok_and(|it| ["http", "https"].contains(&it.scheme()));
        if foreign {
            Ok(Photo { hash: None, size: (900, 1200) })
        } else {
            Err((422, "Invalid request: the image URL is not valid"))
        }
    }

    pub(super) fn record(&self, call: &Call, veo: bool) -> Reply {
        let now = self.now();
        let id = call.query("taskId").unwrap_or_default();
        let mut state = self.state();
        let mine = |task: &&mut Task| task.key == call.bearer && task.veo == veo;
        let Some(task) = state.task_mut(&id).filter(mine) else {
            return envelope(422, "recordInfo is null");
        };
        task.polls += 1;
        let before = std::mem::replace(&mut task.last_poll, now);
        let pause = now - before;
        let task = task.shown(now);
        state.looked(&task, before, now);
        if pause < SECOND / 10 {
            state.violations.push(format!("recordInfo: polled twice within {pause} ms"));
        }
        drop(state);
        let link = format!("{}/results/{}.mp4", self.0.url, task.id);
        let urls = if task.fate == Some(Fate::NoUrl) { json!([]) } else { json!([link]) };
        done(if veo { veo_record(&task, &urls) } else { record(&task, &urls) })
    }

    /// `/results/TASK.mp4`; encodes, so it belongs on a thread that may block.
    pub(super) fn result(&self, path: &str) -> Reply {
        let now = self.now();
        let mut state = self.state();
        let id = path.trim_start_matches("/results/").trim_end_matches(".mp4");
        let task = state
            .task(id)
            .map(|task| task.shown(now))
            .filter(|task| task.state == TaskState::Success && now - task.ends_at < LINKS_LIVE);
        let Some(task) = task else { return Reply::html(404, "404 Not Found") };
        state.downloads += 1;
        let padding = state.padding;
        let photo = task.photo.and_then(|hash| state.photos.get(&hash).cloned());
        drop(state);
        let hash = task.photo.unwrap_or(0);
        let film = match photo {
            Some(photo) => self.0.studio.film(hash, task.shape, &photo),
            None => self.0.studio.film(0, task.shape, &self.0.neutral_photo()),
        };
        let film = if padding > 0 { self.padded(film, padding) } else { film };
        Reply::file("video/mp4", film)
    }
}

impl Kie {
    /// Made once for films that come one after the other.
    fn padded(&self, film: Bytes, size: usize) -> Bytes {
        let mut last = held(&self.0.padded);
        match &*last {
            Some((of, padded)) if *of == film && padded.len() == size => padded.clone(),
            _ => {
                let padded = Bytes::from(film::mp4::padded(&film, size));
                *last = Some((film, padded.clone()));
                padded
            }
        }
    }

    /// The film of an uploaded photo, or of the one that stands for those that lie elsewhere.
    fn shoot(&self, photo: Option<u64>, shape: (u32, u32)) -> Bytes {
        let bytes = photo.and_then(|hash| self.state().photos.get(&hash).cloned());
        match bytes {
            Some(bytes) => self.0.studio.film(photo.unwrap_or(0), shape, &bytes),
            None => self.0.studio.film(0, shape, &self.0.neutral_photo()),
        }
    }
}

fn over_limits(state: &mut State, key: &str, now: Millis) -> Option<&'static str> {
    let account = state.account(key);
    while account.creates.front().is_some_and(|at| now - at >= CREATES_WITHIN) {
        account.creates.pop_front();
    }
    if account.creates.len() >= CREATES {
        return Some(TOO_FAST);
    }
    account.creates.push_back(now);
    // Tasks of the last hours are at the end; older ones have ended.
    let recent = state.tasks.iter().rev().take(20_000);
    let running = |task: &&Task| {
        let ended = matches!(task.state_at(now), TaskState::Success | TaskState::Fail);
        task.key == key && !ended && now - task.created_at < HOUR
    };
    (recent.filter(running).count() >= RUNNING).then_some(TOO_FAST)
}

fn record(task: &Task, urls: &Value) -> Value {
    let mut data = json!({
        "taskId": task.id, "model": task.model, "param": task.input.to_string(),
        "state": "generating", "resultJson": "", "failCode": null, "failMsg": null,
        "costTime": null, "createTime": task.created_at, "completeTime": null
    });
    data["state"] = json!(match task.state {
        TaskState::Waiting => "waiting",
        TaskState::Queuing => "queuing",
        TaskState::Generating => "generating",
        TaskState::Success => "success",
        TaskState::Fail => "fail",
    });
    if let Some(at) = task.finished_at {
        data["completeTime"] = json!(at);
        data["costTime"] = json!(at - task.created_at);
        data["creditsConsumed"] = json!(task.credits);
    }
    match (&task.fate, task.state) {
        (Some(Fate::Fails(code, text)), TaskState::Fail) => {
            data["failCode"] = json!(code);
            data["failMsg"] = json!(text);
        }
        (_, TaskState::Success) => {
            data["resultJson"] = json!(json!({ "resultUrls": urls }).to_string());
        }
        _ => {}
    }
    data
}

fn veo_record(task: &Task, urls: &Value) -> Value {
    let flag = match task.state {
        TaskState::Success => 1,
        TaskState::Fail => 3,
        _ => 0,
    };
    let mut data = json!({
        "taskId": task.id, "paramJson": task.input.to_string(), "successFlag": flag,
        "response": null, "errorCode": null, "errorMessage": null, "fallbackFlag": false,
        "createTime": task.created_at, "completeTime": task.finished_at
    });
    if flag == 1 {
        data["response"] = json!({ "taskId": task.id, "resultUrls": urls, "resolution": "720p" });
    }
    if let (3, Some(Fate::Fails(code, text))) = (flag, &task.fate) {
        data["errorCode"] = code.parse::<i64>().map_or(json!(code), |code| json!(code));
        data["errorMessage"] = json!(text);
    }
    data
}
