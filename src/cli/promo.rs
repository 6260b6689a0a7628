//! `neurocards promo`: codes that are worth credits.

use std::process::ExitCode;

use anyhow::Result;

use super::args::{Output, PromoCommand};
use super::screen;
use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;
use crate::growth::{self, Promo};
use crate::operator::hands::{self, NewPromo};

/// Codes that are listed.
const LISTED: u32 = 200;

pub(super) fn run(
    config: &Config,
    command: Option<PromoCommand>,
    output: Output,
) -> Result<ExitCode> {
    let now = config.process_clock().now();
    let db = Db::open_existing(&config.data_dir)?;
    let said = match command {
        None => {
            let promos = db.read(|conn| growth::promos(conn, LISTED))?;
            if output.json {
                return screen::print_json(&promos);
            }
            show(&promos, now)
        }
        Some(PromoCommand::Add { code, credits, uses, days }) => {
            let shown = code.clone();
            db.write(move |tx| {
                let new = NewPromo { code: &code, credits, uses, days };
                hands::make_promo(tx, &super::by(), &new, now)
            })?;
            format!("customers use it by /promo {shown}\n")
        }
        Some(PromoCommand::Close { code }) => {
            let shown = code.clone();
            match db.write(move |tx| hands::close_promo(tx, &super::by(), &code, now))? {
                true => format!("code {shown} is closed\n"),
                false => format!("no open code {shown}: `neurocards promo` lists them\n"),
            }
        }
    };
    screen::print(&said)
}

fn show(promos: &[Promo], now: Millis) -> String {
    let row = |promo: &Promo| {
        let state = match (promo.closed_at, promo.until) {
            (Some(at), _) => format!("closed {}", screen::age(at, now)),
            _ if promo.used == promo.uses => "used up".to_owned(),
            (None, Some(until)) if until <= now => format!("over {}", screen::age(until, now)),
            (None, Some(until)) => format!("ends {}", screen::age(until, now)),
            (None, None) => "open".to_owned(),
        };
        vec![
            promo.code.clone(),
            promo.credits.to_string(),
            format!("{} of {}", promo.used, promo.uses),
            state,
        ]
    };
    let heading = ["code", ">credits", ">used", "state"];
    screen::table(&heading, &promos.iter().map(row).collect::<Vec<_>>())
}
