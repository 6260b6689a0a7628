//! How the file grows: orders of one video that are placed, made and delivered, with all that is
//! written about them, and what is left of them once everything has had its time.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use neurocards::clock::{Clock, DAY, Millis, SECOND};
use neurocards::db::{Db, Tx, UserId};
use neurocards::inbox::{self, Raw};
use neurocards::jobs::{self, Found, Job, Reserved, Step};
use neurocards::orders::{self, Fetched, Shop};
use neurocards::outbox;
use neurocards::serve::{Keep, prune};

use crate::cycles::{LEASE, LIMITS, fresh};
use crate::parts::{customers, place, shop};
use crate::table::Table;

/// Orders in one transaction.
const BATCH: usize = 200;
/// Taps and words that an order comes from.
const UPDATES: usize = 8;
const SCRIPT: &str = "Close-up of a steel travel mug on a wooden table by a rainy window. A hand \
    turns it slowly; drops run down the glass behind it. Steam rises as the lid opens. Cut: the \
    mug lies on its side on an open laptop, nothing spills. Cut: a hand lifts it, smiling face out \
    of focus, warm morning light, shallow depth of field, vertical 9:16, no text, no logos.";

pub(crate) fn measure(table: &mut Table, count: i64) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::real();
    let (db, _) = fresh(folder.path(), &clock);
    let shop = Arc::new(shop(folder.path()));
    let (begun, now) = (Instant::now(), clock.now());
    let empty = bytes(&db);
    for from in (0..count as usize).step_by(BATCH) {
        let some = customers(&db, 1, from..from + BATCH);
        let shop = Arc::clone(&shop);
        let story = move |tx: &Tx<'_>| -> anyhow::Result<()> {
            let mut ordered = some.iter().zip(from..);
            // One a second: what looks back over some seconds finds no more than in life.
            ordered.try_for_each(|(user, n)| order(tx, &shop, *user, n, now + n as i64 * SECOND))
        };
        db.write(story).unwrap();
    }
    println!("{count} orders in {:.0} s", begun.elapsed().as_secs_f64());
    let orders = count as f64;
    let each = |bytes: i64| (bytes - empty) as f64 / orders * 100_000.0 / f64::from(1 << 20);
    table.fact("the file per 100,000 orders, with all their words", each(bytes(&db)), "MB");
    let now = now + count * SECOND;
    // The defaults of `[limits]`.
    let keep = Keep { updates: 2 * DAY, texts: 365 * DAY };
    for (days, what) in [
        (3, "three days later"),
        (31, "a month later"),
        (91, "three months later"),
        (366, "a year later: what stays for good"),
    ] {
        let begun = Instant::now();
        prune(&db, keep, &AtomicBool::new(false), now + days * DAY).unwrap();
        println!("{what}: pruned in {:.0} s", begun.elapsed().as_secs_f64());
        table.fact(what, each(bytes(&db)), "MB");
    }
    let begun = Instant::now();
    db.write(|tx| Ok(tx.execute_batch("PRAGMA optimize")?)).unwrap();
    table.fact("PRAGMA optimize then", begun.elapsed().as_secs_f64() * 1e3, "ms");
}

/// Pages in use; pruned ones are used again.
fn bytes(db: &Db) -> i64 {
    let sql = "SELECT (page_count - freelist_count) * page_size
               FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    db.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

/// From the first tap to the video in the chat.
fn order(tx: &Tx<'_>, shop: &Shop, user: UserId, n: usize, now: Millis) -> anyhow::Result<()> {
    let update = |at: usize| {
        let update_id = (n * UPDATES + at) as i64;
        let body = format!("{{\"update_id\":{update_id},\"message\":\"{}\"}}", "x".repeat(650));
        Raw { update_id, chat_id: user.0, body, urgent: false }
    };
    inbox::store(tx, &(0..UPDATES).map(update).collect::<Vec<_>>(), now)?;
    for at in 0..UPDATES {
        inbox::done(tx, (n * UPDATES + at) as i64, now)?;
    }
    place(tx, shop, user, now)?;
    let job = claimed(tx, now)?;
    jobs::advance(tx, &job, Step::Upload, &Found { prompt: Some(SCRIPT), ..none() }, now, now)?;
    let job = claimed(tx, now)?;
    let url = format!("https://tempfile.example.com/kieai/183531/images/user-uploads/{n}.jpg");
    jobs::keep_upload(tx, job.id, &format!("{user}/{n}.jpg"), "ab12cd34", &url, now)?;
    let (model, key) = (Some("bytedance/seedance-2-mini"), Some("ab12cd34"));
    let found = Found { model, key, input_url: Some(&url), ..none() };
    jobs::advance(tx, &job, Step::Submit, &found, now, now)?;
    let job = jobs::get(tx, job.id)?.unwrap();
    let lease = "UPDATE jobs SET lease = lease + 1, status = 'processing', leased_at = ?2
                 WHERE id = ?1 RETURNING lease";
    // A claim would ask for a key with a balance.
    let lease = tx.prepare_cached(lease)?.query_row((job.id, now), |row| row.get(0))?;
    let job = Job { lease, ..job };
    let Reserved::Go(submit) =
        jobs::reserve(tx, &job, "ab12cd34", "bytedance/seedance-2-mini", LIMITS, now)?
    else {
        anyhow::bail!("no room");
    };
    let task = format!("{:032x}", n * 7_919);
    let job = jobs::accepted(tx, &job, submit, &task, now + LEASE, now)?.unwrap();
    let video = format!("https://tempfile.example.com/kieai/183531/results/{task}.mp4");
    jobs::note(tx, &job, "rendered", "", Some(212_000), now)?;
    jobs::advance(tx, &job, Step::Fetch, &Found { output_url: Some(&video), ..none() }, now, now)?;
    let job = claimed(tx, now)?;
    let path = format!("{}.mp4", job.id);
    let video = Fetched { path, bytes: 5_000_000, width: 720, height: 1_280, seconds: 10 };
    orders::fetched(tx, shop, &job, &video, now)?;
    let file_id = format!("BAACAgIAAxkDAAI{n:052}");
    orders::delivered(tx, shop, job.id, Some(&file_id), now)?;
    for key in [format!("status:{}", job.order.map_or(0, |it| it.0)), format!("video:{}", job.id)] {
        let Some(row) = outbox::by_key(tx, &key)? else { continue };
        outbox::sent(tx, row.id, row.rev, Some(n as i64), now)?;
    }
    Ok(())
}

fn none() -> Found<'static> {
    Found::default()
}

/// A step begins, with its line in the story.
fn claimed(tx: &Tx<'_>, now: Millis) -> anyhow::Result<Job> {
    let Some(job) = jobs::claim(tx, &Step::ALL, LIMITS, LEASE, now)? else {
        anyhow::bail!("nothing to claim");
    };
    jobs::note(tx, &job, "finished", "", Some(1_500), now)?;
    Ok(job)
}
