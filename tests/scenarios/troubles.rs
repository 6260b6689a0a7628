//! Trouble that is nobody's failure: polls that bring nothing, services that are not there.

use neurocards::clock::{HOUR, MINUTE};
use neurocards::sandbox::faults::{Action, Fate, Seen, Service};

use crate::{OWN, Setup};

const ADMIN: i64 = 99;
const NULL: &str = "recordInfo is null";

#[test]
fn trouble_while_polling_fails_no_task_and_blocks_no_key() {
    let shop = Setup::new().admin(ADMIN).rate(600.0).start();
    let told = |code, text: &str| Action::Envelope(code, text.to_owned());
    let bad_day = [
        Action::Html(502),
        Action::Html(404),
        Action::Status(200, "null".into()),
        Action::Status(503, "{}".into()),
        Action::Status(429, "{\"code\":429,\"msg\":\"Too many requests\"}".into()),
        Action::BrokenJson,
        Action::DropBefore,
        Action::DropAfter,
        told(401, "Unauthorized: authentication failed"),
        told(402, "Credits insufficient : x"),
        told(429, "Your call frequency is too high."),
        told(500, "Internal Error, Please try again later."),
        told(500, "This interface is temporarily paused."),
        told(422, "taskId is required"),
        told(200, "success"),
        told(799, "odd"),
    ];
    let polls = bad_day.len() as u64;
    for (n, action) in (1..).zip(bad_day) {
        shop.sandbox().faults().on(Service::Kie, "recordInfo").nth(n).does(action);
    }
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).arrives();
    let seen = shop.sandbox().faults().requests();
    let asked = seen.iter().filter(|it| it.path.contains("recordInfo")).count() as u64;
    assert_eq!((asked, shop.sandbox().kie().submits()), (polls + 1, 1));
    let attempts: i64 = shop.value("SELECT attempts FROM jobs");
    let blocked: i64 = shop.value("SELECT COUNT(*) FROM api_keys WHERE blocked_class IS NOT NULL");
    let alerts: i64 = shop.value("SELECT COUNT(*) FROM alerts");
    assert_eq!((attempts, blocked, alerts, ann.credits()), (1, 0, 0, 0));
}

#[test]
fn a_task_may_be_unknown_for_two_minutes_and_no_longer() {
    let shop = Setup::new().rate(30.0).start();
    let ann = shop.customer(7).with_credits(2);
    let (faults, kie) = (shop.sandbox().faults(), shop.sandbox().kie().clone());
    let unknown = || Action::Envelope(422, NULL.into());
    // About a minute: the polls are ten seconds apart.
    faults.on(Service::Kie, "recordInfo").first(6).does(unknown());
    ann.orders(1, OWN).arrives();
    assert_eq!(kie.submits(), 1, "waited for");
    // It is not known because it died: the harness minds a second task beside a living one.
    kie.next_renders(1, Fate::Fails("500".into(), "never told".into()));
    let second = kie.clone();
    let while_it_lasts = move |_: &Seen| second.submits() == 2;
    faults.on(Service::Kie, "recordInfo").when(while_it_lasts).does(unknown());
    ann.orders(1, OWN).ends();
    let waited: i64 = shop
        .value("SELECT MAX(at) - MIN(at) FROM submits WHERE job_id = 2 AND outcome = 'accepted'");
    assert!((2 * MINUTE..4 * MINUTE).contains(&waited), "{waited}");
    assert_eq!((shop.sandbox().kie().submits(), ann.videos().len()), (3, 2));
    let attempts: i64 = shop.value("SELECT attempts FROM jobs WHERE id = 2");
    let error: String = shop.value("SELECT detail FROM events WHERE what = 'trouble'");
    assert_eq!((attempts, error.as_str()), (2, "Temporary: recordInfo is null"));
}

#[test]
fn a_service_that_is_not_there_uses_no_attempt_and_is_waited_for() {
    let shop = Setup::new().admin(ADMIN).rate(600.0).start();
    let ann = shop.customer(7).with_credits(1);
    ann.describes(OWN);
    assert!(shop.sigterm().0.success());
    shop.sets("KIE_API_URL", "http://127.0.0.1:9");
    shop.start_again();
    let order = ann.confirms(1);
    let tried = "SELECT COUNT(*) >= 3 FROM submits WHERE outcome = 'unsent'";
    shop.waits_until(tried);
    let attempts: i64 = shop.value("SELECT attempts FROM jobs");
    assert_eq!(attempts, 0);
    // It waits when the kill comes: a submit that is cut off would count as lost.
    shop.commands(&["pause", "--submitting"]);
    shop.waits_until("SELECT leased_at IS NULL FROM jobs");
    shop.kill9();
    shop.sets("KIE_API_URL", &shop.sandbox().kie_url());
    shop.start_again();
    shop.commands(&["resume"]);
    order.arrives();
    let attempts: i64 = shop.value("SELECT attempts FROM jobs");
    assert_eq!((attempts, shop.sandbox().kie().submits(), ann.credits()), (1, 1, 0));
}

#[test]
fn a_service_that_is_not_there_for_two_hours_ends_in_a_refund() {
    let shop = Setup::new().admin(ADMIN).rate(6_000.0).start();
    let ann = shop.customer(7).with_credits(1);
    ann.describes(OWN);
    assert!(shop.sigterm().0.success());
    shop.sets("KIE_API_URL", "http://127.0.0.1:9");
    shop.start_again();
    ann.confirms(1).ends();
    let waited: i64 = shop.value("SELECT finished_at - created_at FROM jobs");
    assert!((2 * HOUR..4 * HOUR).contains(&waited), "{waited}");
    let attempts: i64 = shop.value("SELECT attempts FROM jobs");
    let sent: i64 = shop.value("SELECT COUNT(*) FROM submits WHERE outcome <> 'unsent'");
    assert_eq!((attempts, sent, ann.credits()), (0, 0, 1));
    shop.settles();
    assert_eq!(shop.told("не по вине клиента"), 1);
}

#[test]
fn a_render_is_asked_about_once_more_before_its_refund() {
    let slow = "[kie]\npoll_interval = \"20m\"\ngeneration_timeout = \"10m\"";
    let shop = Setup::new().settings(slow).rate(600.0).start();
    shop.sandbox().kie().next_renders(1, Fate::Takes(8 * MINUTE));
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).arrives();
    assert_eq!((shop.sandbox().kie().tasks()[0].polls, ann.credits()), (1, 0));
}

/// The three classes where nothing helps, told by createTask and by a render that fails.
#[test]
fn what_never_helps_is_refunded_at_once_and_told_to_whom_it_concerns() {
    let shop = Setup::new().admin(ADMIN).rate(600.0).start();
    let ann = shop.customer(7).with_credits(1);
    let mut submits = 0;
    for (code, words, text) in [
        (
            400,
            "This content may violate our guardrails concerning similarity",
            "Вы нарушили правила",
        ),
        (422, "image_urls is required", "технические неполадки"),
        (799, "Something odd", "технические неполадки"),
    ] {
        for at_render in [false, true] {
            if at_render {
                let fails = Fate::Fails(code.to_string(), words.into());
                shop.sandbox().kie().next_renders(1, fails);
                submits += 1;
            } else {
                let refused = Action::Envelope(code, words.into());
                shop.sandbox().faults().on(Service::Kie, "createTask").first(1).does(refused);
            }
            ann.orders(1, OWN).ends();
            let news = ann.news();
            assert_eq!(news.len(), 2, "the status and one notice: {news:?}");
            let notice = &news[1].text;
            assert!(notice.contains(text) && notice.contains("1 кредит вернули"), "{notice}");
            assert_eq!((ann.credits(), shop.sandbox().kie().submits()), (1, submits), "{words}");
        }
    }
    shop.settles();
    let told = ["guardrails", "image_urls is required", "Something odd"].map(|it| shop.told(it));
    assert_eq!(told, [0, 1, 1], "the operator, once per cause");
}
