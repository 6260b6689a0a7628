//! Files as they may be, into databases as they may be.

mod again;
mod files;

use super::*;
use crate::audit::Way;
use crate::db::tests::fresh;
use rusqlite::types::Value;
use std::path::Path;

const NOW: Millis = 1_800_000_000_000;
const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/old_system");

fn by() -> By {
    By { way: Way::Command, who: "ann".to_owned() }
}

fn sheets(users: &Path, jobs: &Path) -> Source {
    Source::Sheets { users: Some(users.to_owned()), jobs: Some(jobs.to_owned()) }
}

fn import(db: &Db, source: &Source, give_back: Option<i64>) -> Report {
    try_import(db, source, give_back).unwrap()
}

fn try_import(db: &Db, source: &Source, give_back: Option<i64>) -> Result<Report> {
    let options = Options { give_back, list: None, by: by(), now: NOW };
    run(&Target::Write(db.clone()), Tables::open(source)?, &options, &|_, _, _| {})
}

/// All that an import may touch, as text.
fn content(db: &Db) -> Vec<String> {
    let mut all = Vec::new();
    for table in ["users", "ledger", "jobs", "audit", "departures", "events", "outbox"] {
        let rows: Vec<String> = db
            .read(|conn| {
                let mut query = conn.prepare(&format!("SELECT * FROM {table} ORDER BY id"))?;
                let width = query.column_count();
                let rows = query.query_map([], |row| {
                    let cells = (0..width).map(|at| row.get::<_, Value>(at));
                    Ok(format!("{table} {:?}", cells.collect::<rusqlite::Result<Vec<_>>>()?))
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
            .unwrap();
        all.extend(rows);
    }
    all
}

fn texts(db: &Db, sql: &str) -> Vec<String> {
    db.read(|conn| {
        let mut query = conn.prepare(sql)?;
        let rows = query.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    })
    .unwrap()
}

/// `users` and `jobs` in files of these bytes.
struct Files {
    _folder: tempfile::TempDir,
    users: PathBuf,
    jobs: PathBuf,
}

impl Files {
    fn of(users: &[u8], jobs: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let files = Self { users: path("users.csv"), jobs: path("jobs.csv"), _folder: folder };
        std::fs::write(&files.users, users).unwrap();
        std::fs::write(&files.jobs, jobs).unwrap();
        files
    }

    fn users(users: &[u8]) -> (Self, Source) {
        let files = Self::of(users, b"");
        let source = Source::Sheets { users: Some(files.users.clone()), jobs: None };
        (files, source)
    }

    fn source(&self) -> Source {
        sheets(&self.users, &self.jobs)
    }
}

/// "3 users: why", in their order.
fn said(remarks: &[Remarks]) -> Vec<String> {
    let one = |it: &Remarks| {
        let lines: Vec<_> = it.first.iter().map(|place| place.line.to_string()).collect();
        let why = it.why.split([':', ',']).next().unwrap();
        format!("{} {}: {why} ({})", it.rows, it.table, lines.join(", "))
    };
    remarks.iter().map(one).collect()
}

#[test]
fn every_way_to_export_brings_the_same() {
    let data = |name: &str| Path::new(DATA).join(name);
    let sources = [
        sheets(&data("users.csv"), &data("jobs.csv")),
        Source::Dump(data("dump.sql")),
        Source::Dump(data("inserts.sql")),
        Source::Dump(data("column_inserts.sql")),
    ];
    let mut first: Option<Vec<String>> = None;
    for source in sources {
        let (_folder, db) = fresh();
        let report = import(&db, &source, None);
        assert_eq!((report.customers.new, report.customers.here), (6, 0), "{source:?}");
        let credits = report.credits;
        assert_eq!((credits.given, credits.in_file.to_string()), (9, "7.51".to_owned()));
        assert_eq!(credits.rounded_up.to_string(), "1.49");
        assert_eq!(credits.negative.to_string(), "-3.25");
        let videos = report.videos;
        assert_eq!((videos.done, videos.failed, videos.canceled), (2, 3, 0), "{source:?}");
        assert_eq!((report.unfinished.videos, report.unfinished.customers), (2, 2));
        let whys = |list: &[Remarks]| -> Vec<String> {
            list.iter().map(|it| format!("{} {} {}", it.rows, it.table, it.why)).collect()
        };
        assert_eq!(
            whys(&report.skipped),
            [
                "1 users a group or a channel, no person",
                "1 users the same Telegram id again: the first row counts",
                "1 jobs a group or a channel, no person",
                "1 jobs a status that nobody knows",
            ]
        );
        assert_eq!(
            whys(&report.changed),
            [
                "2 users a balance with a fraction: rounded up to a whole credit",
                "1 users blocked or banned there: not taken over, see `neurocards ban`",
                "1 users a balance below 0: taken as 0",
                "1 users a balance over 1,000,000: no credits given, see `neurocards grant`",
                "2 jobs under way there: failed here, nobody makes it any more",
            ]
        );
        let mut here = content(&db);
        here.retain(|line| !line.starts_with("audit"));
        let first = first.get_or_insert_with(|| here.clone());
        // A NULL and an empty text are one in CSV, and no name either way.
        assert_eq!(&here, first, "{source:?}");
    }
}

#[test]
fn what_is_written_is_what_was_there() {
    let (_folder, db) = fresh();
    import(&db, &Source::Dump(Path::new(DATA).join("dump.sql")), None);
    assert_eq!(
        texts(
            &db,
            "SELECT tg_user_id || ' ' || COALESCE(username, '-') || ' ' || COALESCE(first_name, '-') || ' ' || credits || ' ' || created_at FROM users ORDER BY id"
        ),
        [
            "1001 anna_k Анна 5 1740821696789",
            "1002 - Пётр «Пит» \\N 3 1740873600000",
            "1003 o'hara a\"b,c;d 0 1740979799999",
            "1004 - - 0 1743501600000",
            "1007 emoji_7 🛍️ Лавка 0 1743760800000",
            "7000000008 \\N \\. 1 1743847200000",
        ]
    );
    assert_eq!(
        texts(
            &db,
            "SELECT kind || ' ' || delta || ' ' || key || ' ' || actor || ' ' || COALESCE(note, '-') || ' ' || created_at FROM ledger ORDER BY id"
        ),
        [
            "import 5 import:1001 operator - 1800000000000",
            "import 3 import:1002 operator 2.50 there 1800000000000",
            "import 1 import:7000000008 operator 0.01 there 1800000000000",
        ]
    );
    assert_eq!(
        texts(
            &db,
            "SELECT json_array(tg_user_id, idempotency_key, template_id, input_photo_path, product_info, extra_wishes, status, step, attempts, priority) FROM jobs ORDER BY id"
        ),
        [
            r#"[1001,"import:1","ugc","import/none","{\"text\":\"Кружка «Север»\\n450 мл\",\"user_prompt\":null}","Пусть идёт снег","done","deliver",1,0]"#,
            r#"[1001,"import:2","self","import/none","{\"text\":\"Лампа\",\"user_prompt\":\"A \\\"slow\\\" dolly, C:\\\\temp\"}",null,"done","deliver",2,0]"#,
            r#"[1002,"import:3","ad","import/none","{\"text\":\"Варежки\",\"user_prompt\":null}","-","failed","render",3,0]"#,
            r#"[1002,"import:4","ugc","https://files.example.com/4.jpg","{\"text\":\"Шарф\",\"user_prompt\":null}",null,"failed","script",0,5]"#,
            r#"[1003,"import:5","ugc","import/none","{\"text\":\"Свеча\",\"user_prompt\":null}",null,"failed","render",1,0]"#,
        ]
    );
    assert_eq!(
        texts(
            &db,
            "SELECT json_array(kie_task_id, output_url, error, created_at, started_at, finished_at) FROM jobs ORDER BY id"
        ),
        [
            r#"["task-1","https://files.example.com/1.mp4",null,1740823200000,1740823205000,1740823440000]"#,
            r#"["task-2","https://files.example.com/2.mp4",null,1740909600000,1740909605000,1740909840000]"#,
            r#"["task-3",null,"KIE: internal error\nTraceback (most recent call last):",1740996000000,1740996005000,1740996540000]"#,
            r#"[null,null,"it was pending when the old system was switched off",1743930000000,null,1743930000000]"#,
            r#"["task-5",null,"it was processing when the old system was switched off",1743930060000,1743930070000,1743930070000]"#,
        ]
    );
    assert_eq!(
        texts(
            &db,
            "SELECT who || ' ' || action || ' ' || object || ' ' || COALESCE(after, '-') || ' ' || COALESCE(note, '-') FROM audit ORDER BY id"
        ),
        [
            "ann import database - dump.sql",
            "ann import database 6 customers, 9 credits, 5 videos -"
        ]
    );
}

/// All names of fields in a document.
fn fields(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(object) => {
            found.extend(object.keys().cloned());
            object.values().for_each(|value| fields(value, found));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_of_the_report_is_in_the_document() {
    let (_folder, db) = fresh();
    let report = import(&db, &Source::Dump(Path::new(DATA).join("dump.sql")), None);
    let mut found = Vec::new();
    fields(&serde_json::to_value(&report).unwrap(), &mut found);
    let document = include_str!("../../docs/commands.md");
    let section = document.split("\n## ").find(|part| part.starts_with("`neurocards import"));
    let section = section.unwrap();
    assert!(found.len() > 40, "{found:?}");
    for field in found {
        assert!(section.contains(&format!("`{field}`")), "docs/commands.md: {field}");
    }
}
