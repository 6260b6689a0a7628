//! The machine's bad days: a disk that is full, read-only or broken, and no file left to open.

use std::time::Duration;

use neurocards::clock::{MINUTE, SECOND};
use neurocards::sandbox::faults::{Action, Service};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::customer::{PRODUCT, photo, ru};
use crate::plug::{Op, Plug};
use crate::{Appliance, OWN, Setup, UGC};

/// Lines of one place in the program within a minute.
const MOST_LINES: usize = 20;

impl Appliance {
    /// What it logged.
    pub(crate) fn log_text(&self) -> String {
        String::from_utf8_lossy(&self.printed()).into_owned()
    }

    /// Lets real time pass.
    pub(crate) fn idles(&self, span: Duration) {
        self.sandbox().telegram().wait(span, |_| None::<()>);
    }

    /// Of the processor, so far, in hundredths of a second.
    fn busy(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap();
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        let times: Vec<u64> =
            rest.split(' ').skip(11).take(2).map(|it| it.parse().unwrap()).collect();
        times.iter().sum()
    }

    /// It works little and logs little while nothing can be done, for two real seconds.
    #[track_caller]
    fn keeps_calm(&self) {
        let (busy, lines) = (self.busy(), self.log_text().lines().count());
        self.idles(Duration::from_secs(2));
        let (busy, text) = (self.busy() - busy, self.log_text());
        assert!(busy < 60, "{busy} of 200 hundredths: a busy loop");
        let lines = text.lines().count() - lines;
        assert!(lines < 8 * MOST_LINES, "{lines} lines: a flood");
    }

    #[track_caller]
    pub(crate) fn alerts(&self, id: &str) {
        self.alerts_one_of(&[id]);
    }

    pub(crate) fn alerts_one_of(&self, ids: &[&str]) {
        let begins = |id: &&str| ru(id).split(['{', '\u{2068}']).next().unwrap().trim().to_owned();
        let parts: Vec<String> = ids.iter().map(begins).collect();
        self.waits_for(ids[0], || {
            let chat = self.sandbox().telegram().messages(99);
            let said = |part: &String| chat.iter().any(|message| message.text.contains(part));
            parts.iter().any(said).then_some(())
        });
    }
}

#[test]
fn while_the_disk_is_full_nothing_is_lost_and_with_room_all_goes_on_and_is_told() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).admin(99).start();
    let ann = shop.customer(7).with_credits(1);
    let (bob, eve) = (shop.customer(8), shop.customer(9));
    // Three real seconds.
    shop.sandbox().faults().on(Service::Kie, "createTask").does(Action::Slow(3 * MINUTE));
    let order = ann.orders(1, OWN);
    shop.waits_until("SELECT COUNT(*) = 1 FROM submits");
    // A message under way, whose answer finds no room to be written down.
    let slow = shop.sandbox().faults().on(Service::Telegram, "sendMessage");
    let slow = slow.does(Action::Slow(MINUTE));
    eve.says("/help");
    shop.waits_until(
        "SELECT COUNT(*) = 1
         FROM outbox
         WHERE chat_id = 9
           AND state = 'pending'
           AND content LIKE '%Как это работает%'",
    );
    plug.fails(Op::Write, "ENOSPC");
    eve.hears(&ru("help"));
    shop.sandbox().faults().remove(slow);
    shop.waits_for("a task", || (shop.sandbox().kie().submits() == 1).then_some(()));
    bob.says("/help");
    bob.acts();
    shop.keeps_calm();
    assert_eq!(shop.value::<i64>("SELECT COUNT(*) FROM jobs WHERE kie_task_id IS NOT NULL"), 0);
    assert!(shop.sandbox().telegram().unconfirmed() > 0, "what is not on disk is not confirmed");
    let log = shop.log_text();
    assert!(log.contains("the disk is full: make room"), "{log}");
    plug.mends(Op::Write);
    bob.hears(&ru("help"));
    assert_eq!(eve.chat().iter().filter(|it| it.text.contains(&ru("help"))).count(), 1);
    order.arrives();
    assert_eq!((shop.sandbox().kie().submits(), ann.credits()), (1, 0));
    let strikes: i64 = shop.value("SELECT COUNT(*) FROM submits WHERE outcome <> 'accepted'");
    assert_eq!(strikes, 0, "the accepted task was kept");
    shop.alerts("alert-disk-full");
    shop.alerts("alert-disk-over");
}

#[test]
fn a_disk_that_is_full_now_and_then_fails_no_order() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    let ann = shop.customer(7).with_credits(3);
    let order = ann.orders(3, UGC);
    // Ever more seldom: what is tried again each second finds room in the end.
    let mut pause = Duration::from_millis(150);
    while !shop.is_quiet() {
        plug.fails(Op::Write, "ENOSPC neurocards.db-wal once");
        shop.idles(pause);
        pause += Duration::from_millis(25);
        assert!(pause < Duration::from_secs(3), "it never ends\n{}", shop.log_text());
    }
    plug.mends(Op::Write);
    order.arrives();
    assert_eq!((shop.sandbox().kie().submits(), ann.credits()), (3, 0));
    assert!(shop.log_text().contains("the disk is full"), "it never was");
}

#[test]
fn a_photo_that_cannot_be_kept_is_asked_for_again_and_a_video_is_fetched_later() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).admin(99).start();
    let ann = shop.customer(7).with_credits(1);
    ann.presses("🎬");
    ann.hears("📸");
    plug.fails(Op::Open, "ENOSPC photos/");
    ann.sends_photo(photo());
    ann.hears(&ru("wrong-photo-trouble"));
    shop.alerts("alert-files");
    plug.mends(Op::Open);
    plug.fails(Op::Write, "ENOSPC videos/");
    ann.sends_photo(photo());
    ann.hears("✍️");
    ann.says(PRODUCT);
    ann.sees("🎥");
    ann.chooses(OWN);
    let order = ann.confirms(1);
    shop.waits_until("SELECT COUNT(*) > 1 FROM events WHERE step = 'fetch' AND what = 'trouble'");
    plug.mends(Op::Write);
    order.arrives();
    shop.alerts("alert-files-over");
    let failed: i64 = shop.value("SELECT COUNT(*) FROM inbox WHERE error IS NOT NULL");
    assert_eq!((shop.sandbox().kie().submits(), failed), (1, 0));
}

#[test]
fn a_sync_that_fails_ends_the_program_and_five_in_a_row_end_in_safe_mode() {
    let plug = Plug::new();
    // Each start dies within the three real seconds in which it is young.
    let shop = Setup::new().plug(&plug).rate(10.0).start();
    let ann = shop.customer(7).with_credits(1);
    shop.settles();
    let (ended, _) = shop.sigterm();
    assert!(ended.success());
    // What it writes first after its start comes a real second later.
    let slow = shop.sandbox().faults().on(Service::Kie, "credit");
    let slow = slow.does(Action::Slow(10 * SECOND));
    for n in 1..=5 {
        shop.start_again();
        plug.fails(Op::Fsync, "EIO");
        let status = shop.ends_itself();
        assert_eq!(status.code(), Some(1), "{n}");
        plug.mends(Op::Fsync);
        let log = shop.log_text();
        let word = "the disk failed under the database";
        let said = log.lines().filter(|line| line.contains(word)).count();
        assert_eq!(said, n, "once for each end\n{log}");
        assert!(log.contains("check it, then start again"), "{log}");
    }
    shop.sandbox().faults().remove(slow);
    shop.start_again();
    ann.presses("🎬");
    ann.hears("Кредиты на месте");
    shop.commands(&["resume"]);
    ann.orders(1, OWN).arrives();
}

#[test]
fn a_folder_that_cannot_be_written_ends_the_program_with_a_word_and_loses_nothing() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    let ann = shop.customer(7).with_credits(1);
    shop.settles();
    plug.fails(Op::Write, "EROFS");
    plug.fails(Op::Open, "EROFS");
    ann.says("?");
    assert_eq!(shop.ends_itself().code(), Some(1), "it became read-only");
    for how in ["EROFS", "EACCES"] {
        plug.fails(Op::Open, how);
        let output = shop.command(&["run"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains("look at the owner and mode"), "{said}");
    }
    plug.mends(Op::Write);
    plug.mends(Op::Open);
    shop.start_again();
    ann.orders(1, OWN).arrives();
}

/// How many files it may open.
fn getrlimit_of(pid: Pid) -> Rlimit {
    let all = std::fs::read_to_string(format!("/proc/{}/limits", pid.as_raw_nonzero())).unwrap();
    let line = all.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let mut numbers = line.split_whitespace().skip(3).map(|it| it.parse().ok());
    Rlimit { current: numbers.next().flatten(), maximum: numbers.next().flatten() }
}

#[test]
fn a_process_that_can_open_no_file_waits_until_it_can() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(3);
    ann.describes(UGC);
    ann.presses("3️⃣");
    ann.sees("✅");
    shop.settles();
    let pid = Pid::from_raw(shop.pid() as i32).unwrap();
    let open = std::fs::read_dir(format!("/proc/{}/fd", shop.pid())).unwrap();
    let last: u64 = open
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .map(|it| it.parse().unwrap())
        .max()
        .unwrap();
    let before = getrlimit_of(pid);
    let limit = Rlimit { current: Some(last + 3), maximum: before.maximum };
    prlimit(Some(pid), Resource::Nofile, limit).unwrap();
    ann.presses("✅");
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders");
    shop.keeps_calm();
    prlimit(Some(pid), Resource::Nofile, before).unwrap();
    shop.waits_until("SELECT COUNT(*) = 1 FROM orders WHERE finished_at IS NOT NULL");
    assert_eq!((ann.videos().len(), ann.credits()), (3, 0));
    let log = shop.log_text();
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn what_the_database_is_rewritten_through_lies_beside_it_and_not_in_a_folder_of_the_system() {
    let plug = Plug::new();
    let shop = Setup::new().plug(&plug).start();
    // More than SQLite keeps in memory.
    shop.writes(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
         INSERT INTO inbox (update_id, chat_id, body, received_at, handled_at)
         SELECT -i, 0, hex(randomblob(800)), 9e14, 9e14 FROM n",
    );
    let ann = shop.customer(7);
    plug.fails(Op::Open, "EACCES etilqs_");
    ann.says("/delete_me");
    ann.presses("🗑 Да");
    let failed = || shop.log_text().contains("could not be compacted").then_some(());
    shop.waits_for("a file that cannot be opened", failed);
    plug.mends(Op::Open);
    ann.hears("больше нет");
}
