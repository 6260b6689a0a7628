//! The real binary with configurations that are wrong, missing or fine: exit codes, one clear
//! line, and no secret anywhere.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::path::Path;
use std::process::{Command, Output};

const TOKEN: &str = "1234567890:AAcanary-bot-token_0123456789abcdef";
const KEY: &str = "canary-kie-key-0123456789";

/// A run of the binary in a folder of its own, with an empty environment.
struct Run {
    folder: tempfile::TempDir,
    vars: Vec<(String, String)>,
}

impl Run {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), vars: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.into(), value.into()));
        self
    }

    fn with_secrets(self) -> Self {
        self.with("BOT_TOKEN", TOKEN).with("KIE_API_KEY", KEY)
    }

    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    fn settings(self, toml: &str) -> Self {
        self.file("settings.toml", toml).with("NEUROCARDS_CONFIG", "settings.toml")
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn says(&self, args: &[&str]) -> Output {
        let output = Command::new(env!("CARGO_BIN_EXE_neurocards"))
            .args(args)
            .env_clear()
            .env("HOME", self.path())
            .env("NEUROCARDS_DATA_DIR", self.path().join("data"))
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .current_dir(self.path())
            .output()
            .unwrap();
        let all = format!("{}{}", out(&output), err(&output));
        assert!(!all.contains("canary"), "a secret was shown: {all}");
        assert!(!all.contains("panicked"), "{all}");
        output
    }

    /// Exit code 2 and one line on standard error with all of `words`.
    #[track_caller]
    fn refused(&self, args: &[&str], words: &[&str]) {
        let output = self.says(args);
        let error = err(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert_eq!(out(&output), "", "{error}");
        for word in words {
            assert!(error.contains(word), "no `{word}` in: {error}");
        }
        assert!(!self.path().join("data").exists(), "it began all the same");
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn without_a_token_it_says_where_to_get_one() {
    Run::new().refused(&["run"], &["BOT_TOKEN is not set", "@BotFather"]);
    Run::new().refused(&[], &["BOT_TOKEN is not set"]);
}

#[test]
fn a_malformed_token_is_refused_and_not_shown() {
    let run = Run::new().with("BOT_TOKEN", "canary").with("KIE_API_KEY", KEY);
    run.refused(&["run"], &["BOT_TOKEN", "not a bot token"]);
    let run = Run::new().file(".env", &format!("BOT_TOKEN={KEY}\nKIE_API_KEY={KEY}\n"));
    run.refused(&["run"], &[".env BOT_TOKEN", "not a bot token"]);
}

#[test]
fn without_a_key_it_says_where_to_get_one() {
    Run::new().with("BOT_TOKEN", TOKEN).refused(&["run"], &["KIE_API_KEY is not set", "kie.ai"]);
}

#[test]
fn a_secret_given_twice_is_refused() {
    let run = Run::new().with_secrets().with("BOT_TOKEN_FILE", "token").file("token", TOKEN);
    run.refused(&["run"], &["BOT_TOKEN and BOT_TOKEN_FILE"]);
}

#[test]
fn a_mistake_in_the_file_is_named_with_file_line_and_key() {
    for (toml, words) in [
        ("[kie\n", &["settings.toml:1"][..]),
        ("[kie]\n\npol_interval = \"5s\"\n", &["settings.toml:3: kie.pol_interval", "unknown"]),
        ("[kie]\npoll_interval = \"5 sec\"\n", &["settings.toml:2: kie.poll_interval", "\"10s\""]),
        ("[credits]\nper_video = -1\n", &["settings.toml:2: credits.per_video", "from 0"]),
        ("[workers]\nthreads = \"many\"\n", &["settings.toml:2: workers.threads", "whole number"]),
    ] {
        Run::new().with_secrets().settings(toml).refused(&["run"], words);
    }
    let run = Run::new().with_secrets().with("NEUROCARDS_CONFIG", "nowhere.toml");
    run.refused(&["run"], &["nowhere.toml", "no such configuration file"]);
}

#[test]
fn a_broken_proxy_is_refused_without_its_password() {
    let run = Run::new().with_secrets().with("KIE_PROXY", "ftp://user:canary@proxy:1");
    run.refused(&["run"], &["KIE_PROXY", "socks5h"]);
}

#[test]
fn the_effective_configuration_names_each_source_and_masks_secrets() {
    let run = Run::new()
        .with("KIE_API_KEY", KEY)
        .with("KIE_PROXY", "http://user:canary@proxy.example:8080")
        .file(".env", &format!("BOT_TOKEN={TOKEN}\nKIE_API_KEY=other\n"))
        .settings("[workers]\nthreads = 4\n");
    let output = run.says(&["config"]);
    let text = out(&output);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let line = |key: &str| text.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("BOT_TOKEN").contains("1234567890:…") && line("BOT_TOKEN").contains(".env"));
    assert!(line("KIE_API_KEY").contains("1 key") && line("KIE_API_KEY").contains("environment"));
    assert!(line("KIE_PROXY").contains("proxy.example:8080"));
    assert!(line("workers.threads").contains("= 4") && line("workers.threads").contains(".toml:2"));
    assert!(line("kie.poll_interval").contains("\"10s\"") && line("kie.poll").contains("default"));
    let json: Vec<serde_json::Value> =
        serde_json::from_slice(&run.says(&["config", "--json"]).stdout).unwrap();
    assert_eq!(json.len(), text.lines().count());
    assert!(json.iter().all(|entry| entry["key"].is_string() && entry["source"].is_string()));
}

#[test]
fn the_sample_is_printed_even_where_the_configuration_is_broken() {
    let run = Run::new().settings("[kie\n").file(".env", "BOT_TOKEN=a b c\n");
    let output = run.says(&["config", "--sample"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(out(&output), include_str!("../packaging/neurocards.toml"));
}

#[test]
fn wrong_usage_is_exit_code_2_and_help_is_0() {
    let run = Run::new();
    for args in [&["dance"][..], &["grant", "x", "1"], &["jobs", "--limit", "0"], &["--nothing"]] {
        assert_eq!(run.says(args).status.code(), Some(2), "{args:?}");
    }
    for args in [&["--help"][..], &["--version"], &["keys", "--help"]] {
        assert_eq!(run.says(args).status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_command_without_a_database_says_what_to_do() {
    for args in
        [&["stats"][..], &["users"], &["jobs"], &["job", "1"], &["keys"], &["sql", "SELECT 1"]]
    {
        let run = Run::new();
        let output = run.says(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {}", err(&output));
        assert_eq!(err(&output).lines().count(), 1, "{args:?}: {}", err(&output));
        assert!(err(&output).contains("neurocards run"), "{}", err(&output));
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_hangs_up_is_no_error() {
    let run = Run::new();
    let script = format!("\"{}\" config --sample | true", env!("CARGO_BIN_EXE_neurocards"));
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("HOME", run.path())
        .current_dir(run.path())
        .output()
        .unwrap();
    assert_eq!(err(&output), "");
}
