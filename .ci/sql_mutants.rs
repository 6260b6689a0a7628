//! Mutants of the SQL that stands in Rust sources, made mechanically. `sql_mutants OUT FILE...`
//! writes each to OUT/NNN: the statement as SQLite is handed it, a byte 1, and its mutant; and a
//! line for each to standard output. Used by `.ci/mutants`, which builds it with rustc alone.
//!
//! - a condition (of WHERE, AND, OR, WHEN) always holds, or never where an OR stands beside it;
//! - an assignment of a SET keeps what was there;
//! - `<` and `<=`, `>` and `>=`, `=` and `<>`, `+` and `-` change places;
//! - one word less in a list of words; DESC is gone.

use std::fmt::Write as _;
use std::path::Path;

#[derive(Clone, Debug)]
struct Token {
    at: usize,
    end: usize,
    depth: usize,
}

fn main() {
    let mut args = std::env::args().skip(1);
    let out = args.next().expect("a folder to write to");
    let columns = columns_of("src/jobs.rs");
    let mut n = 0;
    for file in args {
        let source = std::fs::read_to_string(&file).expect("a source");
        let program = source.split("#[cfg(test)]").next().unwrap_or("");
        for (line, literal) in statements(program) {
            let sql = literal.replace("{COLUMNS}", &columns);
            for (what, mutant) in mutants(&sql) {
                n += 1;
                let path = Path::new(&out).join(format!("{n:03}"));
                std::fs::write(path, format!("{sql}\u{1}{mutant}")).expect("a mutant written");
                println!("{n:03} {file}:{line}: {what}");
            }
        }
    }
}

/// What stands for `{COLUMNS}` in a statement.
fn columns_of(file: &str) -> String {
    let source = std::fs::read_to_string(file).unwrap_or_default();
    let rest = source.split_once("const COLUMNS: &str = \"").map_or("", |(_, rest)| rest);
    unescape(rest.split_once("\";").map_or("", |(text, _)| text))
}

/// A backslash at a line's end joins the next one to it.
fn unescape(text: &str) -> String {
    let mut lines = text.split("\\\n");
    let first = lines.next().unwrap_or("").to_owned();
    lines.fold(first, |all, line| all + line.trim_start())
}

/// The string literals that are statements, with their lines.
fn statements(program: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (bytes, mut at) = (program.as_bytes(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += program[at..].find('\n').unwrap_or(program.len() - at);
            }
            b'\'' if bytes.get(at + 2) == Some(&b'\'') => at += 3,
            b'"' => {
                let begin = at + 1;
                at = begin;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                let text = &program[begin..at.min(program.len())];
                let verbs = ["SELECT ", "UPDATE ", "INSERT ", "DELETE "];
                if verbs.iter().any(|verb| text.starts_with(verb)) && text.contains(' ') {
                    let line = program[..begin].matches('\n').count() + 1;
                    found.push((line, unescape(text)));
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// Words, quoted text, numbers, signs; comments are passed over. Depth counts brackets and CASEs.
fn tokens(sql: &str) -> Vec<Token> {
    let (bytes, mut at, mut depth, mut all) = (sql.as_bytes(), 0, 0_usize, Vec::new());
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"_:?.{}".contains(&byte);
    while at < bytes.len() {
        let begin = at;
        match bytes[at] {
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at += sql[at..].find('\n').unwrap_or(sql.len() - at);
                continue;
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'\'' => at += 2 + sql[at + 1..].find('\'').unwrap_or(0),
            byte if word(byte) => {
                while at < bytes.len() && word(bytes[at]) {
                    at += 1;
                }
            }
            _ if ["<=", ">=", "<>", "||"].iter().any(|two| sql[at..].starts_with(two)) => at += 2,
            _ => at += 1,
        }
        let text = &sql[begin..at];
        if matches!(text, ")" | "END") {
            depth = depth.saturating_sub(1);
        }
        all.push(Token { at: begin, end: at, depth });
        if matches!(text, "(" | "CASE") {
            depth += 1;
        }
    }
    all
}

fn mutants(sql: &str) -> Vec<(String, String)> {
    let tokens = tokens(sql);
    let text = |nth: usize| tokens.get(nth).map_or("", |token| &sql[token.at..token.end]);
    let mut made = Vec::new();
    let mut change = |at: usize, end: usize, new: &str| {
        let old = sql[at..end].split_whitespace().collect::<Vec<_>>().join(" ");
        let mutant = format!("{}{new}{}", &sql[..at], &sql[end..]);
        let mut what = String::new();
        let _ = write!(what, "`{old}` becomes `{}`", new.split_whitespace().collect::<Vec<_>>().join(" "));
        made.push((what, mutant));
    };
    for (nth, token) in tokens.iter().enumerate() {
        let condition = match text(nth) {
            "WHERE" | "AND" | "OR" | "WHEN" => true,
            "(" => matches!(text(nth.wrapping_sub(1)), "AND" | "OR" | "WHERE" | "NOT")
                && text(nth + 1) != "SELECT",
            _ => false,
        };
        if condition {
            let depth = token.depth + usize::from(text(nth) == "(");
            let ends = |other: &Token| {
                let word = &sql[other.at..other.end];
                let clause = ["AND", "OR", "ORDER", "LIMIT", "RETURNING", "UNION", "THEN", "GROUP"];
                other.depth < depth || (other.depth == depth && clause.contains(&word))
            };
            let rest = &tokens[nth + 1..];
            let until = rest.iter().position(ends).unwrap_or(rest.len());
            if let (Some(first), Some(last)) = (rest.first(), rest[..until].last()) {
                let old = &sql[first.at..last.end];
                let either = text(nth) == "OR" || text(nth + 1 + until) == "OR";
                if either || text(nth) == "WHEN" {
                    change(first.at, last.end, &format!("({old} AND FALSE)"));
                }
                if !either {
                    change(first.at, last.end, &format!("({old} OR TRUE)"));
                }
            }
        }
        let swap = match text(nth) {
            "<" => "<=",
            "<=" => "<",
            ">" => ">=",
            ">=" => ">",
            "<>" => "=",
            "+" => "-",
            "-" => "+",
            "DESC" => "",
            _ => continue,
        };
        change(token.at, token.end, swap);
    }
    for (nth, token) in tokens.iter().enumerate() {
        match text(nth) {
            "SET" => assignments(sql, &tokens, nth, &mut change),
            "IN" if text(nth + 2).starts_with('\'') => {
                let depth = token.depth;
                let mut at = nth + 2;
                while tokens.get(at).is_some_and(|one| one.depth > depth) {
                    if text(at).starts_with('\'') {
                        change(tokens[at].at, tokens[at].end, "'none'");
                    }
                    at += 1;
                }
            }
            _ => {}
        }
    }
    made
}

fn assignments(sql: &str, tokens: &[Token], set: usize, change: &mut impl FnMut(usize, usize, &str)) {
    let depth = tokens[set].depth;
    let mut begin = set + 1;
    for at in set + 1..=tokens.len() {
        let token = tokens.get(at);
        let text = token.map_or("", |token| &sql[token.at..token.end]);
        let here = token.is_none_or(|token| token.depth <= depth);
        let closes = token.is_none_or(|token| token.depth < depth);
        let ends = closes || (here && matches!(text, "WHERE" | "RETURNING"));
        if ends || (here && text == ",") {
            let column = &sql[tokens[begin].at..tokens[begin].end];
            let (from, to) = (tokens[begin + 2].at, tokens[at - 1].end);
            let kept = format!("CASE WHEN TRUE THEN {column} ELSE {} END", &sql[from..to]);
            change(from, to, &kept);
            begin = at + 1;
        }
        if ends {
            break;
        }
    }
}
