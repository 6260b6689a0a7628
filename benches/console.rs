//! What the console costs, and how fast it is: beside an appliance that works, on a database as
//! after two busy months.
//!
//! ```sh
//! cargo bench --bench console                      # makes the database, a few minutes
//! cargo bench --bench console -- DIR               # on a folder made by `neurocards demo --fill DIR`
//! cargo bench --bench console -- --jobs 5000 --users 5000
//! ```
//! The figures of `docs/console.md` come from here. It fails where a goal is missed.

#![expect(clippy::unwrap_used, reason = "a measurement may fail")]

#[path = "console/traffic.rs"]
mod traffic;

#[path = "../tests/scenarios/terminal.rs"]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use terminal::{Terminal, picture};
use traffic::Traffic;

const COLS: u16 = 120;
const ROWS: u16 = 40;
/// The keys of the screens.
const SCREENS: &str = "123456789";
/// Each screen is opened so often.
const ROUNDS: usize = 6;
/// How long each of two screens is watched.
const WATCH: Duration = Duration::from_secs(30);
/// A picture is whole when so long none came that changed much.
const STILL: Duration = Duration::from_millis(400);
/// Turns without and with the console, each so long.
const TURNS: usize = 6;
const TURN: Duration = Duration::from_secs(5);
/// Callers that write at once while the appliance's speed is measured.
const CALLERS: usize = 8;
/// Linux counts a process's time in hundredths of a second.
const TICKS: f64 = 100.0;

fn main() -> ExitCode {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| word.as_str() != "--bench").collect();
    let made = tempfile::tempdir().unwrap();
    let folder = match words.first() {
        Some(folder) if !folder.starts_with('-') => PathBuf::from(folder),
        _ => fill(made.path().join("data"), &words),
    };
    let bytes = std::fs::metadata(folder.join(neurocards::db::FILE_NAME)).unwrap().len();
    println!("{} MB in {}, {COLS} x {ROWS} cells\n", bytes >> 20, folder.display());
    let mut table = Table::default();
    let traffic = Traffic::gentle(&folder);
    let watched = watch(&folder, &mut table);
    drop(traffic);
    table.row("memory, at most", watched.peak_mb, "MB", Goal::Under(60.0));
    slowdown(&folder, &mut table);
    print!("\n{}", table.text);
    if table.missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn neurocards(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_neurocards"));
    command.env("HOME", folder).current_dir(folder);
    command
}

fn fill(folder: PathBuf, words: &[String]) -> PathBuf {
    let mut command = Command::new(env!("CARGO_BIN_EXE_neurocards"));
    let status = command.args(["demo", "--fill"]).arg(&folder).args(words).status().unwrap();
    assert!(status.success(), "the database was not made");
    folder
}

fn console(folder: &Path) -> Terminal {
    let mut command = neurocards(folder);
    command.args(["console", "--lang", "en", "--data-dir"]).arg(folder);
    let console = Terminal::of(&command, COLS, ROWS);
    console.waits_for("a first picture", |screen| {
        (picture(screen).lines().filter(|row| !row.is_empty()).count() > 5).then_some(())
    });
    console.lets_pass(STILL);
    console
}

/// What one console took.
struct Watched {
    peak_mb: f64,
}

fn watch(folder: &Path, table: &mut Table) -> Watched {
    let console = console(folder);
    let mut all = Vec::new();
    for screen in SCREENS.chars() {
        // From another one, so that every press changes the screen.
        let from = if screen == '1' { "2" } else { "1" };
        let mut times: Vec<Change> = Vec::new();
        for _ in 0..ROUNDS {
            change(&console, from);
            times.extend(change(&console, &screen.to_string()));
        }
        if times.is_empty() {
            println!("key {screen} changes nothing");
            continue;
        }
        let name = console.screen().lines().nth(2).unwrap_or_default().trim().to_owned();
        let whole = sorted(times.iter().map(|it| it.whole));
        let first = sorted(times.iter().map(|it| it.first));
        println!(
            "key {screen}: first picture {:.0}/{:.0} ms, whole {:.0}/{:.0} ms (median/most)  {name}",
            first[first.len() / 2],
            first[first.len() - 1],
            whole[whole.len() / 2],
            whole[whole.len() - 1],
        );
        all.extend(whole);
    }
    let all = sorted(all.into_iter());
    table.row("screen change, median", all[all.len() / 2], "ms", Goal::None);
    table.row("screen change, most", all[all.len() - 1], "ms", Goal::Under(100.0));
    for (key, name) in [("1", "overview"), ("2", "queue")] {
        change(&console, key);
        let (cpu, bytes, begun) = (cpu_seconds(console.pid()), console.received(), Instant::now());
        console.lets_pass(WATCH);
        let took = begun.elapsed().as_secs_f64();
        let share = (cpu_seconds(console.pid()) - cpu) / took * 100.0;
        let rate = (console.received() - bytes) as f64 / took / 1_000.0;
        table.row(&format!("watching the {name}, of one core"), share, "%", Goal::Under(2.0));
        table.row(&format!("watching the {name}, to the terminal"), rate, "KB/s", Goal::Under(6.0));
    }
    let peak_mb = peak_mb(console.pid());
    quit(&console);
    Watched { peak_mb }
}

fn quit(console: &Terminal) {
    console.types("q");
    assert!(console.ends().success(), "{}", console.screen());
    console.is_restored();
}

/// Milliseconds from a key to the first picture of another screen, and to the last one that
/// changed much of it.
struct Change {
    first: f64,
    whole: f64,
}

fn change(console: &Terminal, key: &str) -> Option<Change> {
    let mut before = console.screen();
    let pressed = Instant::now();
    console.types(key);
    let first = console.finds(Duration::from_secs(2), |screen| {
        let now = picture(screen);
        let elapsed = pressed.elapsed();
        is_another(&before, &now).then(|| {
            before = now;
            elapsed
        })
    })?;
    let mut whole = first;
    loop {
        let more = console.finds(STILL, |screen| {
            let now = picture(screen);
            let elapsed = pressed.elapsed();
            is_another(&before, &now).then(|| {
                before = now;
                elapsed
            })
        });
        match more {
            Some(elapsed) => whole = elapsed,
            None => break,
        }
    }
    Some(Change { first: ms(first), whole: ms(whole) })
}

/// A quarter of the rows are others: no mere news.
fn is_another(before: &str, now: &str) -> bool {
    let differ = before.lines().zip(now.lines()).filter(|(one, other)| one != other).count();
    differ * 4 > usize::from(ROWS)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Durable cycles a second of a full-speed writer, turn by turn without and with the console.
fn slowdown(folder: &Path, table: &mut Table) {
    let measure = || Traffic::full(folder, CALLERS).stops_after(TURN);
    measure();
    let mut shares = Vec::new();
    let (mut alone, mut watched) = (0.0, 0.0);
    for turn in 0..TURNS {
        let without = measure();
        let console = console(folder);
        let with = measure();
        quit(&console);
        println!("turn {}: {without:.0} cycles/s alone, {with:.0} watched", turn + 1);
        (alone, watched) = (alone + without, watched + with);
        shares.push(with / without);
    }
    let shares = sorted(shares.into_iter());
    table.row("cycles of the appliance, alone", alone / TURNS as f64, "/s", Goal::None);
    table.row("cycles of the appliance, watched", watched / TURNS as f64, "/s", Goal::None);
    table.row("watched to alone, median of turns", shares[shares.len() / 2], "", Goal::Over(0.95));
}

fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name before it may hold anything but a closing parenthesis.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / TICKS
}

fn peak_mb(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
}

enum Goal {
    None,
    Under(f64),
    Over(f64),
}

#[derive(Default)]
struct Table {
    text: String,
    missed: bool,
}

impl Table {
    fn row(&mut self, what: &str, value: f64, unit: &str, goal: Goal) {
        if self.text.is_empty() {
            self.text.push_str("| what | measured | goal |\n|---|---|---|\n");
        }
        let (is_met, goal) = match goal {
            Goal::None => (true, String::new()),
            Goal::Under(most) => (value < most, format!("under {most} {unit}")),
            Goal::Over(least) => (value > least, format!("over {least} {unit}")),
        };
        let shown = if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") };
        let missed = if is_met { "" } else { ", MISSED" };
        self.missed |= !is_met;
        self.text.push_str(&format!("| {what} | {shown} {unit} | {}{missed} |\n", goal.trim()));
    }
}
