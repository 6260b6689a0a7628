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
