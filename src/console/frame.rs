//! Draws everything:
//!
//! ```text
//! neurocards @shop_bot · demo          running, heartbeat 3s ago · picture 1s old
//! 1 Overview  2 Queue  3 Failures  4 Keys  5 Models  6 Customers …
//! ⚠ Selling is closed since 5m · nothing is submitted since 5m
//! Queue › Job 12                                      filter: state:failed
//!
//!   (the screen)
//!
//! Enter open  r run again  c cancel  / filter …                          ? help
//! ```

use super::app::{App, Mode};
use super::keymap::{self, HELP};
use super::leaf;
use super::look::{Look, Meaning};
use super::page::{arrange, blocks_abreast, span};
use super::view::{Kind, View};
use crate::text::{Arg, columns};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget as _;

/// Below this a picture would only mislead.
pub(super) const SMALLEST: (u16, u16) = (80, 24);

/// Less of the bot's name says nothing, in columns.
const SHORTEST_NAME: usize = 6;

/// Draws the whole screen; returns where the cursor of an input line stands.
pub(super) fn draw(app: &mut App, buffer: &mut Buffer) -> Option<Position> {
    let area = buffer.area;
    app.too_small = area.width < SMALLEST.0 || area.height < SMALLEST.1;
    let cursor = if app.too_small {
        too_small(app, area, buffer);
        None
    } else {
        whole(app, area, buffer)
    };
    app.setting.look.finish(buffer);
    cursor
}

fn too_small(app: &App, area: Rect, buffer: &mut Buffer) {
    let size = format!("{}x{}", area.width, area.height);
    let text = app.words().tell_of("too-small", &[("size", Arg::Str(&size))]);
    let lines = super::page::wrap(&text, usize::from(area.width));
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        Line::from(line).render(Rect { y, height: 1, ..area }, buffer);
    }
}

fn whole(app: &mut App, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let row = |y: u16| Rect { x: 1, y, width: area.width.saturating_sub(2), height: 1 };
    title(app, row(0), buffer);
    tabs(app, row(1), buffer);
    let mut top = 2;
    if let Some(line) = banner(app) {
        line.render(row(top), buffer);
        top += 1;
    }
    way(app, row(top), buffer);
    top += 2;
    let bottom = area.height - 1;
    let body = Rect { x: 1, y: top, width: row(0).width, height: bottom.saturating_sub(top) };
    app.height = usize::from(body.height);
    app.lay_out(body.width);
    contents(app, body, buffer);
    toast(app, row(bottom - 1), buffer);
    let cursor = bottom_line(app, row(bottom), buffer);
    // A command that is not understood is told so below its candidates.
    let told = matches!(app.mode, Mode::Command(_)) && app.toasts.fresh().is_some();
    let free = Rect { height: body.height.saturating_sub(told.into()), ..body };
    leaf::draw(app, free, buffer);
    match app.kind() {
        Kind::Chat if matches!(app.mode, Mode::Browse) => super::screens::chat::cursor(app, body),
        _ => cursor,
    }
}

fn title(app: &App, area: Rect, buffer: &mut Buffer) {
    let (words, look) = (app.words(), app.setting.look);
    let mut left = vec![span("neurocards", Meaning::Title, look)];
    let mut right = Vec::new();
    let bot = app.picture.as_ref().and_then(|picture| picture.head.bot_username.as_ref());
    if let Some(picture) = &app.picture {
        let head = &picture.head;
        if head.mode == "demo" {
            left.push(span(format!(" · {}", words.tell("mode-demo")), Meaning::Busy, look));
        }
        if app.setting.readonly {
            left.push(span(format!(" · {}", words.tell("mode-readonly")), Meaning::Warn, look));
        }
        right.push(match head.heartbeat_at {
            Some(beat) if app.now - beat < picture.alive_within => {
                let age = words.age(beat, app.now);
                let text = words.tell_of("life-running", &[("age", Arg::Str(&age))]);
                span(text, Meaning::Good, look)
            }
            Some(beat) => {
                let age = words.age(beat, app.now);
                let text = words.tell_of("life-silent", &[("age", Arg::Str(&age))]);
                span(text, Meaning::Bad, look)
            }
            None => span(words.tell("life-stopped"), Meaning::Warn, look),
        });
        let age = words.span(app.now - picture.read_at);
        let text = words.tell_of("picture-age", &[("span", Arg::Str(&age))]);
        right.push(span(format!(" · {text}"), Meaning::Dim, look));
    }
    if app.trouble.is_some() {
        right = vec![span(words.tell("trouble"), Meaning::Bad, look)];
    }
    // The bot's name gets what is left of the line; whether the appliance lives comes first.
    let taken: usize = left.iter().chain(&right).map(Span::width).sum();
    let room = usize::from(area.width).saturating_sub(taken + 2);
    if let Some(bot) = bot.filter(|_| room >= SHORTEST_NAME) {
        let name = columns::cut(&format!(" @{bot}"), room);
        left.insert(1, span(name, Meaning::Plain, look));
    }
    Line::from(left).render(area, buffer);
    Line::from(right).right_aligned().render(area, buffer);
}

fn tabs(app: &App, area: Rect, buffer: &mut Buffer) {
    let (words, look) = (app.words(), app.setting.look);
    let first = app.stack.first().copied().unwrap_or(View::Overview);
    let labels = |name: fn(Kind) -> &'static str| -> Vec<String> {
        let number = |(at, view): (usize, &View)| {
            format!("{} {}", (at + 1) % 10, words.tell(name(view.kind())))
        };
        app.tabs().iter().enumerate().map(number).collect()
    };
    let room = usize::from(area.width);
    let fits = |labels: &[String], gap: usize| {
        labels.iter().map(|label| columns::width(label) + gap).sum::<usize>() <= room + gap
    };
    let (whole, short) = (labels(Kind::title), labels(Kind::short));
    let tight = labels(Kind::tight);
    let choices = [(&whole, 2), (&whole, 1), (&short, 2), (&short, 1)];
    let chosen = choices.into_iter().find(|(labels, gap)| fits(labels, *gap));
    let (labels, gap) = chosen.unwrap_or((&tight, 1));
    let mut line = Vec::new();
    for (label, view) in labels.iter().zip(app.tabs()) {
        let meaning = if *view == first { Meaning::Selected } else { Meaning::Plain };
        line.push(span(label.clone(), meaning, look));
        line.push(Span::raw(" ".repeat(gap)));
    }
    Line::from(line).render(area, buffer);
}

/// What is closed, visible everywhere while it is.
fn banner(app: &App) -> Option<Line<'static>> {
    let (words, look) = (app.words(), app.setting.look);
    let head = &app.picture.as_ref()?.head;
    let since = |id: &str, at: Option<i64>| {
        at.map(|at| words.tell_of(id, &[("span", Arg::Str(&words.span(app.now - at)))]))
    };
    let drain = head.selling_paused_at.filter(|_| head.submitting_paused_at.is_some());
    let mut parts = Vec::new();
    parts.extend(since("banner-safe-mode", head.safe_mode_at));
    if drain.is_some() {
        let left = head.begun as i64;
        parts.push(match left {
            0 => words.tell("banner-drained"),
            _ => words.tell_of("banner-draining", &[("n", Arg::Num(left))]),
        });
    } else {
        parts.extend(since("banner-selling", head.selling_paused_at));
        parts.extend(since("banner-submitting", head.submitting_paused_at));
    }
    (!parts.is_empty())
        .then(|| Line::from(span(format!("⚠ {}", parts.join(" · ")), Meaning::Warn, look)))
}

/// Where the operator stands, and what the screen leaves out.
fn way(app: &App, area: Rect, buffer: &mut Buffer) {
    let (words, look) = (app.words(), app.setting.look);
    let name = |view: &View| match view {
        View::Job(id) | View::Customer(id) => format!("{} {id}", words.tell(view.kind().title())),
        _ => words.tell(view.kind().title()),
    };
    let way: Vec<String> = app.stack.iter().map(name).collect();
    let way = way.join(" › ");
    Line::from(span(way.clone(), Meaning::Title, look)).render(area, buffer);
    let mut notes = Vec::new();
    if app.frozen {
        notes.push(words.tell("note-frozen"));
    }
    if app.follow && app.kind().is_list() {
        notes.push(words.tell("note-follow"));
    }
    if !app.filter().is_empty() {
        notes.push(words.tell_of("note-filter", &[("filter", Arg::Str(app.filter()))]));
    }
    if app.kind() == Kind::Queue {
        notes.push(words.tell(super::screens::queue::sort_text(app.sort)));
    }
    let list = app.lists.get(&app.kind()).filter(|_| app.kind().is_list());
    if let Some(marks) = list.map(|list| list.marks.len()).filter(|marks| *marks > 0) {
        notes.push(words.tell_of("note-marks", &[("n", Arg::Num(marks as i64))]));
    }
    let room = usize::from(area.width).saturating_sub(columns::width(&way) + 2);
    let notes = columns::cut(&notes.join(" · "), room);
    Line::from(span(notes, Meaning::Warn, look)).right_aligned().render(area, buffer);
}

fn contents(app: &mut App, area: Rect, buffer: &mut Buffer) {
    let look = app.setting.look;
    if app.kind() == Kind::Chat {
        super::screens::chat::draw(app, area, buffer);
        return;
    }
    if let Some(trouble) = &app.trouble {
        let lines = super::page::wrap(trouble, usize::from(area.width));
        for (y, line) in (area.y..area.bottom()).zip(lines) {
            Line::from(span(line, Meaning::Bad, look))
                .render(Rect { y, height: 1, ..area }, buffer);
        }
        return;
    }
    let mut y = area.y;
    for line in &app.page.head {
        if y < area.bottom() {
            line.clone().render(Rect { y, height: 1, ..area }, buffer);
            y += 1;
        }
    }
    let rest = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    if app.page.rows.is_empty() && app.picture.is_some() {
        let line = Line::from(span(app.page.empty.clone(), Meaning::Dim, look));
        line.render(
            Rect { y: rest.y + 1, height: 1.min(rest.height.saturating_sub(1)), ..rest },
            buffer,
        );
    }
    if app.kind().is_list() {
        let kind = app.kind();
        let list = app.lists.entry(kind).or_default();
        list.draw(&app.page.columns, &app.page.rows, look, rest, buffer);
    } else {
        blocks(app, rest, buffer);
    }
}

/// Blocks beside one another, scrolled together.
fn blocks(app: &mut App, area: Rect, buffer: &mut Buffer) {
    let look = app.setting.look;
    let abreast = blocks_abreast(usize::from(area.width));
    let stacks = arrange(&app.page.blocks, abreast, look);
    let longest = stacks.iter().map(Vec::len).max().unwrap_or(0);
    let height = usize::from(area.height);
    let kind = app.kind();
    let scroll = app.scrolls.entry(kind).or_default();
    *scroll = (*scroll).min(longest.saturating_sub(height));
    let top = *scroll;
    let width = area.width / abreast as u16;
    for (at, stack) in stacks.iter().enumerate() {
        let x = area.x + width * at as u16;
        for (y, line) in (area.y..area.bottom()).zip(stack.iter().skip(top)) {
            let row = Rect { x, y, width: width.saturating_sub(1), height: 1 };
            line.clone().render(row, buffer);
        }
    }
    if longest > top + height {
        let more =
            app.words().tell_of("more-below", &[("n", Arg::Num((longest - top - height) as i64))]);
        let line = Line::from(span(format!(" {more} "), Meaning::Selected, look)).right_aligned();
        line.render(Rect { y: area.bottom().saturating_sub(1), height: 1, ..area }, buffer);
    }
}

fn toast(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(toast) = app.toasts.fresh() else { return };
    let look = app.setting.look;
    let (mark, meaning) = if toast.good { ("✓", Meaning::Good) } else { ("✗", Meaning::Bad) };
    let text = columns::cut(&format!(" {mark} {} ", toast.text), usize::from(area.width));
    buffer.set_style(area, ratatui::style::Style::reset());
    let blank = " ".repeat(usize::from(area.width));
    buffer.set_string(area.x, area.y, blank, ratatui::style::Style::reset());
    Line::from(span(text, meaning, look)).render(area, buffer);
}

/// The footer's keys, or the line that is being written.
fn bottom_line(app: &App, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let (words, look) = (app.words(), app.setting.look);
    let (prompt, input) = match &app.mode {
        Mode::Filter(input) => (words.tell("line-filter"), input),
        Mode::Command(input) => (":".to_owned(), input),
        Mode::Ask(ask, input) => (words.tell(ask.text()), input),
        _ => {
            footer(app, look, area, buffer);
            return None;
        }
    };
    let prompt = columns::cut(&prompt, usize::from(area.width) / 2);
    let room = usize::from(area.width).saturating_sub(columns::width(&prompt) + 2);
    let scroll = input.visual_scroll(room);
    let shown: String = skip_columns(input.value(), scroll);
    let line = vec![
        span(prompt.clone(), Meaning::Key, look),
        Span::raw(" "),
        Span::raw(columns::clean(&shown)),
    ];
    Line::from(line).render(area, buffer);
    let at = columns::width(&prompt) + 1 + input.visual_cursor().saturating_sub(scroll);
    Some(Position { x: area.x + at as u16, y: area.y })
}

fn skip_columns(text: &str, most: usize) -> String {
    let mut skipped = 0;
    let letters = text.chars().skip_while(|letter| {
        skipped += columns::width(&letter.to_string());
        skipped <= most && most > 0
    });
    letters.collect()
}

fn footer(app: &App, look: Look, area: Rect, buffer: &mut Buffer) {
    let words = app.words();
    let help = format!("{} {}", HELP.label, words.tell(HELP.text));
    let mut room = usize::from(area.width).saturating_sub(columns::width(&help) + 1);
    let mut line = Vec::new();
    if app.kind() == Kind::Chat {
        line.push(span(words.tell("chat-keys"), Meaning::Dim, look));
    } else {
        for binding in keymap::footer(app.kind()) {
            let text = words.tell(binding.text);
            let width = columns::width(binding.label) + 1 + columns::width(&text) + 2;
            if width > room {
                break;
            }
            room -= width;
            line.push(span(binding.label, Meaning::Key, look));
            line.push(span(format!(" {text}  "), Meaning::Dim, look));
        }
    }
    Line::from(line).render(area, buffer);
    let help = vec![
        span(HELP.label, Meaning::Key, look),
        span(format!(" {}", words.tell(HELP.text)), Meaning::Dim, look),
    ];
    Line::from(help).right_aligned().render(area, buffer);
}
