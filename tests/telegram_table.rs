//! Holds the sandbox's table of Bot API methods against the machine-readable specification,
//! which is no part of this repository: where it is not there, the test says so and passes.

use std::io::Write as _;
use std::path::PathBuf;

use neurocards::sandbox::telegram::table::{Rules, Table, Unit};
use serde_json::Value;

#[expect(clippy::expect_used, reason = "a broken specification must not pass for a missing one")]
fn specification() -> Option<Value> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/reference/telegram-bot-api.min.json");
    let path = std::env::var_os("NEUROCARDS_BOT_API_SPEC").map_or(beside, PathBuf::from);
    let text = std::fs::read_to_string(path).ok()?;
    Some(serde_json::from_str(&text).expect("the specification is JSON"))
}

#[test]
fn the_table_of_methods_is_the_bot_apis() {
    let Some(spec) = specification() else {
        // Past the capture of the print macros, which nobody reads where a test passes.
        let word = b"skipped: no specification (NEUROCARDS_BOT_API_SPEC names its path)\n";
        std::io::stderr().write_all(word).unwrap();
        return;
    };
    let table = Table::built_in().unwrap();
    let mut wrong = Vec::new();
    for (name, rules) in &table.methods {
        compare(&spec["methods"][name], name, rules, &mut wrong);
    }
    for (name, rules) in &table.types {
        compare(&spec["types"][name], name, rules, &mut wrong);
    }
    for name in &table.limited {
        if !table.methods.contains_key(name) {
            wrong.push(format!("{name}: limited, but not in the table"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(table.methods.len() >= 20, "the table is not empty");
}

fn compare(spec: &Value, name: &str, rules: &Rules, wrong: &mut Vec<String>) {
    if spec["name"] != *name {
        wrong.push(format!("{name}: not in the specification"));
        return;
    }
    let none = Vec::new();
    let fields = spec["fields"].as_array().unwrap_or(&none);
    for (field, rule) in rules {
        let Some(spec) = fields.iter().find(|it| it["name"] == **field) else {
            wrong.push(format!("{name}.{field}: not in the specification"));
            continue;
        };
        if spec["types"] != Value::from(rule.types.clone()) {
            wrong.push(format!("{name}.{field}: {:?}, not {}", rule.types, spec["types"]));
        }
        if spec["required"] != rule.required {
            wrong.push(format!("{name}.{field}: required is {}", spec["required"]));
        }
        let ours = rule.length.map(|it| (it.min, it.max, it.unit));
        let theirs = length(spec["description"].as_str().unwrap_or(""));
        if ours != theirs {
            wrong.push(format!("{name}.{field}: {ours:?}, not {theirs:?}"));
        }
    }
    for spec in fields.iter().filter(|it| it["required"] == true) {
        let field = spec["name"].as_str().unwrap_or("");
        if !rules.contains_key(field) {
            wrong.push(format!("{name}.{field}: required, but not in the table"));
        }
    }
}

/// "1-4096 characters after entities parsing", "1-64 bytes".
fn length(description: &str) -> Option<(usize, usize, Unit)> {
    let words: Vec<&str> = description.split_whitespace().collect();
    for (at, pair) in words.windows(2).enumerate() {
        let Some((min, max)) = pair[0].split_once('-') else { continue };
        let (Ok(min), Ok(max)) = (min.parse(), max.parse()) else { continue };
        let after = words[at + 1..].iter().take(4).copied().collect::<Vec<_>>().join(" ");
        let unit = if after.starts_with("characters after entit") {
            Unit::Parsed
        } else if after.starts_with("characters") {
            Unit::Characters
        } else if after.starts_with("bytes") {
            Unit::Bytes
        } else {
            continue;
        };
        return Some((min, max, unit));
    }
    None
}

#[test]
fn lengths_are_read_out_of_descriptions() {
    let parsed = "Text of the message to be sent, 1-4096 characters after entities parsing";
    assert_eq!(length(parsed), Some((1, 4096, Unit::Parsed)));
    assert_eq!(length("Bot-defined payload, 1-128 bytes. Hidden."), Some((1, 128, Unit::Bytes)));
    assert_eq!(length("0-200 characters"), Some((0, 200, Unit::Characters)));
    assert_eq!(length("Values between 1-100 are accepted"), None);
}
