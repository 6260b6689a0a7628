//! What `--json` prints is what `docs/commands.md` says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{sample, shop};
use crate::clock::DAY;
use crate::db::JobId;
use crate::operator::{customers, keys, queue, stats, story};
use crate::tickets;

const DOCUMENT: &str = include_str!("../../../docs/commands.md");

fn fields(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                all.insert(name.clone());
                fields(value, all);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| fields(value, all)),
        _ => {}
    }
}

/// Names are looked for in the command's own part of the document.
#[track_caller]
fn check(command: &str, shown: &impl serde::Serialize) {
    let part = DOCUMENT.split("\n## ").find(|part| part.starts_with(&format!("`{command}")));
    let part = part.unwrap_or_else(|| panic!("`{command}` has no part"));
    let mut all = BTreeSet::new();
    fields(&serde_json::to_value(shown).unwrap(), &mut all);
    assert!(!all.is_empty());
    for name in all {
        assert!(part.contains(&format!("`{name}`")), "`{command}` does not explain `{name}`");
    }
}

#[test]
fn every_field_that_is_printed_is_documented() {
    let (conn, now) = sample();
    conn.execute("INSERT INTO balances (api_key, at, balance) VALUES ('aaaa', ?1, 5)", [now])
        .unwrap();
    check("neurocards stats", &stats::read(&conn, now - DAY, now).unwrap());
    check("neurocards users", &customers::search(&conn, "", 10).unwrap());
    check("neurocards jobs", &queue::newest(&conn, None, 10).unwrap());
    check("neurocards keys", &keys::read(&conn, 1.0, now).unwrap());
    let question = "INSERT INTO tickets (user_id, text, opened_at, asked_at) VALUES (1, 'x', 5, 5)";
    conn.execute(question, []).unwrap();
    check("neurocards tickets", &tickets::unanswered(&conn, 9).unwrap());
    for id in [1, 3] {
        check("neurocards job ID", &story::read(&conn, &shop(), JobId(id), now).unwrap());
    }
}
