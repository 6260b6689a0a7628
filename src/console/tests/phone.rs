//! A customer's chat that remembers what was done in it.

use crate::console::chat::{Chat, ChatKind, ChatMessage};
use crate::text::Lang;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Phone(Arc<Mutex<Talk>>);

#[derive(Default)]
struct Talk {
    messages: Vec<ChatMessage>,
    done: Vec<String>,
}

fn message(id: i64, mine: bool, kind: ChatKind, text: &str) -> ChatMessage {
    ChatMessage { id, mine, kind, text: text.into(), buttons: Vec::new() }
}

impl Phone {
    /// From the first word to the first video.
    pub(super) fn with_some_talk(lang: Lang) -> Self {
        let (menu, order, product, wait, done) = match lang {
            Lang::En => {
                ("Choose what to do:", "🎬 Make a video", "保湿クリーム 50g", "Order 1", "Yours!")
            }
            Lang::Ru => ("Выберите:", "🎬 Заказать видео", "Крем, 75 мл", "Заказ № 1", "Готово!"),
        };
        let video = ChatKind::Video {
            seconds: 8,
            width: 720,
            height: 1280,
            bytes: 2_400_000,
            saved: Some(PathBuf::from("videos/1.mp4")),
        };
        let buttons = vec![vec![order.into()], vec!["📊 0".into(), "🆘 ?".into()]];
        let again = vec![vec!["🔁".into(), "👍".into(), "👎".into()]];
        let messages = vec![
            message(1, true, ChatKind::Text, "/start"),
            ChatMessage { buttons, ..message(2, false, ChatKind::Text, menu) },
            message(3, true, ChatKind::Photo, ""),
            message(4, true, ChatKind::Text, product),
            message(5, false, ChatKind::Toast, "👌"),
            message(6, false, ChatKind::Text, wait),
            ChatMessage { buttons: again, ..message(7, false, video, done) },
        ];
        Self(Arc::new(Mutex::new(Talk { messages, done: Vec::new() })))
    }

    pub(super) fn forgets(&self) {
        self.0.lock().unwrap().messages.clear();
    }

    pub(super) fn done(&self) -> Vec<String> {
        self.0.lock().unwrap().done.clone()
    }

    fn notes(&self, what: String) {
        self.0.lock().unwrap().done.push(what);
    }
}

impl Chat for Phone {
    fn messages(&self) -> Vec<ChatMessage> {
        self.0.lock().unwrap().messages.clone()
    }

    fn revision(&self) -> u64 {
        0
    }

    fn say(&mut self, text: &str) {
        self.notes(format!("says {text}"));
    }

    fn send_photo(&mut self, path: &Path) -> Result<()> {
        if path.ends_with("nosuch.jpg") {
            bail!("there is no file {}", path.display());
        }
        self.notes(format!("sends {}", path.display()));
        Ok(())
    }

    fn press(&mut self, message_id: i64, button: usize) -> Result<()> {
        self.notes(format!("presses {button} of {message_id}"));
        Ok(())
    }
}
