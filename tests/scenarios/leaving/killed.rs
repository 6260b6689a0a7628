//! `kill -9` while somebody leaves: at every fsync from their yes to the last word about them.

use neurocards::sandbox::telegram::Does;

use super::{ADMIN, DRAFT, NAME, PRODUCT, USERNAME, WISHES};
use crate::deaths::excused_messages;
use crate::plug::{Plug, When};
use crate::{Appliance, Customer, Setup, UGC};

/// More fsyncs than a start has in which somebody leaves.
const MOST: u64 = 60;
const FAREWELL: &str = "ваших данных у нас больше нет";

/// A video that came, a draft, and words of the operator's.
fn lives(shop: &Appliance, id: i64) -> Customer<'_> {
    let ann = Customer::called(shop, id, (Some(USERNAME), NAME), "ru");
    shop.commands(&["grant", &id.to_string(), "3", "--note", NAME]);
    for (product, wishes) in [(PRODUCT, Some(WISHES)), (DRAFT, None)] {
        ann.says("/start");
        ann.presses("🎬");
        ann.hears("📸");
        ann.sends_photo(crate::customer::photo());
        ann.hears("✍️");
        ann.says(product);
        let Some(wishes) = wishes else { break };
        ann.chooses(UGC);
        ann.says(wishes);
        ann.confirms(1).arrives();
    }
    ann.sees("UGC");
    shop.settles();
    ann
}

/// What they were told of it, but for words that a death has cut off.
fn farewells(shop: &Appliance, ann: &Customer<'_>) -> usize {
    let excused = excused_messages(&shop.deaths());
    let said = ann.chat().into_iter().filter(|it| it.text.contains(FAREWELL));
    said.filter(|it| !excused.contains(&(ann.id, it.id))).count()
}

/// Somebody says yes to a program that does not run; it dies at its n-th fsync from the start, and
/// is started again. `false`: they had left before it came so far.
fn leaves(shop: &Appliance, plug: &Plug, n: u64, when: When) -> bool {
    let id = 100 + shop.value::<i64>("SELECT COUNT(*) FROM users");
    let ann = lives(shop, id);
    let traces = shop.traces(id);
    assert!(shop.finds(&traces).len() > 5 && shop.photos() == 2, "there is something to delete");
    ann.says("/delete_me");
    let question = ann.sees("🗑 Да");
    let Does::Data(yes) = question.button("🗑 Да").unwrap().does.clone() else {
        panic!("a link")
    };
    shop.settles();
    shop.kill9();
    ann.acts();
    shop.sandbox().telegram().presses(id, question.id, &yes);
    let gone = || {
        let sql = "SELECT COUNT(*) = 0 FROM users WHERE deleted_at IS NULL OR id IN (
                       SELECT user_id FROM departures)";
        shop.value::<bool>(sql) && shop.is_quiet()
    };
    let died = shop.is_killed_at_a_sync(plug, (n, when), gone);
    shop.waits_for("the end of it", || gone().then_some(()));
    assert_eq!(shop.finds(&traces), [""; 0], "{n} {when:?}");
    assert_eq!((shop.photos(), farewells(shop, &ann)), (0, 1), "{n} {when:?}");
    let sums = "SELECT COUNT(*) = 0
                FROM users
                WHERE credits <> 0
                   OR credits <> (SELECT SUM(delta) FROM ledger WHERE user_id = users.id)";
    assert!(shop.value::<bool>(sums), "{n} {when:?}");
    died
}

fn shop(plug: &Plug) -> Appliance {
    Setup::new().admin(ADMIN).plug(plug).start()
}

#[test]
fn leaving_survives_a_kill_in_the_middle_of_it() {
    let plug = Plug::new();
    let shop = shop(&plug);
    assert!(leaves(&shop, &plug, 12, When::Before), "somebody left before its fsync");
}

#[test]
#[ignore = "takes a minute: .ci/full"]
fn leaving_survives_a_kill_at_every_fsync_of_it() {
    let plug = Plug::new();
    let shop = shop(&plug);
    let mut died = 0;
    for n in 1..=MOST {
        let both = [When::Before, When::After].map(|when| leaves(&shop, &plug, n, when));
        died += both.into_iter().filter(|died| *died).count();
        if both == [false; 2] {
            println!("it was killed {died} times while somebody left");
            assert!(died >= 16, "{died}");
            return;
        }
    }
    panic!("somebody leaves for ever");
}
