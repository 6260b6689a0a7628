//! Arrows point down. Who may name whom stands in one table, lowest line first, so that a cycle
//! cannot be written down; and who owns which dependency in another.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Rooms on a line do not know one another; each may use the lines above it in this table.
const CORE: [&[&str]; 10] = [
    &["clock", "meter", "text", "photo"],
    &["db"],
    &["audit", "inbox", "instance", "outbox", "users"],
    &["alerts", "keys", "ledger", "models", "templates"],
    &["growth", "jobs"],
    &["orders", "payments"],
    &["broadcasts", "tickets"],
    &["flow"],
    &["operator"],
    &["bot", "worker", "backup", "console", "import"],
];

/// Leaves know the clock and nothing else of ours.
const LEAVES: [&str; 2] = ["api", "sandbox"];

/// Assembly may name everything below it, in this order. Its own lowest, the configuration, is
/// read by nobody but the rest of the assembly.
const ASSEMBLY: [&str; 4] = ["config", "serve", "cli", "main"];

/// Who may name a dependency; every other crate is free.
const FENCES: [(&[&str], &[&str]); 10] = [
    (&["tokio", "tokio_util"], &["bot", "serve", "sandbox", "cli"]),
    (&["teloxide", "reqwest"], &["bot"]),
    (&["axum", "openh264"], &["sandbox"]),
    (&["ureq"], &["api"]),
    (&["ratatui", "crossterm"], &["console"]),
    (&["image"], &["photo", "sandbox"]),
    (&["sd_notify", "prometheus_client"], &["serve"]),
    (&["csv"], &["import"]),
    (&["r2d2", "r2d2_sqlite"], &["db"]),
    (
        &["rusqlite"],
        &[
            "db",
            "audit",
            "inbox",
            "instance",
            "outbox",
            "users",
            "alerts",
            "keys",
            "ledger",
            "models",
            "templates",
            "growth",
            "jobs",
            "broadcasts",
            "orders",
            "payments",
            "tickets",
            "operator",
            "flow",
            "backup",
            "import",
            "cli",
        ],
    ),
];

fn may_name(room: &str, other: &str) -> bool {
    if room == other || room == "lib" {
        return true;
    }
    if let Some(at) = ASSEMBLY.iter().position(|one| *one == room) {
        let above = ASSEMBLY.iter().position(|one| *one == other);
        return above.is_none_or(|above| above < at);
    }
    if LEAVES.contains(&room) {
        return other == "clock";
    }
    if other == "api" {
        return room == "worker";
    }
    match (line(room), line(other)) {
        (Some(room), Some(other)) => other < room,
        _ => false,
    }
}

fn line(room: &str) -> Option<usize> {
    CORE.iter().position(|rooms| rooms.contains(&room))
}

fn is_known(room: &str) -> bool {
    line(room).is_some() || LEAVES.contains(&room) || ASSEMBLY.contains(&room) || room == "lib"
}

/// What is wrong with a file of a room; empty: nothing. `depth`: how many `super` lead from it to
/// the root.
fn faults(room: &str, depth: usize, source: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !is_known(room) {
        faults.push(format!("the room `{room}` is in no line of the table"));
    }
    let (program, tests) = without_tests(&without_text(source));
    let by_name = rooms_named(&program).into_iter().chain(rooms_named(&tests));
    let by_super = by_super(&program, depth).into_iter().chain(by_super(&tests, depth + 1));
    for other in by_name.chain(by_super) {
        if !may_name(room, &other) {
            faults.push(format!("`{room}` names `{other}`, which is not below it"));
        }
    }
    for (crates, owners) in FENCES {
        for name in crates.iter().filter(|name| names_crate(&program, name)) {
            if !owners.contains(&room) {
                faults.push(format!("`{room}` names the crate `{name}`, which is not its own"));
            }
        }
    }
    faults.dedup();
    faults
}

/// The rooms behind `crate::` and `neurocards::`, in braces, too.
fn rooms_named(source: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for prefix in ["crate", "neurocards"] {
        for (at, _) in source.match_indices(prefix) {
            if source[..at].ends_with(is_word) {
                continue;
            }
            let Some(rest) = source[at + prefix.len()..].trim_start().strip_prefix("::") else {
                continue;
            };
            let rest = rest.trim_start();
            match rest.strip_prefix('{') {
                Some(list) => rooms.extend(heads(list)),
                None => rooms.push(word(rest)),
            }
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

/// The rooms behind a chain of `super::` that leads to the root.
fn by_super(source: &str, depth: usize) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, _) in source.match_indices("super::") {
        if source[..at].ends_with(|one| is_word(one) || one == ':') {
            continue;
        }
        let mut rest = &source[at..];
        let mut steps = 0;
        while let Some(further) = rest.strip_prefix("super::") {
            (rest, steps) = (further, steps + 1);
        }
        if steps >= depth {
            match rest.strip_prefix('{') {
                Some(list) => rooms.extend(heads(list)),
                None => rooms.push(word(rest)),
            }
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

/// The first words of a brace list: `a::b, c::{d, e}, f as g` has a, c and f.
fn heads(list: &str) -> Vec<String> {
    let (mut depth, mut begins, mut heads) = (0_usize, true, Vec::new());
    for (at, letter) in list.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ if begins && is_word(letter) => {
                heads.push(word(&list[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    heads
}

/// `name::` or `use name`, as a word of its own and not behind another path.
fn names_crate(source: &str, name: &str) -> bool {
    source.match_indices(name).any(|(at, _)| {
        let (before, after) = (&source[..at], &source[at + name.len()..]);
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        // `::name` begins at the root, `x::name` is something of x.
        let path = before.trim_end().strip_suffix("::");
        let head = path.is_none_or(|path| !path.ends_with(|one| is_word(one) || one == '>'));
        let used = after.trim_start().starts_with("::")
            || before.trim_end().ends_with("use")
            || before.trim_end().ends_with("extern crate");
        whole && head && used
    })
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| is_word(*letter)).collect()
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The source without comments, strings and characters: only code points anywhere.
fn without_text(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(letter) = rest.chars().next() {
        let skip = match letter {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            'r' if !code.ends_with(is_word) || code.ends_with('b') => raw_string(rest).unwrap_or(0),
            '"' => string(rest),
            // Not a lifetime: 'x' or '\…'.
            '\'' if rest.starts_with("'\\") => 3 + rest[3..].find('\'').map_or(0, |at| at + 1),
            '\'' if rest.chars().nth(2) == Some('\'') => {
                rest.chars().take(3).map(char::len_utf8).sum()
            }
            _ => 0,
        };
        if skip == 0 {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
        } else {
            code.push(' ');
            rest = &rest[skip..];
        }
    }
    code
}

fn raw_string(rest: &str) -> Option<usize> {
    let marks = rest[1..].chars().take_while(|letter| *letter == '#').count();
    rest[1 + marks..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(marks));
    rest[marks + 2..].find(&end).map(|at| marks + 2 + at + end.len())
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The program, and what stands in its `#[cfg(test)] mod … { … }`: a test may use any crate, but
/// it may not look up either.
fn without_tests(code: &str) -> (String, String) {
    let (mut program, mut tests) = (String::new(), String::new());
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        program.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = match (rest.find('{'), rest.find(';')) {
            (Some(open), semicolon) if semicolon.is_none_or(|at| at > open) => {
                open + closing(&rest[open..])
            }
            (_, Some(semicolon)) => semicolon + 1,
            _ => rest.len(),
        };
        tests.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    program.push_str(rest);
    (program, tests)
}

fn closing(block: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in block.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    block.len()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let room = name.split(['/', '\\']).next().unwrap().trim_end_matches(".rs").to_owned();
        (room, name, std::fs::read_to_string(&path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn arrows_point_down_and_dependencies_stay_in_their_rooms() {
    let mut report = String::new();
    for (room, name, source) in all_sources() {
        // A file of tests hangs below `#[cfg(test)] mod tests;`.
        let is_tests = name.ends_with("/tests.rs") || name.contains("/tests/");
        let wrapped = format!("#[cfg(test)] mod tests {{ {source} }}");
        let depth = name.split(['/', '\\']).count();
        // The wrapping is one `super` more than the file has.
        let (depth, source) = if is_tests { (depth - 1, &wrapped) } else { (depth, &source) };
        if room == "lib" || room == "main" {
            continue;
        }
        for fault in faults(&room, depth, source) {
            let _ = writeln!(report, "src/{name}: {fault}");
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn files_stay_small_enough_to_be_read() {
    let mut report = String::new();
    for (_, name, source) in all_sources() {
        let most = if name == "main.rs" { 15 } else { 500 };
        let lines = source.lines().count();
        if lines > most {
            let _ = writeln!(report, "src/{name} has {lines} lines, more than {most}");
        }
        if name.ends_with("mod.rs") {
            let _ = writeln!(report, "src/{name}: write foo.rs beside foo/");
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn an_arrow_that_points_up_is_reported() {
    #[track_caller]
    fn reported(room: &str, source: &str, named: &str) {
        let faults = faults(room, 1, source);
        assert!(faults.iter().any(|fault| fault.contains(named)), "{room}: {source}: {faults:?}");
    }
    reported("ledger", "use crate::jobs::Job;", "names `jobs`");
    reported("ledger", "use crate::{\n    clock::Millis,\n    jobs::{Job, Step},\n};", "`jobs`");
    reported("ledger", "fn f() { crate :: flow :: step() }", "`flow`");
    reported("ledger", "use crate::keys;", "`keys`");
    reported("db", "pub(in crate::users) fn f() {}", "`users`");
    reported("bot", "use crate::worker::X;", "`worker`");
    reported("bot", "use crate::api::kie;", "`api`");
    reported("api", "use crate::db::Db;", "`db`");
    reported("sandbox", "use neurocards::text::Lang;", "`text`");
    reported("flow", "use crate::config::Config;", "`config`");
    reported("config", "use crate::serve::X;", "`serve`");
    reported("serve", "use crate::cli::X;", "`cli`");
    reported("users", "#[cfg(test)] mod tests { use crate::orders::place; }", "`orders`");
    reported("ledger", "use super::jobs::Job;", "`jobs`");
    reported("ledger", "#[cfg(test)] mod tests { use super::super::flow; }", "`flow`");
    reported("helpers", "", "in no line");
    reported("worker", "let x = reqwest::get(1);", "the crate `reqwest`");
    reported("ledger", "use tokio::sync::mpsc;", "the crate `tokio`");
    reported("bot", "use rusqlite::Connection;", "the crate `rusqlite`");
    reported("worker", "fn f(conn: &::rusqlite::Connection) {}", "the crate `rusqlite`");
    reported("jobs", "use image;", "the crate `image`");
}

#[test]
fn an_arrow_that_points_down_is_not() {
    #[track_caller]
    fn fine(room: &str, source: &str) {
        assert_eq!(faults(room, 1, source), [] as [String; 0], "{room}: {source}");
    }
    fine("jobs", "use crate::{clock::{Clock, Millis}, ledger, db::Db as Database};");
    fine("jobs", "use crate::jobs::claim;");
    fine("worker", "use crate::api::kie; use crate::flow::step;");
    fine("serve", "use crate::{bot, worker, config::Config, sandbox};");
    fine("users", "// crate::flow\n/* crate::bot */ const A: &str = \"crate::bot\";");
    fine("users", "const A: &str = r#\"a \" crate::bot\"#; const B: char = '\"'; fn f<'a>() {}");
    fine("users", "#[cfg(test)]\nmod tests { use tokio::time; }");
    fine("jobs", "use crate::clock; fn image() {} mod x { fn tokio_like() {} }");
    fine("flow", "photo::image::f();");
    fine("flow", "#[cfg(test)] mod tests { use super::*; use super::bot; }");
}
