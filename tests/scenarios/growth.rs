//! Invitations and promo codes, by whoever means well and by whoever does not.

use crate::customer::PACK;
use crate::{Appliance, Customer, OWN, Setup};

const GROWTH: &str = "[growth]\nfriend = 1\ninviter = 2\nfriends_per_user = 2\nfirst_payment = 3\n";

/// Somebody who writes `/start` with this behind it, and nothing before it.
fn comes<'a>(shop: &'a Appliance, id: i64, argument: &str) -> Customer<'a> {
    shop.sandbox().telegram().set_user(id, Some(&format!("guest{id}")), "Guest", "ru");
    let guest = Customer::again(shop, id);
    guest.says(&format!("/start {argument}"));
    guest.sees("🎬");
    guest
}

/// The argument in their link.
fn link(customer: &Customer<'_>) -> String {
    customer.says("/invite");
    let said = customer.hears("?start=").text;
    let at = said.find("?start=").map(|at| at + "?start=".len());
    said[at.unwrap_or_else(|| panic!("{said}"))..].split_whitespace().next().unwrap().to_owned()
}

#[test]
fn a_friend_gets_more_and_who_invited_gets_theirs_when_the_friend_pays() {
    let shop = Setup::new().settings(GROWTH).start();
    let ann = shop.customer(7);
    let bob = comes(&shop, 8, &link(&ann));
    assert_eq!((ann.credits(), bob.credits()), (2, 3));
    let charge = bob.buys(PACK);
    ann.hears("вам пришли 2 кредита");
    assert_eq!((ann.credits(), bob.credits()), (4, 3 + 5 + 3));
    bob.orders(3, OWN).arrives();
    shop.commands(&["refund-payment", &charge, "--yes"]);
    assert_eq!((ann.credits(), bob.credits()), (2, 8 - 5 - 3), "what it brought went with it");
    bob.hears("С баланса списано: 8 кредитов. Теперь у вас 0 кредитов.\nИз них 3 кредита");
    ann.hears("Другу вернули оплату");
    ann.says("/start");
    ann.presses("👤");
    ann.presses("📜");
    ann.hears("−2 — друг вернул оплату");
}

/// Gifts that were spent are gone; it is told before the refund and after it.
#[test]
fn gifts_that_a_refund_does_not_find_are_named() {
    let shop = Setup::new().settings(GROWTH).start();
    let ann = shop.customer(7).with_credits(0);
    let bob = comes(&shop, 8, &link(&ann)).with_credits(0);
    let charge = bob.buys(PACK);
    ann.orders(1, OWN).arrives();
    bob.orders(1, OWN).arrives();
    bob.orders(3, OWN).arrives();
    let told = shop.commands(&["refund-payment", &charge, "--yes"]);
    let bonus = "bonus: 0 credits taken, 3 owed";
    assert!(told.contains("4 credits taken, 1 are owed: spent"), "{told}");
    assert!(told.contains(&format!("{bonus}; reward of user 7: 1 credit taken, 1 owed")), "{told}");
    let listed = shop.commands(&["payments"]);
    assert!(listed.contains("1 credit owed, 4 of gifts "), "{listed}");
    assert_eq!((ann.credits(), bob.credits()), (0, 0));
}

/// Themselves, each other in a ring, and more friends than count.
#[test]
fn nobody_farms_invitations() {
    let shop = Setup::new().settings(GROWTH).start();
    let (ann, bob) = (shop.customer(7), shop.customer(8));
    let (by_ann, by_bob) = (link(&ann), link(&bob));
    for (who, reference) in [(&ann, &by_ann), (&ann, &by_bob), (&bob, &by_ann)] {
        who.says(&format!("/start {reference}"));
        who.sees("🎬");
    }
    ann.buys(PACK);
    bob.buys(PACK);
    assert_eq!((ann.credits(), bob.credits()), (2 + 5 + 3, 2 + 5 + 3), "their own bonus only");
    let friends = [10, 11, 12].map(|id| comes(&shop, id, &by_ann));
    assert_eq!(friends.each_ref().map(Customer::credits), [3, 3, 2]);
    for friend in &friends {
        friend.buys(PACK);
    }
    shop.settles();
    assert_eq!(ann.credits(), 10 + 2 + 2, "so many friends, and no more");
}

/// Friends who come, bring something and leave, and an inviter who does.
#[test]
fn nobody_farms_invitations_by_leaving() {
    let shop = Setup::new().settings(GROWTH).start();
    let ann = shop.customer(7);
    let reference = link(&ann);
    let leaves = |who: &Customer<'_>| {
        who.says("/delete_me");
        who.presses("🗑 Да");
        who.hears("ваших данных у нас больше нет");
    };
    for (id, gift, reward) in [(10, 1, 2), (11, 1, 2), (12, 0, 0)] {
        let friend = comes(&shop, id, &reference);
        let (mine, before) = (friend.credits(), ann.credits());
        friend.buys(PACK);
        shop.settles();
        assert_eq!((mine, ann.credits() - before), (2 + gift, reward), "friend {id}");
        leaves(&friend);
    }
    leaves(&ann);
    ann.says("/start");
    ann.sees("🎬");
    let another = link(&ann);
    assert_ne!(another, reference);
    let friend = comes(&shop, 13, &another);
    assert_eq!(friend.credits(), 2);
    friend.buys(PACK);
    shop.settles();
    assert_eq!(ann.credits(), 0);
}

#[test]
fn fifty_write_the_last_code_at_once_and_one_gets_it() {
    let shop = Appliance::new();
    shop.commands(&["promo", "add", "LAST", "4", "--uses", "1"]);
    let guests: Vec<_> = (100..150).map(|id| shop.customer(id)).collect();
    guests.iter().for_each(|guest| guest.says("/promo last"));
    for guest in &guests {
        guest.finds("an answer", |message| message.text.contains("🎟"));
    }
    let credits: i64 = shop.value("SELECT SUM(delta) FROM ledger WHERE kind = 'promo'");
    let used: i64 = shop.value("SELECT used FROM promos");
    assert_eq!((credits, used), (4, 1));
    assert!(shop.commands(&["promo"]).contains("used up"));
}
