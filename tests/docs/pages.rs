//! The pages of the project, and what stands in them. Shared by `tests/docs.rs`, which reads them, and
//! `tests/scenarios/documents.rs`, which runs their commands.

use std::path::PathBuf;

/// Pages in the top folder and beside the packages; all of `docs/` joins them.
const TOP: [&str; 7] = [
    "README.md",
    "README.ru.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "packaging/README.md",
];

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// Every page but the journey, which holds what customers read and has a test of its own.
pub(crate) fn pages() -> Vec<String> {
    let mut pages: Vec<String> = TOP.iter().map(|it| (*it).to_owned()).collect();
    let mut docs: Vec<_> = std::fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| format!("docs/{}", entry.unwrap().file_name().to_str().unwrap()))
        .filter(|name| name.ends_with(".md") && name != "docs/journey.md")
        .collect();
    docs.sort();
    pages.extend(docs);
    pages
}

/// What stands between single backticks, outside of code blocks, on one line each.
pub(crate) fn spans(text: &str) -> Vec<String> {
    let mut prose = String::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    let inside = prose.split('`').enumerate().filter(|(at, _)| at % 2 == 1);
    inside.map(|(_, part)| part.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The fenced blocks, each with the word behind its fence.
pub(crate) fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String, String)> = None;
    for line in text.lines() {
        let bare = line.trim_start();
        match &mut open {
            Some(_) if bare == "```" => blocks.extend(open.take().map(|it| (it.1, it.2))),
            Some((indent, _, block)) => {
                block.push_str(line.get(*indent..).unwrap_or(bare));
                block.push('\n');
            }
            None => {
                if let Some(word) = bare.strip_prefix("```") {
                    open = Some((line.len() - bare.len(), word.to_owned(), String::new()));
                }
            }
        }
    }
    blocks
}

/// The blocks fenced as `sh`.
pub(crate) fn scripts(text: &str) -> Vec<String> {
    blocks(text).into_iter().filter(|(word, _)| word == "sh").map(|(_, block)| block).collect()
}
