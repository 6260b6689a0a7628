//! The program in a terminal; and the terminal that the scenarios have, which sees what it is
//! there for.

use std::process::Command;

use crate::terminal::{Key, Terminal};
use crate::{Appliance, Setup};

fn shell(script: &str) -> Terminal {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script]).env("PATH", "/usr/local/bin:/usr/bin:/bin");
    Terminal::of(&command, 40, 10)
}

#[test]
fn a_demo_draws_its_progress_and_leaves_the_terminal_as_it_was() {
    let shop = Setup::new().stopped();
    let words = ["demo", "--no-console", "--orders", "2", "--speed", "120"];
    let demo = shop.terminal(&words, 100, 40);
    demo.shows("of 2 orders").shows("script").shows("nothing lost, nothing twice");
    assert!(demo.ends().success());
    demo.is_restored();
    assert!(demo.frames() > 0);
}

#[test]
fn a_demo_opens_the_console_and_sums_up_when_it_is_left() {
    let shop = Setup::new().stopped();
    let demo = shop.terminal(&["demo", "--orders", "2", "--speed", "120"], 80, 24);
    demo.shows("/start").presses(Key::Esc).hides("/start");
    demo.types("q").shows("of 2 settled").shows("nothing lost");
    assert!(demo.ends().success());
    demo.is_restored();
}

#[test]
fn a_command_in_a_terminal_is_one_more_place_for_secrets_to_be_looked_for() {
    let shop = Appliance::new();
    let doctor = shop.terminal(&["doctor"], 120, 40);
    doctor.shows("ledger");
    assert!(doctor.ends().success());
    doctor.is_restored();
    let printed = String::from_utf8_lossy(&shop.printed()).into_owned();
    assert!(printed.matches("ledger").count() > 1, "raw and as a picture: {printed}");
}

#[test]
fn keys_and_sizes_reach_the_program() {
    let shell = shell("stty -echo -icanon; trap 'stty size' WINCH; while :; do cat -v; done");
    shell.types("a").shows("a").presses(Key::Up).shows("^[[A").presses(Key::BackTab).shows("^[[Z");
    shell.resize(60, 20).presses(Key::Ctrl('b')).shows("^B");
    assert_eq!(shell.cells().size(), (20, 60));
    shell.signal("KILL");
    assert!(!shell.ends().success());
}

#[test]
fn a_question_for_the_cursor_is_answered() {
    let shell =
        shell("stty -echo -icanon; printf 'ab\\033[6n'; dd bs=1 count=6 2>/dev/null | cat -v");
    shell.shows("ab^[[1;3R");
    assert!(shell.ends().success());
}

#[test]
fn what_hangs_together_is_looked_at_together() {
    let script = "printf '\\033[?2026hone'; read go; printf ' two\\033[?2026l'; read go";
    let shell = shell(script);
    shell.types("\n").shows("two").types("\n");
    assert_eq!((shell.frames(), shell.ends().success()), (1, true));
}

#[test]
fn a_terminal_that_was_not_restored_is_noticed() {
    let shell = shell("stty raw -echo; printf '\\033[?1049h\\033[?25l\\033[?2004h\\033[?1000h'");
    assert!(shell.ends().success());
    let left = shell.left_behind();
    assert_eq!(left.len(), 5, "{left:?}");
}
