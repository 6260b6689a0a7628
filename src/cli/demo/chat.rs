//! The chat of the one customer who is you: what the console shows and presses, over the sandbox's
//! Telegram.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::photo;
use super::world::save_video;
use crate::console::{Chat, ChatKind, ChatMessage};
use crate::sandbox::Telegram;
use crate::sandbox::photos;
use crate::sandbox::telegram::{Button, Does, Kind, Message};
use crate::text::Lang;

/// Your Telegram id, below every simulated customer's.
pub(super) const YOU: i64 = 1;
/// Messages that are shown; older ones have scrolled away.
const MOST_MESSAGES: usize = 200;
/// Telegram cuts longer texts into several; here the rest is left out.
const LONGEST_TEXT: usize = 4_096;

/// You, in a private chat with the bot.
pub(super) struct YourChat {
    telegram: Telegram,
    /// Where your videos are saved.
    videos: PathBuf,
    home: Option<PathBuf>,
    /// Your own messages; the bot's are Telegram's.
    mine: VecDeque<ChatMessage>,
    /// The sample products that you have sent.
    samples: u64,
    /// Links that you have pressed: Telegram hears nothing of it.
    links: u64,
    /// The last press, until you do something else.
    pressed: Option<Press>,
    /// Videos that were saved, or could not be.
    saved: RefCell<HashMap<i64, Option<PathBuf>>>,
}

/// A press, and the newest message at that time.
struct Press {
    after: i64,
    what: What,
}

enum What {
    /// The bot's answer to this callback.
    Asked(String),
    /// A link's address.
    Link(String),
    /// The bot's word on this attempt to pay.
    Paid(String),
}

impl YourChat {
    /// Nobody hears of you before your first word.
    pub(super) fn new(telegram: Telegram, lang: Lang, videos: PathBuf) -> Self {
        let language = match lang {
            Lang::Ru => "ru",
            Lang::En => "en",
        };
        telegram.set_user(YOU, Some("you"), "You", language);
        Self {
            telegram,
            videos,
            home: std::env::home_dir(),
            mine: VecDeque::new(),
            samples: 0,
            links: 0,
            pressed: None,
            saved: RefCell::default(),
        }
    }

    fn wrote(&mut self, kind: ChatKind, text: String) {
        let Some(id) = self.telegram.wrote(YOU) else { return };
        if self.mine.len() == MOST_MESSAGES {
            self.mine.pop_front();
        }
        let message = ChatMessage { id, mine: true, kind, text, buttons: Vec::new() };
        self.mine.push_back(message);
        self.pressed = None;
    }

    fn shown(&self, message: Message) -> ChatMessage {
        let kind = match (message.kind, &message.media) {
            (Kind::Video, Some(media)) => ChatKind::Video {
                seconds: media.duration,
                width: media.width,
                height: media.height,
                bytes: media.len as u64,
                saved: self.save(&message),
            },
            (Kind::Photo, _) => ChatKind::Photo,
            _ => ChatKind::Text,
        };
        let labels = |row: &Vec<Button>| row.iter().map(|button| button.text.clone()).collect();
        ChatMessage {
            id: message.id,
            mine: false,
            kind,
            buttons: message.buttons.iter().map(labels).collect(),
            text: message.text,
        }
    }

    /// Once; the bot's later edits change no video.
    fn save(&self, message: &Message) -> Option<PathBuf> {
        let save = || match save_video(&self.telegram, &self.videos, message) {
            Ok(path) => path,
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "a video was not saved");
                None
            }
        };
        self.saved.borrow_mut().entry(message.id).or_insert_with(save).clone()
    }

    /// What the last press brought, behind what stood there before it.
    fn toast(&self) -> Option<ChatMessage> {
        let press = self.pressed.as_ref()?;
        let text = match &press.what {
            What::Asked(id) => self.telegram.answer(id)?.text,
            What::Link(url) => format!("↗ {url}"),
            What::Paid(id) => match self.telegram.checkout(id)?.answer? {
                Ok(()) => "⭐ ✓".to_owned(),
                Err(why) => why,
            },
        };
        let (id, kind) = (press.after, ChatKind::Toast);
        let toast = ChatMessage { id, mine: false, kind, text, buttons: Vec::new() };
        (!toast.text.is_empty()).then_some(toast)
    }
}

impl Chat for YourChat {
    fn messages(&self) -> Vec<ChatMessage> {
        let bots = self.telegram.messages(YOU);
        let older = bots.len().saturating_sub(MOST_MESSAGES);
        let mut all: Vec<ChatMessage> =
            bots.into_iter().skip(older).map(|message| self.shown(message)).collect();
        all.extend(self.mine.iter().cloned());
        all.extend(self.toast());
        // A toast came last among those of its number.
        all.sort_by_key(|message| message.id);
        all.drain(..all.len().saturating_sub(MOST_MESSAGES));
        all
    }

    fn revision(&self) -> u64 {
        self.telegram.revision(YOU) + self.links
    }

    fn say(&mut self, text: &str) {
        let text: String = text.trim().chars().take(LONGEST_TEXT).collect();
        if !text.is_empty() {
            self.telegram.says(YOU, &text);
            self.wrote(ChatKind::Text, text);
        }
    }

    fn send_photo(&mut self, path: &Path) -> Result<()> {
        let (bytes, name) = match photo::typed(&path.to_string_lossy(), self.home.as_deref()) {
            Some(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                (photo::read(&path)?, name)
            }
            None => {
                self.samples += 1;
                (photos::product(self.samples), String::new())
            }
        };
        self.telegram.sends_photo(YOU, bytes);
        self.wrote(ChatKind::Photo, name);
        Ok(())
    }

    fn press(&mut self, message_id: i64, button: usize) -> Result<()> {
        let message = self.telegram.message(YOU, message_id).context("the message is gone")?;
        let button = message.buttons.iter().flatten().nth(button).context("the button is gone")?;
        let after = self.telegram.last_id();
        let what = match &button.does {
            Does::Data(data) => What::Asked(self.telegram.presses(YOU, message_id, data)),
            Does::Url(url) => What::Link(url.clone()),
            Does::Pay => {
                let paid = self.telegram.pays(YOU, message_id);
                What::Paid(paid.context("the invoice is gone")?)
            }
            Does::Other => bail!("only Telegram's own apps can press this button"),
        };
        self.pressed = Some(Press { after, what });
        self.links += u64::from(matches!(button.does, Does::Url(_)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::photo::BadPhoto;
    use super::*;
    use crate::clock::Clock;
    use crate::sandbox::{Options, Sandbox};
    use serde_json::{Value, json};
    use ureq::unversioned::multipart::{Form, Part};

    const FILM: &[u8] = include_bytes!("../../../assets/demo/ready.mp4");

    /// The bot's side, by hand.
    struct Bot(Sandbox);

    impl Bot {
        fn url(&self, method: &str) -> String {
            format!("{}/bot{}/{method}", self.0.telegram_url(), self.0.options().token)
        }

        fn calls(&self, method: &str, args: Value) -> Value {
            let mut reply = ureq::post(self.url(method)).send_json(args).unwrap();
            reply.body_mut().read_json::<Value>().unwrap()["result"].clone()
        }

        fn sends_film(&self) -> Value {
            let form = Form::new()
                .text("chat_id", "1")
                .text("caption", "<b>Done</b>")
                .text("parse_mode", "HTML")
                .text("width", "720")
                .text("height", "1280")
                .text("duration", "5")
                .text("supports_streaming", "true")
                .part("video", Part::bytes(FILM).file_name("a.mp4"));
            let mut reply = ureq::post(self.url("sendVideo")).send(form).unwrap();
            reply.body_mut().read_json().unwrap()
        }
    }

    fn begin() -> (Bot, YourChat, tempfile::TempDir) {
        let bot = Bot(Sandbox::start(Options::new(Clock::real())).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let videos = folder.path().join("videos");
        let chat = YourChat::new(bot.0.telegram().clone(), Lang::En, videos);
        (bot, chat, folder)
    }

    #[test]
    fn both_sides_stand_in_the_order_in_which_they_spoke() {
        let (bot, mut chat, _folder) = begin();
        assert_eq!(chat.messages(), []);
        let before = chat.revision();
        chat.say("  /start ");
        chat.say(" \n");
        assert_ne!(chat.revision(), before);
        let updates = bot.calls("getUpdates", json!({ "timeout": 5 }));
        assert_eq!(updates[0]["message"]["from"]["language_code"], "en");
        bot.calls(
            "sendMessage",
            json!({ "chat_id": YOU, "text": "<b>Hi</b>", "parse_mode": "HTML" }),
        );
        chat.say("hello");
        let all = chat.messages();
        let said: Vec<_> = all.iter().map(|it| (it.mine, it.text.as_str())).collect();
        assert_eq!(said, [(true, "/start"), (false, "Hi"), (true, "hello")]);
        assert!(all.windows(2).all(|pair| pair[0].id < pair[1].id));
    }

    #[test]
    fn a_press_goes_to_the_bot_and_its_answer_is_shown_until_you_go_on() {
        let (bot, mut chat, _folder) = begin();
        chat.say("/start");
        let keys = json!([[{ "text": "Go", "callback_data": "go" }],
                          [{ "text": "Site", "url": "https://example.com/a" }]]);
        let markup = json!({ "inline_keyboard": keys });
        bot.calls("sendMessage", json!({ "chat_id": YOU, "text": "?", "reply_markup": markup }));
        let message = chat.messages().pop().unwrap();
        assert_eq!(message.buttons, [["Go"], ["Site"]]);
        let toast = |chat: &YourChat| {
            let last = chat.messages().pop().unwrap();
            (last.kind == ChatKind::Toast).then_some(last.text)
        };
        let before = chat.revision();
        chat.press(message.id, 1).unwrap();
        assert_eq!(toast(&chat).as_deref(), Some("↗ https://example.com/a"));
        assert_ne!(chat.revision(), before);
        chat.press(message.id, 0).unwrap();
        assert_eq!(toast(&chat), None);
        let updates = bot.calls("getUpdates", json!({ "offset": -1, "timeout": 5 }));
        let press = updates[0]["callback_query"]["id"].as_str().unwrap();
        let before = chat.revision();
        bot.calls("answerCallbackQuery", json!({ "callback_query_id": press, "text": "Wait" }));
        assert_ne!(chat.revision(), before);
        assert_eq!(toast(&chat).as_deref(), Some("Wait"));
        chat.say("hello");
        assert_eq!(toast(&chat), None);
        let price = json!([{ "label": "5 credits", "amount": 300 }]);
        let invoice = json!({ "chat_id": YOU, "title": "5 credits", "description": "For 5 videos",
                              "payload": "p", "currency": "XTR", "prices": price });
        bot.calls("sendInvoice", invoice);
        let message = chat.messages().pop().unwrap();
        assert_eq!(message.text, "5 credits\nFor 5 videos");
        chat.press(message.id, 0).unwrap();
        let updates = bot.calls("getUpdates", json!({ "offset": -1, "timeout": 5 }));
        let query = updates[0]["pre_checkout_query"]["id"].as_str().unwrap();
        assert_eq!(toast(&chat), None);
        let no = json!({ "pre_checkout_query_id": query, "ok": false, "error_message": "Sold" });
        bot.calls("answerPreCheckoutQuery", no);
        assert_eq!(toast(&chat).as_deref(), Some("Sold"));
        assert!(chat.press(message.id, 2).is_err() && chat.press(999, 0).is_err());
    }

    #[test]
    fn a_video_is_saved_when_it_comes_and_its_place_is_shown() {
        let (bot, mut chat, folder) = begin();
        chat.say("/start");
        assert_eq!(bot.sends_film()["ok"], true);
        let message = chat.messages().pop().unwrap();
        let ChatKind::Video { seconds: 5, width: 720, height: 1280, bytes, saved: Some(path) } =
            message.kind
        else {
            panic!("{message:?}")
        };
        assert_eq!((bytes, message.text.as_str()), (FILM.len() as u64, "Done"));
        assert!(path.starts_with(folder.path()));
        assert_eq!(std::fs::read(&path).unwrap(), FILM);
    }

    #[test]
    fn a_photo_is_your_own_or_a_sample() {
        let (bot, mut chat, folder) = begin();
        let own = folder.path().join("my soap.jpg");
        std::fs::write(&own, photos::product(9)).unwrap();
        chat.send_photo(Path::new(&format!("'{}'", own.display()))).unwrap();
        chat.send_photo(Path::new("")).unwrap();
        let updates = bot.calls("getUpdates", json!({ "timeout": 5 }));
        assert_eq!(updates.as_array().unwrap().len(), 2);
        assert_eq!(updates[1]["message"]["photo"][1]["width"], 900);
        let names: Vec<_> = chat.messages().into_iter().map(|it| (it.kind, it.text)).collect();
        let named = |name: &str| (ChatKind::Photo, name.to_owned());
        assert_eq!(names, [named("my soap.jpg"), named("")]);
        let error = chat.send_photo(&folder.path().join("none.jpg")).unwrap_err();
        assert!(matches!(error.downcast_ref(), Some(BadPhoto::Unreadable { .. })), "{error}");
        assert_eq!(chat.messages().len(), 2);
    }

    #[test]
    fn only_the_last_messages_are_kept() {
        let (_bot, mut chat, _folder) = begin();
        for n in 0..MOST_MESSAGES + 5 {
            chat.say(&n.to_string());
        }
        let all = chat.messages();
        assert_eq!((all.len(), all[0].text.as_str()), (MOST_MESSAGES, "5"));
    }
}
