//! Payments that come and go back, before, while and after their credits make videos; and videos
//! that are taken back.

use super::super::*;
use super::books::Debt;
use super::model::Model;
use crate::ledger::{TakeBack, Taken};

impl Model {
    pub(super) fn buy(&mut self, customer: usize, credits: i64) {
        let (user, now, number) =
            (self.customers[customer].id, self.now, self.books.payments.len());
        self.world.write(move |tx, _| {
            let key = format!("purchase:{number}");
            let bought = Grant { user, credits, key: Some(&key), actor: "bot", note: None };
            ledger::purchase(tx, &bought, now)
        });
        self.books.credits[customer] += credits;
        self.books.payments.push((customer, credits, false));
    }

    pub(super) fn refund(&mut self, payment: usize) {
        let Some(number) = payment.checked_rem(self.books.payments.len()) else { return };
        let (customer, credits, before) = self.books.payments[number];
        let (user, now) = (self.customers[customer].id, self.now);
        let taken = self.world.write(move |tx, _| {
            let charge = number.to_string();
            let back = TakeBack {
                user,
                credits,
                given: &format!("purchase:{charge}"),
                kind: "grant",
                key: &format!("refund:{charge}"),
                charge: &charge,
                actor: "bot",
                note: None,
            };
            ledger::take_back(tx, &back, now)
        });
        let there = credits.min(self.books.credits[customer]);
        let all = Taken { taken_back: there, owed: credits - there };
        assert_eq!(taken, (!before).then_some(all));
        if before {
            return;
        }
        self.books.payments[number].2 = true;
        self.books.credits[customer] -= there;
        let videos = self.books.videos.iter();
        let live = videos.filter(|(_, it)| it.customer == customer && it.end.is_none());
        let held = live.map(|(id, _)| *id).collect();
        self.books.debts.push(Debt { customer, owed: all.owed, payment: number, held });
    }

    pub(super) fn cancel(&mut self, video: usize) {
        let Some(id) = self.books.nth(video) else { return };
        let now = self.now;
        let back = self.world.write(move |tx, shop| cancel(tx, shop, JobId(id), now));
        let known = self.books.videos[&id].end.is_none();
        let stays = self.books.ends(id, "canceled");
        assert_eq!(back, known.then_some(stays));
    }

    pub(super) fn take_back(&mut self, order: usize) {
        let Some(at) = order.checked_rem(self.books.drafts.len()) else { return };
        let Some(((customer, _), order)) = self.books.drafts.iter().nth(at) else { return };
        let (owner, order, now) = (self.customers[*customer].id, *order, self.now);
        let unbegun = self.books.unbegun(&self.world, order);
        let back = self.world.write(move |tx, shop| take_back(tx, shop, owner, order, now));
        let (videos, mut stays) = (unbegun.len() as i64, 0);
        unbegun.into_iter().for_each(|id| stays += self.books.ends(id, "canceled"));
        assert_eq!(back, Some(TakenBack { videos, credits: stays, repaid: videos - stays }));
    }

    /// What a refund took and what came back since is what it was to take, and no more.
    pub(super) fn compare_debts(&self) {
        for debt in &self.books.debts {
            let (user, number) = (&self.customers[debt.customer], debt.payment);
            let credits = self.books.payments[number].1;
            let key = format!("refund:{number}");
            let taken = self.world.db.read(|conn| ledger::taken(conn, &key, credits)).unwrap();
            assert_eq!(taken.owed, debt.owed, "{debt:?}");
            let went = self.world.number(&format!(
                "SELECT COALESCE(-SUM(delta), 0)
                 FROM ledger
                 WHERE user_id = {}
                   AND (key = '{key}' OR key LIKE '{key}:%')",
                user.id
            ));
            assert_eq!(went + debt.owed, credits, "{debt:?}");
        }
    }
}
