//! Which chats are served. A row with a picture may wait minutes for Telegram's files, so those have
//! room of their own: whatever the files do, whoever presses or pays is served.

use crate::bot::updates::{self, Brings};
use crate::inbox::Row;
use std::collections::HashMap;
use tokio::task::{Id, JoinError};

/// Chats that are served at the same time with what needs the database alone.
const QUICK: usize = 32;
/// And those whose picture is fetched, or waits for its turn to be.
const PICTURES: usize = 500;

/// What a row may wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Our own database.
    Quick,
    /// Telegram's files.
    Picture,
}

impl Lane {
    /// What cannot be read waits for nothing.
    pub(super) fn of(row: &Row) -> Self {
        let message = updates::read(&row.body).ok().and_then(|update| update.message);
        match message.as_ref().map(|message| message.brings()) {
            Some(Brings::Picture { .. }) => Self::Picture,
            _ => Self::Quick,
        }
    }
}

/// Which chat each task serves: a panicked one cannot say it itself.
#[derive(Default)]
pub(super) struct Busy {
    chats: HashMap<i64, Lane>,
    tasks: HashMap<Id, i64>,
    pictures: usize,
}

impl Busy {
    pub(super) fn has_room(&self, lane: Lane) -> bool {
        match lane {
            Lane::Quick => self.chats.len() - self.pictures < QUICK,
            Lane::Picture => self.pictures < PICTURES,
        }
    }

    pub(super) fn serves(&self, chat: i64) -> bool {
        self.chats.contains_key(&chat)
    }

    pub(super) fn chats(&self) -> impl Iterator<Item = i64> {
        self.chats.keys().copied()
    }

    pub(super) fn begins(&mut self, task: Id, chat: i64, lane: Lane) {
        self.chats.insert(chat, lane);
        self.tasks.insert(task, chat);
        self.pictures += usize::from(lane == Lane::Picture);
    }

    pub(super) fn forget(&mut self, done: Result<(Id, ()), JoinError>) {
        let id = match &done {
            Ok((id, ())) => *id,
            Err(error) => {
                tracing::error!(%error, "handling an update panicked");
                error.id()
            }
        };
        let lane = self.tasks.remove(&id).and_then(|chat| self.chats.remove(&chat));
        self.pictures -= usize::from(lane == Some(Lane::Picture));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::task::JoinSet;

    fn lane(body: String) -> Lane {
        Lane::of(&Row { update_id: 1, chat_id: 7, body, received_at: 0, tries: 0 })
    }

    #[test]
    fn only_pictures_wait_for_files() {
        let message = |fields: serde_json::Value| {
            let mut message = json!({ "message_id": 1, "date": 1,
                "chat": { "id": 7, "type": "private" }, "from": { "id": 7, "first_name": "A" } });
            message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            lane(json!({ "update_id": 1, "message": message }).to_string())
        };
        let photo = json!({ "photo": [{ "file_id": "a", "width": 9, "height": 9 }] });
        let document = json!({ "document": { "file_id": "a", "mime_type": "image/png" } });
        assert_eq!((message(photo), message(document)), (Lane::Picture, Lane::Picture));
        for quick in [json!({ "text": "a" }), json!({ "successful_payment": {} }), json!({})] {
            assert_eq!(message(quick), Lane::Quick);
        }
        assert_eq!(lane("nonsense".to_owned()), Lane::Quick);
    }

    #[tokio::test]
    async fn as_many_pictures_as_may_wait_take_no_room_of_anybody_else() {
        let (mut busy, mut tasks) = (Busy::default(), JoinSet::new());
        let mut begins = |busy: &mut Busy, chat: i64, lane: Lane| {
            busy.begins(tasks.spawn(std::future::pending::<()>()).id(), chat, lane);
        };
        let pictures = PICTURES as i64;
        (0..pictures).for_each(|chat| begins(&mut busy, chat, Lane::Picture));
        assert!(busy.has_room(Lane::Quick) && !busy.has_room(Lane::Picture));
        let quick = pictures..pictures + QUICK as i64;
        quick.for_each(|chat| begins(&mut busy, chat, Lane::Quick));
        assert!(!busy.has_room(Lane::Quick) && busy.serves(0) && busy.serves(pictures));
        tasks.abort_all();
        while let Some(done) = tasks.join_next_with_id().await {
            busy.forget(done);
        }
        assert!(busy.has_room(Lane::Picture) && busy.has_room(Lane::Quick) && !busy.serves(0));
        assert_eq!((busy.chats().count(), busy.pictures), (0, 0));
    }
}
