//! What README, ARCHITECTURE and the like say is held against the program: files that they name
//! exist, commands parse, functions and tests are there.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use neurocards::cli::Args;

const DOCS: [&str; 10] = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "packaging/README.md",
    "docs/at-rest.md",
    "docs/commands.md",
    "docs/performance.md",
    "docs/privacy.md",
    "docs/second-copy.md",
    "docs/upgrades.md",
];

/// How the paths begin that a document may name, and files of the top folder.
const FOLDERS: [&str; 6] = ["src/", "tests/", "assets/", "packaging/", "docs/", ".ci/"];
const FILES: [&str; 4] = ["schema.sql", "clippy.toml", "README.md", "LICENSE"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// What stands between single backticks, outside of code blocks.
fn spans(text: &str) -> Vec<String> {
    let mut spans = Vec::new();
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    for (at, part) in prose.split('`').enumerate() {
        if at % 2 == 1 {
            spans.push(part.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    spans
}

/// The blocks fenced as `sh`.
fn scripts(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        let line = line.trim_start();
        match &mut block {
            Some(_) if line == "```" => blocks.extend(block.take()),
            Some(script) => {
                script.push_str(line);
                script.push('\n');
            }
            None if line == "```sh" => block = Some(String::new()),
            None => {}
        }
    }
    blocks
}

/// The commands of a script as words, as a shell would see them: quotes, comments, a backslash at
/// the end of a line. What follows `|`, `>`, `;` or `&` is left out.
fn commands(script: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words) = (Vec::new(), Vec::new());
    let (mut word, mut quote, mut begun, mut skip) = (String::new(), None, false, false);
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(mark), _) if letter == mark => quote = None,
            (Some('"') | None, '\\') => match letters.next() {
                Some('\n') | None => {}
                Some(next) => word.push(next),
            },
            (Some(_), _) => word.push(letter),
            (None, '"' | '\'') => (quote, begun) = (Some(letter), true),
            (None, '#') if !begun && word.is_empty() => skip = true,
            (None, '|' | '>' | ';' | '&') => {
                if !skip && (begun || !word.is_empty()) {
                    words.push(std::mem::take(&mut word));
                }
                (begun, skip) = (false, true);
            }
            (None, _) if letter.is_whitespace() => {
                if !skip && (begun || !word.is_empty()) {
                    words.push(word.clone());
                }
                word.clear();
                begun = false;
                if letter == '\n' {
                    commands.push(std::mem::take(&mut words));
                    skip = false;
                }
            }
            (None, _) => word.push(letter),
        }
    }
    commands.retain(|words| !words.is_empty());
    commands
}

/// The program's own words of a command line: behind `neurocards`, or behind `cargo run … --`.
fn own_words(words: &[String]) -> Option<Vec<String>> {
    let rest = match words {
        [cargo, run, rest @ ..] if cargo == "cargo" && run == "run" => {
            let at = rest.iter().position(|word| word == "--")?;
            &rest[at + 1..]
        }
        [sudo, flag, _, program, rest @ ..]
            if sudo == "sudo" && flag == "-u" && program == "neurocards" =>
        {
            rest
        }
        [program, rest @ ..] if program == "neurocards" => rest,
        _ => return None,
    };
    Some(rest.to_vec())
}

/// Whether clap takes it; what is a placeholder in the documents becomes a value. A sentence may
/// name a command without what it needs.
fn complaint(words: &[String], in_a_sentence: bool) -> Option<String> {
    let value = |word: &String| match word.trim_matches(['[', ']']) {
        "ID" | "TG_USER_ID" | "CREDITS" | "N" => "7".to_owned(),
        word => word.to_owned(),
    };
    let args = std::iter::once("neurocards".to_owned()).chain(words.iter().map(value));
    match Args::try_parse_from(args).map_err(|error| (error.kind(), error)) {
        Ok(_) | Err((ErrorKind::DisplayHelp | ErrorKind::DisplayVersion, _)) => None,
        Err((ErrorKind::MissingRequiredArgument, _)) if in_a_sentence && words.len() == 1 => None,
        Err((_, error)) => Some(format!("neurocards {}: {error}", words.join(" "))),
    }
}

fn is_of_a_path(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_-./*".contains(letter)
}

/// The paths that a text names, wherever they stand in it.
fn paths(text: &str) -> Vec<String> {
    text.split(|letter| !is_of_a_path(letter))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| {
            FOLDERS.iter().any(|folder| word.starts_with(folder) && word.len() > folder.len())
                || FILES.contains(word)
        })
        .map(str::to_owned)
        .collect()
}

fn sources(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// `jobs::claim()`, and `a_name_like_a_sentence`, name a function.
fn function(span: &str) -> Option<&str> {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if let Some(path) = span.strip_suffix("()") {
        return path.rsplit("::").next().filter(|name| is_name(name));
    }
    Some(span).filter(|name| is_name(name) && name.matches('_').count() >= 3)
}

#[test]
fn every_file_that_is_named_exists() {
    for doc in DOCS {
        let found = paths(&read(doc));
        for path in &found {
            let path = path.split('*').next().unwrap_or(path);
            assert!(root().join(path).exists(), "{doc} names {path}, which does not exist");
        }
        if doc == "ARCHITECTURE.md" {
            assert!(found.len() > 50, "the map names its files: {}", found.len());
        }
    }
}

#[test]
fn every_function_and_test_that_is_named_exists() {
    let mut all = String::new();
    sources(&root().join("src"), &mut all);
    sources(&root().join("tests"), &mut all);
    let text = read("ARCHITECTURE.md");
    let spans = spans(&text);
    let names: Vec<&str> = spans.iter().filter_map(|span| function(span)).collect();
    assert!(names.len() > 50, "the map names functions: {}", names.len());
    for name in names {
        let is_there = [format!("fn {name}("), format!("fn {name}<")]
            .iter()
            .any(|declared| all.contains(declared.as_str()));
        assert!(is_there, "ARCHITECTURE.md names the function `{name}`, which does not exist");
    }
}

/// A test stands in the file that is named before it.
#[test]
fn every_promise_names_its_test_in_the_right_file() {
    let text = read("ARCHITECTURE.md");
    let promises = text.split("\n## ").find(|part| part.starts_with("What always holds")).unwrap();
    let mut file = String::new();
    let mut held = 0;
    for span in spans(promises) {
        if span.ends_with(".rs") {
            file = read(&span);
        } else if let Some(name) = function(&span).filter(|_| !span.ends_with("()")) {
            assert!(file.contains(&format!("fn {name}(")), "`{name}` is not in the file before it");
            held += 1;
        }
    }
    assert!(held >= 20, "{held}");
}

#[test]
fn every_command_line_parses() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for doc in DOCS {
        let text = read(doc);
        let inline = spans(&text).into_iter().filter(|span| span.starts_with("neurocards "));
        let inline = inline.map(|span| (format!("{span}\n"), true));
        for (script, inline) in scripts(&text).into_iter().map(|it| (it, false)).chain(inline) {
            for words in commands(&script).iter().filter_map(|words| own_words(words)) {
                tried += 1;
                wrong.extend(complaint(&words, inline).map(|why| format!("{doc}: {why}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 30, "the documents name commands: {tried}");
}

#[test]
fn every_command_has_its_line_in_the_readme() {
    let text = read("README.md");
    for command in Args::command().get_subcommands().filter(|command| command.get_name() != "help")
    {
        let name = command.get_name();
        let row = |line: &str| {
            let first = line.strip_prefix("| ").and_then(|line| line.split(" | ").next());
            first.is_some_and(|cell| {
                spans(cell).iter().any(|span| span.split(' ').nth(1) == Some(name))
            })
        };
        assert!(text.lines().any(row), "README.md has no row for `neurocards {name}`");
    }
}

#[test]
fn the_first_screen_has_the_two_commands() {
    let text = read("README.md");
    let screen: Vec<&str> = text.lines().take(40).collect();
    for command in ["cargo run --release -- demo", "cargo test"] {
        assert!(screen.contains(&command), "`{command}` is not in the first 40 lines");
    }
}

#[test]
fn a_wrong_command_and_a_missing_file_are_noticed() {
    let script = "neurocards jobs --limt 3 # three\ncargo run --release -- demo \\\n  --orders 3\n";
    let lines = commands(script);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(complaint(&own_words(&lines[0]).unwrap(), true).is_some());
    assert_eq!(complaint(&own_words(&lines[1]).unwrap(), false), None);
    let bare = ["grant".to_owned()];
    assert_eq!((complaint(&bare, true), complaint(&bare, false).is_some()), (None, true));
    let quoted = commands("neurocards sql --write \"SELECT 'a # b',\n 1\" > x\n");
    assert_eq!(quoted, [["neurocards", "sql", "--write", "SELECT 'a # b',\n 1"]]);
    assert_eq!(paths("see `src/none.rs`, packaging/x."), ["src/none.rs", "packaging/x"]);
    assert_eq!(function("jobs::claim()"), Some("claim"));
    assert_eq!(function("due_at"), None);
}
