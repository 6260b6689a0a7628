//! Watched from outside: figures for Prometheus, the health address, and the log.

mod page;
mod stories;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use neurocards::clock::MINUTE;
use neurocards::sandbox::faults::{Action, Fate, Service};

use crate::customer::PACK;
use crate::plug::Plug;
use crate::{Appliance, OWN, Setup, UGC};
use page::{Page, asks, get, silent};

const ADMIN: i64 = 99;
/// Any port that is free; the log says which.
const ANY: &str = "127.0.0.1:0";
const RULES: &str =
    "This content may violate our guardrails concerning similarity to third-party content.";

impl Setup {
    fn watched(self) -> Self {
        self.env("NEUROCARDS_METRICS", ANY)
    }
}

impl Appliance {
    /// Where the last start serves its figures.
    #[track_caller]
    fn address(&self) -> String {
        self.waits_for("the metrics address", || {
            let log = String::from_utf8_lossy(&self.printed()).into_owned();
            let line = log.lines().rev().find(|line| line.contains("metrics are served"))?;
            let at = line.find("127.0.0.1:")?;
            let end = line[at..].find(['"', ' ', '\u{1b}']).map_or(line.len(), |end| at + end);
            Some(line[at..end].to_owned())
        })
    }

    /// Rows of two words and a number.
    fn rows(&self, sql: &str) -> Vec<[String; 3]> {
        self.read(|conn| {
            let mut found = conn.prepare(sql)?;
            let rows = found.query_map([], |row| {
                Ok([row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?.to_string()])
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The page as soon as it is so.
    #[track_caller]
    fn page_where(&self, what: &str, is: impl Fn(&Page) -> bool) -> Page {
        let address = self.address();
        self.waits_for(what, || {
            let (status, text) = get(&address, "/metrics");
            assert_eq!(status, 200, "{text}");
            Some(Page::read(&text)).filter(|page| is(page))
        })
    }
}

/// Samples without labels of their own, and what the database says.
const SAME: [(&str, &str); 19] = [
    ("neurocards_orders_total", "SELECT COUNT(*) FROM orders"),
    ("neurocards_orders_ended_total{result=\"done\"}", "SELECT 2"),
    ("neurocards_orders_ended_total{result=\"none\"}", "SELECT 1"),
    (
        "neurocards_videos_ended_total{status=\"done\"}",
        "SELECT COUNT(*) FROM jobs WHERE status = 'done'",
    ),
    (
        "neurocards_failures_total{reason=\"user_violation\"}",
        "SELECT COUNT(*) FROM jobs WHERE error_class = 'user_violation'",
    ),
    ("neurocards_video_duration_seconds_count", "SELECT COUNT(*) FROM jobs WHERE status = 'done'"),
    (
        "neurocards_step_duration_seconds_count{step=\"render\"}",
        "SELECT COUNT(*) FROM events WHERE what = 'rendered'",
    ),
    ("neurocards_customers_total", "SELECT COUNT(*) FROM users"),
    (
        "neurocards_credits_total{kind=\"hold\"}",
        "SELECT -SUM(delta) FROM ledger WHERE kind = 'hold'",
    ),
    (
        "neurocards_credits_total{kind=\"charge\"}",
        "SELECT -SUM(h.delta) FROM ledger c JOIN ledger h ON h.id = c.hold_id
         WHERE c.kind = 'charge'",
    ),
    (
        "neurocards_credits_total{kind=\"release\"}",
        "SELECT SUM(delta) FROM ledger WHERE kind = 'release'",
    ),
    (
        "neurocards_credits_total{kind=\"grant\"}",
        "SELECT SUM(delta) FROM ledger WHERE kind = 'grant' AND delta > 0",
    ),
    (
        "neurocards_credits_total{kind=\"purchase\"}",
        "SELECT SUM(delta) FROM ledger WHERE kind = 'purchase'",
    ),
    ("neurocards_credits_held", "SELECT 0"),
    ("neurocards_payments_total", "SELECT COUNT(*) FROM payments"),
    ("neurocards_stars_total", "SELECT SUM(stars) FROM payments"),
    ("neurocards_jobs{status=\"processing\",step=\"render\"}", "SELECT 0"),
    ("neurocards_outbox_pending", "SELECT COUNT(*) FROM outbox WHERE state = 'pending'"),
    ("neurocards_worker_threads", "SELECT threads FROM instance"),
];

#[test]
fn figures_after_orders_equal_the_database_and_survive_what_is_pruned() {
    let shop = Setup::new().keys(2).watched().start();
    let ann = shop.customer(777_123_456).with_credits(7);
    ann.orders(3, UGC).arrives();
    ann.orders(1, OWN).arrives();
    shop.sandbox().kie().next_renders(1, Fate::Fails("400".into(), RULES.into()));
    ann.orders(1, OWN).ends();
    ann.buys(PACK);
    shop.settles();
    let page = shop.page_where("three orders", |page| {
        page.of("neurocards_payments_total") > 0.0
            && page.of("neurocards_orders_ended_total{result=\"none\"}") > 0.0
    });
    for (sample, sql) in SAME {
        assert!(page.has(sample), "{sample}: {page:?}");
        assert_eq!(page.of(sample), shop.value::<i64>(sql) as f64, "{sample}");
    }
    for [step, what, count] in shop.rows("SELECT step, what, COUNT(*) FROM events GROUP BY 1, 2") {
        let labels = format!("step=\"{step}\",what=\"{what}\"");
        let sample = format!("neurocards_job_events_total{{{labels}}}");
        assert_eq!(page.of(&sample).to_string(), count, "{sample}");
    }
    let submits = "SELECT api_key, outcome, COUNT(*) FROM submits GROUP BY 1, 2";
    for [key, outcome, count] in shop.rows(submits) {
        let sample = format!("neurocards_submits_total{{key=\"{key}\",outcome=\"{outcome}\"}}");
        assert_eq!(page.of(&sample).to_string(), count, "{sample}");
    }
    let calls = |service: &str, method: &str| {
        let labels = format!("service=\"{service}\",method=\"{method}\",outcome=\"ok\"");
        page.of(&format!("neurocards_calls_total{{{labels}}}"))
    };
    assert_eq!(calls("kie", "createTask"), shop.sandbox().kie().submits() as f64);
    assert_eq!(calls("telegram", "sendVideo"), shop.sandbox().telegram().calls("sendVideo") as f64);
    assert_eq!(calls("files", "fetch"), 4.0);
    // Whatever is pruned or begins anew, no counter falls.
    shop.writes("DELETE FROM events");
    ann.orders(1, OWN).arrives();
    let later = shop.page_where("a fourth order", |page| {
        page.of("neurocards_orders_ended_total{result=\"done\"}") == 3.0
    });
    let now = later.counters();
    for (name, before) in page.counters() {
        assert!(now.get(name).is_some_and(|now| *now >= before), "{name} fell from {before}");
    }
}

#[test]
fn nobody_who_reads_the_figures_learns_of_a_person_or_a_secret() {
    let shop = Setup::new().watched().start();
    let ann = shop.customer(777_123_456).with_credits(1);
    ann.orders(1, UGC).arrives();
    let (_, text) = get(&shop.address(), "/metrics");
    let kept = ["777123456", "sandbox-kie-key", &shop.sandbox().options().token];
    for word in kept.iter().copied().chain([shop.data().to_str().unwrap()]) {
        assert!(!text.contains(word), "{word}: {text}");
    }
    // So few that a year of them is no burden.
    assert!(text.lines().count() < 700, "{}", text.lines().count());
}

#[test]
fn every_figure_is_explained_and_every_query_asks_for_one_that_is_there() {
    let shop = Setup::new().watched().start();
    let page = shop.page_where("a page", |_| true);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let explained: BTreeSet<String> = read("docs/watching.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next().map(str::to_owned))
        .filter(|name| name.starts_with("neurocards_") || name.starts_with("process_"))
        .collect();
    let served = page.kinds.keys().cloned().collect();
    assert_eq!(explained, served, "docs/watching.md explains what is served");
    let names: BTreeSet<String> = page.names().into_iter().collect();
    for file in ["packaging/grafana/neurocards.json", "packaging/prometheus/neurocards.rules.yml"] {
        let text = read(file);
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let asked: BTreeSet<&str> = words
            .filter(|word| word.starts_with("neurocards_") || word.starts_with("process_"))
            .collect();
        assert!(asked.len() > 10, "{file}: {asked:?}");
        for name in asked {
            assert!(names.contains(name), "{file} asks for {name}, which nobody serves");
        }
    }
    serde_json::from_str::<serde_json::Value>(&read("packaging/grafana/neurocards.json")).unwrap();
}

#[test]
fn while_the_writer_hangs_the_health_address_says_so() {
    let plug = Plug::new();
    // Heartbeats of 0.3 s instead of ten.
    let shop = Setup::new().plug(&plug).watched().env("WATCHDOG_USEC", "600000").start();
    let address = shop.address();
    let well = || (get(&address, "/health") == (200, "ok\n".to_owned())).then_some(());
    shop.waits_for("its health", well);
    plug.hangs("neurocards.db-wal");
    shop.waits_for("a commit that does not end", || plug.has_hung().then_some(()));
    let (_, said) = shop.waits_for("a program that does not serve", || {
        Some(get(&address, "/health")).filter(|(status, _)| *status == 503)
    });
    assert!(said.starts_with("the database's writer has not answered for"), "{said}");
    assert_eq!(said.lines().count(), 1);
    shop.page_where("it in the figures", |page| {
        page.has("neurocards_healthy") && page.of("neurocards_healthy") == 0.0
    });
    plug.lets_go();
    shop.waits_for("its recovery", || (get(&address, "/health").0 == 200).then_some(()));
    shop.customer(7);
}

#[test]
fn an_address_that_is_taken_stops_nothing_and_is_told() {
    let other = TcpListener::bind(ANY).unwrap();
    let address = other.local_addr().unwrap().to_string();
    let shop = Setup::new().admin(ADMIN).env("NEUROCARDS_METRICS", &address).start();
    shop.customer(7).with_credits(1).orders(1, OWN).arrives();
    shop.alerts("alert-metrics");
    drop(other);
    shop.alerts("alert-metrics-over");
    assert_eq!(get(&shop.address(), "/health").0, 200);
    assert!(String::from_utf8_lossy(&shop.printed()).contains("no metrics"), "the log says it");
}

#[test]
fn who_asks_without_measure_or_end_holds_up_nobody() {
    let shop = Setup::new().watched().start();
    shop.sandbox().kie().set_render_ms((MINUTE, 2 * MINUTE));
    let address = shop.address();
    let ann = shop.customer(7).with_credits(1);
    let order = ann.orders(1, UGC);
    let mut lines = Vec::new();
    // A thousand of those who say nothing, and many who ask again and again.
    for _ in 0..10 {
        lines.drain(..lines.len().saturating_sub(300));
        lines.extend((0..100).map(|_| silent(&address)));
        let began = Instant::now();
        for _ in 0..20 {
            assert_eq!(get(&address, "/metrics").0, 200);
        }
        assert_eq!(get(&address, "/health").1, "ok\n");
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    }
    order.arrives();
    let page = Page::read(&get(&address, "/metrics").1);
    assert!(page.of("process_open_fds") < 250.0, "{}", page.of("process_open_fds"));
    // A head without an end, and what is no question.
    let endless = format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(9_000));
    let mut refused = std::net::TcpStream::connect(&address).unwrap();
    let _cut_off_or_not = std::io::Write::write_all(&mut refused, endless.as_bytes());
    for (request, status) in [
        ("POST /metrics HTTP/1.1\r\nContent-Length: 1\r\n\r\n", 405),
        ("HELLO\r\n\r\n", 400),
        ("GET /../etc/passwd HTTP/1.1\r\n\r\n", 404),
        ("GET /metrics?debug=1 HTTP/1.0\r\n\r\n", 200),
    ] {
        assert_eq!(asks(&address, request).0, status, "{request}");
    }
    assert!(shop.ended().is_none());
}

#[test]
fn without_an_address_nothing_listens_and_doctor_warns_of_an_open_one() {
    let shop = Appliance::new();
    shop.customer(7);
    assert!(!String::from_utf8_lossy(&shop.printed()).contains("metrics are served"));
    let doctor = |vars: &[(&str, &str)]| {
        let output = shop.command_with(&["doctor", "--offline"], vars);
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!doctor(&[]).contains("metrics"));
    assert!(doctor(&[("NEUROCARDS_METRICS", "127.0.0.1:9464")]).contains("ok   metrics"));
    let open =
        [("NEUROCARDS_METRICS", "0.0.0.0:9464"), ("NEUROCARDS_METRICS_ALLOW_REMOTE", "true")];
    assert!(doctor(&open).contains("warn metrics"), "{}", doctor(&open));
    let refused = shop.command_with(&["config"], &open[..1]);
    assert_eq!(refused.status.code(), Some(2));
}

/// The gift of a render over its time limit.
fn hides_its_render(shop: &Appliance) -> u64 {
    let goes_on = "{\"code\":200,\"msg\":\"success\",\"data\":{\"state\":\"generating\"}}";
    let rule = shop.sandbox().faults().on(Service::Kie, "recordInfo");
    rule.does(Action::Status(200, goes_on.into()))
}
