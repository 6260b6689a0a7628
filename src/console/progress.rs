//! A demo at work, drawn where it runs:
//!
//! ```text
//! orders ████████████████████░░░░░░░░░░░░ 8/12
//! videos 17 sent, 5 on their way, 1 returned as a credit · 41 s
//! script   ▇▇ 2
//! render   ▇▇▇ 3
//! ```

use anyhow::Result;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Gauge, Widget};
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::io::{IsTerminal as _, Stdout, stdout};
use std::time::{Duration, Instant};

/// Two lines, and one per step.
const HEIGHT: u16 = 8;
/// Four pictures a second are enough for an eye and few for a slow line.
const EVERY: Duration = Duration::from_millis(250);
/// The longest bar of a step.
const BAR: usize = 40;

/// What is drawn.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Orders placed or to be placed.
    pub orders: usize,
    /// Those in which everything has come or come back.
    pub settled: usize,
    /// Videos in the customers' chats.
    pub videos: usize,
    /// Credits that came back.
    pub refunds: u32,
    /// Videos at each step, in the steps' order.
    pub steps: Vec<(&'static str, usize)>,
    /// How long it runs, in real time.
    pub took: Duration,
}

/// A few lines at the cursor that are drawn anew; the screen above them stays as it is.
pub struct Progress {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    drawn: Option<Instant>,
}

impl Progress {
    /// `None` where standard output is no terminal, or one that does not say where its cursor is:
    /// there lines are printed.
    pub fn open() -> Option<Self> {
        if !stdout().is_terminal() {
            return None;
        }
        let options = TerminalOptions { viewport: Viewport::Inline(HEIGHT) };
        let terminal = Terminal::with_options(CrosstermBackend::new(stdout()), options).ok()?;
        Some(Self { terminal, drawn: None })
    }

    /// Whether the last picture is old enough for a new one.
    pub fn is_due(&self) -> bool {
        self.drawn.is_none_or(|at| at.elapsed() >= EVERY)
    }

    /// Draws.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn draw(&mut self, snapshot: &Snapshot) -> Result<()> {
        crossterm::execute!(stdout(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| render(snapshot, frame.area(), frame.buffer_mut()))?;
        crossterm::execute!(stdout(), EndSynchronizedUpdate)?;
        self.drawn = Some(Instant::now());
        Ok(())
    }

    /// Leaves the last picture where it is and the cursor below it.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn close(mut self) -> Result<()> {
        let area = self.terminal.get_frame().area();
        self.terminal.set_cursor_position((0, area.bottom().saturating_sub(1)))?;
        self.terminal.show_cursor()?;
        println!();
        Ok(())
    }
}

fn render(snapshot: &Snapshot, area: Rect, buffer: &mut Buffer) {
    let rows = Layout::vertical(vec![Constraint::Length(1); HEIGHT as usize]).split(area);
    let mut rows = rows.iter().copied();
    let mut next = || rows.next().unwrap_or_default();
    let share = snapshot.settled as f64 / snapshot.orders.max(1) as f64;
    Gauge::default()
        .ratio(share.clamp(0.0, 1.0))
        .use_unicode(true)
        .gauge_style(Style::new().cyan())
        .label(format!("{} of {} orders", snapshot.settled, snapshot.orders))
        .render(next(), buffer);
    let on_their_way: usize = snapshot.steps.iter().map(|(_, videos)| videos).sum();
    Line::from(format!(
        "{} videos sent, {on_their_way} on their way, {} credits returned · {} s",
        snapshot.videos,
        snapshot.refunds,
        snapshot.took.as_secs()
    ))
    .render(next(), buffer);
    let most = snapshot.steps.iter().map(|(_, videos)| *videos).max().unwrap_or(0).max(BAR);
    for (step, videos) in &snapshot.steps {
        let bar = "▇".repeat(videos * BAR / most);
        let count = if *videos == 0 { String::new() } else { format!(" {videos}") };
        Line::from(vec![Span::raw(format!("{step:<8} ")), Span::raw(bar).cyan(), count.into()])
            .render(next(), buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u16, height: u16, snapshot: &Snapshot) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        render(snapshot, area, &mut buffer);
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..height).map(|y| line(y).trim_end().to_owned()).collect()
    }

    fn snapshot() -> Snapshot {
        Snapshot {
            orders: 12,
            settled: 6,
            videos: 9,
            refunds: 1,
            steps: vec![("script", 2), ("render", 40), ("deliver", 0)],
            took: Duration::from_secs(41),
        }
    }

    #[test]
    fn a_demo_at_work_is_one_look() {
        let lines = picture(70, HEIGHT, &snapshot());
        assert!(lines[0].contains("6 of 12 orders") && lines[0].starts_with('█'), "{}", lines[0]);
        assert_eq!(lines[1], "9 videos sent, 42 on their way, 1 credits returned · 41 s");
        assert_eq!(lines[2], "script   ▇▇ 2");
        assert_eq!(lines[3], format!("render   {} 40", "▇".repeat(40)));
        assert_eq!(lines[4], "deliver");
    }

    #[test]
    fn no_terminal_is_too_small() {
        for width in 0..30 {
            for height in 0..10 {
                picture(width, height, &snapshot());
            }
        }
    }
}
