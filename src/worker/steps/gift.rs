//! A render that was refunded for its time limit: asked about now and then, and its video, should
//! it come, fetched for the customer.

use super::commit;
use super::fetch::{PAUSES, load};
use super::render::{Look, look};
use crate::api::files;
use crate::orders::gifts::{self, Gift};
use crate::worker::Desk;
use crate::worker::gifts::{EVERY, Turn, watched};
use anyhow::{Context as _, Result};

/// One poll; writes only when something changed. The day's last one comes after its end.
pub(in crate::worker) fn poll(desk: &Desk, gift: &Gift) -> Result<()> {
    let job = &gift.job;
    let why = match look(desk, job) {
        Look::Video { url, credits } => {
            commit(desk, job, move |tx, _, job, now| gifts::came(tx, job, &url, credits, now))?;
            watched(desk).put(job.id, Turn::Fetch, desk.now());
            return Ok(());
        }
        Look::Nothing if desk.stopping() => return Ok(()),
        Look::Nothing if desk.now() < gift.until => {
            watched(desk).put(job.id, Turn::Poll, desk.now() + EVERY);
            return Ok(());
        }
        Look::Nothing => String::new(),
        Look::Failed { error, .. } => error,
    };
    commit(desk, job, move |tx, _, job, now| gifts::give_up(tx, job, &why, now))
}

/// One try to fetch the video; after the last one its link is the gift.
pub(in crate::worker) fn fetch(desk: &Desk, gift: &Gift) -> Result<()> {
    let job = &gift.job;
    let Some(url) = job.output_url.as_deref() else {
        watched(desk).put(job.id, Turn::Poll, desk.now());
        return Ok(());
    };
    if !desk.files.is_public(url) {
        let why = "an address that is not public";
        return commit(desk, job, move |tx, _, job, now| gifts::give_up(tx, job, why, now));
    }
    match load(desk, job, url) {
        Ok(video) => {
            let as_link = video.bytes > desk.shop.options.upload_limit;
            let file = desk.options.videos.join(&video.path);
            commit(desk, job, move |tx, shop, job, now| {
                gifts::give(tx, shop, job, Some(&video), now)
            })?;
            if as_link {
                // Nobody will send this file.
                std::fs::remove_file(file).context("cannot remove a gift that went as a link")?;
            }
            Ok(())
        }
        Err(_) if desk.stopping() => Ok(()),
        Err(error) => not_fetched(desk, gift, &error),
    }
}

fn not_fetched(desk: &Desk, gift: &Gift, error: &files::Trouble) -> Result<()> {
    let (job, error) = (&gift.job, error.to_string());
    let order = job.order_no();
    tracing::warn!(job.id = job.id.0, order.id = order, error, "a late video could not be fetched");
    let pause = PAUSES.get(gift.tries.max(0) as usize).copied();
    commit(desk, job, move |tx, shop, job, now| {
        gifts::not_fetched(tx, job, &error, now)?;
        match pause {
            Some(_) => Ok(()),
            None => gifts::give(tx, shop, job, None, now),
        }
    })?;
    if let Some(pause) = pause {
        watched(desk).put(job.id, Turn::Fetch, desk.now() + pause);
    }
    Ok(())
}
