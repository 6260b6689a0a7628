//! What any terminal shows: sizes, colours, letters, languages, and the clipboard.

use crate::customer::PRODUCT;
use crate::terminal::{Terminal, picture};
use crate::{Appliance, UGC};

/// Whole: the title in the first row, the footer in the last, as wide as the window.
#[track_caller]
fn is_whole(console: &Terminal, cols: u16, rows: u16) {
    console.waits_for(&format!("a picture of {cols}x{rows}"), |screen| {
        let lines: Vec<String> = screen.rows(0, cols).collect();
        let (first, last) = (lines.first()?, lines.last()?.trim_end());
        let wide = last.chars().count() + 1 == usize::from(cols);
        let footers = lines.iter().filter(|line| line.contains("? help")).count();
        let whole = lines.len() == usize::from(rows) && wide && footers == 1;
        (whole && first.contains("neurocards") && last.ends_with("? help")).then_some(())
    });
}

#[test]
fn a_window_may_change_its_size_at_any_time() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, UGC).arrives();
    let console = shop.terminal(&["console"], 80, 24);
    console.shows("running, heartbeat");
    is_whole(&console, 80, 24);
    for screen in ["1", "2", "6"] {
        console.types(screen);
        console.resize(200, 60);
        is_whole(&console, 200, 60);
        console.resize(40, 10).waits_for("a polite line and nothing else", |screen| {
            let lines = picture(screen);
            let said = lines.replace('\n', " ");
            let polite = said.starts_with("The window is 40x10. The console needs at least 80x24");
            (polite && lines.trim_end().lines().count() <= 4).then_some(())
        });
        console.resize(80, 24);
        is_whole(&console, 80, 24);
    }
    // A question that is not seen is not answered, and no key does what nobody sees.
    console.types("1").shows("The day").types("P").shows("Close selling?");
    console.resize(40, 10).shows("The window is 40x10").types("y2");
    // It has heard that after two seconds, in each of which it draws.
    let drawn = console.frames();
    shop.waits_for("two seconds", || (console.frames() > drawn + 2).then_some(()));
    console.resize(80, 24);
    console.shows("The day").hides("Close selling?");
    assert!(shop.value::<bool>("SELECT selling_paused_at IS NULL FROM instance"));
    for size in (1..=100).map(|n| (n * 2, n)) {
        console.resize(size.0, size.1);
    }
    console.resize(120, 40);
    is_whole(&console, 120, 40);
    super::leave(&console);
}

/// Every screen and the help, once each.
fn tour(console: &Terminal, help: &str, last: &str) {
    console.types("1?").shows(help).types("?").hides(help);
    for key in ["2", "3", "4", "5", "7", "8", "9", "6"] {
        console.types(key);
    }
    console.shows(last);
}

/// The numbers of all sequences that set a colour; back to the terminal's own is none.
fn colours(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let codes = text.split("\x1b[").skip(1).filter_map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        part[end..].starts_with('m').then(|| part[..end].to_owned())
    });
    let sets =
        |code: &str| matches!(code.parse(), Ok(30..=38 | 40..=48 | 58 | 90..=97 | 100..=107));
    codes.filter(|code| code.split(';').any(sets)).collect()
}

#[test]
fn no_color_is_no_colour() {
    let shop = Appliance::new();
    shop.customer(7);
    let coloured = shop.console();
    super::leave(&coloured);
    assert!(!colours(&coloured.tape().printed()).is_empty());
    let plain = shop.terminal_with(&["console"], &[("NO_COLOR", "1")], 120, 40);
    plain.shows("running, heartbeat");
    tour(&plain, "the screen with this number", "@customer7");
    super::leave(&plain);
    assert_eq!(colours(&plain.tape().printed()), [""; 0]);
}

#[test]
fn where_the_locale_is_not_utf8_nothing_but_the_customers_letters_is_beyond_ascii() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, UGC).arrives();
    let console = shop.terminal_with(&["console"], &[("LC_ALL", "C")], 120, 40);
    console.shows("running, heartbeat").types("2").shows("@customer7");
    tour(&console, "the screen with this number", "@customer7");
    super::leave(&console);
    let printed = String::from_utf8(console.tape().printed()).unwrap();
    let others = |c: &char| !c.is_ascii() && !PRODUCT.contains(*c);
    assert_eq!(printed.chars().filter(others).collect::<String>(), "");
    assert!(!printed.contains('«'), "a sign of theirs is no letter");
}

#[test]
fn the_console_speaks_russian_by_locale_or_by_word() {
    let shop = Appliance::new();
    shop.customer(7);
    let by_locale = shop.terminal_with(&["console"], &[("LC_ALL", "ru_RU.UTF-8")], 120, 40);
    let by_word = shop.terminal(&["console", "--lang", "ru"], 120, 40);
    for console in [by_locale, by_word] {
        console.shows("1 Обзор").shows("работает, пульс");
        tour(&console, "экран с этим номером", "@customer7");
        // A Russian keyboard has the same keys: P, then "да".
        console.types("1").shows("сутки").types("З").shows("Закрыть продажи?").types("д");
        console.shows("продажи закрыты");
        shop.commands(&["resume"]);
        console.hides("продажи закрыты").types("й");
        assert!(console.ends().success());
        console.is_restored();
    }
    let english =
        shop.terminal_with(&["console", "--lang", "en"], &[("LC_ALL", "ru_RU.UTF-8")], 80, 24);
    english.shows("1 Overview");
    super::leave(&english);
}

#[test]
fn an_id_is_copied_into_the_operators_own_clipboard() {
    let shop = Appliance::new();
    let ann = shop.customer(707_301).with_credits(1);
    ann.orders(1, UGC).arrives();
    let console = shop.console();
    console.types("6").shows("@customer707301").types("y").shows("Copied: 707301");
    console.types("2").shows("1  @customer707301").types("y").shows("✓ Copied: 1\n");
    super::leave(&console);
    // "707301" and "1".
    assert_eq!(console.copied(), ["NzA3MzAx", "MQ=="]);
    let bytes = console.tape().printed();
    let asked = b"\x1b]52;c;NzA3MzAx";
    assert!(bytes.windows(asked.len()).any(|window| window == asked));
}

#[test]
fn what_is_pasted_is_words_and_no_keys() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    let paste = |text: &str| format!("\x1b[200~{text}\x1b[201~");
    let console = shop.console();
    console.types("P").shows("Close selling?").types(&paste("y\r")).types("n");
    console.hides("Close selling?").types(&paste("6\rq")).types("6").shows("@customer7");
    console.types("c").shows("credits (negative").types("5\r").shows("why (for the record):");
    console.types(&paste("paid\rby transfer\r")).shows("paid by transfer").types("\r");
    console.shows("Give 5 credits to customer 7?").types(&paste("y")).types("y");
    console.shows("Customer 7 now has 7 credits.");
    super::leave(&console);
    let note: String = shop.value("SELECT note FROM audit");
    assert_eq!((note.as_str(), ann.credits()), ("paid by transfer", 7));
}
