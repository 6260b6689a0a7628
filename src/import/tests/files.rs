//! What stands in the files: odd rows, odd forms, and what is no table at all.

use super::*;
use proptest::prelude::*;

fn users(csv: &[u8]) -> (Db, Report, tempfile::TempDir) {
    let (folder, db) = fresh();
    let (_files, source) = Files::users(csv);
    let report = import(&db, &source, None);
    (db, report, folder)
}

fn refused(source: &Source) -> String {
    let (_folder, db) = fresh();
    let error = try_import(&db, source, None).err().map(|error| format!("{error:#}"));
    assert_eq!(texts(&db, "SELECT 'somebody' FROM users"), [] as [String; 0], "{error:?}");
    error.unwrap()
}

fn names(db: &Db) -> Vec<String> {
    texts(db, "SELECT tg_user_id || ' ' || COALESCE(username, '-') || ' ' || credits FROM users")
}

#[test]
fn a_spreadsheets_forms_are_all_read() {
    for csv in [
        &b"telegram_id,username,balance\n7,anna,5\n8,bob,0\n"[..],
        b"\xEF\xBB\xBFtelegram_id,username,balance\r\n7,anna,5\r\n8,bob,0\r\n",
        b"\xEF\xBB\xBF\"telegram_id\",\"username\",\"balance\"\r\n\"7\",\"anna\",\"5\"\r\n8,bob,0",
        b"telegram_id;username;balance\n7;anna;5\n8;bob;0\n",
        b"telegram_id\tusername\tbalance\r\n7\tanna\t5\r\n\r\n8\tbob\t0\r\n",
        b"Username,Extra,CREDITS,telegramId\n@anna,x,5.0,7\n@bob,,0.00,8.0\n",
        b"user_id,balance,tg_username\r7,5,anna\r8,0,bob\r",
    ] {
        let (db, report, _folder) = users(csv);
        let text = String::from_utf8_lossy(csv);
        assert_eq!(names(&db), ["7 anna 5", "8 bob 0"], "{text}");
        assert_eq!((report.skipped.len(), report.changed.len()), (0, 0), "{text}");
        assert_eq!(report.tables[0].rows, 2);
    }
}

#[test]
fn each_odd_row_is_counted_with_its_reason_and_its_line() {
    let mut csv = b"telegram_id,username,balance,created_at,is_blocked\n\
        7,\"an\"\"na,\nk\",1,2025-03-01,f\n\
        ,nobody,1,,\n\
        @x,nobody,1,,\n\
        -5,group,1,,\n\
        7,again,9,,\n\
        8,short,1\n\
        9,none,,,\n\
        10,word,many,soon,t\n\
        11,much,1000001,2999-01-01,0\n\
        12,most,1000000,,false\n\
        13,less,-0.5,,\n\
        14,part,0.5,,1\n"
        .to_vec();
    csv.extend(b"15,\xFF\xFEx,1,,\n16,");
    csv.extend("я".repeat(65).bytes());
    csv.extend(b",1,,\n");
    let (db, report, _folder) = users(&csv);
    assert_eq!(
        said(&report.skipped),
        [
            "1 users: no Telegram id (4)",
            "1 users: not a Telegram id (5)",
            "1 users: a group or a channel (6)",
            "1 users: the same Telegram id again (7)",
            "1 users: another number of fields than there are columns (8)",
        ]
    );
    assert_eq!(
        said(&report.changed),
        [
            "1 users: no balance (9)",
            "1 users: a balance that cannot be read (10)",
            "2 users: blocked or banned there (10, 14)",
            "1 users: a time that cannot be read (10)",
            "1 users: a balance over 1 (11)",
            "1 users: a time in the future (11)",
            "1 users: a balance below 0 (13)",
            "1 users: a balance with a fraction (14)",
            "1 users: broken UTF-8 (15)",
            "1 users: a text longer than its limit (16)",
        ]
    );
    let kept = names(&db);
    assert_eq!(kept[0], "7 an\"na, k 1");
    assert_eq!(kept[3..5], ["11 much 0", "12 most 1000000"]);
    assert_eq!((kept.len(), report.credits.given), (9, 1 + 1_000_000 + 1 + 1 + 1));
    assert_eq!(report.skipped[3].first[0].detail, "7, with a balance of 9");
}

#[test]
fn a_quote_that_is_never_closed_does_not_take_the_whole_file() {
    let mut csv = b"telegram_id,balance\n7,5\n8,\"5\n".to_vec();
    csv.extend(b"9,5\n".repeat(600_000));
    let (_files, source) = Files::users(&csv);
    let (_folder, db) = fresh();
    let error = format!("{:#}", try_import(&db, &source, None).unwrap_err());
    assert!(error.contains("after line 3") && error.contains("quote"), "{error}");
}

#[test]
fn what_lacks_a_column_is_refused_and_says_what_was_looked_for() {
    let jobs = b"id,tg_user_id,status\n1,7,done\n";
    let users = b"telegram_id,balance\n7,5\n";
    for (users, jobs, word) in [
        (&b"id,balance\n7,5\n"[..], &jobs[..], "export it as telegram_id"),
        (b"telegram_id,name\n7,x\n", jobs, "no column for the balance: looked for credits"),
        (b"telegram_id,balance,credits\n7,5,6\n", jobs, "both credits and balance"),
        (users, b"tg_user_id,status\n7,done\n", "no column for the id"),
        (users, b"id,status\n7,done\n", "no column for the customer"),
        (users, b"id,tg_user_id\n1,7\n", "no column for the status"),
        (b"", jobs, "is empty"),
        (b"\xFF\xFEt\0e\0", jobs, "UTF-16"),
        (b"\x1F\x8B\x08\0", jobs, "unpack it"),
        (b"-- PostgreSQL database dump\n", jobs, "looks like a dump"),
    ] {
        let files = Files::of(users, jobs);
        let error = refused(&files.source());
        assert!(error.contains(word), "{error}");
    }
    let files = Files::of(b"", b"id,user_id,status\n1,7,done\n");
    let alone = Source::Sheets { users: None, jobs: Some(files.jobs.clone()) };
    assert!(refused(&alone).contains("import users with it"));
    let gone = Source::Sheets { users: Some(files.users.with_file_name("none")), jobs: None };
    assert!(refused(&gone).contains("cannot open"));
}

#[test]
fn a_file_that_is_no_whole_plain_dump_is_refused_before_anything_is_written() {
    let whole = std::fs::read(Path::new(DATA).join("dump.sql")).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    let other = text.replace("public.users", "shop.users");
    let twice = format!("{text}{other}");
    let data = text.find("\n2\t1002").unwrap();
    let inserts = std::fs::read_to_string(Path::new(DATA).join("inserts.sql")).unwrap();
    let bare: String = inserts.split("CREATE TABLE public.users").collect();
    let within = inserts.find("Traceback").unwrap();
    for (bytes, word) in [
        (&whole[..data + 6], "it was cut off"),
        (&inserts.as_bytes()[..within], "it was cut off"),
        (b"PGDMP\x01\x0e", "pg_restore -f"),
        (b"\x1F\x8B\x08\0", "unpack it"),
        (b"SELECT 1;\n", "no rows of a table users or jobs"),
        (text.replace("'UTF8'", "'WIN1251'").as_bytes(), "--encoding=UTF8"),
        (twice.as_bytes(), "in the schemas public and shop"),
        (bare.as_bytes(), "--column-inserts"),
    ] {
        let (_folder, file) = file(bytes);
        let error = refused(&Source::Dump(file));
        assert!(error.contains(word), "{word}: {error}");
    }
}

fn file(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.sql");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

#[test]
fn a_dump_with_windows_line_ends_and_a_mark_is_read_as_well() {
    let text = std::fs::read_to_string(Path::new(DATA).join("dump.sql")).unwrap();
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let (_folder, path) = file(windows.as_bytes());
    let (_data, db) = fresh();
    let report = import(&db, &Source::Dump(path), None);
    assert_eq!((report.customers.new, report.credits.given, report.videos.done), (6, 9, 2));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever was damaged in it: an error or an import, and the balances are the ledger's.
    #[test]
    fn no_damage_to_a_file_breaks_anything(
        which in 0..5_usize,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in any::<prop::sample::Index>(),
    ) {
        let name = ["users.csv", "jobs.csv", "dump.sql", "inserts.sql", "column_inserts.sql"][which];
        let mut bytes = std::fs::read(Path::new(DATA).join(name)).unwrap();
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(end.index(bytes.len() * 2).max(1).min(bytes.len()));
        let (_kept, path) = file(&bytes);
        let data = Path::new(DATA);
        let source = match which {
            0 => sheets(&path, &data.join("jobs.csv")),
            1 => sheets(&data.join("users.csv"), &path),
            _ => Source::Dump(path),
        };
        let (_folder, db) = fresh();
        if let Ok(report) = try_import(&db, &source, Some(1)) {
            let here = content(&db);
            let again = import(&db, &source, Some(1));
            prop_assert_eq!(again.customers.new, 0);
            prop_assert_eq!(again.credits.given_before, report.credits.given);
            prop_assert_eq!(content(&db), here);
        }
        let wrong = "SELECT tg_user_id || '' FROM users
                     WHERE credits <> (SELECT COALESCE(SUM(delta), 0) FROM ledger WHERE user_id = users.id)";
        prop_assert_eq!(texts(&db, wrong), [] as [String; 0]);
    }
}
