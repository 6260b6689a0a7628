//! What a screen shows, as it was at one moment: read in one short query-only transaction.

use super::view::View;
use crate::clock::{DAY, Millis};
use crate::db::{Db, JobId};
use crate::operator::alerts::Alert;
use crate::operator::customers::{Account, Customer};
use crate::operator::failures::Group;
use crate::operator::head::{self, Head, Pulse};
use crate::operator::keys::{self, Key};
use crate::operator::machine::{self, Machine};
use crate::operator::models::{self, Model};
use crate::operator::overview::{self, Overview};
use crate::operator::payments;
use crate::operator::queue::{self, Filter, Sort};
use crate::operator::ratings::{self, Rated};
use crate::operator::story::{self, Story};
use crate::operator::{alerts, customers, days, failures, trail};
use crate::orders::Shop;
use anyhow::Result;
use jiff::tz::TimeZone;
use std::path::PathBuf;

/// Rows of a list.
const ROWS: u32 = 500;
/// How far back failures are grouped.
const FAILURES: Millis = 7 * DAY;

/// What is to be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    pub(super) view: View,
    /// What the list is narrowed to, as it was typed.
    pub(super) filter: String,
    pub(super) sort: Sort,
}

/// A screen's facts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Picture {
    pub(super) request: Request,
    pub(super) head: Head,
    pub(super) body: Body,
    /// By the process clock.
    pub(super) read_at: Millis,
    /// How old the last heartbeat of a living appliance may be, by the process clock.
    pub(super) alive_within: Millis,
}

/// The facts of the screen at hand.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// Not there, or not of the database.
    Nothing,
    Overview(Box<Overview>, Option<Machine>),
    Queue(Vec<queue::Row>),
    Job(Box<Story>),
    Failures(Vec<Group>),
    Keys(Vec<Key>),
    Models(Vec<Model>, Vec<Rated>),
    Customers(Vec<Customer>),
    Customer(Box<Account>),
    Payments(Vec<payments::Row>),
    Alerts(Vec<Alert>, Vec<LogLine>),
    Audit(Vec<trail::Line>),
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LogLine {
    /// Its file and where in it it begins: the same however long the file grows.
    pub(super) place: String,
    /// `ERROR`, `WARN`, `INFO`, …; empty for a line that goes on.
    pub(super) level: String,
    /// When it was written; none for a line that goes on.
    pub(super) at: Option<Millis>,
    pub(super) text: String,
}

/// Reads pictures.
pub(super) struct Reader {
    pub(super) db: Db,
    pub(super) shop: std::sync::Arc<Shop>,
    pub(super) data_dir: PathBuf,
    pub(super) zone: TimeZone,
    pub(super) clock: crate::clock::Clock,
}

impl Reader {
    pub(super) fn read(&self, request: &Request) -> Result<Picture> {
        let machine = match request.view {
            View::Overview => Some(machine::look(&self.data_dir)?),
            _ => None,
        };
        self.read_at(request, machine, self.clock.now())
    }

    /// The same as of a given time, on a machine that was looked at.
    pub(super) fn read_at(
        &self,
        request: &Request,
        machine: Option<Machine>,
        now: Millis,
    ) -> Result<Picture> {
        let pulse = Pulse::of(&self.clock);
        let logs = match request.view {
            View::Alerts => super::logs::tail(&self.data_dir.join("logs")),
            _ => Vec::new(),
        };
        self.db.read(|conn| {
            let head = head::read(conn, &self.shop, pulse, now)?;
            let body = match request.view {
                View::Overview => {
                    let asked = overview::Asked {
                        shop: &self.shop,
                        head: &head,
                        machine: machine.as_ref(),
                        midnight: days::midnight(now, &self.zone),
                    };
                    Body::Overview(Box::new(overview::read(conn, &asked, now)?), machine)
                }
                View::Queue => {
                    // One that is not understood was refused when it was typed: it finds nothing.
                    let rows = Filter::parse(&request.filter).map(|filter| {
                        let query = queue::Query { filter, sort: request.sort, limit: 0 };
                        queue::read(conn, &query, now)
                    });
                    Body::Queue(rows.unwrap_or_else(|_| Ok(Vec::new()))?)
                }
                View::Job(id) => story::read(conn, &self.shop, JobId(id), now)?
                    .map_or(Body::Nothing, |story| Body::Job(Box::new(story))),
                View::Failures => Body::Failures(failures::read(conn, now - FAILURES)?),
                View::Keys => Body::Keys(keys::read(conn, self.shop.least_price(), now)?),
                View::Models => {
                    Body::Models(models::read(conn, &self.shop, now)?, ratings::read(conn)?)
                }
                View::Customers => Body::Customers(customers::search(conn, &request.filter, ROWS)?),
                View::Customer(id) => customers::read(conn, id)?
                    .map_or(Body::Nothing, |account| Body::Customer(Box::new(account))),
                View::Payments => Body::Payments(payments::read(conn, None, None, ROWS)?),
                View::Alerts => Body::Alerts(alerts::read(conn, ROWS)?, logs),
                View::Audit => Body::Audit(trail::read(conn, None, ROWS)?),
                View::Chat => Body::Nothing,
            };
            let alive_within = pulse.alive_within;
            Ok(Picture { request: request.clone(), head, body, read_at: now, alive_within })
        })
    }
}
