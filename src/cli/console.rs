//! `neurocards console`, and the console of an appliance in the foreground.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::Context;
use super::args::ConsoleArgs;
use crate::audit::{By, Way};
use crate::clock::Clock;
use crate::config::Config;
use crate::console::{self, Look, Options};
use crate::db::{Db, InstanceLock, Mode};
use crate::serve::{self, Appliance, Ending, LogTo, begin_logs};
use crate::text::Lang;

/// How long the console may take to give the terminal back.
const LAST_PICTURE: Duration = Duration::from_secs(2);
/// How long a hang-up may wait to be seen.
const NAP: Duration = Duration::from_millis(200);

/// On the database of an appliance that runs elsewhere, or of none.
pub(super) fn run(context: &Context, args: &ConsoleArgs) -> Result<ExitCode> {
    if !is_possible() {
        bail!("the console needs a terminal: `neurocards stats` and `neurocards jobs` print");
    }
    let config = context.config()?;
    let db = Db::open_existing(&config.data_dir)?;
    let stop = signals()?;
    let options = options(&config, context.lang, db, config.process_clock(), stop)?;
    console::run(Options { readonly: args.readonly, ..options })?;
    Ok(ExitCode::SUCCESS)
}

/// The whole appliance with the console over it; the one ends with the other.
pub(super) fn foreground(config: &Config, lang: Option<Lang>) -> Result<ExitCode> {
    let tokens = config.require_tokens()?;
    drop(InstanceLock::take(&config.data_dir)?);
    let _logs = begin_logs(config, LogTo::FilesOnly)?;
    let clock = config.process_clock();
    let mode = if clock.is_real() { Mode::Live } else { Mode::Demo };
    let appliance = Appliance::start(config, &tokens, mode, clock.clone())?;
    let stop = hang_up()?;
    let options = options(config, lang, appliance.db().clone(), clock, Arc::clone(&stop))?;
    let (ended, left) = with(&appliance, Options { owns: true, ..options }, &stop)?;
    appliance.stop(ended.is_ok());
    ended.and(left).map(|()| ExitCode::SUCCESS)
}

/// Shows the console until its user leaves it, or the appliance ends: how that ended, and how the
/// console did. A console that breaks does not take the appliance with it.
pub(super) fn with(
    appliance: &Appliance,
    options: Options,
    stop: &Arc<AtomicBool>,
) -> Result<(Result<()>, Result<()>)> {
    let ender = appliance.ender();
    let (tell, hear) = channel();
    let hung_up = Arc::clone(stop);
    let shown = std::thread::Builder::new().name("console-owner".into()).spawn(move || {
        let left = console::run(options);
        if let Err(error) = &left {
            super::screen::complain(&format!("{error:#}; the program goes on, Ctrl+C stops it"));
            while !hung_up.load(Ordering::SeqCst) {
                std::thread::park_timeout(NAP);
            }
        }
        // Nobody listens only when the appliance is ending anyway.
        let _ = tell.send(left);
        let _ = ender.send(Ending::Asked);
    });
    shown.context("cannot start the console")?;
    let ended = appliance.wait();
    stop.store(true, Ordering::SeqCst);
    // A terminal that takes nothing holds up no stop.
    let left = hear.recv_timeout(LAST_PICTURE).unwrap_or(Ok(()));
    Ok((ended, left))
}

/// Both ends are a terminal.
pub(super) fn is_possible() -> bool {
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

pub(super) fn options(
    config: &Config,
    lang: Option<Lang>,
    db: Db,
    clock: Clock,
    stop: Arc<AtomicBool>,
) -> Result<Options> {
    let look = Look::of_environment();
    let look = Look { colour: look.colour && !config.no_color, ..look };
    Ok(Options {
        db,
        shop: Arc::new(serve::shop(config)?),
        clock,
        data_dir: config.data_dir.clone(),
        zone: config.report.timezone.clone(),
        lang: lang.unwrap_or_else(|| language(look)),
        look,
        readonly: false,
        by: By { way: Way::Console, ..super::by() },
        stop,
        chat: None,
        owns: false,
    })
}

/// Of the locale; a terminal that cannot show Russian letters gets English.
fn language(look: Look) -> Lang {
    let var = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(var).unwrap_or_default();
    if look.unicode && locale.starts_with("ru") { Lang::Ru } else { Lang::En }
}

/// Set when the process is asked to end, or its terminal goes away.
pub(super) fn signals() -> Result<Arc<AtomicBool>> {
    let stop = hang_up()?;
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot hear signals")?;
    }
    Ok(stop)
}

/// The appliance hears the others itself.
pub(super) fn hang_up() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&stop))
        .context("cannot hear signals")?;
    Ok(stop)
}
