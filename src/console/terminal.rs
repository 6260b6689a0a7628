//! The terminal, taken and given back: after an orderly end, after a panic and after a signal.

use anyhow::{Context as _, Result};
use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use std::io::{Stdout, Write as _, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// The screen's cells stand where they are put: a terminal that turns right-to-left names around
/// would move the columns beside them. (Explicit mode of ECMA-48; others ignore it.)
const KEEP_ORDER: &str = "\x1b[8l";
const TURN_ORDER: &str = "\x1b[8h";

static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The whole screen. Dropping it gives the terminal back.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Screen {
    pub(super) fn take() -> Result<Self> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                // On a screen that is drawn its words would be lost: the log keeps them.
                tracing::error!(%panic, "a thread panicked");
                let ours = std::thread::current().name() == Some(super::THREAD);
                if ours || !TAKEN.load(Ordering::SeqCst) {
                    give_back();
                    before(panic);
                }
            }));
        });
        enable_raw_mode().context("this is no terminal that the console can use")?;
        TAKEN.store(true, Ordering::SeqCst);
        crossterm::execute!(stdout(), EnterAlternateScreen, Hide, EnableBracketedPaste)?;
        crossterm::execute!(stdout(), Print(KEEP_ORDER))?;
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        Ok(Self { terminal })
    }

    /// Draws by `paint`, which returns where the cursor is to be seen.
    pub(super) fn draw(
        &mut self,
        paint: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> Result<()> {
        crossterm::queue!(stdout(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            if let Some(at) = paint(frame.buffer_mut()) {
                frame.set_cursor_position(at);
            }
        })?;
        crossterm::execute!(stdout(), EndSynchronizedUpdate)?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Once, whoever comes first.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // A terminal that is gone has nothing to be given back.
        let _ = crossterm::execute!(
            stdout(),
            Print(TURN_ORDER),
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _ = disable_raw_mode();
        let _ = stdout().flush();
    }
}

/// Puts a text into the operator's own clipboard, through any number of SSH hops (OSC 52).
pub(super) fn copy(text: &str) -> Result<()> {
    crossterm::execute!(stdout(), CopyToClipboard::to_clipboard_from(text))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use portable_pty::{CommandBuilder, PtySize, native_pty_system};
    use std::io::Read as _;

    /// Set for the process that is to panic.
    const PANICS: &str = "NEUROCARDS_TEST_PANICS";
    const NAME: &str = "console::terminal::tests::after_a_panic_the_terminal_is_as_it_was";

    fn panics() {
        let on = |name: &str, work: fn()| {
            let thread = std::thread::Builder::new().name(name.into()).spawn(work).unwrap();
            assert!(thread.join().is_err());
        };
        let mut screen = Screen::take().unwrap();
        // Another thread's panic is no business of the screen's.
        on("worker", || panic!("in the dark"));
        screen.draw(|_| None).unwrap();
        on(crate::console::THREAD, || panic!("for all to see"));
        std::process::exit(7);
    }

    /// This test again, in a terminal of its own.
    #[test]
    fn after_a_panic_the_terminal_is_as_it_was() {
        if std::env::var_os(PANICS).is_some() {
            panics();
        }
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).unwrap();
        let mode = |master: &dyn portable_pty::MasterPty| format!("{:?}", master.get_termios());
        let before = mode(&*pty.master);
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args([NAME, "--exact", "--nocapture"]);
        command.env(PANICS, "1");
        let mut child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let mut bytes = Vec::new();
        // A pty whose program has ended answers with an error.
        let _ended = reader.read_to_end(&mut bytes);
        assert_eq!(child.wait().unwrap().exit_code(), 7);
        let mut parser = vt100::Parser::new(24, 80, 0);
        parser.process(&bytes);
        let screen = parser.screen();
        let (text, raw) = (screen.contents(), String::from_utf8_lossy(&bytes));
        assert!(text.contains("for all to see") && !raw.contains("in the dark"), "{text}");
        assert!(raw.contains("\x1b[?1049h") && !screen.alternate_screen() && !screen.hide_cursor());
        assert_eq!(mode(&*pty.master), before);
    }
}
