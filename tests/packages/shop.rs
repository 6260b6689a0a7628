//! The sandbox on loopback, in real time, and a customer who orders.

use std::process::Command;
use std::time::{Duration, Instant};

use neurocards::clock::{Clock, SECOND};
use neurocards::sandbox::customers::{Customers, Plan};
use neurocards::sandbox::{Options, Sandbox, photos};

/// What waits longer failed.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
    clock: Clock,
}

impl Shop {
    pub(crate) fn opens() -> Self {
        let clock = Clock::real();
        let mut options = Options::new(clock.clone());
        options.render_ms = (SECOND, 2 * SECOND);
        options.openai_key = None;
        let sandbox = Sandbox::start(options).unwrap();
        sandbox.telegram().knows_bot(99);
        Self { sandbox, clock }
    }

    pub(crate) fn token(&self) -> String {
        self.sandbox.options().token.clone()
    }

    pub(crate) fn key(&self) -> String {
        self.sandbox.options().kie_keys[0].clone()
    }

    /// Where the services are, and who gets alerts.
    pub(crate) fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TELEGRAM_API_URL", self.sandbox.telegram_url()),
            ("KIE_API_URL", self.sandbox.kie_url()),
            ("KIE_UPLOAD_URL", self.sandbox.upload_url()),
            ("OPENAI_BASE_URL", self.sandbox.openai_url()),
            ("ADMIN_TG_ID", "99".to_owned()),
        ]
    }

    /// A customer orders a video, and has it.
    pub(crate) fn serves(&self, user: i64) {
        let plan = Plan {
            user,
            language: "ru".into(),
            photo: photos::product(1).into(),
            product: "Термокружка «Север», 450 мл: держит тепло 8 часов".into(),
            template: "🎥".into(),
            count: 1,
            ..Plan::default()
        };
        let customers =
            Customers::new(self.sandbox.telegram().clone(), self.clock.clone(), vec![plan]);
        let outcomes = customers.run(PATIENCE, |_| {});
        let outcome = &outcomes[0];
        assert!(outcome.settled() && outcome.videos.len() == 1, "{outcome:?}");
        assert!(!self.sandbox.telegram().file(&outcome.videos[0]).unwrap().is_empty());
    }

    /// Looks now and then until something is so.
    #[track_caller]
    pub(crate) fn waits_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(Instant::now() < until, "{what}: it never came");
            self.sandbox.telegram().wait(Duration::from_millis(200), |_| None::<()>);
        }
    }
}

/// Runs it; what it printed, both ways, and whether it succeeded.
pub(crate) fn said(command: &mut Command) -> (String, bool) {
    let output = command.output().unwrap();
    let all = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&all).into_owned(), output.status.success())
}
