use secrecy::ExposeSecret;

use super::*;
use crate::clock::{DAY, HOUR, MINUTE, SECOND};

const TOKEN: &str = "1234567890:AAcanary-bot-token_0123456789abcdef";
const KEY: &str = "canary-kie-key-0123456789";

/// A configuration from variables and the text of a file.
fn load(vars: &[(&str, &str)], toml: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    std::fs::write(&path, toml).unwrap();
    let flags = Overrides { config: Some(path), data_dir: Some(folder.path().to_path_buf()) };
    Config::load(&flags, &Env::from_pairs(vars.iter().copied()))
}

/// The error for a file, from its name on.
fn wrong(toml: &str) -> String {
    let error = load(&[], toml).unwrap_err().to_string();
    let at = error.find(FILE_NAME).unwrap_or_else(|| panic!("no file in: {error}"));
    error[at..].to_owned()
}

#[track_caller]
fn check(toml: &str, line: usize, key: &str, why: &str) {
    let error = wrong(toml);
    let begins = format!("{FILE_NAME}:{line}: {key}");
    assert!(error.starts_with(&begins) && error.contains(why), "{error}\nnot {begins} … {why}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let config = load(&[], "").unwrap();
    assert_eq!(config.telegram.upload_limit, 45 << 20);
    assert_eq!((config.credits.signup, config.credits.per_video), (2, 1));
    assert_eq!(config.credits.packs.len(), 4);
    assert_eq!(config.credits.packs[3], Pack { credits: 100, stars: 4_500 });
    assert_eq!(config.kie.models, ["bytedance/seedance-2-mini", "kling-3.0/video"]);
    assert_eq!(config.kie.poll_interval, 10 * SECOND);
    assert_eq!(config.kie.generation_timeout, 30 * MINUTE);
    assert_eq!((config.kie.rate_limit_cooldown, config.kie.billing_cooldown), (HOUR, DAY));
    assert_eq!((config.kie.creates_per_10s, config.kie.in_flight), (20, 100));
    assert_eq!((config.kie.daily_spend_cap, config.kie.low_balance), (0, 1_000));
    assert_eq!(config.prompt, Prompt { model: "gpt-4o-mini".into(), timeout: MINUTE });
    assert_eq!(config.workers.threads, 20);
    let retry = Retry { max_attempts: 3, temporary_delay: 10 * SECOND, rate_limit_delay: MINUTE };
    assert_eq!(config.retry, retry);
    assert_eq!(config.limits.photos_keep, 30 * DAY);
    assert_eq!((config.limits.texts_keep, config.limits.updates_keep), (365 * DAY, 2 * DAY));
    assert_eq!(config.backup.at.to_string(), "04:30:00");
    assert_eq!(config.report.timezone.iana_name(), Some("Europe/Moscow"));
    assert_eq!((config.log.level.as_str(), config.log.keep_days), ("info", 14));
    assert_eq!(config.endpoints.openai, "https://api.openai.com/v1");
    assert!(config.proxies.telegram.is_none() && config.process_clock().is_real());
}

#[test]
fn the_sample_with_its_marks_taken_off_is_the_defaults() {
    let bare: String = sample()
        .lines()
        .filter(|line| !line.starts_with("# ") && *line != "#")
        .map(|line| format!("{}\n", line.strip_prefix('#').unwrap_or(line)))
        .collect();
    let defaults = load(&[], "").unwrap();
    let read = load(&[], &bare).unwrap();
    let settings = |config: &Config| -> Vec<(String, String)> {
        let entries = config.entries().iter().filter(|entry| entry.key.contains('.'));
        entries.map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    };
    assert_eq!(settings(&read), settings(&defaults));
    let sources = read.entries().iter().filter(|entry| entry.key.contains('.'));
    for entry in sources {
        assert!(entry.source.contains(FILE_NAME), "{} is not in the sample", entry.key);
    }
    assert_eq!(settings(&load(&[], sample()).unwrap()), settings(&defaults));
}

#[test]
fn a_mistake_in_the_file_is_named_with_its_line_and_key() {
    check("[kie]\n\npoll_intervall = \"10s\"\n", 3, "kie.poll_intervall", "unknown");
    check("\n[kei]\n", 2, "kei", "unknown; the sections are");
    check("threads = 5\n", 1, "threads", "unknown; the sections are");
    check("workers = 5\n", 1, "workers", "section");
    check("[credits]\nper_video = -1\n", 2, "credits.per_video", "from 0 to");
    check("[credits]\nper_video = \"1\"\n", 2, "credits.per_video", "whole number");
    check("[credits]\nper_video = 1.5\n", 2, "credits.per_video", "whole number");
    check("[kie]\nmodels = []\n", 2, "kie.models", "at least one");
    check("[kie]\nmodels = [\"a\",\n\"a\"]\n", 2, "kie.models", "twice");
    check("[kie]\npoll_interval = \"10 s\"\n", 2, "kie.poll_interval", "duration");
    check("[kie]\npoll_interval = 10\n", 2, "kie.poll_interval", "duration");
    check("[kie]\npoll_interval = \"0s\"\n", 2, "kie.poll_interval", "from \"1s\" to \"1h\"");
    check("[telegram]\nupload_limit = \"45 Mb\"\n", 2, "telegram.upload_limit", "size");
    check("[telegram]\nsupport_url = \"shop\"\n", 2, "telegram.support_url", "@name");
    check("[workers]\nthreads = 0\n", 2, "workers.threads", "from 1 to 256");
    check("[report]\ntimezone = \"Mars/Base\"\n", 2, "report.timezone", "time zone");
    check("[report]\nat = \"9:00\"\n", 2, "report.at", "\"\" for none");
    check("[backup]\nat = \"\"\n", 2, "backup.at", "time of the day");
    check("[log]\nlevel = \"inof\"\n", 2, "log.level", "debug");
    check("[credits]\npacks = [ { credits = 5 } ]\n", 2, "credits.packs", "both");
    check(
        "[credits]\npacks = [ { credits = 5, stars = 0 } ]\n",
        2,
        "credits.packs",
        "stars: write",
    );
    check("[credits]\npacks = [ { credits = 5, rub = 1 } ]\n", 2, "credits.packs", "rub");
    check("[credits\n", 1, "", "");
    check("[kie]\nin_flight = 1\nin_flight = 2\n", 3, "", "duplicate key");
    check("[kie]\nin_flight = 99999999999999999999\n", 2, "", "whole number");
}

#[test]
fn a_flag_beats_the_environment_and_the_environment_beats_dotenv() {
    let mut env = Env::from_pairs([("NEUROCARDS_DATA_DIR", "/from/env"), ("ADMIN_TG_ID", " ")]);
    env.add_dotenv("\u{feff}NEUROCARDS_DATA_DIR=/from/dotenv\nADMIN_TG_ID=\"42, 7,42\" # me\n")
        .unwrap();
    let none = Overrides { config: None, data_dir: None };
    let config = Config::load(&none, &env).unwrap();
    assert_eq!(config.data_dir, Path::new("/from/env"));
    assert_eq!(config.admins, [42, 7]);
    assert_eq!(config.telegram.support_url, "tg://user?id=42");
    let source = |key: &str| {
        config.entries().iter().find(|entry| entry.key == key).map(|entry| entry.source.clone())
    };
    assert_eq!(source("NEUROCARDS_DATA_DIR").unwrap(), "environment NEUROCARDS_DATA_DIR");
    assert_eq!(source("ADMIN_TG_ID").unwrap(), ".env ADMIN_TG_ID");
    let flags = Overrides { config: None, data_dir: Some("/from/flag".into()) };
    assert_eq!(Config::load(&flags, &env).unwrap().data_dir, Path::new("/from/flag"));
    let config = load(&[("RUST_LOG", "neurocards=debug")], "[log]\nlevel = \"warn\"").unwrap();
    assert_eq!(config.log.level, "neurocards=debug");
}

#[test]
fn a_broken_dotenv_names_its_line_and_quotes_nothing() {
    let mut env = Env::default();
    let error = env.add_dotenv("A=1\nBOT_TOKEN=canary canary\n").unwrap_err().to_string();
    assert!(error.starts_with(".env line 2: BOT_TOKEN"), "{error}");
    assert!(!error.contains("canary"), "{error}");
    let mut env = Env::default();
    env.add_dotenv("GREETING=hello my world\n???\nexport ADMIN_TG_ID=42\n").unwrap();
    assert_eq!(env.get("ADMIN_TG_ID").unwrap().value, "42", "other programs' lines are theirs");
}

#[test]
fn a_file_that_was_named_must_exist() {
    let flags = Overrides { config: Some("/nowhere/x.toml".into()), data_dir: Some("/x".into()) };
    let error = Config::load(&flags, &Env::default()).unwrap_err().to_string();
    assert!(error.contains("/nowhere/x.toml") && error.contains("--sample"), "{error}");
}

#[test]
fn keys_are_gathered_in_order_and_each_once() {
    let vars = [
        ("BOT_TOKEN", TOKEN),
        ("KIE_API_KEY_10", "key-number-ten"),
        ("KIE_API_KEY_2", "key-number-two"),
        ("KIE_API_KEY", "key-number-one, key-number-two,"),
    ];
    let tokens = load(&vars, "").unwrap().require_tokens().unwrap();
    let keys: Vec<&str> = tokens.kie.iter().map(|key| key.expose_secret()).collect();
    assert_eq!(keys, ["key-number-one", "key-number-two", "key-number-ten"]);
    assert_eq!(tokens.bot_id, 1_234_567_890);
    assert!(tokens.openai.is_none());
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, format!("  {TOKEN}\n")).unwrap();
    let path = path.to_str().unwrap();
    let config = load(&[("BOT_TOKEN_FILE", path), ("KIE_API_KEY", KEY)], "").unwrap();
    assert_eq!(config.require_tokens().unwrap().bot.expose_secret(), TOKEN);
    for (vars, why) in [
        (&[("BOT_TOKEN_FILE", path), ("BOT_TOKEN", TOKEN)][..], "both set"),
        (&[("BOT_TOKEN_FILE", "/nowhere")], "no file /nowhere"),
        (&[("KIE_API_KEY_1_FILE", "/nowhere")], "KIE_API_KEY_1_FILE"),
    ] {
        let error = load(vars, "").unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn what_is_missing_is_named_and_what_is_malformed_is_not_shown() {
    let require = |vars: &[(&str, &str)]| load(vars, "").unwrap().require_tokens();
    for (vars, why) in [
        (&[][..], "BOT_TOKEN is not set"),
        (&[("BOT_TOKEN", ""), ("KIE_API_KEY", KEY)], "BOT_TOKEN is not set"),
        (&[("BOT_TOKEN", TOKEN)], "KIE_API_KEY is not set"),
        (&[("BOT_TOKEN", TOKEN), ("KIE_API_KEY", " , ,")], "KIE_API_KEY is not set"),
        (&[("BOT_TOKEN", "canary:short"), ("KIE_API_KEY", KEY)], "not a bot token"),
        (&[("BOT_TOKEN", TOKEN), ("KIE_API_KEY", "canary canary")], "not an API key"),
        (
            &[("BOT_TOKEN", TOKEN), ("KIE_API_KEY", KEY), ("OPENAI_API_KEY", "canary")],
            "OPENAI_API_KEY: this is not",
        ),
    ] {
        let error = require(vars).unwrap_err().to_string();
        assert!(error.contains(why) && !error.contains("canary"), "{error}");
    }
}

#[test]
fn no_secret_is_shown() {
    let vars = [
        ("BOT_TOKEN", TOKEN),
        ("KIE_API_KEY", KEY),
        ("OPENAI_API_KEY", "canary-openai-key"),
        ("KIE_PROXY", "http://canary:canary@proxy.example:8080"),
    ];
    let config = load(&vars, "").unwrap();
    let shown = format!("{config:?} {:?}", config.require_tokens().unwrap());
    let entries = serde_json::to_string(config.entries()).unwrap();
    assert!(!shown.contains("canary") && !entries.contains("canary"), "{shown}\n{entries}");
    assert!(entries.contains("1234567890:…") && entries.contains("http://…@proxy.example:8080"));
    let env = format!("{:?}", Env::from_pairs(vars));
    assert!(env.contains("BOT_TOKEN") && !env.contains("canary"), "{env}");
}

#[test]
fn a_service_takes_its_own_proxy_before_the_machines() {
    let url =
        |proxy: &Option<Proxy>| proxy.as_ref().map(|proxy| proxy.url().expose_secret().to_owned());
    let vars = [
        ("TELEGRAM_PROXY", "socks5://127.0.0.1:9050"),
        ("https_proxy", "proxy.example:3128"),
        ("KIE_API_URL", "http://127.0.0.1:8080/"),
    ];
    let config = load(&vars, "").unwrap();
    assert_eq!(url(&config.proxies.telegram).unwrap(), "socks5h://127.0.0.1:9050");
    assert_eq!(url(&config.proxies.openai).unwrap(), "http://proxy.example:3128");
    assert_eq!(
        url(&config.proxies.kie),
        None,
        "this machine is reached without the machine's proxy"
    );
    assert_eq!(config.endpoints.kie, "http://127.0.0.1:8080");
    for (name, value) in [
        ("TELEGRAM_PROXY", "ftp://canary:1@x"),
        ("ALL_PROXY", "http://"),
        ("KIE_API_URL", "api.kie.ai"),
        ("OPENAI_BASE_URL", "https://user:canary@x"),
        ("NEUROCARDS_CLOCK", "fast"),
        ("ADMIN_TG_ID", "@me"),
        ("RUST_LOG", "a=b=c"),
    ] {
        let error = load(&[(name, value)], "").unwrap_err().to_string();
        assert!(error.starts_with(name) && !error.contains("canary"), "{error}");
    }
}

#[test]
fn the_clock_of_a_test_is_set_by_a_variable() {
    let config = load(&[("NEUROCARDS_CLOCK", "60@1763730000000+0")], "").unwrap();
    assert!(!config.process_clock().is_real());
}
