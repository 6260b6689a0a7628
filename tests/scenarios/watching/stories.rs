//! A video's whole story stands in the log and is found by its id, in both formats.

use neurocards::clock::MINUTE;
use neurocards::sandbox::faults::Fate;
use serde_json::Value;

use super::hides_its_render;
use crate::{Appliance, OWN, Setup, UGC};

/// What happens to a video that goes well.
const STORY: [&str; 8] = [
    "credits held",
    "written",
    "uploaded",
    "accepted",
    "rendered",
    "fetched",
    "done",
    "credits charged",
];

/// A line that concerns one video or one order.
#[derive(Debug)]
struct Line {
    job: Option<String>,
    order: Option<String>,
    text: String,
}

impl Line {
    /// The value behind `job.id=` or `"job.id":`.
    fn of(line: &str) -> Self {
        let id = |name: &str| {
            if let Ok(object) = serde_json::from_str::<Value>(line) {
                return object.get(name).map(ToString::to_string);
            }
            let (_, rest) = line.split_once(&format!("{name}="))?;
            Some(rest.split(' ').next().unwrap().to_owned())
        };
        let words = match serde_json::from_str::<Value>(line) {
            Ok(object) => object["message"].as_str().unwrap_or_default().to_owned(),
            Err(_) => line.to_owned(),
        };
        Self { job: id("job.id"), order: id("order.id"), text: words }
    }
}

impl Appliance {
    /// All lines of the daily files, once they are those of standard output: each has a writer.
    fn log_lines(&self) -> Option<Vec<Line>> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(self.path("logs")).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            all.extend(text.lines().map(Line::of));
        }
        let printed = String::from_utf8_lossy(&self.printed()).into_owned();
        let same = printed.lines().filter(|line| line.contains("credits held")).count();
        (same == all.iter().filter(|line| line.text.contains("credits held")).count())
            .then_some(all)
    }

    /// What the log tells of it, as soon as it tells this.
    #[track_caller]
    fn story(&self, is_it: impl Fn(&Line) -> bool, last: &str) -> Vec<Line> {
        self.waits_for(last, || {
            let lines: Vec<Line> = self.log_lines()?.into_iter().filter(&is_it).collect();
            lines.iter().any(|line| line.text.contains(last)).then_some(lines)
        })
    }
}

/// Each of these comes after the one before it.
#[track_caller]
fn tells(story: &[Line], words: &[&str]) {
    let mut rest = story.iter();
    for word in words {
        assert!(rest.any(|line| line.text.contains(word)), "no {word} in its place: {story:#?}");
    }
}

#[test]
fn a_videos_story_is_found_by_its_id_in_both_formats() {
    for (format, level) in [("text", "info"), ("json", "trace")] {
        let shop = Setup::new()
            .settings(&format!("[log]\nformat = \"{format}\""))
            .env("RUST_LOG", level)
            .start();
        let ann = shop.customer(7).with_credits(4);
        ann.orders(1, UGC).arrives();
        ann.orders(3, OWN).arrives();
        shop.settles();
        let story = shop.story(|line| line.job.as_deref() == Some("1"), "credits charged");
        tells(&story, &STORY);
        assert!(story.iter().any(|line| line.text.contains("message sent")), "{story:#?}");
        let stray = story.iter().find(|line| line.order.as_deref() != Some("1"));
        assert!(stray.is_none(), "{stray:?}");
        let order = shop.story(|line| line.order.as_deref() == Some("2"), "order ended");
        tells(&order, &["ordered", "credits held", "message sent", "done", "order ended"]);
        let jobs: Vec<_> = order.iter().filter_map(|line| line.job.as_deref()).collect();
        let of_it = ["2", "3", "4"].iter().all(|job| jobs.contains(job));
        assert!(of_it && !jobs.contains(&"1"), "{jobs:?}");
    }
}

#[test]
fn a_refund_and_a_late_gift_belong_to_the_story() {
    let limit = "[kie]\ngeneration_timeout = \"5m\"\n[log]\nformat = \"json\"";
    let shop = Setup::new().settings(limit).admin(99).rate(600.0).start();
    let rule = hides_its_render(&shop);
    shop.sandbox().kie().next_renders(1, Fate::Takes(MINUTE));
    let ann = shop.customer(7).with_credits(1);
    ann.orders(1, OWN).ends();
    shop.sandbox().faults().remove(rule);
    let story = shop.story(|line| line.job.as_deref() == Some("1"), "gift");
    let told = ["credits held", "accepted", "failed", "credits released", "late", "gift"];
    tells(&story, &told);
}

#[test]
fn what_another_process_does_to_a_video_is_told_as_well() {
    let shop = Appliance::new();
    shop.sandbox().kie().set_render_ms((30 * MINUTE, 40 * MINUTE));
    shop.customer(7).with_credits(1).orders(1, OWN);
    shop.waits_until("SELECT COUNT(*) = 1 FROM jobs WHERE step = 'render'");
    shop.commands(&["cancel", "1"]);
    let story = shop.story(|line| line.job.as_deref() == Some("1"), "credits released");
    tells(&story, &["credits held", "accepted", "canceled", "credits released"]);
    shop.expects(|it| it.unfinished = true);
}
