//! Customers, who press what they see and wait for what comes.

mod stars;

use std::cell::Cell;
use std::sync::OnceLock;

use neurocards::sandbox::photos;
use neurocards::sandbox::telegram::{Kind, Message};
use neurocards::text::{Lang, Texts};

use crate::appliance::Appliance;

pub(crate) use stars::PACK;

/// What is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// By a template's button.
    Template(&'static str),
    /// An own prompt.
    Own(&'static str),
}

pub(crate) const UGC: What = What::Template("🎥");
pub(crate) const AD: What = What::Template("📢");
pub(crate) const OWN: What =
    What::Own("Slow dolly around the  product; \"soft\" light & <rain>, 24 fps.\nNo people.");

pub(crate) const PRODUCT: &str = "Термокружка «Север», 450 мл: держит тепло 8 часов";

/// Everybody's product: drawing and encoding one takes a while in a dev build.
pub(crate) fn photo() -> Vec<u8> {
    static PHOTO: OnceLock<Vec<u8>> = OnceLock::new();
    PHOTO.get_or_init(|| photos::product(1)).clone()
}

/// How the program's own text with this id begins, up to the first value in it: for words that
/// the journey leaves to whoever writes them.
pub(crate) fn text(lang: Lang, id: &str) -> String {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    let texts = TEXTS.get_or_init(|| Texts::load(None).unwrap());
    let html = texts.say(lang, id, &[]).replace("<b>", "").replace("</b>", "");
    let end = html.find(['{', '\n', '<']).unwrap_or(html.len());
    html[..end].trim().to_owned()
}

pub(crate) fn ru(id: &str) -> String {
    text(Lang::Ru, id)
}

/// Somebody in a private chat with the bot.
pub(crate) struct Customer<'a> {
    pub(crate) of: &'a Appliance,
    pub(crate) id: i64,
    /// Messages up to this one were there before the last act.
    floor: Cell<i64>,
}

/// A confirmed order.
pub(crate) struct Order<'a> {
    of: &'a Appliance,
    pub(crate) user: i64,
    pub(crate) id: i64,
    count: usize,
}

impl<'a> Customer<'a> {
    /// Presses /start and sees the menu.
    pub(crate) fn meets(of: &'a Appliance, id: i64, language: &str) -> Self {
        Self::called(of, id, (Some(&format!("customer{id}")), "Customer"), language)
    }

    /// The same under a name of their own: their @name, where they have one, and their first name.
    pub(crate) fn called(
        of: &'a Appliance,
        id: i64,
        (username, first_name): (Option<&str>, &str),
        language: &str,
    ) -> Self {
        let customer = Self { of, id, floor: Cell::new(0) };
        of.sandbox().telegram().set_user(id, username, first_name, language);
        customer.says("/start");
        customer.sees("🎬");
        customer
    }

    /// The same customer later.
    pub(crate) fn again(of: &'a Appliance, id: i64) -> Self {
        Self { of, id, floor: Cell::new(of.sandbox().telegram().last_id()) }
    }

    /// Has exactly so many, by the operator's hand.
    pub(crate) fn with_credits(self, credits: i64) -> Self {
        let change = credits - self.credits();
        if change != 0 {
            self.of.commands(&["grant", &self.id.to_string(), &change.to_string()]);
        }
        self
    }

    pub(crate) fn credits(&self) -> i64 {
        self.of.value(&format!("SELECT credits FROM users WHERE tg_user_id = {}", self.id))
    }

    /// Where the dialogue stands: `photo`, `count` and so on.
    pub(crate) fn place(&self) -> String {
        self.of.value(&format!(
            "SELECT state ->> '$.place' FROM dialogs
             WHERE user_id = (SELECT id FROM users WHERE tg_user_id = {})",
            self.id
        ))
    }

    /// From here on only what is new counts.
    pub(crate) fn acts(&self) {
        self.floor.set(self.of.sandbox().telegram().last_id());
    }

    pub(crate) fn says(&self, text: &str) {
        self.acts();
        self.of.sandbox().telegram().says(self.id, text);
    }

    pub(crate) fn sends_photo(&self, bytes: Vec<u8>) {
        self.acts();
        self.of.sandbox().telegram().sends_photo(self.id, bytes);
    }

    pub(crate) fn sends_document(&self, bytes: Vec<u8>, mime: &str, name: &str) {
        self.acts();
        self.of.sandbox().telegram().sends_document(self.id, bytes, mime, name);
    }

    /// Presses the newest button with this label, once it is there.
    #[track_caller]
    pub(crate) fn presses(&self, label: &str) -> String {
        let message = self.sees(label);
        self.acts();
        let telegram = self.of.sandbox().telegram();
        let button = message.button(label).unwrap();
        let neurocards::sandbox::telegram::Does::Data(data) = &button.does else {
            panic!("{label} is a link")
        };
        telegram.presses(self.id, message.id, data)
    }

    /// The newest message since the last act with such a button.
    #[track_caller]
    pub(crate) fn sees(&self, label: &str) -> Message {
        self.finds(label, |message| message.button(label).is_some())
    }

    /// The newest message since the last act with this in it.
    #[track_caller]
    pub(crate) fn hears(&self, part: &str) -> Message {
        self.finds(part, |message| message.text.contains(part))
    }

    #[track_caller]
    pub(crate) fn finds(&self, what: &str, fits: impl Fn(&Message) -> bool) -> Message {
        let look = || self.news().into_iter().rev().find(|message| fits(message));
        self.of.waits_for(&format!("{what}, for {}", self.id), look)
    }

    /// What has come since the last act.
    pub(crate) fn news(&self) -> Vec<Message> {
        self.of.sandbox().telegram().messages_after(self.id, self.floor.get())
    }

    /// All that stands in the chat.
    pub(crate) fn chat(&self) -> Vec<Message> {
        self.of.sandbox().telegram().messages(self.id)
    }

    /// Goes through the dialogue up to the question how many.
    #[track_caller]
    pub(crate) fn describes(&self, what: What) {
        self.presses("🎬");
        self.hears("📸");
        self.sends_photo(photo());
        self.hears("✍️");
        self.says(PRODUCT);
        self.chooses(what);
    }

    /// From the template's question to the number's.
    #[track_caller]
    pub(crate) fn chooses(&self, what: What) {
        match what {
            What::Template(label) => {
                self.presses(label);
                self.presses("Без пожеланий");
            }
            What::Own(prompt) => {
                self.presses("🧑‍💻");
                self.hears("🧑‍💻");
                self.says(prompt);
            }
        }
        self.sees("1️⃣");
    }

    /// The number, and yes.
    #[track_caller]
    pub(crate) fn confirms(&self, count: usize) -> Order<'a> {
        self.presses(match count {
            1 => "1️⃣",
            3 => "3️⃣",
            _ => "5️⃣",
        });
        self.starts(count)
    }

    /// Yes.
    #[track_caller]
    pub(crate) fn starts(&self, count: usize) -> Order<'a> {
        let before = self.orders_so_far();
        self.presses("✅");
        self.of.waits_for("an order", || (self.orders_so_far() > before).then_some(()));
        let id = self.of.value("SELECT MAX(id) FROM orders");
        Order { of: self.of, user: self.id, id: self.newest_order().unwrap_or(id), count }
    }

    /// The whole way, from the menu's button to the confirmation.
    #[track_caller]
    pub(crate) fn orders(&self, count: usize, what: What) -> Order<'a> {
        self.says("/start");
        self.describes(what);
        self.confirms(count)
    }

    pub(crate) fn orders_so_far(&self) -> i64 {
        self.of.value(&format!(
            "SELECT COUNT(*) FROM orders
             WHERE user_id = (SELECT id FROM users WHERE tg_user_id = {})",
            self.id
        ))
    }

    fn newest_order(&self) -> Option<i64> {
        self.of.value(&format!(
            "SELECT MAX(id) FROM orders
             WHERE user_id = (SELECT id FROM users WHERE tg_user_id = {})",
            self.id
        ))
    }

    /// The videos in the chat.
    pub(crate) fn videos(&self) -> Vec<Message> {
        self.chat().into_iter().filter(|message| message.kind == Kind::Video).collect()
    }
}

impl Order<'_> {
    /// Until its last video has come or failed, and everything was said.
    #[track_caller]
    pub(crate) fn ends(&self) {
        self.of.waits_until(&format!(
            "SELECT finished_at IS NOT NULL FROM orders WHERE id = {}",
            self.id
        ));
        let user = self.user;
        self.of.waits_until(&format!(
            "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE chat_id = {user} AND state = 'pending')"
        ));
    }

    /// The same, and every video has come.
    #[track_caller]
    pub(crate) fn arrives(&self) -> Vec<Message> {
        self.ends();
        let videos = self.videos();
        assert_eq!(videos.len(), self.count, "videos of order {}", self.id);
        videos
    }

    /// Its videos (or their links) as they stand in the chat.
    pub(crate) fn videos(&self) -> Vec<Message> {
        let sql = format!(
            "SELECT message_id FROM outbox
             WHERE job_id IN (SELECT id FROM jobs WHERE order_id = {}) AND state = 'sent'
             ORDER BY message_id",
            self.id
        );
        let ids: Vec<i64> = self.of.read(|conn| {
            let mut query = conn.prepare(&sql)?;
            let rows = query.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        });
        let telegram = self.of.sandbox().telegram();
        ids.iter().filter_map(|id| telegram.message(self.user, *id)).collect()
    }

    /// Its one status message, once it has come.
    pub(crate) fn status(&self) -> Message {
        let sql = format!("SELECT message_id FROM outbox WHERE key = 'status:{}'", self.id);
        let id = self.of.waits_for("a status message", || self.of.value::<Option<i64>>(&sql));
        self.of.sandbox().telegram().message(self.user, id).unwrap()
    }
}
