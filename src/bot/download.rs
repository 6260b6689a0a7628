//! A customer's photo from Telegram. The link to it holds the token, so it is used here and never
//! handed on.

use std::time::Duration;

use teloxide::payloads::GetFile;
use teloxide::types::FileId;

use super::telegram::{Failure, Telegram};
use crate::clock::{Millis, SECOND};

/// Telegram's own limit for files that a bot may fetch.
pub const LIMIT: usize = 20 << 20;

/// For the whole download.
const DEADLINE: Millis = 60 * SECOND;

/// How a download ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Download {
    Bytes(Vec<u8>),
    /// Over [`LIMIT`].
    TooLarge,
    /// Telegram has it no more: the customer must send it again.
    Gone,
    /// Worth another try; the text is for the log.
    Trouble(String),
}

/// Fetches a file whole.
pub async fn fetch(telegram: &Telegram, file_id: &str) -> Download {
    match try_fetch(telegram, file_id).await {
        Ok(bytes) => Download::Bytes(bytes),
        Err(Failure::TooLarge) => Download::TooLarge,
        Err(Failure::WrongFile | Failure::BadRequest(_) | Failure::NoMessage) => Download::Gone,
        Err(failure) => Download::Trouble(failure.to_string()),
    }
}

async fn try_fetch(telegram: &Telegram, file_id: &str) -> Result<Vec<u8>, Failure> {
    let file = telegram.call(&GetFile::new(FileId(file_id.to_owned()))).await?;
    if file["file_size"].as_u64().is_some_and(|size| size > LIMIT as u64) {
        return Err(Failure::TooLarge);
    }
    let path = file["file_path"].as_str().filter(|path| is_relative(path));
    let path = path.ok_or_else(|| Failure::Lost("a file without a usable path".to_owned()))?;
    let deadline = telegram.clock().deadline(DEADLINE);
    body(telegram, path, deadline).await
}

async fn body(telegram: &Telegram, path: &str, deadline: Duration) -> Result<Vec<u8>, Failure> {
    let mut response = telegram.get_file(path, deadline).await?;
    match response.status().as_u16() {
        200 => {}
        404 => return Err(Failure::WrongFile),
        413 => return Err(Failure::TooLarge),
        status => return Err(Failure::Lost(format!("HTTP {status} for a file"))),
    }
    if response.content_length().is_some_and(|length| length > LIMIT as u64) {
        return Err(Failure::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Failure::of_reply)? {
        if bytes.len() + chunk.len() > LIMIT {
            return Err(Failure::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A path that stays below the bot's folder and is nothing but a path.
fn is_relative(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    !path.is_empty() && path.len() <= 300 && path.chars().all(plain) && !path.contains("..")
}
