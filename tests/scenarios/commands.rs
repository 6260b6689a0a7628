//! The operator's commands beside a running appliance.

use crate::{Appliance, OWN, Setup, UGC};

#[test]
fn pause_closes_selling_and_resume_opens_it() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(2);
    ann.describes(UGC);
    ann.presses("1️⃣");
    ann.sees("✅");
    shop.commands(&["pause"]);
    ann.presses("✅");
    ann.hears("Кредиты на месте");
    assert_eq!((ann.credits(), ann.orders_so_far()), (2, 0));
    ann.says("/start");
    ann.presses("🎬");
    ann.hears("Кредиты на месте");
    shop.commands(&["resume"]);
    shop.commands(&["resume"]);
    ann.orders(1, OWN).arrives();
}

#[test]
fn what_was_sold_before_a_pause_goes_on() {
    let shop = Appliance::new();
    let ann = shop.customer(7).with_credits(1);
    let order = ann.orders(1, OWN);
    shop.commands(&["pause"]);
    order.arrives();
}

#[test]
fn a_grant_that_would_go_below_zero_or_to_nobody_is_refused() {
    let shop = Appliance::new();
    let ann = shop.customer(7);
    for (args, word) in [(["grant", "7", "-3"], "2 credits"), (["grant", "8", "1"], "no user")] {
        let output = shop.command(&args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains(word) && said.lines().count() == 1, "{said}");
    }
    let refused = shop.command(&["sql", "--write", "UPDATE users SET credits = 99"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("neurocards grant"));
    assert_eq!(ann.credits(), 2);
}

#[test]
fn the_commands_tell_the_same_story_running_and_stopped() {
    let shop = Setup::new().admin(99).start();
    let ann = shop.customer(7).with_credits(3);
    ann.orders(3, UGC).arrives();
    shop.settles();
    let story = || {
        let mut said = Vec::new();
        for args in [
            &["jobs", "--user", "7", "--json"][..],
            &["job", "1", "--json"],
            &["users", "--json"],
            &["sql", "--json", "SELECT COUNT(*) AS n FROM jobs WHERE status = 'done'"],
        ] {
            let text = shop.commands(args);
            let _json: serde_json::Value = serde_json::from_str(&text).unwrap();
            said.push(text);
        }
        said
    };
    let running = story();
    assert!(running[3].contains('3'));
    for args in [&["stats"][..], &["keys"], &["jobs"], &["job", "1"], &["users"], &["doctor"]] {
        assert!(!shop.commands(args).is_empty(), "{args:?}");
    }
    assert!(shop.sigterm().0.success());
    assert_eq!(story(), running);
}
