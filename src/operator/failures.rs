//! What failed lately, grouped by what was said, so that a hundred failures of one cause are one
//! line.

use std::collections::HashMap;

use anyhow::Result;
use rusqlite::{Connection, named_params};
use serde::Serialize;

use crate::clock::Millis;
use crate::db::JobId;

/// Failed jobs that are looked at, the newest.
const MOST: i64 = 5_000;
/// Characters of an error that tell it from others.
const SIGNATURE: usize = 160;
/// Letters of an id at least; a shorter word of hexadecimal digits may be a word.
const ID: usize = 8;

/// Failures of one cause. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The class and the error without what differs from job to job.
    pub signature: String,
    /// `jobs.error_class`; empty: a row that was inserted as failed.
    pub class: String,
    /// The newest one's error in its own words.
    pub example_error: String,
    /// How many.
    pub count: usize,
    /// The first of them.
    pub first_at: Millis,
    /// The last of them.
    pub last_at: Millis,
    /// All of them, newest first.
    pub jobs: Vec<JobId>,
    /// Those of them that nobody has run again yet, oldest first.
    pub to_rerun: Vec<JobId>,
    /// Those that were run again.
    pub rerun_already: usize,
}

/// Jobs that failed at or after `since`, the newest 5,000 of them; the cause that came up last
/// first.
pub fn read(conn: &Connection, since: Millis) -> Result<Vec<Group>> {
    let mut found = conn.prepare_cached(
        "SELECT id, finished_at, COALESCE(error_class, '') AS class, COALESCE(error, '') AS error,
                EXISTS (SELECT 1 FROM jobs again WHERE again.rerun_of = jobs.id) AS rerun
         FROM jobs
         WHERE status = 'failed'
           AND finished_at >= :since
         ORDER BY finished_at DESC
         LIMIT :most",
    )?;
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut rows = found.query(named_params! { ":since": since, ":most": MOST })?;
    while let Some(row) = rows.next()? {
        let (class, error): (String, String) = (row.get("class")?, row.get("error")?);
        let (id, at): (JobId, Millis) = (row.get("id")?, row.get("finished_at")?);
        let signature = signature(&class, &error);
        let place = *places.entry(signature.clone()).or_insert_with(|| {
            groups.push(Group {
                signature,
                class,
                example_error: error,
                count: 0,
                first_at: at,
                last_at: at,
                jobs: Vec::new(),
                to_rerun: Vec::new(),
                rerun_already: 0,
            });
            groups.len() - 1
        });
        let group = &mut groups[place];
        group.count += 1;
        group.first_at = group.first_at.min(at);
        group.jobs.push(id);
        if row.get("rerun")? {
            group.rerun_already += 1;
        } else {
            group.to_rerun.push(id);
        }
    }
    groups.iter_mut().for_each(|group| group.to_rerun.reverse());
    Ok(groups)
}

/// The class and the error, with `…` for addresses, quotations and ids, and `#` for numbers.
fn signature(class: &str, error: &str) -> String {
    let mut said = String::new();
    let mut rest = error.trim();
    while let Some(letter) = rest.chars().next() {
        if said.chars().count() >= SIGNATURE {
            break;
        }
        let length = match letter {
            _ if rest.starts_with("http://") || rest.starts_with("https://") => {
                said.push('…');
                rest.find(char::is_whitespace).unwrap_or(rest.len())
            }
            '"' | '`' | '«' | '“' => quotation(rest, letter, &mut said),
            _ if letter.is_alphanumeric() => word(rest, &mut said),
            _ if letter.is_whitespace() => {
                if !said.ends_with(' ') {
                    said.push(' ');
                }
                letter.len_utf8()
            }
            _ => {
                said.push(letter);
                letter.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    match (class, said.trim_end()) {
        (class, "") => class.to_owned(),
        ("", said) => said.to_owned(),
        (class, said) => format!("{class}: {said}"),
    }
}

/// What stands in quotation marks, or the mark alone where nothing closes it.
fn quotation(rest: &str, mark: char, said: &mut String) -> usize {
    let closing = match mark {
        '«' => '»',
        '“' => '”',
        mark => mark,
    };
    said.push(mark);
    let inside = &rest[mark.len_utf8()..];
    match inside.find(closing) {
        Some(end) => {
            said.push('…');
            said.push(closing);
            mark.len_utf8() + end + closing.len_utf8()
        }
        None => mark.len_utf8(),
    }
}

/// A word as it is, a number as `#`, and what has letters and digits and is long as an id.
fn word(rest: &str, said: &mut String) -> usize {
    let is_of_it = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let end = rest.find(|c| !is_of_it(c)).unwrap_or(rest.len());
    let word = &rest[..end];
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let hexadecimal = word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if digits > 0 && word.len() >= ID && (hexadecimal || digits >= 4) && digits < word.len() {
        said.push('…');
        return end;
    }
    // Runs of digits, also inside a word: `task12`, `30s`.
    let mut in_digits = false;
    for letter in word.chars() {
        match letter.is_ascii_digit() {
            true if in_digits => {}
            true => said.push('#'),
            false => said.push(letter),
        }
        in_digits = letter.is_ascii_digit();
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::tests::sample;

    #[track_caller]
    fn same(one: &str, other: &str) {
        assert_eq!(signature("x", one), signature("x", other));
    }

    #[test]
    fn what_differs_from_job_to_job_is_no_part_of_a_cause() {
        same("no video within 30 minutes", "no video within 45 minutes");
        same("photos/ab12cd34ef.jpg is missing", "photos/99ff00aa11.jpg is missing");
        same("500 task 6f1e2d3c-aaaa-bbbb failed", "500 task 11112222-cccc-dddd failed");
        same("cannot load https://a.b/c?d=1 now", "cannot load https://e.f/g now");
        same("field \"a\" is `b`", "field \"cd\" is `ef`");
        same("HTTP 502", "HTTP 503");
        assert_ne!(signature("x", "the photo shows a person"), signature("x", "the photo is dark"));
        assert_ne!(signature("billing", "no"), signature("temporary", "no"));
        assert_eq!(signature("x", " a \n  b  \"c "), "x: a b \"c");
        assert_eq!((signature("", "a"), signature("x", " ")), ("a".to_owned(), "x".to_owned()));
        assert!(signature("x", &"слово ".repeat(200)).chars().count() < 200);
    }

    #[test]
    fn failures_are_grouped_and_say_which_can_be_run_again() {
        let (conn, now) = sample();
        conn.execute_batch(
            "INSERT INTO jobs (id, user_id, tg_user_id, idempotency_key, template_id, rerun_of,
                               input_photo_path, product_info, status, error_class, error,
                               created_at, finished_at)
             VALUES (10, 1, 7, 'k10', 'ugc', NULL, 'p', '{}', 'failed', 'timeout',
                     'no video within 30 minutes', 5, 999000000),
                    (11, 1, 7, 'k11', 'ugc', NULL, 'p', '{}', 'failed', 'timeout',
                     'no video within 31 minutes', 5, 999000001),
                    (9, 1, 7, 'k9', 'ugc', NULL, 'p', '{}', 'failed', 'timeout',
                     'no video within 29 minutes', 5, 998000000),
                    (12, 1, 7, 'k12', 'ugc', 10, 'p', '{}', 'queued', NULL, NULL, 5, NULL)",
        )
        .unwrap();
        let groups = read(&conn, 0).unwrap();
        assert_eq!(groups.len(), 2);
        let timeouts = &groups[0];
        assert_eq!(timeouts.signature, "timeout: no video within # minutes");
        assert_eq!(timeouts.example_error, "no video within 31 minutes");
        assert_eq!((timeouts.first_at, timeouts.last_at), (998_000_000, 999_000_001));
        assert_eq!(timeouts.jobs, [JobId(11), JobId(10), JobId(9)]);
        let again = (timeouts.to_rerun.clone(), timeouts.rerun_already);
        assert_eq!(again, (vec![JobId(9), JobId(11)], 1), "the oldest first");
        assert!(read(&conn, now).unwrap().is_empty());
    }
}
