//! What stands around and over a screen.

use super::screens::is_as_before;
use super::{COLOURS, Desk, LANGUAGES, Start};
use crate::clock::MINUTE;
use crate::console::look::Look;
use crate::console::view::View;
use crate::text::Lang;
use crossterm::event::KeyCode;

#[track_caller]
fn looks_as_before(name: &str, go: impl Fn(&mut Desk)) {
    starts_as_before(name, |start| start, go);
}

#[track_caller]
fn starts_as_before(name: &str, change: impl Fn(Start) -> Start, go: impl Fn(&mut Desk)) {
    for (lang, code) in LANGUAGES {
        let mut desk = change(Start::new(lang)).open();
        go(&mut desk);
        is_as_before(&format!("{name}-{code}"), &desk.text());
    }
}

#[test]
fn the_help_looks_as_before() {
    looks_as_before("help", |desk| {
        desk.shows(View::Queue).types("?");
    });
}

#[test]
fn a_question_names_the_job_and_the_credits() {
    looks_as_before("confirm", |desk| {
        let job = desk.rendering();
        desk.shows(View::Job(job)).types("c");
    });
}

#[test]
fn what_was_done_is_said_and_kept() {
    looks_as_before("toast", |desk| {
        desk.shows(View::Queue).types("y");
    });
    looks_as_before("toasts", |desk| {
        desk.shows(View::Queue).types("y").enters("/age>abc").types("t");
    });
}

#[test]
fn a_line_to_write_stands_at_the_bottom() {
    looks_as_before("filter", |desk| {
        desk.shows(View::Queue).types("/state:failed user:@an");
    });
    looks_as_before("command", |desk| {
        desk.types(":re");
    });
}

#[test]
fn what_is_closed_is_seen_everywhere() {
    let since = |desk: &Desk, minutes: i64| desk.now - minutes * MINUTE;
    looks_as_before("banner-paused", |desk| {
        let sql = format!("UPDATE instance SET selling_paused_at = {}", since(desk, 5));
        desk.shows(View::Keys).sql(&sql);
    });
    let drain = |desk: &Desk| {
        let at = since(desk, 5);
        format!("UPDATE instance SET selling_paused_at = {at}, submitting_paused_at = {at}")
    };
    looks_as_before("banner-draining", |desk| {
        let sql = drain(desk);
        desk.shows(View::Keys).sql(&sql);
    });
    looks_as_before("banner-drained", |desk| {
        let (sql, now) = (drain(desk), desk.now);
        let end = format!(
            "UPDATE jobs SET status = 'canceled', leased_at = NULL, finished_at = {now}
             WHERE status = 'processing'"
        );
        desk.shows(View::Keys).sql(&sql).sql(&end);
    });
    looks_as_before("banner-safe-mode", |desk| {
        let at = since(desk, 90);
        desk.sql(&format!("UPDATE instance SET safe_mode_at = {at}"));
    });
}

#[test]
fn a_program_that_does_not_run_is_told_in_words() {
    looks_as_before("silent", |desk| {
        let at = desk.now - 12 * MINUTE;
        desk.sql(&format!("UPDATE instance SET heartbeat_at = {at}"));
    });
    looks_as_before("stopped", |desk| {
        desk.sql("UPDATE instance SET heartbeat_at = NULL");
    });
}

#[test]
fn a_console_that_only_looks_says_so() {
    let readonly = |start| Start { readonly: true, ..start };
    starts_as_before("readonly", readonly, |desk| {
        desk.shows(View::Queue).types("c");
    });
}

#[test]
fn a_frozen_picture_says_so() {
    looks_as_before("frozen", |desk| {
        desk.shows(View::Queue).types("p");
    });
}

#[test]
fn without_utf8_the_screen_is_ascii() {
    let look = Look { unicode: false, ..COLOURS };
    let mut desk = Start { look, ..Start::new(Lang::En) }.open();
    is_as_before("ascii-overview", &desk.text());
    desk.shows(View::Queue).types("?");
    let text = desk.text();
    assert!(text.is_ascii());
    is_as_before("ascii-help", &text);
}

#[test]
fn a_window_that_is_too_small_is_asked_to_grow() {
    for (lang, code) in LANGUAGES {
        let mut desk = Start { size: (50, 10), ..Start::new(lang) }.open();
        is_as_before(&format!("too-small-{code}"), &desk.text());
    }
}

#[test]
fn a_job_or_customer_that_is_not_there_is_said() {
    let mut desk = Start::new(Lang::En).open();
    desk.shows(View::Job(999)).sees("Nothing here by this number.");
    desk.shows(View::Customer(999)).sees("Nothing here by this number.");
    desk.enters(":job 12").press(KeyCode::Esc);
}
