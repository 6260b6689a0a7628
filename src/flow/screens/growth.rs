//! Invitations and promo codes, as a customer sees them.

use super::{Rows, View};
use crate::flow::Press;
use crate::growth::{Invited, Redeemed};
use crate::outbox::{Button, Content};
use crate::text::Arg;

impl View<'_> {
    /// Their own link, what it brings, and what it brought.
    pub(super) fn invitation(&self, link: &str, invited: Invited) -> Content {
        let rules = &self.shop.options.growth;
        let mut html = self.say("invite", &[("link", Arg::Str(link))]);
        if rules.friend > 0 || rules.inviter > 0 {
            html.push('\n');
        }
        for (id, n) in [("invite-friend", rules.friend), ("invite-inviter", rules.inviter)] {
            if n > 0 {
                html.push_str(&format!("\n{}", self.say(id, &[("n", Arg::Num(n))])));
            }
        }
        if invited.friends > 0 {
            let args = [
                ("n", Arg::Num(invited.friends)),
                ("credits", Arg::Html(self.credits(invited.credits))),
            ];
            html.push_str(&format!("\n\n{}", self.say("invite-so-far", &args)));
        }
        let words = self.say("invite-words", &[]);
        let pairs = [("url", link), ("text", words.as_str())];
        let mut rows: Rows = Vec::new();
        if let Ok(share) = url::Url::parse_with_params("https://t.me/share/url", pairs) {
            rows.push(vec![Button::url(self.say("button-share", &[]), share)]);
        }
        self.with_way_back(html, rows)
    }

    pub(super) fn promo_how(&self) -> Content {
        self.with_way_back(self.say("promo-how", &[]), Vec::new())
    }

    pub(super) fn promo(&self, redeemed: Redeemed) -> Content {
        let html = match redeemed {
            Redeemed::Given(n) => {
                let balance = self.credits(self.user.credits);
                self.say("promo-given", &[("n", Arg::Num(n)), ("balance", Arg::Html(balance))])
            }
            Redeemed::Already => self.say("promo-already", &[]),
            Redeemed::Over => self.say("promo-over", &[]),
            Redeemed::Unknown => self.say("promo-unknown", &[]),
            Redeemed::Guessing => self.say("promo-guessing", &[]),
        };
        let rows = match redeemed {
            Redeemed::Given(_) if self.draft.id.is_empty() => {
                vec![self.button("menu-make", &Press::Make)]
            }
            _ => Vec::new(),
        };
        self.with_way_back(html, rows)
    }

    fn with_way_back(&self, html: String, mut rows: Rows) -> Content {
        if !self.draft.id.is_empty() {
            rows.push(self.button("button-continue", &Press::Continue));
        }
        rows.push(self.menu_row());
        Content::text(html).with_buttons(rows)
    }
}
