//! What a SIGKILL does not show, for the page cache outlives it: that nothing is said before it is
//! on the disk. (The power cuts themselves are a part of the matrix.)

use std::process::Command;

use super::trace::{Event, judge, read};
use crate::Setup;
use crate::customer::UGC;

#[test]
#[ignore = "needs strace and the right to trace: .ci/full"]
fn no_byte_leaves_before_the_commit_that_it_depends_on_is_synced() {
    assert!(Command::new("strace").arg("-V").output().is_ok(), "strace is missing");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace");
    let shop = Setup::new()
        .admin(99)
        .settings("[credits]\nsignup = 3")
        .under(&[
            "strace",
            "-D",
            "-f",
            "-y",
            "-xx",
            "-s",
            "100000",
            "-e",
            "trace=pwrite64,write,writev,sendto,sendmsg,fdatasync,fsync",
            "-e",
            "signal=none",
            "-o",
            file.to_str().unwrap(),
        ])
        .start();
    let ann = shop.customer(7);
    ann.orders(3, UGC).arrives();
    shop.settles();
    assert!(shop.sigterm().0.success());
    let events = read(&std::fs::read_to_string(&file).unwrap());
    let verdict = judge(&events);
    println!("{} commits; requests: {:?}", verdict.commits, verdict.requests);
    assert_eq!(verdict.broken, [""; 0]);
    for (method, least) in [
        ("createTask", 3),
        ("sendVideo", 3),
        ("sendMessage", 5),
        ("editMessageText", 1),
        ("answerCallbackQuery", 5),
        ("getUpdates", 5),
    ] {
        let seen = verdict.requests.get(method).copied().unwrap_or(0);
        assert!(seen >= least, "{seen} {method}: {:?}", verdict.requests);
    }
    assert!(verdict.commits > 40, "{verdict:?}");
    doctored(&events);
}

/// The same trace with each request before the sync that it waited for, and without any sync.
fn doctored(events: &[Event]) {
    let syncs: Vec<usize> =
        (0..events.len()).filter(|at| matches!(events[*at], Event::Synced { .. })).collect();
    for method in ["createTask", "sendVideo", "sendMessage", "answerCallbackQuery"] {
        let head = format!("/{method}").to_lowercase();
        let is_one = |event: &Event| match event {
            Event::Sent { bytes, .. } => {
                let start = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_lowercase();
                start.starts_with("post") && start.contains(&head)
            }
            _ => false,
        };
        let at = events.iter().position(is_one).unwrap();
        let seen = (0..syncs.len()).rev().filter(|n| syncs[*n] < at).any(|n| {
            let mut events = events.to_vec();
            let sent = events.remove(at);
            events.insert(syncs[n], sent);
            !judge(&events).broken.is_empty()
        });
        assert!(seen, "a {method} that comes too early is not seen");
    }
    let lazy: Vec<Event> =
        events.iter().filter(|it| !matches!(it, Event::Synced { .. })).cloned().collect();
    assert!(judge(&lazy).broken.len() > 20, "a database without syncs is not seen");
}
