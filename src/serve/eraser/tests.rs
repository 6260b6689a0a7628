use super::*;
use crate::clock::{HOUR, Millis};
use crate::db::UserId;
use crate::orders::tests::World;
use crate::text::Lang;
use crate::users;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use std::sync::atomic::{AtomicUsize, Ordering};

const NOW: Millis = 10_000;

/// An eraser whose rests are over whenever it is told to look.
struct Stage {
    world: World,
    work: Work,
    compactions: Arc<AtomicUsize>,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let (world, folder) = (World::new(), tempfile::tempdir().unwrap());
        let path = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let folders = Folders { photos: path("photos"), videos: path("videos") };
        let backups = daily::Options {
            folder: path("backups"),
            at: Time::constant(4, 0, 0, 0),
            zone: TimeZone::UTC,
            keep: 7,
        };
        let (shop, db) = (Arc::clone(&world.shop), world.db.clone());
        let mut work = Work::new(db, Clock::real(), shop, folders, backups);
        let compactions = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&compactions);
        work.compact = Box::new(move |db| {
            count.fetch_add(1, Ordering::Relaxed);
            db.compact()
        });
        Self { world, work, compactions, folder }
    }

    /// Looks as it would after its rests.
    fn looks(&mut self) {
        self.work.log.until = Instant::now();
        self.work.emptyings.until = Instant::now();
        for pause in self.work.stuck.values_mut() {
            pause.until = Instant::now();
        }
        self.work.look().unwrap();
    }

    /// As if so much time had gone by.
    fn passes(&mut self, time: Duration) {
        let work = &mut self.work;
        for brake in [&mut work.compactions, &mut work.emptyings] {
            brake.until = brake.until.checked_sub(time).unwrap();
        }
    }

    fn compacted(&self) -> usize {
        self.compactions.load(Ordering::Relaxed)
    }

    fn leaves(&self, tg_user_id: i64) {
        let user = self.world.customer(tg_user_id, 0).id;
        self.world.write(move |tx, _| gone(tx, user));
    }

    fn farewells(&self) -> i64 {
        self.world.number("SELECT COUNT(*) FROM outbox WHERE content LIKE '%больше нет%'")
    }

    fn heard(&self, chat: i64) -> bool {
        let sql = format!("SELECT COUNT(*) FROM outbox WHERE chat_id = {chat}");
        self.world.number(&sql) == 1
    }

    fn open(&self) -> i64 {
        self.world.number("SELECT COUNT(*) FROM departures")
    }
}

fn gone(tx: &crate::db::Tx<'_>, user: UserId) -> Result<()> {
    users::leave(tx, user, NOW)?;
    departures::begin(tx, user, Lang::Ru, 5, NOW)
}

fn bytes(path: &std::path::Path) -> u64 {
    std::fs::metadata(path).map_or(0, |facts| facts.len())
}

#[test]
fn who_reads_for_long_makes_the_log_no_longer_than_one_compaction() {
    let mut stage = Stage::new();
    stage.world.sql(
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000)
         INSERT INTO audit (at, way, who, action, object)
         SELECT x, 'command', 'root', 'x', hex(randomblob(500)) FROM n",
    );
    assert!(stage.world.db.empty_log().unwrap());
    stage.leaves(7);
    let db = stage.world.db.clone();
    let users = |conn: &rusqlite::Connection| -> Result<i64> {
        Ok(conn.query_row("SELECT COUNT(*) FROM users", [], |row| row.get(0))?)
    };
    // The newest state is read: the log can be drained, but not emptied.
    db.read(|conn| {
        users(conn)?;
        for someone in 8..13 {
            stage.looks();
            stage.leaves(someone);
        }
        Ok(())
    })
    .unwrap();
    assert_eq!((stage.compacted(), stage.farewells()), (1, 0), "it is not true yet");
    let log = db.path().with_extension("db-wal");
    let (file, grown) = (bytes(db.path()), bytes(&log));
    assert!(file > 500_000 && grown < 2 * file, "{file} {grown}");
    stage.looks();
    assert_eq!(stage.farewells(), 6);
    // An old state is read: a compaction would make the log longer and nothing else.
    db.read(|conn| {
        users(conn)?;
        for someone in 13..18 {
            stage.leaves(someone);
            stage.work.compactions.until = Instant::now();
            stage.looks();
        }
        Ok(())
    })
    .unwrap();
    assert_eq!((stage.compacted(), stage.farewells()), (1, 6));
    stage.looks();
    assert_eq!((stage.compacted(), stage.farewells(), stage.open()), (2, 11, 0));
    assert!(bytes(&log) < 100_000, "what was written after that");
}

#[test]
fn a_compaction_that_fails_is_not_tried_again_for_each_who_leaves() {
    let mut stage = Stage::new();
    let count = Arc::clone(&stage.compactions);
    stage.work.compact = Box::new(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        anyhow::bail!("no room")
    });
    for someone in 7..12 {
        stage.leaves(someone);
        stage.looks();
        stage.looks();
    }
    assert_eq!((stage.compacted(), stage.farewells(), stage.open()), (1, 5, 5));
    stage.work.compact = Box::new(Db::compact);
    stage.work.compactions.until = Instant::now();
    stage.looks();
    assert_eq!((stage.farewells(), stage.open()), (5, 0));
}

#[test]
fn one_compaction_is_for_all_who_left_before_it() {
    let mut stage = Stage::new();
    stage.world.write(|tx, _| {
        let sql = "INSERT INTO users (tg_user_id) VALUES (?1)";
        for someone in 0..2_500 {
            tx.prepare_cached(sql)?.execute([1_000 + someone])?;
            gone(tx, UserId(tx.last_insert_rowid()))?;
        }
        Ok(())
    });
    for left in [1_500, 500, 0] {
        stage.looks();
        assert_eq!((stage.compacted(), stage.open()), (1, left));
    }
    assert_eq!(stage.farewells(), 2_500);
}

#[test]
fn whoever_left_and_presses_again_and_again_has_the_file_rewritten_once_an_hour() {
    const MINUTE: Duration = Duration::from_secs(60);
    let mut stage = Stage::new();
    stage.leaves(7);
    for _ in 0..300 {
        stage.world.write(|tx, _| departures::trailed(tx, 7, 9, NOW));
        stage.looks();
        stage.passes(MINUTE);
    }
    let often = stage.compacted();
    assert!((9..=14).contains(&often), "{often} in five hours");
    for later in [FAR_APART, 2 * FAR_APART] {
        // It was due an hour after the last one; then nobody wanted it for another hour.
        stage.looks();
        stage.passes(later);
    }
    assert_eq!((stage.compacted(), stage.open()), (often + 1, 0));
    stage.leaves(8);
    stage.looks();
    stage.passes(APART);
    stage.leaves(9);
    stage.looks();
    assert_eq!((stage.compacted(), stage.open()), (often + 3, 0), "as if nothing had been");
}

#[test]
fn whoever_presses_as_fast_as_they_can_has_the_log_emptied_every_three_seconds() {
    let mut stage = Stage::new();
    stage.leaves(7);
    stage.work.look().unwrap();
    for _ in 0..20 {
        stage.passes(LOG_FAR_APART);
        stage.leaves(7);
        stage.work.look().unwrap();
    }
    assert_eq!(stage.farewells(), 21);
    stage.leaves(7);
    let wait = stage.work.look().unwrap();
    assert_eq!(stage.farewells(), 21, "not at once");
    assert!(wait <= LOG_FAR_APART && wait > LOG_FAR_APART / 2, "{wait:?}");
}

#[test]
fn photos_go_whatever_telegrams_numbers_and_those_of_who_came_back_stay() {
    let mut stage = Stage::new();
    let folder = stage.folder.path().join("photos/7");
    std::fs::create_dir(&folder).unwrap();
    for photo in ["3.jpg", "4.jpg", "5.part", "6.jpg", "900.jpg", "900.part", "x.jpg"] {
        std::fs::write(folder.join(photo), "").unwrap();
    }
    stage.leaves(7);
    stage.world.sql(
        r#"INSERT INTO jobs (user_id, tg_user_id, idempotency_key, template_id, input_photo_path,
                             product_info, status, finished_at)
           VALUES (1, 7, 'a', 'self', '7/3.jpg', '{}', 'canceled', 20000);
           INSERT INTO dialogs (user_id, state, updated_at)
           VALUES (1, '{"draft": {"photo": "7/4.jpg"}}', 20000);
           INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
           VALUES (5, 7, '{}', 20000, NULL), (6, 7, '{}', 20000, 20001);"#,
    );
    stage.looks();
    let left = std::fs::read_dir(&folder).unwrap().map(|photo| photo.unwrap().file_name());
    let mut left: Vec<_> = left.map(|name| name.into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["3.jpg", "4.jpg", "5.part"]);
    // A backup knows no update of theirs.
    std::fs::write(folder.join("8.jpg"), "").unwrap();
    stage.world.write(|tx, _| departures::forgotten(tx, UserId(1), NOW));
    stage.looks();
    assert!(!folder.join("8.jpg").exists() && folder.join("4.jpg").exists());
}

#[test]
fn nobody_is_hidden_by_a_thousand_others() {
    let mut stage = Stage::new();
    stage.world.write(|tx, _| {
        for user in 1..=2_200 {
            tx.prepare_cached("INSERT INTO users (id, tg_user_id) VALUES (?1, ?1)")?
                .execute([user])?;
            let sql = "INSERT INTO departures (user_id, at, update_id) VALUES (?1, 0, 0)";
            tx.prepare_cached(sql)?.execute([user])?;
        }
        Ok(())
    });
    stage.work.again().unwrap();
    assert_eq!(stage.world.number("SELECT COUNT(*) FROM departures WHERE at = 0"), 0, "a backup's");
    // The files of half of them cannot be removed.
    for user in 1..=1_100 {
        let file = stage.folder.path().join(format!("photos/{user}/4.jpg"));
        std::fs::create_dir_all(file).unwrap();
    }
    stage.work.look().unwrap();
    stage.passes(LOG_FAR_APART);
    for _ in 0..3 {
        stage.work.look().unwrap();
        stage.passes(LOG_FAR_APART);
    }
    let stuck = "SELECT COUNT(*) FROM departures WHERE erased_at IS NULL";
    assert_eq!((stage.world.number(stuck), stage.work.stuck.len()), (1_100, 1_100));
}

#[test]
fn a_large_file_is_left_as_it_is_until_the_night_and_the_farewell_is_said() {
    let mut stage = Stage::new();
    stage.work.small = 0;
    let now = stage.work.clock.now();
    let night = jiff::Timestamp::from_millisecond(now - 2 * HOUR).unwrap();
    stage.work.backups.at = night.to_zoned(TimeZone::UTC).time();
    let user = stage.world.customer(7, 0).id;
    stage.world.write(move |tx, _| departures::begin(tx, user, Lang::Ru, 5, now));
    stage.looks();
    assert_eq!((stage.compacted(), stage.open()), (0, 1));
    assert!(stage.heard(7));
    stage.world.write(move |tx, _| departures::begin(tx, user, Lang::Ru, 5, now - 3 * HOUR));
    stage.looks();
    assert_eq!((stage.compacted(), stage.open()), (1, 0), "the night is over");
}

#[test]
fn who_is_back_before_all_is_gone_is_not_told_that_nothing_is_known_of_them() {
    let mut stage = Stage::new();
    stage.leaves(7);
    stage.leaves(8);
    stage.world.customer(8, 0);
    stage.looks();
    let said = |chat: i64, words: &str| {
        let sql = format!(
            "SELECT COUNT(*) FROM outbox
             WHERE chat_id = {chat} AND content LIKE '%{words}%' AND content LIKE '%\"menu\"%'"
        );
        stage.world.number(&sql) == 1
    };
    assert!(said(7, "больше нет") && said(8, "снова с нами"));
}

#[test]
fn a_file_that_cannot_be_removed_holds_up_nobody_else() {
    let mut stage = Stage::new();
    let file = stage.folder.path().join("photos/7/4.jpg");
    std::fs::create_dir_all(&file).unwrap();
    stage.leaves(7);
    stage.leaves(8);
    stage.looks();
    assert!(stage.heard(8) && !stage.heard(7));
    let told = |words: &str| {
        let sql =
            format!("SELECT COUNT(*) FROM outbox WHERE chat_id = 1 AND content LIKE '%{words}%'");
        stage.world.number(&sql)
    };
    assert_eq!(told("photos/7/4.jpg"), 1, "the operator hears of it");
    assert!(stage.work.files_wait() <= REST, "and it is tried again soon");
    std::fs::remove_dir(&file).unwrap();
    stage.looks();
    assert!(stage.heard(7) && !file.exists());
    let over = "SELECT COUNT(*) FROM alerts WHERE cause = 'erase' AND ended_at IS NOT NULL";
    assert_eq!((stage.open(), stage.world.number(over)), (0, 1));
}

#[test]
fn whom_a_backup_brought_back_holds_up_nobody_while_their_video_is_made() {
    let mut stage = Stage::new();
    let back = stage.world.customer(7, 1);
    stage.world.order(&back, "d", 1);
    stage.world.sql(
        "UPDATE jobs SET status = 'processing', step = 'render';
         INSERT INTO departures (user_id, at, update_id) VALUES (1, 0, 0);",
    );
    stage.leaves(8);
    stage.looks();
    assert!(stage.heard(8));
    assert_eq!(stage.world.number("SELECT user_id FROM departures"), 1);
}
