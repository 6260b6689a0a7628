//! A shell on a machine as the documents suppose it: the program is installed, its data lies where
//! the package puts it, and an appliance has served a customer.

use std::cell::{Cell, RefCell};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use clap::Parser as _;
use clap::error::ErrorKind;
use neurocards::cli::Args;

use crate::customer::PACK;
use crate::{Appliance, Customer, OWN, Setup};

/// The customer of the documents.
const ANN: i64 = 123_456_789;
/// The one of the video that is ordered by hand.
const BEN: i64 = 42;
const ADMIN: i64 = 99;

/// First words that change nothing but what is the test's own.
const HARMLESS: [&str; 13] = [
    "neurocards",
    ".",
    "set",
    "chmod",
    "cd",
    "cp",
    "echo",
    "export",
    "grep",
    "install",
    "ls",
    "mkdir",
    "target/release/neurocards",
];
/// Where the package puts settings and data, and where anybody puts a file.
const PLACES: [&str; 3] = ["/etc/neurocards", "/var/lib/neurocards", "/tmp/"];
/// What somebody brings along.
const BROUGHT: [(&str, &str); 3] = [
    (
        "old.sql",
        "COPY users (id, telegram_id, credits) FROM stdin;\n1\t1001\t2\n\\.\n\
     COPY jobs (id, user_id, status) FROM stdin;\n1\t1\tcompleted\n\\.\n",
    ),
    ("users.csv", "id,telegram_id,credits\n1,1001,2\n"),
    ("jobs.csv", "id,user_id,status\n1,1,completed\n"),
];

/// What `sudo -u neurocards` and `cargo run` are to it.
const SUDO: &str = "#!/bin/sh\nshift 2\nexec \"$@\"\n";
const CARGO: &str =
    "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nexec neurocards \"$@\"\n";

/// A job by hand that waits for tomorrow.
const WAITING: &str = "INSERT INTO jobs (user_id, tg_user_id, idempotency_key, kind, template_id,
        input_photo_path, product_info, status, due_at)
 SELECT id, tg_user_id, 'page_' || (SELECT COUNT(*) FROM jobs), 'reels', 'self',
        'https://example.com/photo.jpg', '{\"text\": \"Test\", \"user_prompt\": \"A slow dolly\"}',
        'queued', created_at + 864000000
 FROM users
 WHERE tg_user_id = 42";

pub(super) struct Stand {
    shop: Appliance,
    home: tempfile::TempDir,
    codes: Cell<u32>,
    /// Codes that were made and not closed.
    open: RefCell<Vec<String>>,
}

/// The commands of a script: a quote, a backslash at the end or a document after `<<` makes one of
/// several lines.
pub(super) fn split(script: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut open = false;
    let mut until: Option<String> = None;
    for line in script.lines() {
        if !open && (line.trim().is_empty() || line.trim_start().starts_with('#')) {
            continue;
        }
        match commands.last_mut().filter(|_| open) {
            Some(command) => {
                command.push('\n');
                command.push_str(line);
            }
            None => commands.push(line.to_owned()),
        }
        let whole = commands.last().map_or("", String::as_str);
        if let Some(end) = &until {
            open = line != end;
            until = until.filter(|_| open);
        } else if let Some((_, end)) = line.split_once("<<") {
            until = Some(end.trim_matches(['-', '\'', '"', ' ']).to_owned());
            open = true;
        } else {
            open = line.ends_with('\\') || is_quoted(whole);
        }
    }
    commands
}

/// Whether a quote is open at the end.
fn is_quoted(text: &str) -> bool {
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(mark), _) if letter == mark => quote = None,
            (Some('"') | None, '\\') => drop(letters.next()),
            (None, '"' | '\'') => quote = Some(letter),
            (None, '#') => {
                // The rest of the line is a comment; a word with a # in it is none of ours.
                letters.by_ref().find(|it| *it == '\n');
            }
            _ => {}
        }
    }
    quote.is_some()
}

/// Whether the test may run it on the machine at hand: only our own places, only tame commands.
pub(super) fn is_harmless(command: &str) -> bool {
    let own = command.strip_prefix("cargo run --release -- ").is_some_and(|_| true);
    let mut pipes = command.split(" | ").map(|part| part.split(' ').next().unwrap_or(""));
    let first = pipes.next().unwrap_or("");
    let tame = (own || HARMLESS.contains(&first))
        && pipes.all(|it| ["grep", "head", "gzip"].contains(&it));
    let mut words = command.split([' ', '=', '\'', '"', '>']);
    let at_home = words.all(|word| {
        !word.starts_with('/')
            || word == "/dev/stdin"
            || PLACES.iter().any(|place| word.starts_with(place))
            // A command of the bot's.
            || first == "neurocards" && word.len() < 12 && !command.contains('>')
    });
    tame && at_home
        && !command.contains([';', '`'])
        && !command.contains("$(")
        && !command.contains("&&")
}

/// `neurocards grant`: a sentence that names a command without what it needs.
pub(super) fn is_only_a_name(span: &str) -> bool {
    let words = span.split(' ');
    let args = words.map(|word| if word == "N" || word.ends_with("ID") { "7" } else { word });
    let kind = Args::try_parse_from(args).map_err(|error| error.kind());
    let incomplete = [
        ErrorKind::MissingRequiredArgument,
        ErrorKind::MissingSubcommand,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
    ];
    span.split(' ').count() <= 3 && kind.is_err_and(|kind| incomplete.contains(&kind))
}

/// Whether a test or a module of tests has this name, or one that it is part of.
pub(super) fn is_in_the_tests(name: &str) -> bool {
    thread_local!(static ALL: String = {
        let mut all = String::new();
        for folder in ["tests", "src"] {
            gather(&super::pages::root().join(folder), &mut all);
        }
        all
    });
    ALL.with(|all| {
        let mut lines = all.lines().map(str::trim_start);
        lines.any(|line| {
            let begins = |word: &str| line.strip_prefix(word).is_some_and(|it| it.contains(name));
            ["fn ", "mod ", "pub mod "].into_iter().any(begins)
        })
    })
}

fn gather(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            all.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

impl Stand {
    pub(super) fn new() -> Self {
        let shop = Setup::new().keys(2).admin(ADMIN).start();
        let ann = shop.customer(ANN).with_credits(20);
        shop.customer(BEN);
        ann.orders(1, OWN).arrives();
        ann.buys(PACK);
        shop.settles();
        let home = tempfile::tempdir().unwrap();
        let stand = Self { shop, home, codes: Cell::default(), open: RefCell::default() };
        stand.furnishes();
        stand
    }

    fn furnishes(&self) {
        let home = self.home.path();
        for folder in ["bin", "target/release", "etc", ".local/bin"] {
            std::fs::create_dir_all(home.join(folder)).unwrap();
        }
        let program = env!("CARGO_BIN_EXE_neurocards");
        symlink(program, home.join("bin/neurocards")).unwrap();
        symlink(program, home.join("target/release/neurocards")).unwrap();
        let options = self.shop.sandbox().options();
        for (name, text) in [("bin/sudo", SUDO), ("bin/cargo", CARGO)] {
            std::fs::write(home.join(name), text).unwrap();
            std::fs::set_permissions(home.join(name), PermissionsExt::from_mode(0o700)).unwrap();
        }
        for (name, text) in BROUGHT {
            std::fs::write(home.join(name), text).unwrap();
        }
        for (name, text) in [
            ("etc/neurocards.toml", ""),
            ("etc/environment", "ADMIN_TG_ID=99\n"),
            ("etc/bot_token", options.token.as_str()),
            ("etc/kie_api_key", options.kie_keys[0].as_str()),
        ] {
            std::fs::write(home.join(name), text).unwrap();
            std::fs::set_permissions(home.join(name), PermissionsExt::from_mode(0o600)).unwrap();
        }
    }

    /// Runs them one after the other in one bash; what it complained of, if one fails.
    pub(super) fn does(&self, commands: &[String]) -> Result<(), String> {
        let filled: Vec<_> = commands.iter().map(|command| self.fill(command)).collect();
        let restores = filled.iter().find_map(|it| it.split_once(" restore ")).map(|it| it.1);
        if let Some(file) = restores {
            self.calms();
            let file = self.shop.data().join(file.trim());
            self.shop.commands(&["backup", "--force", file.to_str().unwrap()]);
            assert!(self.shop.sigterm().0.success());
            // As whoever closes their console first.
            self.shop.lets_go();
        }
        let script = filled.join("\n");
        let mut bash = self.shop.dressed(
            "timeout",
            &["--kill-after=5", "60", "bash", "-euo", "pipefail", "-c", &script],
        );
        let home = self.home.path();
        bash.env("HOME", home).env("PATH", format!("{}/bin:/usr/bin:/bin", home.display()));
        bash.current_dir(home);
        // A variable and a file of the same name are one too many.
        if script.contains("BOT_TOKEN_FILE=") {
            bash.env_remove("BOT_TOKEN").env_remove("KIE_API_KEY");
        }
        let output = self.shop.hears(&mut bash);
        if restores.is_some() {
            self.shop.start_again();
        }
        if output.status.success() {
            return Ok(());
        }
        let said =
            [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
        let last: Vec<_> = said.iter().flat_map(|it| it.lines()).rev().take(5).collect();
        Err(format!("`{}` ended with {}: {}", commands.join("\n"), output.status, last.join(" / ")))
    }

    /// With what the words in capitals stand for, and our places for the package's.
    fn fill(&self, command: &str) -> String {
        let mut text = self.at_home(command).replace("SELECT …", "SELECT 1").replace('…', "");
        let has = |word: &str| text.split(' ').any(|it| it == word);
        let waits = ["cancel", "run-now", "raise"].iter().any(|it| has(it));
        let asks = has("refund-payment") && !has("--yes");
        let id = if waits { self.waiting().to_string() } else { "1".to_owned() };
        if asks {
            text.push_str(" --yes");
        }
        let charge = if has_word(&text, "CHARGE_ID") { self.charge() } else { String::new() };
        let (ann, copy) = (ANN.to_string(), self.home.path().join("copy.db"));
        for (word, value) in [
            ("TG_USER_ID", ann.as_str()),
            ("CHARGE_ID", &charge),
            ("ID", &id),
            ("CREDITS", "3"),
            ("NAME", "bytedance/seedance-2-mini"),
            ("TEXT", "Hello"),
            ("DUMP", "old.sql"),
            ("N", "1"),
        ] {
            text = replaced(&text, word, value);
        }
        let force =
            if has_word(&text, "backup") && !text.contains("--force") { " --force" } else { "" };
        let file = format!("{}{force}", copy.display());
        text = text.replace("--skipped FILE", "--skipped skipped.csv");
        text = replaced(&text, "FILE", &file);
        text = replaced(&text, "CODE", &self.code(&text));
        text
    }

    /// In this test's folders instead of the machine's.
    fn at_home(&self, command: &str) -> String {
        let home = self.home.path().to_str().unwrap();
        let command = command.replace("/tmp/", &format!("{home}/"));
        let command = command.replace("/etc/neurocards", &format!("{home}/etc"));
        command.replace("/var/lib/neurocards", self.shop.data().to_str().unwrap())
    }

    /// A new promo code, or the last one that is open.
    fn code(&self, text: &str) -> String {
        if text.contains("promo close") {
            return self.open.borrow_mut().pop().unwrap_or_else(|| {
                self.shop.commands(&["promo", "add", "LAST", "1"]);
                "LAST".to_owned()
            });
        }
        self.codes.set(self.codes.get() + 1);
        let code = format!("SPRING-{}", self.codes.get());
        self.open.borrow_mut().push(code.clone());
        code
    }

    /// Of a payment that nobody has given back yet.
    fn charge(&self) -> String {
        self.shop.commands(&["resume"]);
        Customer::again(&self.shop, BEN).buys(PACK)
    }

    /// A video that waits for tomorrow.
    fn waiting(&self) -> i64 {
        self.shop.writes(WAITING);
        self.shop.value("SELECT MAX(id) FROM jobs")
    }

    pub(super) fn closes(self) {
        self.calms();
        let begun = "SELECT COUNT(*) FROM jobs WHERE order_id IS NULL AND started_at IS NOT NULL";
        let by_hand = self.shop.value(begun);
        self.shop.expects(|it| it.by_hand = by_hand);
    }

    /// Nothing is left closed or waiting for tomorrow.
    fn calms(&self) {
        self.shop.commands(&["resume"]);
        let sql = "UPDATE jobs SET due_at = 0 WHERE status = 'queued'";
        self.shop.writes(sql);
        self.shop.settles();
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(' ').any(|it| it == word)
}

/// Whole words only.
fn replaced(text: &str, word: &str, value: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        result.push_str(before);
        result.push_str(if whole { value } else { word });
        rest = after;
    }
    result + rest
}
