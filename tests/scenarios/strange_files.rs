//! Something else where the database should be: each command says so in a line, and touches nothing.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use rusqlite::Connection;

use crate::{Appliance, Setup};

/// A word of the complaint, and what makes the file.
type Strange = (&'static str, fn(&Path));

const STRANGE: [Strange; 7] = [
    ("not a database", |file| {
        let mut bytes = std::fs::read(file).unwrap();
        bytes[..64].fill(0x5a);
        std::fs::write(file, bytes).unwrap();
    }),
    ("not a database", |file| {
        std::fs::write(file, "notes on cats\n".repeat(500)).unwrap();
    }),
    ("newer program", |file| {
        Connection::open(file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    }),
    ("not one of neurocards", |file| {
        std::fs::remove_file(file).unwrap();
        Connection::open(file).unwrap().execute_batch("CREATE TABLE cats (name)").unwrap();
    }),
    ("look at its owner and mode", |file| {
        std::fs::remove_file(file).unwrap();
        std::fs::create_dir(file).unwrap();
    }),
    ("is damaged", |file| {
        let bytes = std::fs::read(file).unwrap();
        std::fs::write(file, &bytes[..8_192]).unwrap();
    }),
    ("is damaged", |file| {
        let mut bytes = std::fs::read(file).unwrap();
        bytes[4_096..].fill(0x5a);
        std::fs::write(file, bytes).unwrap();
    }),
];

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A stopped appliance with a customer in its database, and a backup of that.
fn stopped() -> (Appliance, std::path::PathBuf) {
    let shop = Appliance::new();
    shop.customer(7);
    shop.settles();
    let backup = shop.path("backups/mine.db");
    shop.commands(&["backup", backup.to_str().unwrap()]);
    assert!(shop.sigterm().0.success());
    shop.lets_go();
    (shop, backup)
}

#[test]
fn a_file_that_is_no_database_of_ours_is_named_and_left_as_it_is() {
    let (shop, backup) = stopped();
    let file = shop.path("neurocards.db");
    let sound = std::fs::read(&file).unwrap();
    let elsewhere = shop.data().parent().unwrap().join("copy.db");
    for (n, (word, makes)) in STRANGE.iter().enumerate() {
        makes(&file);
        let before = std::fs::read(&file).ok();
        let folder = shop.data();
        let demo = ["demo", "--orders", "1", "--data-dir", folder.to_str().unwrap()];
        let backup = ["backup", elsewhere.to_str().unwrap()];
        let all = [&["run"][..], &["stats"], &backup, &["doctor", "--offline"], &demo];
        // Its sandbox takes seconds to begin.
        let asked = if n == 0 { &all[..] } else { &all[..4] };
        for args in asked {
            let output = shop.command(args);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{n} {args:?}: {said}");
            assert!(said.contains(word), "{n} {args:?}: no `{word}` in: {said}");
            if args[0] != "doctor" && args[0] != "run" {
                assert!(output.stderr.iter().filter(|it| **it == b'\n').count() == 1, "{said}");
            }
            assert!(!said.contains("panicked"), "{said}");
        }
        assert!(!elsewhere.exists(), "{n}: a backup was made of it");
        assert_eq!(std::fs::read(&file).ok(), before, "{n}: it was touched");
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(shop.path(&format!("neurocards.db{suffix}")));
        }
        if file.is_dir() {
            std::fs::remove_dir(&file).unwrap();
        }
        std::fs::write(&file, &sound).unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    }
    // The way out that is named.
    std::fs::write(&file, "notes on cats\n".repeat(500)).unwrap();
    shop.commands(&["restore", backup.to_str().unwrap()]);
    shop.start_again();
    shop.customer(8);
}

#[test]
fn a_folder_on_which_somebody_runs_is_left_alone_with_code_three() {
    let shop = Setup::new().start();
    shop.customer(7);
    shop.settles();
    let backup = shop.path("backups/mine.db");
    shop.commands(&["backup", backup.to_str().unwrap()]);
    let folder = shop.data();
    for args in [
        &["run"][..],
        &["demo", "--orders", "1", "--data-dir", folder.to_str().unwrap()],
        &["restore", backup.to_str().unwrap()],
    ] {
        let output = shop.command(args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.lines().count()), (Some(3), 1), "{args:?}: {said}");
        assert!(said.contains("stop it first"), "{said}");
    }
}
