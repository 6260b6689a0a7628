//! Steps fetch and deliver: the video to disk, and what to do when nobody takes it.

use super::{commit, trouble};
use crate::api::files;
use crate::clock::{MINUTE, Millis, SECOND};
use crate::jobs::{self, Job, Retry, Step, Trouble, Why};
use crate::orders::{self, Fetched};
use crate::outbox::{self, State};
use crate::worker::calls::counted;
use crate::worker::{Desk, FETCH};
use anyhow::{Context as _, Result};

/// Eight tries over about an hour; then the customer gets the link.
pub(super) const PAUSES: [Millis; 7] =
    [10 * SECOND, 30 * SECOND, MINUTE, 3 * MINUTE, 8 * MINUTE, 17 * MINUTE, 30 * MINUTE];

pub(super) fn run(desk: &Desk, job: &Job) -> Result<()> {
    let Some(url) = &job.output_url else {
        return trouble(desk, job, Trouble::Unknown, "success without a video");
    };
    // It would be the customer's in the end, and leads nowhere that is theirs to look at.
    if !desk.files.is_public(url) {
        return trouble(desk, job, Trouble::Unknown, "success with an address that is not public");
    }
    match load(desk, job, url) {
        Ok(fetched) => {
            let as_link = fetched.bytes > desk.shop.options.upload_limit;
            let file = desk.options.videos.join(&fetched.path);
            if as_link && !orders::fits_a_link(url) {
                std::fs::remove_file(file).context("cannot remove a video that nobody gets")?;
                return trouble(desk, job, Trouble::Unknown, orders::NO_LINK);
            }
            commit(desk, job, move |tx, shop, job, now| {
                orders::kept(tx, shop, now)?;
                if orders::fetched(tx, shop, job, &fetched, now)? {
                    let took = now - job.step_since;
                    jobs::note(tx, job, "fetched", &fetched.bytes.to_string(), Some(took), now)?;
                }
                Ok(())
            })?;
            if as_link {
                // Nobody will send this file.
                std::fs::remove_file(file).context("cannot remove a video that went as a link")?;
            }
            Ok(())
        }
        Err(_) if desk.stopping() => Ok(()),
        Err(error) => not_fetched(desk, job, url, &error),
    }
}

/// The job's video, to its file.
pub(super) fn load(desk: &Desk, job: &Job, url: &str) -> Result<Fetched, files::Trouble> {
    let path = format!("{}.mp4", job.id);
    let to = desk.options.videos.join(&path);
    let fetch = || desk.files.fetch(url, &to, desk.clock.deadline(FETCH));
    let video = counted("files", "fetch", fetch)?;
    let files::Video { bytes, width, height, seconds } = video;
    Ok(Fetched { path, bytes, width, height, seconds: seconds.round() as u32 })
}

fn not_fetched(desk: &Desk, job: &Job, url: &str, error: &files::Trouble) -> Result<()> {
    let ours = matches!(error, files::Trouble::Disk(_));
    let (url, error) = (url.to_owned(), error.to_string());
    let order = job.order_no();
    tracing::warn!(job.id = job.id.0, order.id = order, error, "the video could not be fetched");
    let pause = PAUSES.get(job.tries.max(0) as usize).copied();
    if pause.is_none() && !orders::fits_a_link(&url) {
        return trouble(desk, job, Trouble::Unknown, &format!("{error}; {}", orders::NO_LINK));
    }
    commit(desk, job, move |tx, shop, job, now| {
        if !jobs::is_held(tx, job)? {
            return Ok(());
        }
        jobs::note(tx, job, "trouble", &error, None, now)?;
        if ours {
            orders::not_kept(tx, shop, &error, now)?;
        }
        let Some(pause) = pause else {
            return orders::link_instead(tx, shop, job, &url, now).map(drop);
        };
        let retry = Retry {
            step: Step::Fetch,
            at: now + pause,
            attempt: false,
            tried: true,
            unreached: false,
            refused: &job.refused,
            error: &error,
        };
        jobs::again(tx, job, &retry, now).map(drop)
    })
}

/// A day has passed since the message was written.
pub(super) fn undelivered(desk: &Desk, job: &Job) -> Result<()> {
    commit(desk, job, |tx, shop, job, now| {
        let row = outbox::by_key(tx, &format!("video:{}", job.id))?;
        match row {
            // It was sent, and only the end was not recorded.
            Some(row) if row.state == State::Sent => orders::delivered(tx, shop, job.id, None, now),
            row => {
                if let Some(row) = row {
                    outbox::dropped(tx, row.id, row.rev, "not delivered for a day")?;
                }
                let error = "Telegram did not take the video for a day";
                orders::fail(tx, shop, job, Why::Undelivered, error, now)
            }
        }
    })
}
