//! Any terminal: no size is too small, and on 80x24 everything can be reached.

use super::{Desk, LANGUAGES, Start};
use crate::console::keymap::{HELP, TABLE};
use crate::console::view::{Kind, View};
use crossterm::event::KeyCode;
use std::collections::BTreeSet;

const WIDEST: u16 = 200;
const HIGHEST: u16 = 60;

fn views(desk: &Desk) -> Vec<View> {
    let mut views = View::TABS.to_vec();
    views.extend([View::Job(desk.failed()), View::Job(desk.rendering()), View::Customer(101)]);
    views
}

/// Every size, of which each language draws its half.
fn is_drawn_at_every_size(view: impl Fn(&Desk) -> View) {
    for (turn, (lang, _)) in LANGUAGES.into_iter().enumerate() {
        let mut desk = Start { chat: true, ..Start::new(lang) }.open();
        let view = view(&desk);
        desk.shows(view);
        for width in 0..=WIDEST {
            for height in 0..=HIGHEST {
                if usize::from(width + height) % 2 == turn {
                    desk.size = (width, height);
                    desk.draw();
                }
            }
        }
    }
}

#[test]
fn no_size_is_too_small_for_the_overview() {
    is_drawn_at_every_size(|_| View::Overview);
}

#[test]
fn no_size_is_too_small_for_the_queue() {
    is_drawn_at_every_size(|_| View::Queue);
}

#[test]
fn no_size_is_too_small_for_a_job() {
    is_drawn_at_every_size(Desk::failed_view);
}

#[test]
fn no_size_is_too_small_for_the_chat() {
    is_drawn_at_every_size(|_| View::Chat);
}

impl Desk {
    fn failed_view(&self) -> View {
        View::Job(self.failed())
    }

    /// Sizes around those where something changes, and a few between.
    fn at_many_sizes(&mut self) {
        for width in [0, 1, 2, 7, 40, 79, 80, 81, 82, 99, 120, 131, 133, 134, 135, 167, 199, 200] {
            for height in [0, 1, 2, 5, 23, 24, 25, 27, 33, 40, 60] {
                self.size = (width, height);
                self.draw();
            }
        }
        self.size = (80, 24);
        self.draw();
    }
}

#[test]
fn no_screen_and_nothing_over_it_minds_its_size() {
    for (lang, _) in LANGUAGES {
        let mut desk = Start { chat: true, ..Start::new(lang) }.open();
        for view in views(&desk) {
            desk.shows(view).at_many_sizes();
            desk.press(KeyCode::Char('?')).at_many_sizes();
            desk.press(KeyCode::Esc).shows(view);
        }
        desk.shows(View::Customer(101)).types("v").at_many_sizes();
        desk.shows(View::Alerts).types("v").at_many_sizes();
        desk.types(":").at_many_sizes();
        desk.types("grant 42 保湿保湿保湿保湿保湿保湿保湿保湿保湿保湿保湿保湿保湿保湿 long")
            .at_many_sizes();
        desk.press(KeyCode::Esc).shows(View::Queue).types("  c").at_many_sizes();
        desk.types("n/דוד").at_many_sizes();
        desk.press(KeyCode::Enter).types("t").at_many_sizes();
        desk.phone.forgets();
        desk.shows(View::Chat).types("保湿クリーム").at_many_sizes();
    }
}

#[test]
fn at_80x24_the_help_shows_every_key_of_its_screen() {
    for (lang, _) in LANGUAGES {
        let mut desk = Start { chat: true, ..Start::new(lang) }.open();
        for view in views(&desk) {
            desk.shows(view).press(KeyCode::Char('?'));
            let mut seen = BTreeSet::new();
            for _ in 0..60 {
                seen.extend(desk.text().lines().map(str::to_owned));
                desk.press(KeyCode::Down);
            }
            let words = desk.app.words().clone();
            let all = TABLE.iter().chain([&HELP]).filter(|one| one.serves(view.kind()));
            for key in all {
                let text = words.tell(key.text);
                let found =
                    seen.iter().any(|line| line.contains(key.label) && line.contains(&text));
                assert!(found, "{} {text} on {view:?}: {seen:#?}", key.label);
            }
            desk.press(KeyCode::Esc);
        }
    }
}

#[test]
fn at_80x24_every_line_of_a_scrolled_screen_can_be_seen() {
    for (lang, _) in LANGUAGES {
        let mut desk = Start::new(lang).open();
        let job = desk.failed();
        for view in [View::Overview, View::Job(job)] {
            desk.shows(view).types("g");
            let mut seen = BTreeSet::new();
            for _ in 0..200 {
                seen.extend(desk.text().lines().map(str::to_owned));
                desk.press(KeyCode::Down);
            }
            for line in desk.app.page.blocks.iter().flat_map(|block| &block.lines) {
                let text = line.to_string();
                let text = text.trim_end();
                let whole = seen.iter().any(|one| one.trim_start().starts_with(text.trim_start()));
                assert!(whole, "`{text}` is cut on {view:?}");
            }
        }
    }
}

#[test]
fn tabs_and_titles_stand_whole_on_the_narrowest_terminal() {
    for (lang, _) in LANGUAGES {
        let mut desk = Start { chat: true, ..Start::new(lang) }.open();
        for view in View::TABS {
            let words = desk.app.words().clone();
            let short = words.tell(view.kind().short());
            desk.sees(&short).shows(view);
        }
        assert_eq!(desk.app.kind(), Kind::Chat);
    }
}
