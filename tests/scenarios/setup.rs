//! `neurocards setup`, answered through a pipe, and the start that follows it.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;

use clap::CommandFactory as _;
use neurocards::clock::Clock;
use neurocards::sandbox::{Options, Sandbox};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::appliance::PATIENCE;

/// A home without any configuration, and the services.
struct Home {
    root: tempfile::TempDir,
    sandbox: Sandbox,
    vars: Vec<(String, String)>,
}

impl Home {
    fn new() -> Self {
        let mut options = Options::new(Clock::real());
        options.kie_keys = vec!["canary-kie-key-1".into(), "canary-kie-key-2".into()];
        options.token = "7000000001:AAcanary-token-canary-token-canary".into();
        options.openai_key = Some("canary-openai-key".into());
        Self {
            root: tempfile::tempdir().unwrap(),
            sandbox: Sandbox::start(options).unwrap(),
            vars: Vec::new(),
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.into(), value.into()));
        self
    }

    fn token(&self) -> &str {
        &self.sandbox.options().token
    }

    fn settings(&self, name: &str) -> PathBuf {
        self.root.path().join(".config/neurocards").join(name)
    }

    /// From any working folder.
    fn binary(&self, args: &[&str], folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neurocards"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.root.path())
            .env("TELEGRAM_API_URL", self.sandbox.telegram_url())
            .env("KIE_API_URL", self.sandbox.kie_url())
            .env("KIE_UPLOAD_URL", self.sandbox.upload_url())
            .env("OPENAI_BASE_URL", self.sandbox.openai_url())
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .current_dir(folder);
        command
    }

    fn says(&self, args: &[&str], answers: &[&str]) -> (Output, String) {
        let mut command = self.binary(args, self.root.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let text: String = answers.iter().map(|answer| format!("{answer}\n")).collect();
        // One that gave up reads no further.
        let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(!said.contains("canary") && !said.contains("panicked"), "{said}");
        (output, said)
    }

    /// Everything that a good shop needs; the folder is the default.
    fn good(&self) -> Vec<&str> {
        vec![self.token(), "canary-kie-key-1", "", "canary-openai-key", "42", "@good_shop", "", "y"]
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_setup_writes_is_private_and_starts_from_any_folder() {
    let home = Home::new();
    let data = home.root.path().join("shop data");
    let wrong = "7000000001:AAcanary-wrong-canary-wrong-canary0";
    let data = data.to_str().unwrap();
    let answers = [
        "canary",
        wrong,
        home.token(),
        "canary-unknown-key",
        "canary-kie-key-1",
        "canary-kie-key-1",
        "canary-kie-key-2",
        "",
        "canary-bad-openai",
        "",
        "@me",
        "42",
        "shop",
        "@good_shop",
        "/dev/null",
        data,
        "y",
    ];
    let (output, said) = home.says(&["setup"], &answers);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("No: ").count(), 8, "{said}");
    for word in [
        "each answer is its next line",
        "@neurocards_sandbox_bot",
        "1000000 credits",
        "neurocards doctor",
        "neurocards run",
        "@BotFather",
        "https://kie.ai/api-key",
    ] {
        assert!(said.contains(word), "no `{word}`: {said}");
    }
    let secrets = home.settings("secrets.env");
    assert_eq!((mode(&secrets), mode(&home.settings("neurocards.toml"))), (0o600, 0o600));
    assert_eq!(mode(secrets.parent().unwrap()), 0o700);
    assert!(!Path::new(data).exists(), "the first start makes it");
    let elsewhere = tempfile::tempdir().unwrap();
    let shown = home.binary(&["config"], elsewhere.path()).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    for word in ["secrets.env BOT_TOKEN", "2 keys", "https://t.me/good_shop", "ADMIN_TG_ID"] {
        let there =
            shown.contains(word) || word.starts_with("https") && shown.contains("@good_shop");
        assert!(there, "no `{word}`: {shown}");
    }
    let doctor = home.binary(&["doctor"], elsewhere.path()).output().unwrap();
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
    let mut run = home.binary(&["run"], elsewhere.path()).stdout(Stdio::null()).spawn().unwrap();
    let polls = home
        .sandbox
        .telegram()
        .wait(PATIENCE, |telegram| (telegram.calls("getUpdates") > 0).then_some(()));
    let stop = Command::new("/bin/sh").args(["-c", &format!("kill -TERM {}", run.id())]).status();
    assert!(stop.unwrap().success());
    assert!(run.wait().unwrap().success() && polls.is_some());
    assert!(Path::new(data).join("neurocards.db").exists());
}

#[test]
fn what_is_there_is_shown_masked_and_kept_by_enter() {
    let home = Home::new();
    let (output, said) = home.says(&["setup"], &home.good());
    assert!(output.status.success(), "{said}");
    let secrets = home.settings("secrets.env");
    let settings = std::fs::read_to_string(home.settings("neurocards.toml")).unwrap();
    let before = std::fs::read_to_string(&secrets).unwrap() + "HTTPS_PROXY=''\n# mine\n";
    std::fs::write(&secrets, &before).unwrap();
    let (output, said) = home.says(&["setup"], &["", "", "", "", ""]);
    assert!(output.status.success() && said.contains("Nothing to change"), "{said}");
    assert!(said.contains("[7000000001:…, secrets.env BOT_TOKEN]"), "{said}");
    assert_eq!(std::fs::read_to_string(&secrets).unwrap(), before);
    let (output, said) = home.says(&["setup"], &["", "canary-kie-key-2", "", "-", "", "", "n"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(std::fs::read_to_string(&secrets).unwrap(), before, "{said}");
    let (output, said) = home.says(&["setup"], &["", "canary-kie-key-2", "", "-", "", "", "", "y"]);
    assert!(output.status.success(), "{said}");
    let after = std::fs::read_to_string(&secrets).unwrap();
    assert!(after.contains("canary-kie-key-2") && !after.contains("canary-kie-key-1"), "{after}");
    assert!(after.contains("# mine\n") && !after.contains("OPENAI"), "{after}");
    assert_eq!(std::fs::read_to_string(home.settings("neurocards.toml")).unwrap(), settings);
    assert_eq!(mode(&secrets), 0o600);
}

#[test]
fn answers_that_end_early_or_stay_wrong_write_nothing() {
    let home = Home::new();
    let good = home.good();
    for (answers, why) in [
        (&good[..0], "ended early"),
        (&good[..3], "ended early"),
        (&good[..7], "ended early"),
        (&["1:canary"; 9][..], "5 wrong answers"),
    ] {
        let (output, said) = home.says(&["setup"], answers);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(why) && said.contains("nothing was written"), "{said}");
        assert!(!home.settings("").exists(), "{said}");
    }
}

#[test]
fn a_service_out_of_reach_asks_for_a_proxy_and_offline_asks_nobody() {
    let home = Home::new().with("TELEGRAM_API_URL", "http://127.0.0.1:1");
    let token = home.token();
    let proxy = "socks5h://me:canary@127.0.0.1:1";
    let (output, said) = home.says(&["setup"], &[token, "", "ftp://canary", proxy, "", "", ""]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in ["not reached", "through socks5h://…@127.0.0.1:1", "--offline", "No: write a proxy"]
    {
        assert!(said.contains(word), "no `{word}`: {said}");
    }
    assert!(!home.settings("").exists());
    let before = home.sandbox.faults().count();
    let (output, said) = home.says(&["setup", "--offline"], &home.good());
    assert!(output.status.success(), "{said}");
    assert_eq!(home.sandbox.faults().count(), before);
    assert!(home.settings("secrets.env").exists());
}

#[test]
fn a_stronger_place_is_named_where_it_hides_an_answer() {
    let home = Home::new().with("ADMIN_TG_ID", "5");
    let file = home.root.path().join("own/shop.toml");
    let file = file.to_str().unwrap();
    let (output, said) = home.says(&["setup", "--config", file], &home.good());
    assert!(output.status.success(), "{said}");
    assert!(said.contains("environment ADMIN_TG_ID is stronger"), "{said}");
    assert!(said.contains(&format!("neurocards --config {file} run")), "{said}");
    assert_eq!(mode(Path::new(file)), 0o600);
    assert_eq!(mode(&Path::new(file).with_file_name("secrets.env")), 0o600);
}

#[test]
fn the_completions_and_the_manual_page_are_made_from_the_commands() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let (output, said) = home.says(&["completions", shell], &[]);
        assert!(output.status.success() && said.contains("doctor"), "{shell}");
        assert!(said.contains("offline"), "{shell}");
    }
    let script = home.root.path().join("completions");
    std::fs::write(&script, home.says(&["completions", "bash"], &[]).1).unwrap();
    let bash = Command::new("bash").arg("-n").arg(&script).output().unwrap();
    assert!(bash.status.success() && bash.stderr.is_empty(), "{bash:?}");
    let (_, page) = home.says(&["man"], &[]);
    let program = neurocards::cli::Args::command();
    let commands = program.get_subcommands().map(|command| command.get_name());
    for name in commands.filter(|name| *name != "help") {
        assert!(page.contains(&format!(".SS \"neurocards {name}\"")), "no {name}");
    }
}

/// Secrets are typed unseen, and the terminal sees again whatever ends the question.
#[test]
fn a_secret_is_not_seen_while_it_is_typed_and_the_terminal_comes_back() {
    let home = Home::new();
    let pair = native_pty_system().openpty(PtySize::default()).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_neurocards"));
    command.args(["setup", "--offline"]);
    command.env_clear();
    command.env("HOME", home.root.path());
    command.cwd(home.root.path());
    let mut child = pair.slave.spawn_command(command).unwrap();
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        // It ends with an error once the other side is gone.
        while let Ok(read @ 1..) = reader.read(&mut bytes) {
            tell.send(String::from_utf8_lossy(&bytes[..read]).into_owned()).unwrap();
        }
    });
    let mut seen = String::new();
    let mut sees = |word: &str| {
        while !seen.contains(word) {
            seen += &told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {word}: {seen}"));
        }
        assert!(!seen.contains("canary"), "{seen}");
    };
    let echo = || pair.master.get_termios().unwrap().local_flags.bits() & 0o10 != 0;
    sees("Token (not shown): ");
    // The question is there a moment before the terminal is blind.
    while echo() {
        std::thread::yield_now();
    }
    writeln!(writer, "{}", home.token()).unwrap();
    sees("KIE key (not shown): ");
    while echo() {
        std::thread::yield_now();
    }
    writer.write_all(b"canary-half\x03").unwrap();
    sees("nothing was written");
    assert_eq!(child.wait().unwrap().exit_code(), 1);
    assert!(echo(), "the terminal is still blind");
    assert!(!home.settings("").exists());
}
