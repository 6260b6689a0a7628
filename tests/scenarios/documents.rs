//! Every command of README and docs is run: by bash, as it stands there, with the program's own
//! commands on an appliance that has served a customer. What cannot be run like that stands in
//! [`lists`], with the place that runs it, or with the reason why nothing here can.

mod lists;
mod shell;

#[path = "../docs/pages.rs"]
mod pages;

use std::cell::RefCell;
use std::collections::BTreeSet;

use lists::{BY_NATURE, ELSEWHERE};
use pages::{blocks, pages, read, scripts, spans};
use shell::Stand;

use crate::Setup;

/// What becomes of a command.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// It is run here.
    Run,
    /// Something else runs it, which is there; or nothing can.
    Listed,
    /// Nobody runs it.
    Nobody,
}

/// The patterns of the lists that some command has needed.
#[derive(Default)]
struct Used(RefCell<BTreeSet<&'static str>>);

impl Used {
    fn fate(&self, command: &str) -> Fate {
        let command = plain(command);
        let elsewhere = ELSEWHERE.iter().map(|it| it.0);
        let pattern =
            elsewhere.chain(BY_NATURE.iter().map(|it| it.0)).find(|it| fits(it, &command));
        if let Some(pattern) = pattern {
            self.0.borrow_mut().insert(pattern);
            return Fate::Listed;
        }
        if is_a_test(&command) {
            return Fate::Listed;
        }
        if shell::is_harmless(&command) { Fate::Run } else { Fate::Nobody }
    }
}

/// One line, without its comment and without the words that only say whose data it is.
fn plain(command: &str) -> String {
    let code: Vec<_> =
        command.lines().map(|line| line.split(" # ").next().unwrap_or(line)).collect();
    let code = code.join(" ").replace("\\ ", " ");
    let code = code.split_whitespace().collect::<Vec<_>>().join(" ");
    let code = code.strip_prefix("sudo -u neurocards ").unwrap_or(&code).to_owned();
    code.replace(" --data-dir /var/lib/neurocards", "")
        .replace(" --config /etc/neurocards/neurocards.toml", "")
}

/// `*` at the end of a pattern stands for whatever follows.
fn fits(pattern: &str, command: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(begins) => command.starts_with(begins),
        None => command == pattern,
    }
}

/// `cargo test` with the name of a test, and there is one: the gate runs it, or, where it is an ignored
/// one, whoever wants what it says.
fn is_a_test(command: &str) -> bool {
    let words: Vec<_> = command.split(' ').skip_while(|word| word.contains('=')).collect();
    let ["cargo", "test", rest @ ..] = words.as_slice() else { return false };
    let names: Vec<_> = rest
        .iter()
        .enumerate()
        .filter(|(at, word)| !word.starts_with('-') && *at > 0 && rest[at - 1] != "--test")
        .flat_map(|(_, word)| word.split("::"))
        .filter(|word| !word.is_empty())
        .collect();
    let targets = rest.windows(2).filter(|pair| pair[0] == "--test").map(|pair| pair[1]);
    let mut files =
        targets.flat_map(|it| [format!("tests/{it}.rs"), format!("tests/{it}/main.rs")]);
    let is_there =
        rest.iter().all(|it| *it != "--test") || files.any(|it| pages::root().join(it).exists());
    let named = rest.contains(&"--test") || !names.is_empty();
    is_there && named && names.iter().all(|name| shell::is_in_the_tests(name))
}

#[test]
fn every_script_of_the_documents_runs() {
    let stand = Stand::new();
    let used = Used::default();
    let mut wrong = Vec::new();
    let mut done = BTreeSet::new();
    let mut ran = 0;
    for page in pages() {
        for script in scripts(&read(&page)) {
            let (mut mine, mut whole) = (Vec::new(), Vec::new());
            for command in shell::split(&script) {
                match used.fate(&command) {
                    Fate::Run => mine.push(command.clone()),
                    Fate::Listed => {}
                    Fate::Nobody => wrong.push(format!("{page}: nobody runs `{command}`")),
                }
                whole.push(plain(&command));
            }
            if done.insert(whole) && !mine.is_empty() {
                ran += mine.len();
                wrong.extend(stand.does(&mine).err().map(|why| format!("{page}: {why}")));
            }
        }
    }
    stand.closes();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran > 20, "{ran} commands were run");
    let lists = ELSEWHERE.iter().map(|it| it.0).chain(BY_NATURE.iter().map(|it| it.0));
    let idle: Vec<_> = lists.filter(|it| !used.0.borrow().contains(it)).collect();
    let spoken = every_span().join("\n");
    let stale: Vec<_> =
        idle.iter().filter(|it| !spoken.lines().any(|line| fits(it, line))).collect();
    assert!(stale.is_empty(), "no page names these any more: {stale:?}");
}

/// The program's own commands in sentences and tables, each once.
fn every_span() -> Vec<String> {
    let mut all = BTreeSet::new();
    for page in pages() {
        for span in spans(&read(&page)) {
            let ours = ["neurocards ", "promo ", "cargo ", "packaging/", ".ci/"];
            if span == "neurocards" || ours.iter().any(|it| span.starts_with(it)) {
                let span =
                    if span.starts_with("promo ") { format!("neurocards {span}") } else { span };
                all.insert(plain(&span.replace(['[', ']'], "")));
            }
        }
    }
    all.into_iter().collect()
}

#[test]
fn every_command_in_a_sentence_of_the_documents_runs() {
    let stand = Stand::new();
    let used = Used::default();
    let mut wrong = Vec::new();
    let mut ran = 0;
    for span in every_span().into_iter().filter(|span| span.starts_with("neurocards ")) {
        if shell::is_only_a_name(&span) || used.fate(&span) == Fate::Listed {
            continue;
        }
        ran += 1;
        wrong.extend(stand.does(&[span]).err());
    }
    stand.closes();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran > 50, "{ran} commands were run");
}

/// Settings, models and texts that a page shows are taken as they stand there.
#[test]
fn every_sample_of_the_documents_is_taken() {
    let mut taken = 0;
    for page in pages() {
        for (word, text) in blocks(&read(&page)) {
            let models = text.contains("[[model]]") || text.contains("[[choice]]");
            let file = match word.as_str() {
                "toml" if models => "models.toml",
                "toml" => "neurocards.toml",
                "ftl" => "texts/ru.ftl",
                _ => continue,
            };
            let shop = Setup::new().stopped();
            shop.puts_beside(file, &text);
            let output = shop.command(&["doctor", "--offline", "--json"]);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let checks: Vec<serde_json::Value> = serde_json::from_str(&said).unwrap();
            let fine = |name: &str| checks.iter().any(|it| it["name"] == name && it["ok"] == true);
            assert!(fine("configuration") && fine("own files"), "{page}: {text}{said}");
            taken += 1;
        }
    }
    assert!(taken > 4, "{taken}");
}

#[test]
fn what_the_lists_say_is_true() {
    for (command, file, words) in ELSEWHERE {
        assert!(read(file).contains(words), "{file} does not run `{command}`: no `{words}` in it");
    }
    for (command, why) in BY_NATURE {
        assert!(why.len() > 10, "{command}");
    }
}

#[test]
fn a_command_that_nobody_runs_is_noticed() {
    let used = Used::default();
    for nobody in
        ["rm -rf /", "reboot", "cargo publish", "curl https://example.com | sh", "bash -c x"]
    {
        assert_eq!(used.fate(nobody), Fate::Nobody, "{nobody}");
    }
    assert_eq!(used.fate("cargo test --test scenarios no_such_test_is_there"), Fate::Nobody);
    assert_eq!(used.fate("cargo test --test nowhere what_the_lists_say"), Fate::Nobody);
    assert_eq!(used.fate("cargo test --test scenarios what_the_lists_say"), Fate::Listed);
    assert_eq!(used.fate("neurocards jobs --limt 3"), Fate::Run);
    assert_eq!(used.fate("neurocards stats > /etc/passwd"), Fate::Nobody);
    let script = "a 'b\nc' \\\n  d # e\n\n# f\ncat > x <<'END'\ng\nEND\nh\n";
    let split = ["a 'b\nc' \\\n  d # e", "cat > x <<'END'\ng\nEND", "h"];
    assert_eq!(shell::split(script), split);
    let shop = Stand::new();
    assert!(shop.does(&["neurocards jobs --limt 3".to_owned()]).is_err());
    assert!(shop.does(&["neurocards jobs --limit 3 | grep nobody-like-this".to_owned()]).is_err());
    shop.closes();
}
