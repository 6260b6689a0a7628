//! `neurocards payments` and `neurocards refund-payment`: Stars that came, and Stars that go back.

use std::process::ExitCode;

use anyhow::{Result, anyhow};

use super::args::{PaymentsArgs, RefundArgs};
use super::{ask, screen};
use crate::bot::telegram::{Failure, StarsBack, Telegram};
use crate::clock::{MINUTE, Millis};
use crate::config::Config;
use crate::db::Db;
use crate::operator::days;
use crate::operator::hands::{self, Refund};
use crate::operator::payments::{self, Row, Sums};
use crate::serve;

/// How often Telegram is asked while its answer is lost: it refunds once all the same.
const TRIES: u32 = 3;

/// Why a refund does not find all of its credits.
const GONE: &str = "spent, lost with deleted data, or held by videos in the works";

/// `--json`.
#[derive(serde::Serialize)]
struct Payments {
    /// Since midnight in the configured time zone.
    today: Sums,
    /// Newest first.
    payments: Vec<Row>,
}

pub(super) fn list(config: &Config, args: &PaymentsArgs) -> Result<ExitCode> {
    let now = config.process_clock().now();
    let midnight = days::midnight(now, &config.report.timezone);
    let found = Db::open_existing(&config.data_dir)?.read(|conn| {
        Ok(Payments {
            today: payments::sums(conn, midnight)?,
            payments: payments::read(conn, args.user, None, args.limit)?,
        })
    })?;
    if args.output.json { screen::print_json(&found) } else { screen::print(&show(&found, now)) }
}

fn show(found: &Payments, now: Millis) -> String {
    let row = |row: &Row| {
        vec![
            screen::age(row.created_at, now),
            row.tg_user_id.to_string(),
            row.username.clone().unwrap_or_default(),
            row.stars.to_string(),
            row.credits.to_string(),
            state(row, now),
        ]
    };
    let heading = ["came", "user", "name", ">Stars", ">credits", "state"];
    let mut rows: Vec<_> = found.payments.iter().map(row).collect();
    // A charge id is long, and a cut one is of no use: it stands last and whole.
    for (cells, payment) in rows.iter_mut().zip(&found.payments) {
        cells.iter_mut().for_each(|cell| *cell = screen::cut(cell, 48));
        cells.push(screen::cut(&payment.charge_id, usize::MAX));
    }
    let heading: Vec<&str> = heading.into_iter().chain(["charge"]).collect();
    let Sums { payments, stars, refunds, stars_back, .. } = found.today;
    format!(
        "{}\nToday: {payments} payments, {stars} Stars; {refunds} refunds, {stars_back} Stars.\n",
        screen::wide_table(&heading, &rows)
    )
}

fn state(row: &Row, now: Millis) -> String {
    match (row.refunded_at, row.refund_asked_at) {
        (Some(at), _) => {
            let mut text = format!("refunded {}", screen::age(at, now));
            if let Some(owed) = row.owed.filter(|owed| *owed > 0) {
                text += &format!(", {} owed", hands::in_words(owed));
            }
            if row.gifts_spent > 0 {
                text += &format!(", {} of gifts", row.gifts_spent);
            }
            text
        }
        // A call takes a minute and a half at most: then its answer is lost.
        (None, Some(at)) if now - at < 2 * MINUTE => "being refunded".to_owned(),
        (None, Some(_)) => "refund unanswered: run refund-payment again".to_owned(),
        (None, None) => "paid".to_owned(),
    }
}

/// The Stars go first: credits are taken for Stars that are back, never for Stars that may be.
/// Between the two a note stands in the row, and asking again is harmless.
pub(super) fn refund(config: &Config, args: &RefundArgs) -> Result<ExitCode> {
    let tokens = config.require_tokens()?;
    let db = Db::open_existing(&config.data_dir)?;
    let (shop, clock) = (serve::shop(config)?, config.process_clock());
    let charge = args.charge_id.clone();
    let weighed = db.read(|conn| hands::weigh_refund(conn, &charge))?;
    if !ask::yes(&question(&charge, &weighed), args.yes)? {
        screen::print("nothing was given back\n")?;
        return Ok(ExitCode::FAILURE);
    }
    let (of, now) = (charge.clone(), clock.now());
    let refund = db.write(move |tx| hands::begin_refund(tx, &of, now))?;
    let telegram = Telegram::new(serve::telegram(config, &tokens, &clock))?;
    let given = give_back(&telegram, refund.user.tg_user_id, &charge);
    let (of, now) = (charge.clone(), clock.now());
    match given {
        Ok(back) => {
            let done = db.write(move |tx| hands::end_refund(tx, &shop, &super::by(), &of, now))?;
            screen::print(&told(&charge, &done, back))
        }
        // Telegram's word on this very charge. Whatever else went wrong leaves the note where it
        // is: an earlier call of this refund may have been heard.
        Err(Failure::BadRequest(text)) => {
            let why = text.clone();
            db.write(move |tx| hands::drop_refund(tx, &super::by(), &of, &why, now))?;
            Err(refused(&text))
        }
        Err(failure) => Err(anyhow!(
            "{failure}; no credits were taken: run the same command again, Telegram gives a \
             payment back only once"
        )),
    }
}

fn give_back(telegram: &Telegram, user: i64, charge: &str) -> Result<StarsBack, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Unreached(error.to_string()))?;
    runtime.block_on(async {
        let mut tries = 1;
        loop {
            match telegram.refund_stars(user, charge).await {
                Err(Failure::Lost(_) | Failure::ServerError(_)) if tries < TRIES => tries += 1,
                answered => return answered,
            }
        }
    })
}

fn refused(text: &str) -> anyhow::Error {
    if text.contains("CHARGE_NOT_FOUND") {
        return anyhow!(
            "Telegram does not know this charge, and nothing was given back: is BOT_TOKEN that of \
             the bot which sold it?"
        );
    }
    anyhow!("Telegram refused, and nothing was given back: {text}")
}

fn question(charge: &str, refund: &Refund) -> String {
    let Refund { user, stars, credits, taken, asked_at, .. } = refund;
    let mut text = format!(
        "Payment {charge} of user {}: {stars} Stars for {credits} credits.\n\
         {stars} Stars go back, {} credits are taken from their {}",
        user.tg_user_id, taken.taken_back, user.credits
    );
    if taken.owed > 0 {
        text += &format!(", {} stay owed: {GONE}", taken.owed);
    }
    text += &besides(refund);
    if asked_at.is_some() {
        text += ".\nThis refund was asked for before and its answer was lost";
    }
    text + ".\nGive it back?"
}

fn told(charge: &str, refund: &Refund, back: StarsBack) -> String {
    let Refund { user, stars, taken, .. } = refund;
    let when = match back {
        StarsBack::Now => "are back",
        StarsBack::Before => "were back already",
    };
    let owed = match taken.owed {
        0 => String::new(),
        owed => format!(", {owed} are owed: {GONE}"),
    };
    format!(
        "payment {charge}: {stars} Stars {when} with user {}, {} credits taken{owed}{}\n",
        user.tg_user_id,
        taken.taken_back,
        besides(refund)
    )
}

/// What came with the payment goes with it.
fn besides(refund: &Refund) -> String {
    match refund.besides() {
        gifts if gifts.is_empty() => gifts,
        gifts => format!(".\nWhat it brought besides goes, too: {gifts}"),
    }
}
