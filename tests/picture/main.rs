//! The picture in the README: the real program in a terminal, drawn by `.ci/picture`.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

mod svg;
#[path = "../scenarios/terminal.rs"]
mod terminal;

use terminal::{Key, Terminal};

/// Columns and rows: as much as a page shows at full size.
const SIZE: (u16, u16) = (120, 38);
/// A code-hosting page shows no larger one at once.
const LARGEST: usize = 200_000;

/// A demo in the middle of its work.
#[test]
#[ignore = "writes assets/console.svg: run .ci/picture"]
fn the_picture_is_drawn_from_the_real_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_neurocards"));
    command
        .args(["demo", "--orders", "60", "--customers", "12", "--speed", "30"])
        .env("HOME", folder.path())
        .env("TMPDIR", folder.path())
        .current_dir(folder.path());
    let demo = Terminal::of(&command, SIZE.0, SIZE.1);
    // Until the first videos have come and the queue has something at most of its steps.
    demo.shows("/start").presses(Key::Esc).hides("/start").lets_pass(Duration::from_secs(15));
    let svg = svg::draw(&demo.cells(), "The console of neurocards: the overview of a demo");
    assert!(svg.len() < LARGEST, "{} bytes", svg.len());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/console.svg");
    std::fs::write(path, svg).unwrap();
}
