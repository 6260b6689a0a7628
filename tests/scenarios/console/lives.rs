//! Whether the appliance lives, said in words; and the console over one that does not.

use crate::terminal::Key;
use crate::{Appliance, OWN};

#[test]
fn a_killed_appliance_is_said_to_be_so_within_half_a_minute() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).arrives();
    shop.settles();
    let console = shop.console();
    shop.kill9();
    // Thirty real seconds after its last heartbeat, which is half an hour here.
    console.shows("NOT RUNNING: last heartbeat 3").shows("m ago");
    console.shows("The program is not running: its last sign of life");
    console.types("2").shows("@customer7").shows("NOT RUNNING");
    shop.start_again();
    console.shows("running, heartbeat").hides("NOT RUNNING");
    super::leave(&console);
}

#[test]
fn the_console_works_on_a_stopped_appliances_database() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).arrives();
    shop.settles();
    let console = shop.console();
    assert!(shop.sigterm().0.success());
    console.shows("not running").shows("it was stopped in order");
    super::leave(&console);
    let console = shop.terminal(&["console"], 120, 40);
    console.shows("@neurocards_sandbox_bot").shows("not running");
    console.types("2").shows("@customer7").presses(Key::Enter);
    console.shows("done · it ended").types("u").shows("0 credits, 0 held");
    console.types("c").shows("credits (negative takes back):").types("1").presses(Key::Enter);
    console.shows("why (for the record):").types("sorry").presses(Key::Enter);
    console.shows("Give 1 credit to customer 7?").types("y").shows("1 credit, 0 held");
    assert_eq!(ann.credits(), 1);
    ann.acts();
    shop.start_again();
    console.shows("running, heartbeat");
    ann.hears(&crate::customer::ru("granted"));
    super::leave(&console);
}
