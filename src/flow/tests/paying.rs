//! Payments on a real database: what is credited, once, whatever is odd about it, and what is said.

mod left;

use super::*;
use crate::clock::{DAY, Millis};
use crate::inbox::{self, Raw};
use crate::ledger::{self, Grant};
use crate::orders::Pack;
use crate::orders::tests::{NOW, World};
use crate::payments;
use crate::users::departures::{self, Departure};
use crate::users::{Profile, User};

const PACK: (i64, i64) = (10, 550);

/// A till: updates about money come in, each of them stored first.
struct Till {
    world: World,
}

impl Till {
    fn new() -> Self {
        Self { world: World::new() }
    }

    fn customer(&self, tg_user_id: i64, lang: Lang) -> User {
        let user = self.world.customer(tg_user_id, 0);
        self.world.write(move |tx, _| crate::users::choose_language(tx, user.id, lang));
        User { lang, ..user }
    }

    /// The payload of an invoice of theirs.
    fn invoice(&self, user: &User) -> String {
        let id = user.id;
        let open = self.world.write(move |tx, _| payments::open(tx, id, PACK, NOW));
        open.offer().payload()
    }

    fn store(&self, update_id: i64) {
        let (chat_id, body) = (7, "{}".to_owned());
        let raw = [Raw { update_id, chat_id, body, urgent: false }];
        self.world.write(move |tx, _| inbox::store(tx, &raw, NOW));
    }

    /// A payment that comes by an update of this id.
    fn pays(&self, update_id: i64, paid: &Paid) {
        self.store(update_id);
        let paid = paid.clone();
        self.world.write(move |tx, shop| super::super::paid(tx, shop, update_id, &paid, NOW));
    }

    /// By `/delete_me`.
    fn leaves(&self, user: &User) {
        let (user, tg_user_id, lang) = (user.id, user.tg_user_id, user.lang);
        let one = Departure { id: 1, user, tg_user_id, at: 0, update_id: 0, lang: None };
        let left = self.world.write(move |tx, shop| {
            departures::begin(tx, user, lang, 0, NOW)?;
            leave_again(tx, shop, &one, NOW)
        });
        assert!(left);
    }

    fn compares(&self, paid: &Paid) -> Compared {
        let paid = paid.clone();
        self.world.write(move |tx, shop| compare(tx, shop, &paid, NOW))
    }

    fn gives_back(&self, update_id: i64, tg_user_id: i64, charge_id: &'static str) {
        self.store(update_id);
        self.world
            .write(move |tx, shop| given_back(tx, shop, update_id, (tg_user_id, charge_id), NOW));
    }

    /// Credits of the customer with this Telegram id.
    fn has(&self, tg_user_id: i64) -> i64 {
        let sql = format!("SELECT credits FROM users WHERE tg_user_id = {tg_user_id}");
        self.world.number(&sql)
    }

    /// What the operator was told.
    fn alerts(&self) -> Vec<String> {
        let read = |conn: &rusqlite::Connection| -> anyhow::Result<Vec<String>> {
            let mut query = conn.prepare("SELECT text FROM alerts ORDER BY cause")?;
            let rows = query.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        };
        self.world.db.read(read).unwrap()
    }

    fn asks(&self, wish: &Wish, now: Millis) -> Verdict {
        self.world.db.read(|conn| checkout(conn, &self.world.shop, wish, now)).unwrap()
    }
}

fn payment(tg_user_id: i64, charge_id: &str, stars: i64, payload: &str) -> Paid {
    Paid {
        profile: Profile { tg_user_id, ..Profile::default() },
        charge_id: charge_id.to_owned(),
        stars,
        payload: payload.to_owned(),
        at: NOW - 5,
    }
}

fn wish(tg_user_id: i64, stars: i64, payload: &str) -> Wish {
    let (language_code, currency) = (Some("en".to_owned()), "XTR".to_owned());
    Wish { tg_user_id, language_code, currency, stars, payload: payload.to_owned() }
}

#[test]
fn an_invoice_that_is_open_and_theirs_may_be_paid() {
    let till = Till::new();
    let anna = till.customer(7, Lang::En);
    let payload = till.invoice(&anna);
    assert_eq!(till.asks(&wish(7, 550, &payload), NOW + DAY - 1), Verdict::Fine);
}

#[test]
fn whatever_is_wrong_at_the_till_is_refused_in_short_words() {
    let till = Till::new();
    let (anna, boris) = (till.customer(7, Lang::En), till.customer(8, Lang::Ru));
    let payload = till.invoice(&anna);
    let euros = Wish { currency: "EUR".to_owned(), ..wish(7, 550, &payload) };
    let other_pack = payload.replace("pack:10:550", "pack:100:550");
    let next = payload.replace(":1", ":2");
    let check = |wish: &Wish, now, word: &str| {
        let Verdict::Refused(said) = till.asks(wish, now) else { panic!("{wish:?} may be paid") };
        assert!(said.contains(word), "{word} in {said}");
        assert!((1..=255).contains(&said.chars().count()) && !said.contains(['<', '&']), "{said}");
    };
    check(&wish(boris.tg_user_id, 550, &payload), NOW, "другому человеку");
    check(&wish(99, 550, &payload), NOW, "somebody else");
    check(&wish(7, 549, &payload), NOW, "price");
    check(&euros, NOW, "price");
    check(&wish(7, 550, &payload), NOW + DAY, "no longer valid");
    for forged in ["", "pack:10", "x", other_pack.as_str(), next.as_str()] {
        check(&wish(7, 550, forged), NOW, "no longer valid");
    }
    till.world.sql("UPDATE instance SET selling_paused_at = 5");
    check(&wish(7, 550, &payload), NOW, "short break");
    till.world.sql("UPDATE instance SET selling_paused_at = NULL");
    till.world.sql("UPDATE users SET banned_at = 5 WHERE tg_user_id = 7");
    check(&wish(7, 550, &payload), NOW, "closed for your account");
    till.world.sql("UPDATE users SET banned_at = NULL");
    till.pays(1, &payment(7, "a", 550, &payload));
    check(&wish(7, 550, &payload), NOW, "paid already");
}

#[test]
fn a_price_that_changed_since_is_refused() {
    let world = World::with(|options| options.packs = vec![Pack { credits: 10, stars: 600 }]);
    let till = Till { world };
    let anna = till.customer(7, Lang::Ru);
    let payload = till.invoice(&anna);
    let Verdict::Refused(said) = till.asks(&wish(7, 550, &payload), NOW) else { panic!() };
    assert!(said.contains("изменилась"), "{said}");
}

#[test]
fn a_payment_is_credited_once_with_one_receipt_however_often_it_comes() {
    let till = Till::new();
    let anna = till.customer(7, Lang::Ru);
    let paid = payment(7, "a", 550, &till.invoice(&anna));
    till.pays(1, &paid);
    let said = till.world.said("receipt:a");
    assert!(said.contains("Пришло: 10 кредитов. Теперь у вас 10 кредитов"), "{said}");
    assert_eq!(till.world.number("SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL"), 0);
    // The same update once more; the same payment by another update; the list of transactions.
    till.pays(1, &paid);
    till.pays(2, &paid);
    assert_eq!(till.compares(&paid), Compared::Same);
    assert_eq!((till.has(7), till.world.number("SELECT COUNT(*) FROM outbox")), (10, 1));
    assert_eq!(till.alerts(), [""; 0]);
    let closed = "SELECT COUNT(*) FROM invoices WHERE why = 'paid'";
    assert_eq!(till.world.number(closed), 1);
}

#[test]
fn what_is_odd_about_a_payment_is_credited_all_the_same_and_told() {
    // Who pays, how many Stars, with what payload; the credits, and a word of the alert.
    let lost = "pack:10:550:99";
    let dear = "pack:1000000:1:99";
    for (payer, stars, payload, credits, word) in [
        (7, 550, "theirs", 10, ""),
        (8, 550, "theirs", 10, "чужому счёту"),
        (7, 549, "theirs", 9, "не столько"),
        (7, 1, "theirs", 1, "не столько"),
        (7, 600, "", 10, "не узнаём"),
        (7, 600, "something:else", 10, "не узнаём"),
        (7, 550, lost, 10, ""),
        (7, 1, dear, 1, "не узнаём"),
    ] {
        let till = Till::new();
        let anna = till.customer(7, Lang::Ru);
        till.customer(8, Lang::Ru);
        let theirs = till.invoice(&anna);
        let payload = if payload == "theirs" { theirs.as_str() } else { payload };
        till.pays(1, &payment(payer, "a", stars, payload));
        assert_eq!(till.has(payer), credits, "{stars} for {payload}");
        let alerts = till.alerts();
        assert_eq!(alerts.len(), usize::from(!word.is_empty()), "{alerts:?}");
        assert!(alerts.iter().all(|alert| alert.contains(word)), "{word} in {alerts:?}");
        let refund = "refund-payment a";
        assert!(alerts.iter().all(|alert| alert.contains(refund)), "{alerts:?}");
    }
}

#[test]
fn an_invoice_that_is_paid_twice_is_credited_twice_and_told() {
    let till = Till::new();
    let anna = till.customer(7, Lang::Ru);
    let payload = till.invoice(&anna);
    till.pays(1, &payment(7, "a", 550, &payload));
    till.pays(2, &payment(7, "b", 550, &payload));
    assert_eq!(till.has(7), 20);
    assert!(till.alerts()[0].contains("дважды"));
}

#[test]
fn a_stranger_and_a_banned_customer_get_what_they_paid_for() {
    let till = Till::new();
    till.pays(1, &payment(9, "a", 550, "pack:10:550:5"));
    assert_eq!(till.has(9), 12, "with the gift of whoever comes for the first time");
    let anna = till.customer(7, Lang::En);
    let payload = till.invoice(&anna);
    till.world.sql("UPDATE users SET banned_at = 5 WHERE tg_user_id = 7");
    till.pays(2, &payment(7, "b", 550, &payload));
    assert_eq!(till.has(7), 10);
    let receipt = till.world.db.read(|conn| crate::outbox::by_key(conn, "receipt:b")).unwrap();
    let receipt = receipt.unwrap().content;
    readable(&receipt);
    assert!(buttons(&receipt).iter().all(|button| !button.text.contains("Make")));
    assert!(till.alerts()[0].contains("закрыли"));
}

#[test]
fn a_payment_that_was_missed_is_credited_once_whichever_comes_first() {
    let till = Till::new();
    let anna = till.customer(7, Lang::En);
    let paid = payment(7, "a", 550, &till.invoice(&anna));
    assert_eq!(till.compares(&paid), Compared::Missed);
    assert_eq!(till.compares(&paid), Compared::Same);
    till.pays(1, &paid);
    assert_eq!(till.has(7), 10);
    let said = till.world.said("receipt:a");
    assert!(said.contains("Sorry for the wait"), "{said}");
    assert_eq!(till.world.number("SELECT source = 'reconciled' FROM payments"), 1);
}

#[test]
fn a_payment_that_telegram_has_otherwise_is_told_once_and_changes_nothing() {
    let till = Till::new();
    let anna = till.customer(7, Lang::En);
    let paid = payment(7, "a", 550, &till.invoice(&anna));
    till.pays(1, &paid);
    assert_eq!(till.compares(&Paid { stars: 551, ..paid.clone() }), Compared::Differs);
    let other = payment(8, "a", 550, &paid.payload);
    assert_eq!(till.compares(&other), Compared::Differs);
    assert_eq!((till.alerts().len(), till.has(7)), (1, 10));
    let told = "SELECT COUNT(*) FROM outbox WHERE chat_id = 1";
    assert_eq!(till.world.number(told), 1);
}

#[test]
fn a_refund_takes_the_credits_back_once_and_says_so() {
    let till = Till::new();
    let anna = till.customer(7, Lang::En);
    till.pays(1, &payment(7, "a", 550, &till.invoice(&anna)));
    till.gives_back(2, 8, "a");
    assert_eq!(till.has(7), 10, "in somebody else's chat it is not theirs");
    till.gives_back(3, 7, "a");
    till.gives_back(4, 7, "a");
    let again = till.world.write(|tx, shop| compare_refund(tx, shop, (7, "a"), NOW));
    assert_eq!((till.has(7), again), (0, Compared::Same));
    let told = "SELECT COUNT(*) FROM outbox WHERE chat_id = 7 AND content LIKE '%550 Stars%'";
    assert_eq!(till.world.number(told), 1);
    let nothing_owed = till.alerts().iter().all(|alert| alert.contains("которого у нас нет"));
    assert!(nothing_owed, "{:?}", till.alerts());
}

#[test]
fn what_was_spent_before_the_refund_is_owed_and_told_to_the_operator() {
    let till = Till::new();
    let anna = till.customer(7, Lang::En);
    till.pays(1, &payment(7, "a", 550, &till.invoice(&anna)));
    till.world.order(&anna, "d", 3);
    let found = till.world.write(|tx, shop| compare_refund(tx, shop, (7, "a"), NOW));
    assert_eq!((found, till.has(7)), (Compared::Missed, 0));
    assert!(till.alerts()[0].contains("3 кредита"), "{:?}", till.alerts());
}

/// A payer of ten and their bonus of three, whom somebody invited for two.
fn till_with_gifts() -> (Till, User, User) {
    let world = World::with(|options| options.growth.first_payment = 3);
    let till = Till { world };
    let (inviter, anna) = (till.customer(8, Lang::Ru), till.customer(7, Lang::Ru));
    let (of, whom) = (inviter.id, anna.id);
    till.world.write(move |tx, shop| {
        let reference = crate::growth::invitation(tx, of)?;
        let options = crate::growth::Options { friend: 0, ..shop.options.growth };
        crate::growth::came_by(tx, &options, whom, &reference, NOW)
    });
    till.pays(1, &payment(7, "a", 550, &till.invoice(&anna)));
    assert_eq!((till.has(7), till.has(8)), (13, 2));
    (till, anna, inviter)
}

impl Till {
    /// The newest message to somebody.
    fn last(&self, tg_user_id: i64) -> String {
        let sql =
            "SELECT content ->> '$.html' FROM outbox WHERE chat_id = ?1 ORDER BY id DESC LIMIT 1";
        let read =
            |conn: &rusqlite::Connection| Ok(conn.query_row(sql, [tg_user_id], |row| row.get(0))?);
        self.world.db.read(read).unwrap()
    }

    fn spends(&self, user: &User, credits: i64) {
        let (user, credits) = (user.id, -credits);
        self.world.write(move |tx, _| {
            let key = None;
            let spent = crate::ledger::Grant { user, credits, key, actor: "x", note: None };
            crate::ledger::grant(tx, &spent, NOW)
        });
    }
}

#[test]
fn what_a_refund_takes_adds_up_and_who_invited_hears_of_it_too() {
    let (till, anna, _) = till_with_gifts();
    till.spends(&anna, 1);
    till.gives_back(2, 7, "a");
    assert_eq!((till.has(7), till.has(8)), (0, 0));
    assert_eq!(
        till.last(7),
        "⭐ Вернули вам 550 Stars. С баланса списано: 12 кредитов. Теперь у вас 0 кредитов.\n\
         Из них 2 кредита — подарок за первую покупку."
    );
    let said = till.last(8);
    assert!(said.starts_with("Другу вернули оплату") && said.contains("2 кредита"), "{said}");
    let alerts = till.alerts();
    assert!(alerts[0].contains("Не хватило: 1 кредит."), "{alerts:?}");
    let messages = till.world.number("SELECT COUNT(*) FROM outbox");
    till.gives_back(3, 7, "a");
    assert_eq!(till.world.number("SELECT COUNT(*) FROM outbox"), messages, "once");
}

#[test]
fn a_gift_that_was_spent_is_told_to_the_operator_and_asked_of_nobody() {
    let (till, anna, inviter) = till_with_gifts();
    till.spends(&anna, 3);
    till.spends(&inviter, 2);
    let before = till.last(8);
    till.gives_back(2, 7, "a");
    assert_eq!((till.has(7), till.has(8)), (0, 0));
    assert_eq!(till.last(8), before, "nothing was taken of theirs");
    let alerts = till.alerts();
    assert!(alerts[0].contains("<code>7</code>") && alerts[0].contains("3 кредита"), "{alerts:?}");
    assert!(alerts[1].contains("<code>8</code>") && alerts[1].contains("2 кредита"), "{alerts:?}");
}

#[test]
fn who_has_videos_in_the_works_hears_what_becomes_of_their_credits() {
    let till = Till::new();
    let anna = till.customer(7, Lang::Ru);
    till.pays(1, &payment(7, "a", 550, &till.invoice(&anna)));
    let videos = till.world.order(&anna, "d", 3);
    till.spends(&anna, 7);
    till.gives_back(2, 7, "a");
    assert_eq!(
        till.last(7),
        "⭐ Вернули вам 550 Stars. На балансе по-прежнему 0 кредитов.\n\
         Ещё 3 кредита сейчас в работе: если видео не получатся, они на баланс не вернутся."
    );
    let job = till.world.lease(videos[0], NOW);
    till.world.fail(&job, crate::jobs::Why::Unknown, NOW);
    let said = till.world.said("fail:1:unknown");
    assert!(said.contains("1 кредит вернули на баланс. Из них 1 кредит сразу списали"), "{said}");
    assert_eq!(till.has(7), 0);
    let owed = "SELECT taken_back = 1 AND owed = 9 FROM payments";
    assert_eq!(till.world.number(owed), 1);
}

#[test]
fn a_refund_of_what_we_never_had_moves_nothing_and_is_told() {
    let till = Till::new();
    till.customer(7, Lang::En);
    till.gives_back(1, 7, "nosuch");
    assert_eq!((till.has(7), till.alerts().len()), (0, 1));
    let found = till.world.write(|tx, shop| compare_refund(tx, shop, (7, "nosuch"), NOW));
    assert_eq!((found, till.alerts().len()), (Compared::Foreign, 1));
}

#[test]
fn a_payment_that_cannot_be_read_is_told_and_its_update_is_done() {
    let till = Till::new();
    till.store(1);
    till.world.write(|tx, shop| unread(tx, shop, 1, (7, "no charge id"), NOW));
    assert!(till.alerts()[0].contains("no charge id"));
    assert_eq!(till.world.number("SELECT COUNT(*) FROM inbox WHERE handled_at IS NULL"), 0);
}

#[test]
fn who_left_cannot_pay_an_old_invoice_and_what_they_paid_by_then_is_theirs() {
    let comes: [fn(&Till, &Paid); 2] = [
        |till, paid| till.pays(1, paid),
        |till, paid| assert_eq!(till.compares(paid), Compared::Missed),
    ];
    for comes in comes {
        let till = Till::new();
        let anna = till.customer(7, Lang::En);
        let payload = till.invoice(&anna);
        assert_eq!(till.asks(&wish(7, 550, &payload), NOW), Verdict::Fine);
        till.leaves(&anna);
        let Verdict::Refused(said) = till.asks(&wish(7, 550, &payload), NOW) else {
            panic!("an invoice of nobody may be paid")
        };
        assert!(said.starts_with("This invoice is no longer valid"), "{said}");
        let mut paid = payment(7, "a", 550, &payload);
        paid.profile.first_name = Some("Anna".to_owned());
        paid.profile.language_code = Some("en".to_owned());
        comes(&till, &paid);
        assert_eq!((till.has(7), till.world.messages("receipt:")), (10, 1));
        let here = "SELECT COUNT(*) FROM users
                    WHERE deleted_at IS NULL AND first_name IS NULL AND language = 'en'";
        assert_eq!(till.world.number(here), 1, "a customer again, of whom nothing is known");
        assert!(till.alerts().is_empty(), "{:?}", till.alerts());
    }
}

#[test]
fn whatever_is_said_about_money_has_a_next_step() {
    let till = Till::new();
    let ann = till.customer(7, Lang::Ru);
    let user = ann.id;
    let payloads = [till.invoice(&ann), till.invoice(&ann)];
    till.world.write(move |tx, shop| {
        granted(tx, shop, &ann, 3, 6, NOW)?;
        granted(tx, shop, &ann, -1, 5, NOW)
    });
    till.pays(1, &payment(7, "a", 550, &payloads[0]));
    till.gives_back(2, 7, "a");
    till.pays(3, &payment(7, "b", 550, &payloads[1]));
    till.world.write(move |tx, _| {
        let spent = Grant { user, credits: -10, key: None, actor: "operator", note: None };
        ledger::grant(tx, &spent, NOW)
    });
    till.gives_back(4, 7, "b");
    let messages = till.world.number("SELECT COUNT(*) FROM outbox WHERE chat_id = 7");
    let all = "SELECT group_concat(json_array_length(content, '$.buttons'))
               FROM (SELECT content FROM outbox WHERE chat_id = 7 ORDER BY seq)";
    let steps: String =
        till.world.db.read(|conn| Ok(conn.query_row(all, [], |row| row.get(0))?)).unwrap();
    assert_eq!((messages, steps.as_str()), (6, "2,2,2,1,2,1"), "a row of buttons each at least");
    let none = "SELECT COUNT(*) FROM outbox WHERE content LIKE '%: 0 кредитов%'";
    assert_eq!(till.world.number(none), 0, "nothing is not said to be taken");
}
