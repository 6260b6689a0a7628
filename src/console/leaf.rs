//! What stands over a screen: the help, the history of toasts, a question, a command's candidates.

use super::app::{App, Mode};
use super::command;
use super::keymap::{HELP, TABLE};
use super::look::{Look, Meaning};
use super::page::{span, wrap};
use super::view::Kind;
use crate::text::Arg;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Widget as _};

/// Columns of a question.
const QUESTION: u16 = 64;

pub(super) fn draw(app: &mut App, area: Rect, buffer: &mut Buffer) {
    let look = app.setting.look;
    match &app.mode {
        Mode::Help(scroll) => {
            let (title, lines, scroll) = (title(app), help(app, area), *scroll);
            let top = leaf(app, area, &title, &lines, scroll, buffer);
            app.mode = Mode::Help(top);
        }
        Mode::Toasts(scroll) => {
            let words = app.words();
            let mut lines = Vec::new();
            for (at, toast) in app.toasts.all() {
                let meaning = if toast.good { Meaning::Good } else { Meaning::Bad };
                let mut hour = words.hour(*at);
                for text in wrap(&toast.text, leaf_width(area).saturating_sub(14)) {
                    lines.push(Line::from(vec![
                        span(format!("{hour:8}"), Meaning::Dim, look),
                        span(format!("  {text}"), meaning, look),
                    ]));
                    hour.clear();
                }
            }
            if lines.is_empty() {
                lines.push(Line::from(span(words.tell("toasts-none"), Meaning::Dim, look)));
            }
            let (title, scroll) = (words.tell("key-toasts"), *scroll);
            let top = leaf(app, area, &title, &lines, scroll, buffer);
            app.mode = Mode::Toasts(top);
        }
        Mode::Confirm(_, question) => ask(app, question, area, buffer),
        Mode::Command(input) => {
            let found = command::candidates(input.value());
            candidates(&found, look, area, buffer);
        }
        _ => {}
    }
}

fn title(app: &App) -> String {
    let words = app.words();
    format!("{} · {}", words.tell(HELP.text), words.tell(app.kind().title()))
}

/// What the screen is for, and every key that is understood on it.
fn help(app: &App, area: Rect) -> Vec<Line<'static>> {
    let (words, look) = (app.words(), app.setting.look);
    let about = words.tell(super::screens::about(app.kind()));
    let mut lines: Vec<Line<'static>> = wrap(&about, usize::from(area.width.saturating_sub(8)))
        .into_iter()
        .map(Line::from)
        .collect();
    lines.push(Line::default());
    if app.kind() == Kind::Chat {
        // Letters are written there.
        lines.push(Line::from(words.tell("chat-keys")));
        return lines;
    }
    let bindings = TABLE.iter().filter(|one| one.serves(app.kind())).chain([&HELP]);
    for binding in bindings {
        lines.push(Line::from(vec![
            span(format!("{:<14}", binding.label), Meaning::Key, look),
            span(words.tell(binding.text), Meaning::Plain, look),
        ]));
    }
    lines.push(Line::from(vec![
        span(format!("{:<14}", "1 … 0"), Meaning::Key, look),
        span(words.tell("key-tabs"), Meaning::Plain, look),
    ]));
    lines
}

/// A bordered leaf over the screen; returns how far it is scrolled.
fn leaf(
    app: &App,
    area: Rect,
    title: &str,
    lines: &[Line<'_>],
    scroll: usize,
    buffer: &mut Buffer,
) -> usize {
    let look = app.setting.look;
    let width = leaf_width(area) as u16;
    let height = area.height.min(lines.len() as u16 + 2);
    let place = Rect { x: area.x + (area.width - width) / 2, y: area.y, width, height };
    Clear.render(place, buffer);
    let mut block =
        Block::bordered().title(format!(" {title} ")).title_style(look.style(Meaning::Title));
    let inner = block.inner(place);
    let room = usize::from(inner.height);
    let top = scroll.min(lines.len().saturating_sub(room));
    let below = lines.len().saturating_sub(top + room);
    if below > 0 {
        let more = app.words().tell_of("more-below", &[("n", Arg::Num(below as i64))]);
        block = block.title_bottom(Line::from(format!(" {more} ")).right_aligned());
    }
    block.render(place, buffer);
    for (y, line) in (inner.y..inner.bottom()).zip(lines.iter().skip(top)) {
        let row = Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(2), height: 1 };
        line.clone().render(row, buffer);
    }
    top
}

/// A long line is read more easily where it is not too long.
fn leaf_width(area: Rect) -> usize {
    usize::from(area.width.min(96))
}

fn ask(app: &App, question: &str, area: Rect, buffer: &mut Buffer) {
    let (words, look) = (app.words(), app.setting.look);
    let width = QUESTION.min(area.width);
    let mut lines: Vec<Line<'_>> =
        wrap(question, usize::from(width.saturating_sub(4))).into_iter().map(Line::from).collect();
    lines.push(Line::default());
    lines.push(Line::from(vec![
        span("y", Meaning::Key, look),
        span(format!(" {}   ", words.tell("answer-yes")), Meaning::Plain, look),
        span("N", Meaning::Key, look),
        span(format!(" {}", words.tell("answer-no")), Meaning::Plain, look),
    ]));
    let height = (lines.len() as u16 + 2).min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(place, buffer);
    let block = Block::bordered().border_style(look.style(Meaning::Warn));
    let inner = block.inner(place);
    block.render(place, buffer);
    for (y, line) in (inner.y..inner.bottom()).zip(lines) {
        let row = Rect { x: inner.x + 1, y, width: inner.width.saturating_sub(2), height: 1 };
        line.render(row, buffer);
    }
}

/// What the line may become, above it.
fn candidates(found: &[&(&str, &str)], look: Look, area: Rect, buffer: &mut Buffer) {
    let shown = found.len().min(8);
    for (at, (name, rest)) in found.iter().take(shown).enumerate() {
        let y = area.bottom().saturating_sub((shown - at) as u16);
        let row = Rect { y, height: 1, ..area };
        Clear.render(row, buffer);
        Line::from(vec![
            span(format!(" :{name} "), Meaning::Key, look),
            span(*rest, Meaning::Dim, look),
        ])
        .render(row, buffer);
    }
}
