//! A terminal: runs a program in a pty of a given size and shows what stands on its screen. Also
//! used by what measures the console (`benches/console.rs`) and by what draws its picture
//! (`tests/picture.rs`).
//!
//! ```text
//! let console = shop.terminal(&["console"], 80, 24);
//! console.types("2").shows("Queue").presses(Key::Down);
//! console.types("q").ends();
//! console.is_restored();
//! ```

#![allow(dead_code, reason = "each of those who use it leaves something out")]

use std::cell::OnceCell;
use std::io::{Read, Write};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// Nothing here takes so long, in real time, unless it never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);
/// What a run may write before its first bytes are forgotten.
const LONGEST_TAPE: usize = 64 << 20;

/// A key that is no letter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    Delete,
    Enter,
    /// Followed by nothing until its effect is seen: with the next letter it would be Alt.
    Esc,
    Tab,
    BackTab,
    Backspace,
    Ctrl(char),
}

impl Key {
    fn bytes(self) -> Vec<u8> {
        let name = match self {
            Self::Up => "\x1b[A",
            Self::Down => "\x1b[B",
            Self::Right => "\x1b[C",
            Self::Left => "\x1b[D",
            Self::Home => "\x1b[H",
            Self::End => "\x1b[F",
            Self::PageUp => "\x1b[5~",
            Self::PageDown => "\x1b[6~",
            Self::Delete => "\x1b[3~",
            Self::Enter => "\r",
            Self::Esc => "\x1b",
            Self::Tab => "\t",
            Self::BackTab => "\x1b[Z",
            Self::Backspace => "\x7f",
            Self::Ctrl(letter) => return vec![letter.to_ascii_uppercase() as u8 & 0x1f],
        };
        name.as_bytes().to_vec()
    }
}

/// Sends a signal by its name. A process that has ended already has nothing against it.
pub(crate) fn signal(pid: u32, name: &str) {
    let signal = match name {
        "TERM" => Signal::TERM,
        "INT" => Signal::INT,
        "HUP" => Signal::HUP,
        "KILL" => Signal::KILL,
        _ => panic!("no such signal: {name}"),
    };
    let _gone = kill_process(Pid::from_raw(pid as i32).unwrap(), signal);
}

/// What the program asks of its terminal beside drawing.
#[derive(Default)]
struct Asked {
    answers: Vec<u8>,
    /// Between the beginning and the end of a synchronized update.
    drawing: bool,
    frames: u64,
    copied: Vec<String>,
}

impl vt100::Callbacks for Asked {
    fn unhandled_csi(
        &mut self,
        screen: &mut vt100::Screen,
        mark: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        what: char,
    ) {
        let first = params.first().and_then(|param| param.first()).copied();
        match (mark, what, first) {
            // Where is the cursor?
            (None, 'n', Some(6)) => {
                let (row, col) = screen.cursor_position();
                self.answers.extend(format!("\x1b[{};{}R", row + 1, col + 1).bytes());
            }
            // What are you?
            (None, 'c', _) => self.answers.extend(b"\x1b[?62;22c"),
            (Some(b'?'), 'h', Some(2026)) => self.drawing = true,
            (Some(b'?'), 'l', Some(2026)) => {
                self.drawing = false;
                self.frames += 1;
            }
            _ => {}
        }
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.copied.push(String::from_utf8_lossy(data).into_owned());
    }
}

/// What came out of the program so far.
struct Seen {
    parser: vt100::Parser<Asked>,
    raw: Vec<u8>,
    received: u64,
    /// The pictures as text, one after the other: a secret that was drawn in pieces is whole here.
    pictures: String,
    over: bool,
}

/// Everything that the terminal received, kept longer than the terminal.
#[derive(Clone)]
pub(crate) struct Tape(Arc<(Mutex<Seen>, Condvar)>);

impl Tape {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes as they came, then the pictures as text.
    pub(crate) fn printed(&self) -> Vec<u8> {
        let seen = self.seen();
        let mut all = seen.raw.clone();
        all.extend(seen.pictures.as_bytes());
        all
    }

    fn record(&self, mut from: Box<dyn Read + Send>, to: &Mutex<Box<dyn Write + Send>>) {
        let mut bytes = [0; 16 << 10];
        loop {
            // A pty whose program has ended answers with an error.
            let count = from.read(&mut bytes).unwrap_or(0);
            let mut seen = self.seen();
            if count == 0 {
                seen.over = true;
                self.0.1.notify_all();
                return;
            }
            seen.take(&bytes[..count]);
            let answers = std::mem::take(&mut seen.parser.callbacks_mut().answers);
            drop(seen);
            self.0.1.notify_all();
            if !answers.is_empty() {
                // Nobody is there to hear it where the program has just ended.
                let _ = lock(to).write_all(&answers);
            }
        }
    }
}

impl Seen {
    fn take(&mut self, bytes: &[u8]) {
        self.received += bytes.len() as u64;
        self.parser.process(bytes);
        if self.raw.len() + self.pictures.len() > LONGEST_TAPE {
            self.raw.clear();
            self.pictures.clear();
        }
        self.raw.extend(bytes);
        let picture = picture(self.parser.screen());
        if !self.pictures.ends_with(&picture) {
            self.pictures.push_str(&picture);
        }
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The screen's rows without what is blank at their ends.
pub(crate) fn picture(screen: &vt100::Screen) -> String {
    let (_, cols) = screen.size();
    let rows: Vec<String> = screen.rows(0, cols).map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n")
}

pub(crate) struct Terminal {
    pid: u32,
    master: Box<dyn MasterPty + Send>,
    keyboard: Arc<Mutex<Box<dyn Write + Send>>>,
    tape: Tape,
    ended: Receiver<ExitStatus>,
    status: OnceCell<ExitStatus>,
    /// The line's mode before the program began.
    mode: String,
}

impl Terminal {
    /// Runs the command (its program, arguments, environment and folder) in a terminal.
    pub(crate) fn of(command: &Command, cols: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).unwrap();
        let mode = mode_of(&*pty.master);
        let mut child = pty.slave.spawn_command(in_a_terminal(command)).unwrap();
        drop(pty.slave);
        let pid = child.process_id().unwrap();
        let (tell, ended) = channel();
        std::thread::spawn(move || {
            // Nobody listens any more where the test is over.
            let _ = tell.send(child.wait().unwrap());
        });
        let parser = vt100::Parser::new_with_callbacks(rows, cols, 0, Asked::default());
        let seen =
            Seen { parser, raw: Vec::new(), received: 0, pictures: String::new(), over: false };
        let tape = Tape(Arc::new((Mutex::new(seen), Condvar::new())));
        let keyboard = Arc::new(Mutex::new(pty.master.take_writer().unwrap()));
        let reader = pty.master.try_clone_reader().unwrap();
        let (to, writer) = (tape.clone(), Arc::clone(&keyboard));
        std::thread::spawn(move || to.record(reader, &writer));
        let status = OnceCell::new();
        Self { pid, master: pty.master, keyboard, tape, ended, status, mode }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    pub(crate) fn tape(&self) -> Tape {
        self.tape.clone()
    }

    pub(crate) fn types(&self, text: &str) -> &Self {
        self.sends(text.as_bytes())
    }

    pub(crate) fn presses(&self, key: Key) -> &Self {
        self.sends(&key.bytes())
    }

    fn sends(&self, bytes: &[u8]) -> &Self {
        let mut keyboard = lock(&self.keyboard);
        keyboard.write_all(bytes).unwrap();
        keyboard.flush().unwrap();
        self
    }

    /// Waits until this stands on the screen, in one row.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> &Self {
        self.waits_for(text, |screen| picture(screen).contains(text).then_some(()));
        self
    }

    /// Waits until it does not.
    #[track_caller]
    pub(crate) fn hides(&self, text: &str) -> &Self {
        let what = format!("without {text}");
        self.waits_for(&what, |screen| (!picture(screen).contains(text)).then_some(()));
        self
    }

    /// Looks at every picture until something is found in it.
    #[track_caller]
    pub(crate) fn waits_for<T>(
        &self,
        what: &str,
        mut look: impl FnMut(&vt100::Screen) -> Option<T>,
    ) -> T {
        let found = self.looks(PATIENCE, |seen| look(seen.parser.screen()));
        found.unwrap_or_else(|| panic!("it never came: {what}\n{}", self.framed()))
    }

    /// The same for at most so long; `None`: it did not come, or the program ended.
    pub(crate) fn finds<T>(
        &self,
        at_most: Duration,
        mut look: impl FnMut(&vt100::Screen) -> Option<T>,
    ) -> Option<T> {
        self.looks(at_most, |seen| look(seen.parser.screen()))
    }

    /// `None`: not within this time, or the program ended before.
    fn looks<T>(&self, at_most: Duration, mut look: impl FnMut(&Seen) -> Option<T>) -> Option<T> {
        let until = Instant::now() + at_most;
        let mut seen = self.tape.seen();
        loop {
            if (!seen.parser.callbacks().drawing || seen.over)
                && let Some(found) = look(&seen)
            {
                return Some(found);
            }
            let left = until.checked_duration_since(Instant::now())?;
            if seen.over {
                return None;
            }
            let waited = self.tape.0.1.wait_timeout(seen, left);
            seen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes nothing more from the program, as a line that hangs, until this is dropped; nothing
    /// else can be asked of the screen meanwhile.
    pub(crate) fn stalls(&self) -> impl Sized + '_ {
        self.tape.seen()
    }

    /// Lets so much time pass, or less where the program ends.
    pub(crate) fn lets_pass(&self, time: Duration) {
        self.looks(time, |_| None::<()>);
    }

    /// What stands on the screen.
    pub(crate) fn screen(&self) -> String {
        picture(self.tape.seen().parser.screen())
    }

    /// The same with colours and all.
    pub(crate) fn cells(&self) -> vt100::Screen {
        self.tape.seen().parser.screen().clone()
    }

    /// Bytes received so far.
    pub(crate) fn received(&self) -> u64 {
        self.tape.seen().received
    }

    /// Synchronized updates so far: whole pictures, each on its own.
    pub(crate) fn frames(&self) -> u64 {
        self.tape.seen().parser.callbacks().frames
    }

    /// What was copied through OSC 52, in base64.
    pub(crate) fn copied(&self) -> Vec<String> {
        self.tape.seen().parser.callbacks().copied.clone()
    }

    pub(crate) fn resize(&self, cols: u16, rows: u16) -> &Self {
        self.tape.seen().parser.screen_mut().set_size(rows, cols);
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        self
    }

    pub(crate) fn signal(&self, name: &str) -> &Self {
        signal(self.pid, name);
        self
    }

    /// Waits for the program's end, and for its last words.
    #[track_caller]
    pub(crate) fn ends(&self) -> ExitStatus {
        if self.status.get().is_none() {
            let status = self.ended.recv_timeout(PATIENCE);
            let status = status.unwrap_or_else(|_| panic!("it does not end\n{}", self.framed()));
            self.looks(PATIENCE, |seen| seen.over.then_some(()));
            let _first = self.status.set(status);
        }
        self.status.get().unwrap().clone()
    }

    /// What a program that has ended should have left as it found it, and did not.
    pub(crate) fn left_behind(&self) -> Vec<&'static str> {
        let screen = self.cells();
        let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        let faults = [
            (screen.alternate_screen(), "the alternate screen"),
            (screen.hide_cursor(), "a hidden cursor"),
            (screen.bracketed_paste(), "bracketed paste"),
            (mouse, "the mouse"),
            (mode_of(&*self.master) != self.mode, "the line's mode"),
        ];
        faults.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what).collect()
    }

    /// After the end: the terminal is as it was before.
    #[track_caller]
    pub(crate) fn is_restored(&self) {
        self.ends();
        let left = self.left_behind();
        assert!(left.is_empty(), "it left behind: {}\n{}", left.join(", "), self.framed());
    }

    /// The picture, for a test that fails.
    fn framed(&self) -> String {
        let screen = self.cells();
        let cols = usize::from(screen.size().1);
        let line = "─".repeat(cols);
        let rows: String = picture(&screen).lines().map(|row| format!("│{row}\n")).collect();
        format!("┌{line}\n{rows}└{line}\nended: {:?}", self.status.get())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.status.get().is_none() && self.ended.try_recv().is_err() {
            signal(self.pid, "KILL");
            let ended = self.ended.recv_timeout(PATIENCE);
            assert!(ended.is_ok() || std::thread::panicking(), "SIGKILL was not enough");
        }
    }
}

fn mode_of(master: &(dyn MasterPty + Send)) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn in_a_terminal(command: &Command) -> CommandBuilder {
    let mut builder = CommandBuilder::new(command.get_program());
    builder.args(command.get_args());
    builder.env_clear();
    builder.env("TERM", "xterm-256color");
    builder.env("LANG", "en_US.UTF-8");
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            builder.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        builder.cwd(folder);
    }
    builder
}
