//! However the console ends, the terminal is as it was before, and the appliance goes on.

use crate::Appliance;
use crate::terminal::Key;

#[test]
fn the_terminal_comes_back_however_the_console_ends() {
    let shop = Appliance::new();
    for signal in ["TERM", "INT", "HUP"] {
        let console = shop.console();
        console.signal(signal);
        assert!(console.ends().success(), "SIG{signal}: {:?}", console.ends());
        console.is_restored();
    }
    let console = shop.console();
    console.presses(Key::Ctrl('c'));
    assert!(console.ends().success());
    console.is_restored();
    // Whatever stands over the screen.
    let console = shop.console();
    console.types("P").shows("Close selling?").signal("TERM");
    assert!(console.ends().success());
    console.is_restored();
    super::leave(&shop.console());
    shop.customer(7).with_credits(1).orders(1, crate::OWN).arrives();
}

#[test]
fn without_a_database_or_a_terminal_there_is_a_word_and_no_console() {
    let shop = crate::Setup::new().stopped();
    let console = shop.terminal(&["console"], 80, 24);
    assert_eq!(console.ends().exit_code(), 1);
    console.is_restored();
    assert!(console.screen().starts_with("neurocards: "), "{}", console.screen());
    shop.start_again();
    let piped = shop.command(&["console"]);
    let said = String::from_utf8_lossy(&piped.stderr).into_owned();
    assert_eq!((piped.status.code(), said.contains("needs a terminal")), (Some(1), true), "{said}");
}
