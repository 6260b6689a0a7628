//! Keys, by what stands over the screen: a line to edit, a question, a leaf to read.

use super::{App, Ask, Effect, Mode};
use crate::console::command::{self, Order};
use crate::console::deeds::Deed;
use crate::console::view::{Kind, View};
use crate::text::{Arg, Lang};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler as _;

/// A line holds at most so many characters.
const LONGEST: usize = 4_000;
/// The same keys on a Russian keyboard.
const CYRILLIC: &str = "йцукенгшщзфывапролдячсмитьЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬ";
const LATIN: &str = "qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNM";

/// What comes from the keyboard.
pub(in crate::console) enum Typed {
    Key(KeyEvent),
    /// From the clipboard: words, and no keys.
    Pasted(String),
}

impl App {
    pub(in crate::console) fn take(&mut self, typed: Typed) -> Vec<Effect> {
        match typed {
            Typed::Key(key) => self.press(key),
            Typed::Pasted(text) => {
                self.paste(&text);
                Vec::new()
            }
        }
    }

    /// A key was pressed.
    pub(in crate::console) fn press(&mut self, key: KeyEvent) -> Vec<Effect> {
        if self.too_small {
            return self.press_blind(key);
        }
        match std::mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Browse if self.kind() == Kind::Chat => self.press_chat(key),
            Mode::Browse => self.browse(latin(key)),
            Mode::Filter(input) => self.edit_filter(key, input),
            Mode::Command(input) => self.edit_command(key, input),
            Mode::Ask(ask, input) => self.edit_answer(key, ask, input),
            Mode::Weighing(deed) => {
                // The question is on its way; whoever changes their mind says so.
                if key.code != KeyCode::Esc {
                    self.mode = Mode::Weighing(deed);
                }
                Vec::new()
            }
            Mode::Confirm(deed, question) => self.answer(key, deed, question),
            Mode::Help(scroll) => self.leaf(key, scroll, Mode::Help),
            Mode::Toasts(scroll) => self.leaf(key, scroll, Mode::Toasts),
        }
    }

    /// In a window that shows nothing, keys do nothing but leave.
    fn press_blind(&mut self, key: KeyEvent) -> Vec<Effect> {
        if matches!(self.mode, Mode::Weighing(_) | Mode::Confirm(..)) {
            self.mode = Mode::Browse;
        }
        let key = latin(key);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let leaves = match key.code {
            KeyCode::Char('c') => control,
            KeyCode::Char('q') => true,
            _ => false,
        };
        if leaves && !self.setting.owns { vec![Effect::Leave] } else { Vec::new() }
    }

    /// Something was pasted: into a line where one is open, and nowhere else. Its line ends are no
    /// Enter, and its letters no keys.
    pub(in crate::console) fn paste(&mut self, text: &str) {
        let chat = matches!(self.mode, Mode::Browse) && self.kind() == Kind::Chat;
        let input = match &mut self.mode {
            Mode::Filter(input) | Mode::Command(input) | Mode::Ask(_, input) => input,
            _ if chat && !self.too_small => &mut self.typed,
            _ => return,
        };
        for letter in text.trim().chars() {
            let letter = if letter.is_control() { ' ' } else { letter };
            edit(input, KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        }
    }

    pub(super) fn open(&mut self, mode: Mode) -> Vec<Effect> {
        self.mode = mode;
        Vec::new()
    }

    fn edit_filter(&mut self, key: KeyEvent, mut input: Input) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => Vec::new(),
            KeyCode::Enter => self.narrow(input.value().trim().to_owned()),
            _ => {
                edit(&mut input, key);
                self.open(Mode::Filter(input))
            }
        }
    }

    fn edit_command(&mut self, key: KeyEvent, mut input: Input) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => Vec::new(),
            KeyCode::Tab => self.open(Mode::Command(Input::new(command::complete(input.value())))),
            KeyCode::Enter if input.value().trim().is_empty() => Vec::new(),
            KeyCode::Enter => match command::parse(input.value(), self.setting.owns) {
                Ok(Order::Show(view, filter)) => self.go(view, filter),
                Ok(Order::Do(deed)) => self.decide(deed),
                Err(unclear) => {
                    let args = [("word", Arg::Str(&unclear.word))];
                    let text = self.words().tell_of(unclear.text, &args);
                    self.mode = Mode::Command(input);
                    self.complain(text)
                }
            },
            _ => {
                edit(&mut input, key);
                self.open(Mode::Command(input))
            }
        }
    }

    fn go(&mut self, view: View, filter: String) -> Vec<Effect> {
        let effects = match view {
            View::Job(_) | View::Customer(_) => self.show(view),
            _ => self.show_tab(view),
        };
        if filter.is_empty() || self.view() != view { effects } else { self.narrow(filter) }
    }

    fn edit_answer(&mut self, key: KeyEvent, ask: Ask, mut input: Input) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => Vec::new(),
            KeyCode::Enter => {
                let line = input.value().trim().to_owned();
                self.answered(ask, line, input)
            }
            _ => {
                edit(&mut input, key);
                self.open(Mode::Ask(ask, input))
            }
        }
    }

    fn answered(&mut self, ask: Ask, line: String, input: Input) -> Vec<Effect> {
        match ask {
            Ask::Credits(user) => match line.parse::<i64>() {
                Ok(credits) if credits != 0 => {
                    self.open(Mode::Ask(Ask::CreditsNote(user, credits), Input::default()))
                }
                _ => {
                    self.mode = Mode::Ask(ask, input);
                    let text = self.words().tell_of("unclear-number", &[("word", Arg::Str(&line))]);
                    self.complain(text)
                }
            },
            Ask::BlockNote(key) => self.decide(Deed::Block { key, note: line }),
            _ if line.is_empty() => {
                let text = self.words().tell("unclear-note");
                self.mode = Mode::Ask(ask, input);
                self.complain(text)
            }
            Ask::CreditsNote(user, credits) => {
                self.decide(Deed::Grant { user, credits, note: line })
            }
            Ask::BanNote(user) => self.decide(Deed::Ban { user, note: line }),
            Ask::Text(user) => self.decide(Deed::Write { user, text: line }),
        }
    }

    /// Only a plain yes is one, to a question that is seen; everything that could be meant as a no
    /// is.
    fn answer(&mut self, key: KeyEvent, deed: Deed, question: String) -> Vec<Effect> {
        let plain = key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
        match key.code {
            KeyCode::Char(letter) if plain && self.is_yes(letter) => match deed {
                Deed::Quit { .. } => vec![Effect::Leave],
                deed => self.begin_deed(deed),
            },
            KeyCode::Char('n' | 'N' | 'т' | 'Т' | 'q' | 'н' | 'Н')
            | KeyCode::Esc
            | KeyCode::Enter => Vec::new(),
            _ => self.open(Mode::Confirm(deed, question)),
        }
    }

    /// "Да" begins with the letter that stands on the key L.
    fn is_yes(&self, letter: char) -> bool {
        let yes = matches!(letter, 'y' | 'Y');
        yes || (self.words().lang == Lang::Ru && matches!(letter, 'д' | 'Д'))
    }

    fn leaf(&mut self, key: KeyEvent, scroll: usize, mode: fn(usize) -> Mode) -> Vec<Effect> {
        let page = self.height.max(2) - 1;
        let scroll = match latin(key).code {
            KeyCode::Up | KeyCode::Char('k') => scroll.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => scroll + 1,
            KeyCode::PageUp => scroll.saturating_sub(page),
            KeyCode::PageDown | KeyCode::Char(' ') => scroll + page,
            _ => return Vec::new(),
        };
        self.open(mode(scroll))
    }
}

/// One line of text is edited; it stays within its limit.
pub(super) fn edit(input: &mut Input, key: KeyEvent) {
    let full = input.value().chars().count() >= LONGEST;
    if !full || !matches!(key.code, KeyCode::Char(_)) {
        input.handle_event(&Event::Key(key));
    }
}

/// Keys stand where they stand, whatever language they write.
pub(super) fn latin(key: KeyEvent) -> KeyEvent {
    let KeyCode::Char(letter) = key.code else { return key };
    let place = CYRILLIC.chars().position(|one| one == letter);
    let Some(same) = place.and_then(|at| LATIN.chars().nth(at)) else { return key };
    let modifiers = if same.is_uppercase() { KeyModifiers::SHIFT } else { key.modifiers };
    KeyEvent { code: KeyCode::Char(same), modifiers, ..key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_russian_keyboard_has_the_same_keys() {
        assert_eq!(CYRILLIC.chars().count(), LATIN.chars().count());
        let press = |c| latin(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)).code;
        assert_eq!(press('й'), KeyCode::Char('q'));
        assert_eq!(press('З'), KeyCode::Char('P'));
        assert_eq!(press('7'), KeyCode::Char('7'));
    }

    #[test]
    fn a_line_does_not_grow_without_end() {
        let mut input = Input::new("a".repeat(LONGEST));
        edit(&mut input, KeyEvent::new(KeyCode::Char('b'), KeyModifiers::NONE));
        assert_eq!(input.value().chars().count(), LONGEST);
        edit(&mut input, KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
        assert_eq!(input.value().chars().count(), LONGEST - 1);
    }
}
