//! *Chat*: the demo's bot as its customer sees it, with a number for every button.

use crate::console::app::{App, numbered};
use crate::console::chat::{ChatKind, ChatMessage};
use crate::console::look::{Look, Meaning};
use crate::console::page::{span, wrap};
use crate::console::words::Words;
use crate::text::{Arg, columns};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::Widget as _;

/// The widest that a message is drawn, in columns.
const WIDEST: usize = 76;

/// The messages, the newest at the bottom, and the line below them.
pub(in crate::console) fn draw(app: &mut App, area: Rect, buffer: &mut Buffer) {
    let Some(chat) = app.setting.chat.as_ref() else { return };
    let messages = chat.messages();
    let (words, look) = (std::sync::Arc::clone(app.words()), app.setting.look);
    let lines = match messages.is_empty() {
        true => welcome(&words, look, usize::from(area.width)),
        false => told(&words, look, &messages, usize::from(area.width)),
    };
    let height = usize::from(area.height.saturating_sub(3));
    let kind = app.kind();
    let up = app.scrolls.entry(kind).or_default();
    *up = (*up).min(lines.len().saturating_sub(height));
    let top = lines.len().saturating_sub(height + *up);
    for (y, line) in (area.y..).zip(lines.iter().skip(top).take(height)) {
        line.clone().render(Rect { y, height: 1, ..area }, buffer);
    }
    let typed = input_row(area);
    let rule = "─".repeat(usize::from(area.width));
    Line::from(span(rule, Meaning::Dim, look))
        .render(Rect { y: typed.y.saturating_sub(1), ..typed }, buffer);
    let text = app.typed.value();
    let line = match text.is_empty() {
        true => span(format!("› {}", words.tell("chat-hint")), Meaning::Dim, look),
        false => span(format!("› {}", visible(app, typed)), Meaning::Plain, look),
    };
    Line::from(line).render(typed, buffer);
}

fn input_row(area: Rect) -> Rect {
    // The row below stays free for toasts.
    Rect { y: area.bottom().saturating_sub(2), height: area.height.min(1), ..area }
}

fn visible(app: &App, row: Rect) -> String {
    let room = usize::from(row.width).saturating_sub(4);
    let scroll = app.typed.visual_scroll(room);
    let mut skipped = 0;
    let rest = app.typed.value().chars().skip_while(|letter| {
        skipped += columns::width(&letter.to_string());
        skipped <= scroll && scroll > 0
    });
    rest.collect()
}

/// Where the cursor of the line stands.
pub(in crate::console) fn cursor(app: &App, area: Rect) -> Option<Position> {
    let row = input_row(area);
    let room = usize::from(row.width).saturating_sub(4);
    let at = app.typed.visual_cursor().saturating_sub(app.typed.visual_scroll(room));
    Some(Position { x: row.x + 2 + at.min(room) as u16, y: row.y })
}

/// Before the first word.
fn welcome(words: &Words, look: Look, width: usize) -> Vec<Line<'static>> {
    let text = wrap(&words.tell("chat-welcome"), width.min(WIDEST));
    let mut lines: Vec<Line<'static>> = text.into_iter().map(Line::from).collect();
    lines.push(Line::default());
    lines.push(Line::from(vec![
        span(" 1 ", Meaning::Selected, look),
        span(" /start", Meaning::Key, look),
    ]));
    lines
}

fn told(words: &Words, look: Look, messages: &[ChatMessage], width: usize) -> Vec<Line<'static>> {
    let numbers = numbered(messages);
    let mut lines = Vec::new();
    for message in messages {
        let mut body = content(words, message, width.min(WIDEST));
        let (mark, meaning) = match (&message.kind, message.mine) {
            (ChatKind::Toast, _) => ("· ", Meaning::Dim),
            (_, true) => ("  ", Meaning::Busy),
            (_, false) => ("│ ", Meaning::Plain),
        };
        if message.mine {
            let you = words.tell("chat-you");
            if let Some(first) = body.first_mut() {
                *first = format!("{you}: {first}");
            }
        }
        for text in body {
            lines.push(Line::from(vec![span(mark, Meaning::Dim, look), span(text, meaning, look)]));
        }
        let mut at = 0;
        for row in &message.buttons {
            let mut line = vec![span("│ ", Meaning::Dim, look)];
            for label in row {
                let ours = |one: &crate::console::app::Numbered| {
                    one.message == message.id && one.button == at
                };
                match numbers.iter().position(ours) {
                    Some(number) => {
                        line.push(span(format!(" {} ", number + 1), Meaning::Selected, look));
                        line.push(span(format!(" {label}   "), Meaning::Key, look));
                    }
                    None => line.push(span(format!("[{label}]   "), Meaning::Dim, look)),
                }
                at += 1;
            }
            lines.push(Line::from(line));
        }
        lines.push(Line::default());
    }
    lines
}

fn content(words: &Words, message: &ChatMessage, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    match &message.kind {
        ChatKind::Photo => lines.push(format!("▣ {}", words.tell("chat-photo"))),
        ChatKind::Video { seconds, width: w, height, bytes, saved } => {
            let size = words.bytes(*bytes);
            let args = [
                ("seconds", Arg::Num(i64::from(*seconds))),
                ("size", Arg::Str(&size)),
                ("frame", Arg::Html(format!("{w}x{height}"))),
            ];
            lines.push(format!("▶ {}", words.tell_of("chat-video", &args)));
            lines.extend(saved.iter().map(|path| format!("  {}", path.display())));
        }
        ChatKind::Text | ChatKind::Toast => {}
    }
    if !message.text.is_empty() {
        lines.extend(wrap(&message.text, width.saturating_sub(4)));
    }
    lines
}
