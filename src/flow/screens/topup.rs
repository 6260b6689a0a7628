//! Buying credits: what lacks, what is sold, and the invoice.

use super::{Rows, View};
use crate::flow::Press;
use crate::flow::press::Choice;
use crate::orders::Pack;
use crate::outbox::{Button, Content, plain};
use crate::text::{self, Arg, Lang};

/// Telegram's, in characters.
const TITLE: usize = 32;
const DESCRIPTION: usize = 255;

impl View<'_> {
    pub(super) fn insufficient(&self, count: i64) -> Content {
        let args = [
            ("need", Arg::Html(self.credits(count * self.price()))),
            ("have", Arg::Html(self.credits(self.user.credits))),
        ];
        let mut rows = vec![
            self.button("button-topup", &Press::TopUp),
            self.choice("button-back", Choice::Back),
        ];
        rows.extend(self.other_choice());
        rows.push(self.menu_row());
        Content::text(self.say("insufficient", &args)).with_buttons(rows)
    }

    pub(super) fn topup(&self) -> Content {
        let have = [("have", Arg::Html(self.credits(self.user.credits)))];
        let packs = self.shop.options.packs.iter();
        let mut rows: Rows = packs.map(|pack| self.pack_row(*pack)).collect();
        if !self.draft.id.is_empty() {
            rows.push(self.button("button-continue", &Press::Continue));
        }
        rows.push(self.menu_row());
        Content::text(self.say("topup", &have)).with_buttons(rows)
    }

    fn pack_row(&self, pack: Pack) -> Vec<Button> {
        let mut args = vec![
            ("credits", Arg::Html(self.credits(pack.credits))),
            ("stars", Arg::Html(pack.stars.to_string())),
        ];
        let label = if let Some(per_video) = self.one_price().filter(|price| *price > 0) {
            args.push(("each", Arg::Html(self.each(pack, per_video))));
            self.say("button-pack", &args)
        } else {
            self.say("button-pack-plain", &args)
        };
        vec![Button::data(label, Press::Pack(pack.credits).data())]
    }

    /// What a video costs with this pack, in Stars: whole, or to a tenth.
    fn each(&self, pack: Pack, per_video: i64) -> String {
        let tenths = (10 * pack.stars * per_video + pack.credits / 2) / pack.credits;
        let comma = if self.user.lang == Lang::Ru { ',' } else { '.' };
        match tenths % 10 {
            0 => (tenths / 10).to_string(),
            tenth => format!("{}{comma}{tenth}", tenths / 10),
        }
    }

    /// The invoice for a pack; its words are plain.
    pub(in crate::flow) fn invoice(&self, pack: Pack, payload: String) -> Content {
        let args = [("credits", Arg::Html(self.credits(pack.credits)))];
        let say = |id, most| text::shorten(&plain(&self.say(id, &args)), most - 1);
        Content::Invoice {
            title: say("invoice-title", TITLE),
            description: say("invoice-about", DESCRIPTION),
            payload,
            stars: pack.stars,
        }
    }
}
