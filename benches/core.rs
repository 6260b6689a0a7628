//! How fast the core is: its queue beside raw SQLite and beside other queues, its claim beside
//! many finished jobs, and what one step of each kind takes.
//!
//! ```sh
//! cargo bench --bench core                        # all of it, some ten minutes
//! cargo bench --bench core -- --peers             # with the other queues
//! cargo bench --bench core -- cycles claim parts growth --json core.json
//! cargo bench --bench core -- --quick             # short turns: does it run? No goal is asked for
//! ```
//! The figures of `docs/performance.md` come from here. It fails where a ratio misses its goal;
//! times are information.

#![expect(clippy::unwrap_used, reason = "a measurement may fail")]

#[path = "core/claims.rs"]
mod claims;
#[path = "core/cycles.rs"]
mod cycles;
#[path = "core/growth.rs"]
mod growth;
#[path = "core/parts.rs"]
mod parts;
#[path = "core/peers.rs"]
mod peers;
#[path = "core/syncs.rs"]
mod syncs;
#[path = "core/table.rs"]
mod table;

use std::process::ExitCode;
use std::time::Duration;

use cycles::Turns;
use table::Table;

const WHOLE: Turns = Turns { each: Duration::from_secs(3), count: 7 };
const QUICK: Turns = Turns { each: Duration::from_millis(500), count: 3 };
/// Finished jobs beside which a claim is measured.
const FINISHED: [i64; 3] = [0, 200_000, 2_000_000];
const FEW_FINISHED: [i64; 3] = [0, 2_000, 20_000];

fn main() -> ExitCode {
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| word.as_str() != "--bench").collect();
    let has = |word: &str| words.iter().any(|it| it == word);
    let parts = ["cycles", "claim", "parts", "growth"];
    let wanted = |part: &str| has(part) || !parts.iter().any(|part| has(part));
    let (turns, finished, orders) =
        if has("--quick") { (QUICK, FEW_FINISHED, 2_000) } else { (WHOLE, FINISHED, 100_000) };
    let mut table = Table::default();
    if wanted("cycles") {
        cycles::measure(&mut table, turns, has("--peers"));
    }
    if wanted("claim") {
        claims::measure(&mut table, turns, finished);
    }
    if wanted("parts") {
        parts::measure(&mut table, turns);
    }
    if wanted("growth") {
        growth::measure(&mut table, orders);
    }
    print!("\n{}", table.text());
    if let Some(at) = words.iter().position(|word| word == "--json") {
        std::fs::write(&words[at + 1], format!("{:#}\n", table.json())).unwrap();
    }
    // Short turns miss a goal now and then.
    if table.is_missed() && !has("--quick") { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
