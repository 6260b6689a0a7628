//! The demo in a terminal: somebody who has read nothing gets to their first video.

use std::path::PathBuf;

use crate::Setup;
use crate::terminal::{Key, Terminal, picture};

/// The number in front of a button's label, as somebody reads it; the newest button's.
fn number(screen: &vt100::Screen, label: &str) -> Option<char> {
    let (rows, cols) = screen.size();
    (0..rows).rev().find_map(|row| {
        let (mut number, mut text) = (None, String::new());
        for cell in (0..cols).filter_map(|col| screen.cell(row, col)) {
            let shown = cell.contents();
            match shown.chars().next().filter(|c| cell.inverse() && c.is_ascii_digit()) {
                Some(digit) => {
                    number = Some(digit);
                    text.clear();
                }
                None => text.push_str(if cell.has_contents() { shown } else { " " }),
            }
            if number.is_some() && text.replace("  ", " ").contains(label) {
                return number;
            }
        }
        None
    })
}

#[track_caller]
fn presses(demo: &Terminal, label: &str) {
    let number = demo.waits_for(&format!("the button {label}"), |screen| number(screen, label));
    demo.types(&number.to_string());
}

#[test]
fn a_newcomer_gets_to_their_first_video_by_what_the_screen_says() {
    let shop = Setup::new().stopped();
    let demo = shop.terminal(&["demo", "--orders", "2", "--speed", "60"], 120, 40);
    demo.shows("You are a customer of this shop.");
    presses(&demo, "/start");
    presses(&demo, "Make Reels");
    demo.shows("Send a photo of your product").shows("empty Enter: a sample photo");
    demo.presses(Key::Enter).shows("What is the product?");
    demo.types("Lavender soap, handmade, for dry skin").presses(Key::Enter);
    presses(&demo, "Ad");
    presses(&demo, "No wishes");
    presses(&demo, "1 video");
    demo.shows("Please check your order");
    presses(&demo, "Yes, start");
    demo.shows("Your video is being made");
    let saved = demo.waits_for("a video and where it is", |screen| {
        let rows = picture(screen);
        let path = rows.lines().find(|row| row.ends_with(".mp4"))?;
        Some(PathBuf::from(path.trim_start_matches(['│', ' '])))
    });
    let video = std::fs::read(&saved).unwrap();
    assert_eq!(&video[4..8], b"ftyp");
    demo.presses(Key::Esc).shows("The day").types("2").shows("@you").types("q");
    demo.shows("of 2 settled").shows("nothing lost");
    assert!(demo.ends().success(), "{:?}", demo.ends());
    demo.is_restored();
    assert!(saved.exists(), "it stays");
    let root = saved.parent().unwrap().parent().unwrap();
    assert!(root.join("videos").is_dir() && !root.join("data").exists());
}

#[test]
fn a_demo_that_is_told_to_end_gives_the_terminal_back_and_leaves_no_data() {
    let shop = Setup::new().stopped();
    for signal in ["TERM", "HUP"] {
        let demo = shop.terminal(&["demo", "--orders", "2", "--speed", "60"], 80, 24);
        demo.shows("You are a customer of this shop.");
        presses(&demo, "/start");
        demo.shows("Make Reels").signal(signal).ends();
        demo.is_restored();
        let left = std::fs::read_dir(shop.data().parent().unwrap()).unwrap();
        let demos =
            left.map(|entry| entry.unwrap().path()).filter(|path| path.join("data").exists());
        assert_eq!(demos.count(), 0, "SIG{signal}");
    }
}
