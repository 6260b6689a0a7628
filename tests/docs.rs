//! What README, ARCHITECTURE and the like say is held against the program: files that they name
//! exist, commands parse, functions and tests are there.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

#[path = "docs/pages.rs"]
mod pages;

use std::path::Path;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use neurocards::cli::Args;
use pages::{blocks, pages, read, root, scripts, spans};

/// How the paths begin that a document may name, and files of the top folder.
const FOLDERS: [&str; 6] = ["src/", "tests/", "assets/", "packaging/", "docs/", ".ci/"];
const FILES: [&str; 9] = [
    "schema.sql",
    "clippy.toml",
    "deny.toml",
    "README.md",
    "README.ru.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "LICENSE",
];

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
    for doc in pages() {
        let found = paths(&read(&doc));
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
    let mut found = 0;
    // What looks like a function on these are figures for Prometheus, and what a change was called.
    let others = ["CHANGELOG.md", "docs/watching.md"];
    for page in pages().into_iter().filter(|it| !others.contains(&it.as_str())) {
        let spans = spans(&read(&page));
        for name in spans.iter().filter_map(|span| function(span)) {
            let is_there = [format!("fn {name}("), format!("fn {name}<")]
                .iter()
                .any(|declared| all.contains(declared.as_str()));
            assert!(is_there, "{page} names the function `{name}`, which does not exist");
            found += 1;
        }
    }
    assert!(found > 100, "the pages name functions: {found}");
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
    for doc in pages() {
        let text = read(&doc);
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

/// What stands on the pages of models and of money is what the catalogue says.
#[test]
fn every_model_and_its_price_are_those_of_the_catalogue() {
    let (models, money) = (read("docs/models.md"), read("docs/money.md"));
    let catalogue: toml::Table = toml::from_str(&read("assets/models.toml")).unwrap();
    let mut priced = 0;
    for model in catalogue["model"].as_array().unwrap() {
        let name = model["name"].as_str().unwrap();
        assert_eq!(model.get("ended").is_none(), models.contains(&format!("`{name}`")), "{name}");
        let Some(row) = money.lines().find(|line| line.starts_with(&format!("| `{name}`"))) else {
            continue;
        };
        let (seconds, credits) =
            (model["seconds"].as_integer().unwrap(), model["about_credits"].as_integer().unwrap());
        // Half a cent each, rounded to whole cents.
        let cents = (credits + 1) / 2;
        let ends = format!("| {seconds} | {credits} | {}.{:02} |", cents / 100, cents % 100);
        assert!(row.ends_with(&ends), "{row}: {ends}");
        priced += 1;
    }
    assert!(priced >= 6, "{priced}");
}

/// What an alert tells the operator to type.
#[test]
fn every_command_in_an_alert_parses() {
    let mut tried = 0;
    for language in ["ru", "en"] {
        let file = read(&format!("assets/texts/{language}.ftl"));
        for code in file.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next()) {
            let line = format!("{}\n", code.replace("{ $charge }", "stx1"));
            for words in commands(&line).iter().filter_map(|words| own_words(words)) {
                assert_eq!(complaint(&words, true), None, "{language}: {code}");
                tried += 1;
            }
        }
    }
    assert!(tried > 10, "{tried}");
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

/// A command in a block that nobody takes for one would be run by nobody.
#[test]
fn every_block_says_what_it_is() {
    for page in pages() {
        for (word, block) in blocks(&read(&page)) {
            let known = ["sh", "text", "toml", "ini", "sql", "rust", "ftl", "json", "yaml", "diff"];
            assert!(known.contains(&word.as_str()), "{page}: a block as `{word}`: {block}");
        }
    }
}

/// As a heading is called in an address.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    let mut found = 0;
    for page in pages() {
        let text = read(&page);
        let folder = Path::new(&page).parent().unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with("../../") {
                continue;
            }
            found += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone().into() } else { folder.join(file) };
            assert!(root().join(&target).exists(), "{page} leads to {link}, which is not there");
            if !heading.is_empty() {
                let there = std::fs::read_to_string(root().join(target)).unwrap();
                let mut titles = there.lines().filter_map(|line| line.strip_prefix('#'));
                let is_there =
                    titles.any(|it| anchor(it.trim_start_matches(['#', ' '])) == heading);
                assert!(is_there, "{page} leads to {link}: no such heading");
            }
        }
    }
    assert!(found > 30, "{found}");
}

/// The texts of a language that begin so, each on one line without its markup; a value is a `{`.
fn texts(language: &str, beginning: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for line in read(&format!("assets/texts/{language}.ftl")).lines() {
        match line.split_once(" = ") {
            Some((id, text)) if !line.starts_with([' ', '#']) => {
                all.push((id.to_owned(), text.to_owned()));
            }
            _ => {
                if let Some((_, text)) = all.last_mut() {
                    text.push_str(&format!(" {}", line.trim()));
                }
            }
        }
    }
    all.retain(|(id, _)| id.starts_with(beginning));
    for (_, text) in &mut all {
        *text = text.replace("<code>", "").replace("</code>", "");
    }
    all
}

/// What the operator reads is found by its words, in either language, with what to do about it.
#[test]
fn every_alert_is_on_the_page_of_troubles_in_its_own_words() {
    let page = read("docs/troubleshooting.md");
    let (en, ru) = (texts("en", "alert-"), texts("ru", "alert-"));
    assert!(en.len() > 40 && en.len() == ru.len());
    for ((id, english), (_, russian)) in en.iter().zip(&ru) {
        // That something is over asks for nothing.
        if id.ends_with("-over") || id == "alert-key-back" {
            continue;
        }
        let row = page.lines().find(|line| line.contains(&format!("`{id}`")));
        let row = row.unwrap_or_else(|| panic!("docs/troubleshooting.md does not know {id}"));
        assert!(row.split(" | ").all(|cell| cell.len() > 3) && row.matches(" | ").count() == 2);
        for (text, open, close) in [(english, '“', '”'), (russian, '«', '»')] {
            let quote = row.split(open).nth(1).and_then(|rest| rest.split(close).next());
            let quote = quote.unwrap_or_else(|| panic!("{id} is not quoted"));
            assert!(quote.chars().count() > 10, "{id}: {quote}");
            assert!(text.contains(quote), "{id} does not say: {quote}\n{text}");
        }
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
