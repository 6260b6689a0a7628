//! The one table of keys: what is pressed, where, what it does. The help and the footer are made
//! of it, so that they cannot say anything else.

use super::view::Kind;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// The screen with this number, from 0.
    Tab(usize),
    NextTab,
    PreviousTab,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    In,
    Out,
    Mark,
    Freeze,
    Follow,
    Copy,
    Sort,
    Filter,
    Command,
    Help,
    Toasts,
    Quit,
    Retry,
    Cancel,
    Hurry,
    Raise,
    ToCustomer,
    Block,
    Unblock,
    AskBalance,
    Switch,
    Credits,
    Ban,
    Write,
    PauseSelling,
    PauseSubmitting,
    Drain,
    Resume,
    /// The other half of a screen: statement or orders, alerts or log.
    Turn,
}

/// Where a key is understood.
#[derive(Clone, Copy, Debug)]
pub(super) enum Where {
    Everywhere,
    Lists,
    On(&'static [Kind]),
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding {
    /// As it is written in the help.
    pub(super) label: &'static str,
    pub(super) act: Act,
    /// The id of its text.
    pub(super) text: &'static str,
    /// Its place in the footer, the smaller the sooner; 0: in the help only.
    pub(super) foot: u8,
    pub(super) at: Where,
    presses: &'static [Press],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Press {
    Char(char),
    Ctrl(char),
    Code(KeyCode),
}

use Kind::{Alerts, Customer, Customers, Failures, Job, Keys, Models, Overview, Queue};
use Press::{Char, Code, Ctrl};
use Where::{Everywhere, Lists, On};

const fn bind(
    label: &'static str,
    presses: &'static [Press],
    act: Act,
    text: &'static str,
    foot: u8,
    at: Where,
) -> Binding {
    Binding { label, act, text, foot, at, presses }
}

/// What a screen's own keys do comes first.
pub(super) const TABLE: [Binding; 36] = [
    bind("r", &[Char('r')], Act::Retry, "key-retry", 2, On(&[Queue, Job, Failures])),
    bind("c", &[Char('c')], Act::Cancel, "key-cancel", 3, On(&[Queue, Job])),
    bind("n", &[Char('n')], Act::Hurry, "key-hurry", 5, On(&[Queue, Job])),
    bind("+", &[Char('+')], Act::Raise, "key-raise", 6, On(&[Queue, Job])),
    bind("u", &[Char('u')], Act::ToCustomer, "key-to-customer", 7, On(&[Queue, Job])),
    bind("b", &[Char('b')], Act::Block, "key-block", 2, On(&[Keys])),
    bind("u", &[Char('u')], Act::Unblock, "key-unblock", 3, On(&[Keys])),
    bind("a", &[Char('a')], Act::AskBalance, "key-ask", 4, On(&[Keys])),
    bind("o", &[Char('o')], Act::Switch, "key-switch", 2, On(&[Models])),
    bind("c", &[Char('c')], Act::Credits, "key-credits", 2, On(&[Customers, Customer])),
    bind("b", &[Char('b')], Act::Ban, "key-ban", 3, On(&[Customers, Customer])),
    bind("w", &[Char('w')], Act::Write, "key-write", 4, On(&[Customers, Customer])),
    bind("v", &[Char('v')], Act::Turn, "key-turn", 5, On(&[Customer, Alerts])),
    bind("P", &[Char('P')], Act::PauseSelling, "key-pause-selling", 2, On(&[Overview])),
    bind("S", &[Char('S')], Act::PauseSubmitting, "key-pause-submitting", 3, On(&[Overview])),
    bind("D", &[Char('D')], Act::Drain, "key-drain", 4, On(&[Overview])),
    bind("R", &[Char('R')], Act::Resume, "key-resume", 5, On(&[Overview])),
    bind(
        "Enter",
        &[Code(KeyCode::Enter), Code(KeyCode::Right), Char('l')],
        Act::In,
        "key-in",
        1,
        Lists,
    ),
    bind(
        "Esc",
        &[Code(KeyCode::Esc), Code(KeyCode::Left), Code(KeyCode::Backspace), Char('h')],
        Act::Out,
        "key-out",
        12,
        Everywhere,
    ),
    bind("/", &[Char('/')], Act::Filter, "key-filter", 8, Lists),
    bind("s", &[Char('s')], Act::Sort, "key-sort", 9, On(&[Queue])),
    bind("f", &[Char('f')], Act::Follow, "key-follow", 10, On(&[Queue, Alerts])),
    bind("Space", &[Char(' ')], Act::Mark, "key-mark", 4, On(&[Queue, Failures])),
    bind("p", &[Char('p')], Act::Freeze, "key-freeze", 11, Everywhere),
    bind("y", &[Char('y')], Act::Copy, "key-copy", 0, Everywhere),
    bind(":", &[Char(':')], Act::Command, "key-command", 13, Everywhere),
    bind("t", &[Char('t')], Act::Toasts, "key-toasts", 0, Everywhere),
    bind("Tab", &[Code(KeyCode::Tab)], Act::NextTab, "key-next-tab", 14, Everywhere),
    bind(
        "Shift-Tab",
        &[Code(KeyCode::BackTab)],
        Act::PreviousTab,
        "key-previous-tab",
        0,
        Everywhere,
    ),
    bind("k ↑", &[Char('k'), Code(KeyCode::Up)], Act::Up, "key-up", 0, Everywhere),
    bind("j ↓", &[Char('j'), Code(KeyCode::Down)], Act::Down, "key-down", 0, Everywhere),
    bind(
        "PgUp Ctrl-b",
        &[Code(KeyCode::PageUp), Ctrl('b'), Ctrl('u')],
        Act::PageUp,
        "key-page-up",
        0,
        Everywhere,
    ),
    bind(
        "PgDn Ctrl-f",
        &[Code(KeyCode::PageDown), Ctrl('f'), Ctrl('d')],
        Act::PageDown,
        "key-page-down",
        0,
        Everywhere,
    ),
    bind("g Home", &[Char('g'), Code(KeyCode::Home)], Act::Top, "key-top", 0, Everywhere),
    bind("G End", &[Char('G'), Code(KeyCode::End)], Act::Bottom, "key-bottom", 0, Everywhere),
    bind("q Ctrl-c", &[Char('q'), Ctrl('c')], Act::Quit, "key-quit", 15, Everywhere),
];

/// The help opens over everything.
pub(super) const HELP: Binding =
    bind("?", &[Char('?'), Code(KeyCode::F(1))], Act::Help, "key-help", 1, Everywhere);

impl Binding {
    pub(super) fn serves(&self, kind: Kind) -> bool {
        match self.at {
            Everywhere => true,
            Lists => kind.is_list(),
            On(kinds) => kinds.contains(&kind),
        }
    }

    fn is(&self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        self.presses.iter().any(|press| match *press {
            Char(letter) => !ctrl && key.code == KeyCode::Char(letter),
            Ctrl(letter) => ctrl && key.code == KeyCode::Char(letter),
            Code(code) => key.code == code,
        })
    }
}

/// What a key asks for on this screen.
pub(super) fn find(kind: Kind, key: &KeyEvent) -> Option<Act> {
    let plain = key.modifiers.difference(KeyModifiers::SHIFT).is_empty();
    if let KeyCode::Char(digit @ '0'..='9') = key.code
        && plain
    {
        let number = digit as usize - '0' as usize;
        return Some(Act::Tab((number + 9) % 10));
    }
    let mut table = TABLE.iter().chain([&HELP]);
    table.find(|one| one.serves(kind) && one.is(key)).map(|one| one.act)
}

/// What the footer offers on this screen, the most useful first.
pub(super) fn footer(kind: Kind) -> Vec<&'static Binding> {
    let mut found: Vec<&Binding> =
        TABLE.iter().filter(|one| one.foot > 0 && one.serves(kind)).collect();
    found.sort_by_key(|one| one.foot);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 12] = [
        Overview,
        Queue,
        Failures,
        Keys,
        Models,
        Customers,
        Kind::Payments,
        Alerts,
        Kind::Audit,
        Kind::Chat,
        Job,
        Customer,
    ];

    #[test]
    fn no_key_means_two_things_on_one_screen() {
        for kind in KINDS {
            let mut seen = Vec::new();
            for press in TABLE.iter().chain([&HELP]).filter(|one| one.serves(kind)) {
                for one in press.presses {
                    assert!(!seen.contains(one), "{one:?} on {kind:?}");
                    seen.push(*one);
                }
            }
        }
    }

    #[test]
    fn digits_lead_to_the_screens() {
        for (digit, tab) in [('1', 0), ('9', 8), ('0', 9)] {
            let key = KeyEvent::new(KeyCode::Char(digit), KeyModifiers::NONE);
            assert_eq!(find(Queue, &key), Some(Act::Tab(tab)));
        }
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(find(Queue, &key), Some(Act::Quit));
    }
}
