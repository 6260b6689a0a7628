//! Every screen as it looks, in both languages, on a small and on a large terminal.

use super::{COLOURS, Desk, LANGUAGES, Start};
use crate::console::look::Look;
use crate::console::view::View;
use crate::text::Lang;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// Holds a picture against the one in `snapshots/`.
#[track_caller]
pub(super) fn is_as_before(name: &str, picture: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, picture));
}

#[track_caller]
fn looks_as_before(name: &str, go: impl Fn(&mut Desk)) {
    for (lang, code) in LANGUAGES {
        for size in SIZES {
            let mut desk = Start { size, chat: name == "chat", ..Start::new(lang) }.open();
            go(&mut desk);
            let name = format!("{name}-{code}-{}x{}", size.0, size.1);
            is_as_before(&name, &desk.text());
        }
    }
}

#[test]
fn the_overview_looks_as_before() {
    looks_as_before("overview", |_| {});
}

#[test]
fn the_overview_s_lower_half_looks_as_before_on_a_small_terminal() {
    for (lang, code) in LANGUAGES {
        let mut desk = Start::new(lang).open();
        desk.types("G");
        is_as_before(&format!("overview-end-{code}-80x24"), &desk.text());
    }
}

#[test]
fn the_queue_looks_as_before() {
    looks_as_before("queue", |desk| {
        desk.shows(View::Queue);
    });
}

#[test]
fn a_failed_job_looks_as_before() {
    looks_as_before("job-failed", |desk| {
        let job = desk.failed();
        desk.shows(View::Job(job));
    });
}

#[test]
fn a_rendering_job_looks_as_before() {
    looks_as_before("job-rendering", |desk| {
        let job = desk.rendering();
        desk.shows(View::Job(job));
    });
}

#[test]
fn a_job_that_waits_for_its_next_try_looks_as_before() {
    looks_as_before("job-waiting", |desk| {
        let job = desk.waiting();
        desk.shows(View::Job(job)).types("G");
    });
}

#[test]
fn what_the_customer_chose_stands_with_the_job_and_its_length() {
    for (lang, words) in
        [(Lang::En, "choice       quality, 10s"), (Lang::Ru, "выбрано      quality, 10 с")]
    {
        let mut desk = Start { size: (120, 40), ..Start::new(lang) }.open();
        let job = desk.rendering();
        desk.sql("UPDATE jobs SET choice = 'quality'").shows(View::Job(job)).sees(words);
    }
}

#[test]
fn the_failures_look_as_before() {
    looks_as_before("failures", |desk| {
        desk.shows(View::Failures);
    });
}

#[test]
fn the_keys_look_as_before() {
    looks_as_before("keys", |desk| {
        desk.shows(View::Keys);
    });
}

#[test]
fn the_models_look_as_before() {
    looks_as_before("models", |desk| {
        desk.shows(View::Models);
    });
}

#[test]
fn the_customers_look_as_before() {
    looks_as_before("customers", |desk| {
        desk.shows(View::Customers);
    });
}

#[test]
fn a_customer_s_orders_look_as_before() {
    looks_as_before("customer-orders", |desk| {
        desk.shows(View::Customer(101));
    });
}

#[test]
fn a_customer_s_statement_looks_as_before() {
    looks_as_before("customer-statement", |desk| {
        desk.shows(View::Customer(102)).types("v");
    });
}

#[test]
fn the_payments_look_as_before() {
    looks_as_before("payments", |desk| {
        desk.shows(View::Payments);
    });
}

#[test]
fn the_alerts_look_as_before() {
    looks_as_before("alerts", |desk| {
        desk.shows(View::Alerts);
    });
}

#[test]
fn the_log_looks_as_before() {
    looks_as_before("log", |desk| {
        desk.shows(View::Alerts).types("v");
    });
}

#[test]
fn the_audit_looks_as_before() {
    looks_as_before("audit", |desk| {
        desk.shows(View::Audit);
    });
}

#[test]
fn the_chat_looks_as_before() {
    looks_as_before("chat", |desk| {
        desk.shows(View::Chat);
    });
}

/// A letter for how each cell looks.
fn styles(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let line: String = (0..buffer.area.width)
            .map(|x| {
                let cell = &buffer[(x, y)];
                let letter = match cell.fg {
                    _ if cell.modifier.contains(Modifier::REVERSED) => '#',
                    Color::Reset if cell.modifier.is_empty() => '.',
                    Color::Reset => 'b',
                    Color::DarkGray => 'd',
                    Color::Green => 'g',
                    Color::Yellow => 'y',
                    Color::Red => 'r',
                    Color::Cyan => 'c',
                    _ => '?',
                };
                match cell.modifier.contains(Modifier::BOLD) {
                    true => letter.to_ascii_uppercase(),
                    false => letter,
                }
            })
            .collect();
        text.push_str(line.trim_end_matches('.'));
        text.push('\n');
    }
    text
}

/// `#` reversed, `.` plain, else the colour's letter; a capital one is bold.
#[test]
fn colours_and_weights_are_as_before() {
    let start = Start::new(LANGUAGES[0].0);
    let picture = |name: &str, desk: &mut Desk| {
        let buffer = desk.draw();
        is_as_before(&format!("style-{name}"), &styles(&buffer));
    };
    let mut desk = start.open();
    picture("overview", &mut desk);
    picture("queue", desk.shows(View::Queue).types("j  "));
    picture("keys", desk.shows(View::Keys));
    let job = desk.rendering();
    picture("confirm", desk.shows(View::Job(job)).types("c"));
    let look = Look { colour: false, ..COLOURS };
    picture("queue-no-color", Start { look, ..start }.open().shows(View::Queue));
}

#[test]
fn what_customers_like_stands_with_the_models_once_somebody_has_said_so() {
    let mut desk = Start { size: (120, 40), ..Start::new(crate::text::Lang::En) }.open();
    desk.shows(View::Models).misses("liked");
    desk.sql(
        "INSERT INTO ratings (job_id, good, at)
         SELECT id, id % 3 > 0, 5 FROM jobs WHERE status = 'done' AND model IS NOT NULL",
    );
    let sums = "SELECT SUM(good) || '/' || COUNT(*)
                FROM ratings
                JOIN jobs ON jobs.id = job_id
                GROUP BY model
                LIMIT 1";
    let of_a_model = desk.words_of(sums);
    let of_a_template = desk.words_of(
        "SELECT 'Template ' || template_id || ': ' || SUM(good) || ' of ' || COUNT(*) || ' liked'
         FROM ratings
         JOIN jobs ON jobs.id = job_id
         GROUP BY template_id
         LIMIT 1",
    );
    desk.sees(&of_a_model).sees(&of_a_template);
}
