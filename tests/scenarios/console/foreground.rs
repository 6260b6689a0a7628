//! The whole appliance in the foreground of a terminal, with the console over it.

use neurocards::db::InstanceLock;

use crate::terminal::{Key, Terminal};
use crate::{Appliance, OWN, Setup};

impl Appliance {
    /// `neurocards` and nothing else.
    fn foreground(&self) -> Terminal {
        let foreground = self.terminal(&[], 120, 40);
        foreground.shows("running, heartbeat").shows("The day");
        foreground
    }

    #[track_caller]
    fn was_stopped_in_order(&self, foreground: &Terminal) {
        assert!(foreground.ends().success(), "{:?}", foreground.ends());
        foreground.is_restored();
        assert!(self.value::<bool>("SELECT heartbeat_at IS NULL FROM instance"));
    }
}

#[test]
fn the_foreground_serves_and_shows_and_ends_when_it_is_left() {
    let shop = Setup::new().stopped();
    let foreground = shop.foreground();
    let ann = shop.customer(7).with_credits(1);
    foreground.types("2").shows("No video is being made.");
    let order = ann.orders(1, OWN);
    foreground.shows("@customer7").shows("done");
    order.arrives();
    let beside = shop.console();
    beside.types("2").shows("@customer7").shows("done");
    super::leave(&beside);
    shop.settles();
    // It stops more than the console: that is asked about.
    foreground.types("q").shows("The whole program stops").presses(Key::Enter);
    foreground.hides("The whole program stops");
    ann.says("/help");
    ann.hears(&crate::customer::ru("help"));
    shop.settles();
    let watcher = shop.console();
    foreground.types("q").shows("The whole program stops").types("y");
    shop.was_stopped_in_order(&foreground);
    watcher.shows("not running");
    super::leave(&watcher);
}

#[test]
fn a_signal_ends_the_foreground_in_order() {
    let shop = Setup::new().stopped();
    for signal in ["TERM", "INT", "HUP"] {
        let foreground = shop.foreground();
        let ann = shop.customer(7);
        ann.says("/help");
        ann.hears(&crate::customer::ru("help"));
        shop.settles();
        foreground.signal(signal);
        shop.was_stopped_in_order(&foreground);
    }
}

#[test]
fn a_terminal_that_takes_nothing_does_not_keep_the_appliance_from_serving_or_stopping() {
    let shop = Setup::new().stopped();
    let foreground = shop.foreground();
    let ann = shop.customer(7).with_credits(1);
    let stalled = foreground.stalls();
    // Far more pictures than any buffer on the way holds.
    for _ in 0..100 {
        foreground.types("2?\r1?\r");
    }
    ann.orders(1, OWN).arrives();
    shop.settles();
    foreground.signal("TERM");
    shop.waits_until("SELECT heartbeat_at IS NULL FROM instance");
    let free = || InstanceLock::take(&shop.data()).ok().map(drop);
    shop.waits_for("the folder to be free again", free);
    shop.start_again();
    drop(stalled);
    assert!(foreground.ends().success(), "{:?}", foreground.ends());
}

#[test]
fn a_second_foreground_on_the_folder_leaves_with_code_three() {
    let shop = Appliance::new();
    let second = shop.terminal(&[], 120, 40);
    assert_eq!(second.ends().exit_code(), 3);
    second.is_restored();
    assert!(second.screen().contains("another neurocards"), "{}", second.screen());
    shop.customer(7);
}
