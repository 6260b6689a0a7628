//! What is fuzzed, once for the fuzzer (`tests/fuzz/src/main.rs`) and once for the gate
//! (`tests/fuzzing.rs`): anybody's bytes go in, and more than "no panic" has to come out.

use std::cell::OnceCell;
use std::fmt::Debug;
use std::fs::File;
use std::path::{Path, PathBuf};

use neurocards::api::classify::{Class, classify};
use neurocards::api::kie::{Record, Route};
use neurocards::api::replies::{self, Reply};
use neurocards::api::{kie, mp4};
use neurocards::bot::updates::{self, Brings, Transaction};
use neurocards::config::{Config, Env, Overrides};
use neurocards::flow::Press;
use neurocards::models::Catalogue;
use neurocards::payments::Offer;
use neurocards::photo;
use neurocards::templates::{self, Brief, Templates};
use neurocards::text::{Arg, Lang, Texts};
use secrecy::SecretString;

/// One parser, or a family of them.
pub(crate) struct Target {
    /// Its corpus is `tests/fuzz/corpus/NAME`.
    pub(crate) name: &'static str,
    /// Panics where a promise is broken.
    pub(crate) run: fn(&[u8]),
}

/// All there are.
pub(crate) const ALL: [Target; 11] = [
    Target { name: "updates", run: updates },
    Target { name: "callbacks", run: callbacks },
    Target { name: "kie", run: kie },
    Target { name: "openai", run: openai },
    Target { name: "classify", run: class },
    Target { name: "config", run: config },
    Target { name: "models", run: models },
    Target { name: "templates", run: templates },
    Target { name: "texts", run: texts },
    Target { name: "mp4", run: mp4 },
    Target { name: "photo", run: photo },
];

/// Stands where a secret stands; no error, value or log may show it.
const CANARY: &str = "canary0123456789abcdefCANARY0123456789";

/// A line of a log, a row, a screen: a service's code and text are cut to 500 characters each, and the
/// words around them are ours.
const WORDS_MAX: usize = 1_100;

/// Two readings of the same bytes are the same.
fn same<T: Debug>(read: impl Fn() -> T) -> T {
    let first = read();
    assert_eq!(format!("{first:?}"), format!("{:?}", read()), "two readings differ");
    first
}

/// What a file of this name and content is to whoever reads it.
fn with_file<T>(name: &str, content: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    thread_local! {
        static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
    }
    let path: PathBuf = FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| match tempfile::tempdir() {
            Ok(folder) => folder,
            Err(error) => panic!("no folder to write to: {error}"),
        });
        // A folder of its own: some readers read all that there is.
        let of = folder.path().join(name.replace('.', "-"));
        if let Err(error) = std::fs::create_dir_all(&of) {
            panic!("{}: {error}", of.display());
        }
        of.join(name)
    });
    if let Err(error) = std::fs::write(&path, content) {
        panic!("{}: {error}", path.display());
    }
    read(&path)
}

/// What an operator reads when a file is wrong: one line that names it.
fn check_complaint(error: &str, file: &str) {
    assert!(error.contains(file), "does not name {file}: {error}");
    assert!(!error.contains('\n'), "more than one line: {error}");
}

/// `FILE:12` is in it.
fn names_a_line(error: &str, file: &str) -> bool {
    error.match_indices(file).any(|(at, _)| {
        let rest = error[at + file.len()..].strip_prefix(':');
        rest.is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
    })
}

/// Telegram's updates: what was stored can be read, and is the same whenever it is read.
fn updates(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(update) = updates::read(text) {
        same(|| updates::read(text).ok());
        if let Some(message) = &update.message {
            match message.brings() {
                Brings::Text(text) => assert_eq!(message.text.as_deref(), Some(text)),
                Brings::Picture { .. } | Brings::Other => {}
            }
        }
    }
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return };
    for entry in value.as_array().into_iter().flatten().chain([&value]) {
        money(entry);
    }
    let sent = value.as_array().map_or(0, Vec::len);
    let raw = updates::raw(value);
    assert!(raw.len() <= sent);
    for one in raw {
        let Ok(update) = updates::read(&one.body) else {
            panic!("stored and not readable: {}", one.body);
        };
        assert_eq!(update.update_id, one.update_id);
    }
}

/// What is read as a payment can be booked: by a name, and for something.
fn money(value: &serde_json::Value) {
    if let Ok(Transaction::Paid { money, .. }) = same(|| updates::transaction(value)) {
        assert!(money.stars > 0 && !money.charge_id.is_empty());
    }
    let message = value.pointer("/message/successful_payment").unwrap_or(value);
    if let Ok(money) = same(|| updates::money(message)) {
        assert!(money.stars > 0 && !money.charge_id.is_empty());
        if let Some(offer) = same(|| Offer::read(&money.payload)) {
            assert_eq!(offer.payload(), money.payload);
        }
    }
}

/// Buttons: anybody can forge them; what is read as ours is ours when it is written again.
fn callbacks(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(press) = same(|| Press::read(text)) else { return };
    let again = press.data();
    assert_eq!(Press::read(&again), Some(press), "{text:?} became {again:?}");
    assert!(again.len() <= text.len(), "{text:?} became {again:?}");
}

/// The first byte chooses the call and the status of HTTP, the rest is the body.
fn reply(data: &[u8]) -> Option<(u8, Reply<'_>)> {
    let (first, body) = data.split_first()?;
    let status = [200, 200, 200, 400, 401, 402, 422, 429, 455, 500, 502, 505, 530];
    Some((first % 16, Reply { status: status[usize::from(first / 16) % status.len()], body }))
}

fn check_words(text: &str) {
    assert!(!text.contains(CANARY), "a secret is shown: {text}");
    assert!(text.chars().count() <= WORDS_MAX, "{} characters: {text}", text.chars().count());
}

fn check_refusal(trouble: &kie::Trouble, reply: &Reply<'_>) {
    check_words(&trouble.to_string());
    if serde_json::from_slice::<serde_json::Value>(reply.body).is_err() {
        assert!(matches!(trouble, kie::Trouble::Lost(_)), "no JSON, and still {trouble:?}");
    }
    assert!(!matches!(trouble, kie::Trouble::Unreached(_)), "it did answer: {trouble:?}");
}

/// KIE's replies. Nothing is a success but HTTP 200 with code 200, no answer that is none of
/// KIE's is a refusal, no text is endless, no address another than http(s), and no key is shown.
fn kie(data: &[u8]) {
    let Some((call, reply)) = reply(data) else { return };
    let key = SecretString::from(CANARY);
    let trouble = match call {
        0 => same(|| replies::task(&reply, &key)).map(|task| {
            assert!((1..=1_024).contains(&task.len()), "{task}");
        }),
        1 => same(|| replies::credit(&reply, &key)).map(|credit| assert!(credit.is_finite())),
        2 => same(|| replies::upload(&reply, &key)).map(|address| check_address(&address)),
        3 => same(|| replies::kie_chat(&reply, &key)).map(|text| check_answer(&text)),
        _ => {
            let route = if call % 2 == 0 { Route::Jobs } else { Route::Veo };
            let read = same(|| replies::record(route, &reply, &key));
            if let Ok(record) = &read {
                check_record(record);
                assert!(reply.status == 200 || !matches!(record, Record::Done { .. }));
                return;
            }
            read.map(|_| ())
        }
    };
    match trouble {
        Ok(()) => assert_eq!(reply.status, 200),
        Err(trouble) => check_refusal(&trouble, &reply),
    }
}

fn check_address(address: &str) {
    let lower = address.to_ascii_lowercase();
    let fits = lower.starts_with("http://") || lower.starts_with("https://");
    assert!(fits && address.len() <= 4_096, "not an address of ours: {address}");
}

fn check_record(record: &Record) {
    let credits = match record {
        Record::Running | Record::NotFound => return,
        Record::Done { urls, credits } => {
            assert!((1..=8).contains(&urls.len()), "{urls:?}");
            urls.iter().for_each(|url| check_address(url));
            credits
        }
        Record::Failed { code, text, credits, .. } => {
            check_words(code);
            check_words(text);
            credits
        }
    };
    assert!(credits.is_none_or(|credits| credits.is_finite() && credits >= 0.0), "{credits:?}");
}

/// What a language model wrote is a prompt within its limits, or no prompt.
fn check_answer(text: &str) {
    assert!(!text.is_empty() && text.trim() == text, "{text:?}");
    if let Ok(prompt) = templates::check(text, 300) {
        let chars = prompt.chars().count();
        assert!((20..=300).contains(&chars), "{chars} characters");
        assert!(!prompt.chars().any(|c| c.is_control() && c != '\n'), "{prompt:?}");
    }
}

/// OpenAI's replies; likewise.
fn openai(data: &[u8]) {
    let Some((call, reply)) = reply(data) else { return };
    let key = SecretString::from(CANARY);
    let trouble = match call {
        0 => same(|| replies::models(&reply, &key)).map(|_| ()),
        1 => same(|| replies::moderation(&reply, &key)).map(|found| {
            assert!(found.len() <= 100 && found.iter().all(|name| name.len() <= 40), "{found:?}");
        }),
        _ => same(|| replies::chat(&reply, &key)).map(|text| check_answer(&text)),
    };
    match trouble {
        Ok(()) => assert_eq!(reply.status, 200),
        Err(trouble) => check_words(&trouble.to_string()),
    }
}

/// Status, code and text, a line each: every error has one class, whatever its case, and what its
/// text says counts more than what surrounds it.
fn class(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let status = lines.next().and_then(|line| line.parse().ok()).unwrap_or(200);
    let (code, text) = (lines.next().unwrap_or(""), lines.next().unwrap_or(""));
    let class = same(|| classify(status, code, text));
    let (upper, lower) = (text.to_ascii_uppercase(), text.to_ascii_lowercase());
    assert_eq!(classify(status, code, &upper), class, "in upper case");
    assert_eq!(classify(status, &code.to_ascii_lowercase(), &lower), class, "in lower case");
    // No money counts more than anything else that is said.
    let broke = format!("{text} Credits insufficient");
    assert_eq!(classify(status, code, &broke), Class::Billing);
}

/// A configuration file, variables and a `.env`, apart by a line of `---`.
fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut parts = text.splitn(3, "\n---\n");
    let [toml, vars, dotenv] = [(); 3].map(|()| parts.next().unwrap_or(""));
    let pairs: Vec<(String, String)> = vars.lines().filter_map(variable).collect();
    with_file("neurocards.toml", toml.as_bytes(), |path| {
        let shown = path.display().to_string();
        let mut env = Env::from_pairs(pairs.clone());
        // First, so that no quotation mark before it makes it a part of something else.
        let dotenv = format!("KIE_API_KEY={CANARY}\n{dotenv}");
        if let Err(error) = env.add_dotenv(&dotenv) {
            assert!(!error.to_string().contains(CANARY), "{error}");
            check_complaint(&error.to_string(), ".env");
            return;
        }
        assert!(!format!("{env:?}").contains(CANARY));
        let data_dir = path.parent().map(Path::to_path_buf);
        let flags = Overrides { config: Some(path.to_path_buf()), data_dir };
        match same(|| Config::load(&flags, &env)) {
            Ok(config) => {
                assert!(!format!("{config:?}").contains(CANARY), "a secret is shown");
                for entry in config.entries() {
                    assert!(!entry.value.contains(CANARY), "{} shows a secret", entry.key);
                }
            }
            Err(error) => {
                let error = error.to_string();
                assert!(!error.contains(CANARY) && !error.contains('\n'), "{error}");
                if error.contains(&shown) {
                    assert!(names_a_line(&error, &shown), "names no line: {error}");
                } else {
                    let named = pairs.iter().any(|(name, _)| error.contains(name.as_str()));
                    assert!(named || error.contains(".env"), "names no variable: {error}");
                }
            }
        }
    });
}

/// `NAME=value` of one of ours; a secret gets the canary. A file that a variable names is not
/// read: it could be any on the machine.
fn variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    if name.ends_with("_FILE") || matches!(name, "NEUROCARDS_CONFIG" | "NEUROCARDS_DATA_DIR") {
        return None;
    }
    let secret = name == "BOT_TOKEN" || name.starts_with("KIE_API_KEY") || name == "OPENAI_API_KEY";
    let value = if secret { format!("{value}{CANARY}") } else { value.to_owned() };
    Some((name.to_owned(), value))
}

/// An operator's `models.toml`: refused with its line, or every model in it can be asked.
fn models(data: &[u8]) {
    with_file("models.toml", data, |path| {
        match same(|| Catalogue::load(Some(path)).map_err(|error| format!("{error:#}"))) {
            Err(error) => {
                check_complaint(&error, "models.toml");
                let whole = error.contains("is larger") || error.contains("has more than");
                let text = std::str::from_utf8(data).is_ok();
                assert!(!text || whole || names_a_line(&error, "models.toml"), "{error}");
            }
            Ok(catalogue) => {
                for model in catalogue.all() {
                    let input = model.input("a prompt", "https://files.example/a.jpg", Some(5));
                    assert!(input.is_object() && input.to_string().contains("a prompt"));
                    assert!((100..=100_000).contains(&model.prompt_max), "{}", model.name);
                    assert!(model.about_credits.is_finite() && model.about_credits >= 0.0);
                    assert_eq!(catalogue.get(&model.name).map(|one| &one.name), Some(&model.name));
                }
            }
        }
    });
}

/// An operator's template: refused by name, or it makes prompts that fit whatever is asked.
fn templates(data: &[u8]) {
    with_file("own.toml", data, |path| {
        let folder = path.parent();
        let read = same(|| Templates::load(folder).map_err(|error| format!("{error:#}")));
        let templates = match read {
            Ok(templates) => templates,
            Err(error) => return check_complaint(&error, "own.toml"),
        };
        let product = "A \"mug\" {variation} \u{0}\n«blue» ".repeat(40);
        for template in templates.all() {
            for prompt_max in [100, 500, 2_000] {
                let brief = Brief {
                    product: &product,
                    wishes: Some("slow {seconds}"),
                    language: "ru",
                    prompt_max,
                    seconds: 8,
                    speech: &["ru".to_owned()],
                    sound: true,
                    ordinal: 2,
                    count: 3,
                    earlier: &[],
                    refines: (prompt_max % 2 == 0).then_some((&product, "at {seconds}")),
                };
                let prompt = templates::fallback(template, &brief);
                let chars = prompt.chars().count();
                assert!(chars <= prompt_max && !prompt.is_empty(), "{chars} of {prompt_max}");
                let script = templates::compose(template, &brief);
                assert!(!script.system.is_empty() && !script.user.is_empty());
            }
            for language in ["ru", "en"] {
                let label = template.label(language).chars().count();
                assert!((1..=60).contains(&label), "a button of {label} characters");
            }
        }
    });
}

/// An operator's own texts: refused by name, or Telegram takes what they become, whatever is put
/// into them.
fn texts(data: &[u8]) {
    with_file("ru.ftl", data, |path| {
        let read = Texts::load(path.parent()).map_err(|error| format!("{error:#}"));
        let texts = match read {
            Ok(texts) => texts,
            Err(error) => return assert!(error.contains("ru.ftl"), "names no file: {error}"),
        };
        let Ok(source) = std::str::from_utf8(data) else { return };
        let ids = source.lines().filter_map(|line| line.split_once('=')).map(|(id, _)| id.trim());
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        for id in ids.filter(|id| !id.starts_with('-') && id.chars().all(plain)) {
            for number in [None, Some(0), Some(1), Some(2), Some(5)] {
                let value = |_: &str| number.map_or(Arg::Str("<b>&\" </i>"), Arg::Num);
                let args: Vec<(&str, Arg<'_>)> =
                    values().iter().map(|name| (*name, value(name))).collect();
                let html = texts.say(Lang::Ru, id, &args);
                if let Err(why) = markup(&html) {
                    panic!("`{id}` becomes what Telegram refuses ({why}): {html}");
                }
                let units = html.encode_utf16().count();
                assert!(units <= 4_096, "`{id}` becomes {units} units");
            }
        }
    });
}

/// The names of all values that our texts are given.
fn values() -> &'static [&'static str] {
    use std::sync::OnceLock;
    static NAMES: OnceLock<Vec<&'static str>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let source = include_str!("../../assets/texts/ru.ftl");
        let names = source.split('$').skip(1).map(|rest| rest.split(ends).next().unwrap_or(""));
        let mut names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        names.dedup();
        names
    })
}

/// Whether Telegram's HTML mode would take it: the tags that it knows, closed in their order.
fn markup(html: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { return Err(format!("<{tag} has no end")) };
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("</{name}> closes nothing"));
            }
            continue;
        }
        let name = tag.split_whitespace().next().unwrap_or("");
        if !["b", "i", "u", "s", "code", "pre", "a", "blockquote"].contains(&name) {
            return Err(format!("<{tag}> is none of Telegram's"));
        }
        open.push(name);
    }
    open.pop().map_or(Ok(()), |name| Err(format!("<{name}> stays open")))
}

/// A file that says it is a video.
fn mp4(data: &[u8]) {
    with_file("a.mp4", data, |path| {
        let Ok(mut file) = File::open(path) else { panic!("gone") };
        let Ok(video) = mp4::measure(&mut file) else { return };
        assert_eq!(video.bytes, data.len() as u64);
        assert!((0.0..86_400.0).contains(&video.seconds), "{} s", video.seconds);
        assert!(video.width <= 65_535 && video.height <= 65_535);
        assert_eq!(video.width == 0, video.height == 0);
    });
}

/// A customer's photo: refused, or a plain JPEG of a size that every model takes, and which we
/// would take again.
fn photo(data: &[u8]) {
    let Ok(kept) = photo::prepare(data) else { return };
    let (short, long) = (kept.width.min(kept.height), kept.width.max(kept.height));
    assert!((300..=2_048).contains(&short) && long <= 2_048, "{kept:?}");
    assert!(kept.jpeg.len() <= 10_000_000, "{kept:?}");
    match photo::prepare(&kept.jpeg) {
        Ok(again) => assert_eq!((again.width, again.height), (kept.width, kept.height)),
        Err(why) => panic!("{kept:?} is refused the second time: {why}"),
    }
}
