//! A customer's picture: fetched, judged and kept before the transaction that speaks of it.

use super::keep::keep;
use super::{Handler, REST, blocking};
use crate::bot::download::{self, Download};
use crate::db::Machine;
use crate::flow::{self, Photo};
use crate::inbox::{self, Row};
use crate::orders;
use crate::photo::{self, Refusal};
use anyhow::{Context as _, Result, bail};
use std::sync::Arc;
use tokio::sync::SemaphorePermit;

impl Handler {
    /// Fetches and keeps a picture, where the bot waits for one.
    ///
    /// # Errors
    /// Those of our own, and the stop: then nobody has said anything about the picture.
    pub(super) async fn picture(
        &self,
        row: &Row,
        tg_user_id: i64,
        file_id: &str,
        size: Option<u64>,
    ) -> Result<Photo> {
        let db = self.db.clone();
        let now = self.telegram.clock().now();
        let wanted = move || db.read(|conn| flow::wants_photo(conn, tg_user_id, now));
        if !blocking(wanted).await? {
            return Ok(Photo::Unasked);
        }
        if size.is_some_and(|size| size > download::LIMIT as u64) {
            return Ok(Photo::Large);
        }
        // A picture that took the process with it is not tried for ever.
        if row.tries >= inbox::MAX_TRIES - 1 {
            return Ok(Photo::Broken);
        }
        let fetched = tokio::select! {
            fetched = self.fetch(row.update_id, file_id) => fetched,
            () = self.stop.cancelled() => bail!("the program stops"),
        };
        let (download, _turn) = fetched?;
        match download {
            Download::Bytes(bytes) => {
                self.prepare(bytes, format!("{tg_user_id}/{}.jpg", row.update_id)).await
            }
            Download::TooLarge => Ok(Photo::Large),
            Download::Gone | Download::Trouble(_) => Ok(Photo::Trouble),
        }
    }

    /// In its turn, and once more in another one: whoever waits longer goes before that.
    async fn fetch(
        &self,
        update_id: i64,
        file_id: &str,
    ) -> Result<(Download, SemaphorePermit<'_>)> {
        let turn = self.downloads.acquire().await.context("the downloads are closed")?;
        let db = self.db.clone();
        blocking(move || db.write(move |tx| inbox::begun(tx, update_id))).await?;
        let got = download::fetch(&self.telegram, file_id).await;
        let Download::Trouble(error) = &got else { return Ok((got, turn)) };
        drop(turn);
        tracing::warn!(update_id, error, "a photo could not be fetched; once more");
        tokio::time::sleep(self.telegram.clock().real_span(REST)).await;
        let turn = self.downloads.acquire().await.context("the downloads are closed")?;
        Ok((download::fetch(&self.telegram, file_id).await, turn))
    }

    async fn prepare(&self, bytes: Vec<u8>, name: String) -> Result<Photo> {
        let photos = self.photos.clone();
        let (db, shop) = (self.db.clone(), Arc::clone(&self.shop));
        let now = self.telegram.clock().now();
        let _turn = self.decoders.acquire().await.context("the decoders are closed")?;
        blocking(move || {
            let prepared = match photo::prepare(&bytes) {
                Ok(prepared) => prepared,
                Err(refusal) => return Ok(refused(refusal)),
            };
            match keep(&photos, &name, &prepared.jpeg) {
                Ok(()) => {
                    if db.read(orders::fail_to_be_kept)? {
                        db.write(move |tx| orders::kept(tx, &shop, now))?;
                    }
                    Ok(Photo::Kept(name))
                }
                // The customer hears of it instead of nothing.
                Err(error) if Machine::of(&error).is_some() => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "a photo cannot be kept");
                    db.write(move |tx| orders::not_kept(tx, &shop, &error, now))?;
                    Ok(Photo::Trouble)
                }
                Err(error) => Err(error),
            }
        })
        .await
    }
}

fn refused(refusal: Refusal) -> Photo {
    match refusal {
        Refusal::NotAPicture | Refusal::Unsupported => Photo::NotAPicture,
        Refusal::Broken => Photo::Broken,
        Refusal::TooSmall { width, height } => Photo::Small { width, height },
        Refusal::TooLarge => Photo::Large,
        Refusal::TooLong { .. } => Photo::Long,
    }
}
