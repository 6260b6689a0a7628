//! One order of one customer, step by step.

use super::{Outcome, Plan};
use crate::clock::{Clock, MINUTE, Millis};
use crate::sandbox::Telegram;
use crate::sandbox::telegram::{Button, Does, Kind, Message};

/// What the customer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The menu.
    Menu,
    /// The request for a photo.
    Photo,
    /// The request for the product's description.
    Product,
    /// The templates' buttons.
    Template,
    /// The request for an own prompt.
    OwnPrompt,
    /// The question for wishes.
    Wishes,
    /// The buttons with the numbers.
    Count,
    /// The button that starts it.
    Confirm,
    /// What credits cost.
    Packs,
    /// The invoice of the pack that was chosen.
    Invoice,
    /// The receipt, with the button that goes on with the order.
    Receipt,
    /// The videos.
    Videos,
}

pub(super) struct Visit {
    pub(super) plan: usize,
    /// The chat's revision that was looked at last.
    pub(super) revision: Option<u64>,
    /// What came is read until then.
    pub(super) reads_until: Option<Millis>,
    step: Step,
    /// Messages up to this id were there before the last act.
    floor: i64,
    /// The message whose button was pressed last: it may become the next question.
    pressed: Option<(i64, u32)>,
    /// When the last step was done.
    since: Millis,
}

/// A customer who was misunderstood (a question that came twice, a photo that never arrived) begins
/// anew after this: nothing is ordered yet, and what was bought meanwhile is theirs.
const PATIENCE: Millis = 10 * MINUTE;

impl Visit {
    /// The first order of a customer begins with who they are; every one with /start.
    pub(super) fn begin(
        telegram: &Telegram,
        clock: &Clock,
        n: usize,
        plan: &Plan,
        first: bool,
    ) -> Self {
        if first {
            let name = format!("customer{}", plan.user);
            telegram.set_user(plan.user, Some(&name), "Customer", &plan.language);
        }
        let floor = telegram.last_id();
        telegram.says(plan.user, "/start");
        let (step, since) = (Step::Menu, clock.now());
        Self { plan: n, revision: None, reads_until: None, step, floor, pressed: None, since }
    }

    /// Whether there is something to do although nothing has come.
    pub(super) fn is_due(&self, clock: &Clock) -> bool {
        self.step != Step::Videos && clock.now() - self.since >= PATIENCE
    }

    /// Looks at the chat and does what is to be done; true if the outcome has changed.
    pub(super) fn look(
        &mut self,
        telegram: &Telegram,
        clock: &Clock,
        plan: &Plan,
        outcome: &mut Outcome,
    ) -> bool {
        if self.step == Step::Videos {
            return self.receive(telegram, plan, outcome);
        }
        let fresh = self.fresh(telegram, plan.user);
        let before = self.step;
        if self.is_due(clock) {
            self.sends(telegram, |it| it.says(plan.user, "/start"));
            self.step = Step::Menu;
            self.since = clock.now();
        } else if !fresh.is_empty() {
            self.act(telegram, plan, &fresh);
        }
        let last = fresh.last().map(|message| message.text.as_str()).unwrap_or("nothing");
        let last: String = last.chars().take(120).collect();
        outcome.stuck = Some(format!("waits for {:?}, sees: {last}", self.step));
        if before != self.step {
            self.since = clock.now();
        }
        if before != Step::Videos && self.step == Step::Videos {
            outcome.confirmed_at = Some(clock.now());
        }
        before != self.step
    }

    /// What has come since the last act, and the pressed message if it has become another one.
    fn fresh(&self, telegram: &Telegram, user: i64) -> Vec<Message> {
        let mut fresh = telegram.messages_after(user, self.floor);
        if let Some((id, edits)) = self.pressed
            && let Some(message) = telegram.message(user, id)
            && message.edits > edits
        {
            fresh.insert(0, message);
        }
        fresh
    }

    fn act(&mut self, telegram: &Telegram, plan: &Plan, fresh: &[Message]) {
        let count = count_label(plan);
        let step = self.step;
        match step {
            // The terms come first where there are any.
            Step::Menu if press(self, telegram, plan, fresh, "🎬") => self.step = Step::Photo,
            Step::Menu => {
                press(self, telegram, plan, fresh, "✅");
            }
            Step::Photo => {
                self.sends(telegram, |it| it.sends_photo(plan.user, plan.photo.clone()));
                self.step = Step::Product;
            }
            Step::Product => {
                self.sends(telegram, |it| it.says(plan.user, &plan.product));
                self.step = Step::Template;
            }
            Step::Template if press(self, telegram, plan, fresh, &plan.template) => {
                let own = plan.own_prompt.is_some();
                self.step = if own { Step::OwnPrompt } else { Step::Wishes };
            }
            Step::OwnPrompt => {
                let prompt = plan.own_prompt.as_deref().unwrap_or("");
                self.sends(telegram, |it| it.says(plan.user, prompt));
                self.step = Step::Count;
            }
            Step::Wishes => {
                if let Some(wishes) = &plan.wishes {
                    self.sends(telegram, |it| it.says(plan.user, wishes));
                    self.step = Step::Count;
                } else if press(self, telegram, plan, fresh, "Без пожеланий")
                    || press(self, telegram, plan, fresh, "No wishes")
                {
                    self.step = Step::Count;
                }
            }
            Step::Count if press(self, telegram, plan, fresh, count) => self.step = Step::Confirm,
            Step::Confirm if press(self, telegram, plan, fresh, "✅") => self.step = Step::Videos,
            Step::Count | Step::Confirm if press(self, telegram, plan, fresh, "💳") => {
                self.step = Step::Packs;
            }
            // The first is the smallest, and that is enough for any order.
            Step::Packs if press(self, telegram, plan, fresh, "⭐") => self.step = Step::Invoice,
            Step::Invoice if self.pays(telegram, plan, fresh) => self.step = Step::Receipt,
            Step::Receipt if press(self, telegram, plan, fresh, "▶️") => {
                self.step = Step::Confirm
            }
            Step::Template | Step::Count | Step::Confirm | Step::Videos => {}
            Step::Packs | Step::Invoice | Step::Receipt => {}
        }
    }

    fn sends(&mut self, telegram: &Telegram, send: impl FnOnce(&Telegram) -> i64) {
        self.floor = telegram.last_id();
        self.pressed = None;
        send(telegram);
    }

    fn pays(&mut self, telegram: &Telegram, plan: &Plan, fresh: &[Message]) -> bool {
        let Some(invoice) = fresh.iter().rfind(|it| it.invoice.is_some()) else { return false };
        self.floor = telegram.last_id();
        self.pressed = None;
        telegram.pays(plan.user, invoice.id).is_some()
    }

    /// Counts what has come since the confirmation.
    fn receive(&self, telegram: &Telegram, plan: &Plan, outcome: &mut Outcome) -> bool {
        let before = (outcome.videos.len(), outcome.links.len(), outcome.failures.clone());
        let mut at: Vec<Millis> = Vec::new();
        outcome.videos.clear();
        outcome.links.clear();
        outcome.failures.clear();
        outcome.returned = 0;
        for message in telegram.messages_after(plan.user, self.floor) {
            match (message.kind, &message.media) {
                (Kind::Video, Some(media)) => {
                    outcome.videos.push(media.file_id.clone());
                    at.push(message.sent_at);
                }
                (Kind::Text, _) if is_link(&message) => {
                    outcome.links.push(message.html.clone());
                    at.push(message.sent_at);
                }
                (Kind::Text, _) if !is_status(&message) => {
                    if let Some(credits) = returned(&message.text) {
                        outcome.returned += credits;
                        outcome.failures.push(message.text);
                    }
                }
                _ => {}
            }
        }
        outcome.video_at = at;
        let come = outcome.videos.len() + outcome.links.len();
        outcome.stuck = Some(format!("waits for videos: {come} of {}", plan.count));
        if outcome.settled() {
            outcome.stuck = None;
        }
        before != (outcome.videos.len(), outcome.links.len(), outcome.failures.clone())
    }
}

fn count_label(plan: &Plan) -> &'static str {
    match plan.count {
        1 => "1️⃣",
        3 => "3️⃣",
        _ => "5️⃣",
    }
}

/// Presses the newest button of that label, if there is one.
fn press(
    visit: &mut Visit,
    telegram: &Telegram,
    plan: &Plan,
    fresh: &[Message],
    label: &str,
) -> bool {
    let found = fresh.iter().rev().find_map(|message| match message.button(label) {
        Some(Button { does: Does::Data(data), .. }) => Some((message, data.clone())),
        _ => None,
    });
    let Some((message, data)) = found else { return false };
    visit.floor = telegram.last_id();
    visit.pressed = Some((message.id, message.edits));
    telegram.presses(plan.user, message.id, &data);
    true
}

/// A video that was too large comes as a link, with a video's buttons under it.
fn is_link(message: &Message) -> bool {
    let linked =
        |button: &Button| matches!(&button.does, Does::Url(url) if url.contains("/results/"));
    message.html.contains("/results/") || message.buttons.iter().flatten().any(linked)
}

/// The order's status is one message, edited in place, and it begins without a refund.
fn is_status(message: &Message) -> bool {
    returned(message.history.first().map_or("", String::as_str)).is_none()
}

/// The credits that a text says came back: the number of credits that is nearest to "returned".
fn returned(text: &str) -> Option<u32> {
    let text = text.to_lowercase();
    let words = ["вернул", "возвра", "вернён", "returned", "refund", "back"];
    let at = words.iter().filter_map(|word| text.find(word)).min()?;
    let (before, after) = text.split_at(at);
    let number = |text: &str, last: bool| {
        let places = ["кредит", "credit"].into_iter();
        let mut places = places.filter_map(|it| if last { text.rfind(it) } else { text.find(it) });
        let before = text[..places.next()?].trim_end();
        let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next();
        Some(digits.and_then(|digits| digits.parse().ok()).unwrap_or(1))
    };
    number(before, true).or_else(|| number(after, false))
}

#[cfg(test)]
mod tests {
    use super::returned;

    #[test]
    fn a_failure_says_how_many_credits_came_back() {
        for (text, credits) in [
            ("Не получилось. 1 кредит вернули на баланс.", Some(1)),
            ("Сервис перегружен: 3 кредита вернули на баланс", Some(3)),
            ("It failed. 2 credits are back on your balance.", Some(2)),
            ("Кредит вернули на баланс", Some(1)),
            ("✅ Принял! Генерация 3 видео запущена", None),
            ("Осталось 5 кредитов", None),
            ("Баланс: 5 кредитов. 2 кредита вернули", Some(2)),
            ("Вернули на баланс 3 кредита", Some(3)),
        ] {
            assert_eq!(returned(text), credits, "{text}");
        }
    }
}
