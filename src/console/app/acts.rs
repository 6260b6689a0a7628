//! Keys of a screen: where they lead, and what they begin.

use super::{App, Ask, Effect, Mode};
use crate::console::deeds::Deed;
use crate::console::keymap::{self, Act};
use crate::console::picture::Body;
use crate::console::screens::queue;
use crate::console::table::{List, Row};
use crate::console::toasts::Toast;
use crate::console::view::{Kind, View};
use crate::db::JobId;
use crate::operator::hands::RETRIES_MAX;
use crate::operator::models::State;
use crate::text::Arg;
use crossterm::event::KeyEvent;
use tui_input::Input;

/// What stands before a job's number in the log, the audit and the alerts.
const JOB: [&str; 5] = ["job.id=", "job=", "job ", "№ ", "No. "];

impl App {
    pub(super) fn browse(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(act) = keymap::find(self.kind(), &key) else { return Vec::new() };
        match act {
            Act::Tab(at) => match self.tabs().get(at) {
                Some(view) => self.show_tab(*view),
                None => Vec::new(),
            },
            Act::NextTab => self.turn_tab(1),
            Act::PreviousTab => self.turn_tab(-1),
            Act::Up | Act::Down | Act::PageUp | Act::PageDown | Act::Top | Act::Bottom => {
                self.walk(act);
                Vec::new()
            }
            Act::In => self.enter(),
            Act::Out => self.back(),
            Act::Mark => {
                self.with_list(List::mark);
                Vec::new()
            }
            Act::Freeze => self.freeze(),
            Act::Follow => {
                self.follow = !self.follow;
                Vec::new()
            }
            Act::Copy => self.copy(),
            Act::Sort => {
                self.sort = queue::next(self.sort);
                self.look()
            }
            Act::Filter => self.open(Mode::Filter(Input::new(self.filter().to_owned()))),
            Act::Command => self.open(Mode::Command(Input::default())),
            Act::Help => self.open(Mode::Help(0)),
            Act::Toasts => self.open(Mode::Toasts(0)),
            Act::Turn => {
                let kind = self.kind();
                if !self.turned.remove(&kind) {
                    self.turned.insert(kind);
                }
                self.lists.entry(kind).or_default().reset();
                Vec::new()
            }
            Act::Quit => self.decide(Deed::Quit { stops: self.setting.owns }),
            deed => self.begin(deed),
        }
    }

    /// A key that changes something.
    fn begin(&mut self, act: Act) -> Vec<Effect> {
        let deed = match act {
            Act::Retry => self.jobs().map(|jobs| self.retry(jobs)),
            Act::Cancel => self.jobs().map(Deed::Cancel),
            Act::Hurry => self.jobs().map(Deed::Hurry),
            Act::Raise => self.jobs().map(Deed::Raise),
            Act::ToCustomer => {
                let owner = self.owner();
                return owner.map_or_else(Vec::new, |user| self.show(View::Customer(user)));
            }
            Act::Block => {
                let Some(key) = self.selected() else { return Vec::new() };
                return self.ask(Ask::BlockNote(key));
            }
            Act::Unblock => self.selected().map(|key| Deed::Unblock { key }),
            Act::AskBalance => self.selected().map(|key| Deed::AskBalance { key }),
            Act::Switch => self.switch(),
            Act::Credits | Act::Write => {
                let Some(user) = self.customer() else { return Vec::new() };
                let ask = if act == Act::Write { Ask::Text(user) } else { Ask::Credits(user) };
                return self.ask(ask);
            }
            Act::Ban => {
                let Some(user) = self.customer() else { return Vec::new() };
                if !self.is_banned(user) {
                    return self.ask(Ask::BanNote(user));
                }
                Some(Deed::Unban { user })
            }
            Act::PauseSelling => Some(Deed::PauseSelling),
            Act::PauseSubmitting => Some(Deed::PauseSubmitting),
            Act::Drain => Some(Deed::Drain),
            Act::Resume => Some(Deed::Resume),
            _ => None,
        };
        deed.map_or_else(Vec::new, |deed| self.decide(deed))
    }

    /// Opens a line; who may only look is told so before they write.
    fn ask(&mut self, ask: Ask) -> Vec<Effect> {
        if self.setting.readonly {
            let text = self.words().tell("refused-readonly");
            return self.complain(text);
        }
        self.open(Mode::Ask(ask, Input::default()))
    }

    fn walk(&mut self, act: Act) {
        if !self.kind().is_list() {
            let scroll = self.scrolls.entry(self.view().kind()).or_default();
            let page = self.height.max(2) - 1;
            *scroll = match act {
                Act::Up => scroll.saturating_sub(1),
                Act::Down => *scroll + 1,
                Act::PageUp => scroll.saturating_sub(page),
                Act::PageDown => *scroll + page,
                Act::Top => 0,
                // The draw holds it within the lines.
                _ => usize::MAX / 2,
            };
            return;
        }
        self.with_list(|list, rows| match act {
            Act::Up => list.step(-1, rows),
            Act::Down => list.step(1, rows),
            Act::PageUp => list.turn(-1, rows),
            Act::PageDown => list.turn(1, rows),
            Act::Top => list.step(isize::MIN / 2, rows),
            _ => list.step(isize::MAX / 2, rows),
        });
    }

    fn with_list(&mut self, work: impl FnOnce(&mut List, &[Row])) {
        self.follow = false;
        let kind = self.kind();
        work(self.lists.entry(kind).or_default(), &self.page.rows);
    }

    fn turn_tab(&mut self, by: isize) -> Vec<Effect> {
        let tabs = self.tabs();
        let first = self.stack.first().copied().unwrap_or(View::Overview);
        let at = tabs.iter().position(|view| *view == first).unwrap_or(0);
        let next = (at as isize + by).rem_euclid(tabs.len() as isize) as usize;
        self.show_tab(tabs[next])
    }

    fn freeze(&mut self) -> Vec<Effect> {
        self.frozen = !self.frozen;
        if self.frozen { Vec::new() } else { self.look() }
    }

    fn selected(&self) -> Option<String> {
        Some(self.lists.get(&self.kind())?.selected()?.to_owned())
    }

    fn enter(&mut self) -> Vec<Effect> {
        let Some(key) = self.selected() else { return Vec::new() };
        // "7:42": the row's own id, and what it leads to.
        let leads_to = || key.rsplit(':').next().and_then(|id| id.parse().ok());
        let view = match self.kind() {
            Kind::Queue | Kind::Customer => leads_to().map(View::Job),
            Kind::Customers | Kind::Payments => leads_to().map(View::Customer),
            Kind::Failures => {
                let Some(filter) = self.group_filter(&key) else { return Vec::new() };
                self.filters.insert(Kind::Queue, filter);
                Some(View::Queue)
            }
            Kind::Keys | Kind::Models => {
                let field = if self.kind() == Kind::Keys { "key" } else { "model" };
                self.filters.insert(Kind::Queue, format!("{field}:{key}"));
                Some(View::Queue)
            }
            Kind::Alerts => self.named_in_row(&key, &JOB).map(View::Job),
            Kind::Audit => {
                let customer = || self.named_in_row(&key, &["user "]).map(View::Customer);
                self.named_in_row(&key, &JOB).map(View::Job).or_else(customer)
            }
            _ => None,
        };
        view.map_or_else(Vec::new, |view| self.show(view))
    }

    /// What a row of the alerts, the log or the audit is about: a job or a customer.
    fn named_in_row(&self, key: &str, before: &[&str]) -> Option<i64> {
        match &self.picture.as_ref()?.body {
            Body::Alerts(alerts, log) => {
                let alert = alerts.iter().find(|alert| alert.cause == key).map(|it| &it.text);
                let line = || log.iter().find(|line| line.place == key).map(|it| &it.text);
                named(alert.or_else(line)?, before)
            }
            Body::Audit(lines) => {
                let line = lines.iter().find(|line| line.id.to_string() == key)?;
                // A refund names its payment first, then the customer.
                named(
                    &format!("{} {}", line.object, line.before.as_deref().unwrap_or_default()),
                    before,
                )
            }
            _ => None,
        }
    }

    fn group_filter(&self, signature: &str) -> Option<String> {
        let Body::Failures(groups) = &self.picture.as_ref()?.body else { return None };
        let group = groups.iter().find(|group| group.signature == signature)?;
        Some(format!("state:failed cause:{}", group.id))
    }

    /// The jobs that a deed is about: the marked ones, or the one at hand.
    fn jobs(&self) -> Option<Vec<JobId>> {
        let body = self.picture.as_ref().map(|it| &it.body);
        let chosen = self.lists.get(&self.kind()).map(List::chosen).unwrap_or_default();
        let jobs: Vec<JobId> = match (self.view(), body) {
            (View::Job(id), _) => vec![JobId(id)],
            (View::Failures, Some(Body::Failures(groups))) => {
                let of = groups.iter().filter(|group| chosen.contains(&group.signature));
                of.flat_map(|group| group.to_rerun.iter().copied()).collect()
            }
            _ => chosen.iter().filter_map(|key| key.parse().ok()).map(JobId).collect(),
        };
        Some(jobs).filter(|jobs| !jobs.is_empty())
    }

    /// Of a cause's failures as many as can be run again together, the oldest first.
    fn retry(&self, mut jobs: Vec<JobId>) -> Deed {
        if self.kind() != Kind::Failures {
            return Deed::Retry(jobs);
        }
        let of = jobs.len();
        jobs.sort_unstable();
        jobs.truncate(RETRIES_MAX);
        Deed::RetryGroup { jobs, of }
    }

    /// Whose job is at hand.
    fn owner(&self) -> Option<i64> {
        match (&self.picture.as_ref()?.body, self.view()) {
            (Body::Job(story), View::Job(id)) if story.job.id.0 == id => Some(story.job.tg_user_id),
            (Body::Queue(rows), View::Queue) => {
                let id: i64 = self.selected()?.parse().ok()?;
                rows.iter().find(|row| row.id.0 == id).map(|row| row.tg_user_id)
            }
            _ => None,
        }
    }

    fn customer(&self) -> Option<i64> {
        match self.view() {
            View::Customer(user) => Some(user),
            _ => self.selected()?.parse().ok(),
        }
    }

    fn is_banned(&self, user: i64) -> bool {
        match self.picture.as_ref().map(|it| &it.body) {
            Some(Body::Customer(account)) => {
                account.customer.tg_user_id == user && account.customer.banned_at.is_some()
            }
            Some(Body::Customers(rows)) => {
                rows.iter().any(|row| row.tg_user_id == user && row.banned_at.is_some())
            }
            _ => false,
        }
    }

    /// Off what is on; on what the operator or the provider switched off.
    fn switch(&self) -> Option<Deed> {
        let model = self.selected()?;
        let Body::Models(models, _) = &self.picture.as_ref()?.body else { return None };
        let found = models.iter().find(|one| one.name == model)?;
        Some(Deed::Switch { model, on: !matches!(found.state, State::Open) })
    }

    /// What stands for the row outside of the console: its id, or what it says of itself.
    fn copied(&self) -> Option<String> {
        let key = self.selected()?;
        let row = self.page.rows.iter().find(|row| row.key == key)?;
        Some(row.copy.clone().unwrap_or(key))
    }

    fn copy(&mut self) -> Vec<Effect> {
        let id = match self.view() {
            View::Job(id) | View::Customer(id) => Some(id.to_string()),
            _ => self.copied(),
        };
        let Some(id) = id else { return Vec::new() };
        let text = self.words().tell_of("done-copy", &[("id", Arg::Str(&id))]);
        self.toasts.add(Toast::good(text), self.now);
        vec![Effect::Copy(id)]
    }
}

/// The first number that a text has behind one of these words.
fn named(text: &str, before: &[&str]) -> Option<i64> {
    let found = before.iter().flat_map(|word| {
        text.match_indices(word).filter_map(|(at, _)| {
            let after = &text[at + word.len()..];
            Some((at, after.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?))
        })
    });
    found.min().map(|(_, id)| id)
}

#[cfg(test)]
mod tests {
    use super::{JOB, named};

    #[test]
    fn a_line_leads_to_the_job_that_it_names() {
        for (text, job) in [
            ("Видео № 12 не получилось, и не по вине клиента: 422", Some(12)),
            ("Video No. 7 failed, through no fault of the customer: job lost", Some(7)),
            ("neurocards::worker: trouble job.id=26 step=\"render\"", Some(26)),
            ("job 25", Some(25)),
            ("the job took long job=9", Some(9)),
            ("Video No. 7 failed: there is no job 9", Some(7)),
            ("Ключ KIE 37ffe355 не принимается", None),
            ("user 42", None),
            ("job 99999999999999999999", None),
        ] {
            assert_eq!(named(text, &JOB), job, "{text}");
        }
    }
}
