//! The sandbox, a throw-away folder, and the appliance in it.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::super::args::DemoArgs;
use super::super::{Context, console};
use super::chat::YourChat;
use crate::clock::{Clock, SECOND};
use crate::config::{Config, Env, Overrides};
use crate::db::Mode;
use crate::sandbox::customers::Plan;
use crate::sandbox::telegram::{Kind, Message};
use crate::sandbox::{self, Sandbox, Telegram};
use crate::serve::{Appliance, LogTo, begin_logs};
use crate::text::Lang;

/// As many accounts as the load needs: each starts 20 tasks in ten seconds.
const KIE_KEYS: usize = 3;

/// Everything that a demo runs.
pub(super) struct World {
    pub(super) sandbox: Sandbox,
    pub(super) clock: Clock,
    pub(super) appliance: Appliance,
    config: Config,
    /// The services fail now and then.
    pub(super) faults: bool,
    /// The demo's own neurocards.toml.
    settings: PathBuf,
    /// Where the videos are saved.
    pub(super) videos: PathBuf,
    /// Thrown away at the end; `None`: the user named the folder, so it stays.
    throw_away: Option<PathBuf>,
    _logs: Vec<tracing_appender::non_blocking::WorkerGuard>,
}

impl World {
    pub(super) fn start(context: &Context, args: &DemoArgs, plans: &[Plan]) -> Result<Self> {
        let clock = Clock::fast(args.speed());
        let mut options = sandbox::Options::new(clock.clone());
        options.seed = args.seed;
        options.kie_keys = (1..=KIE_KEYS).map(|n| format!("sandbox-kie-key-{n}")).collect();
        options.api_delay_ms = SECOND / 10;
        options.gpt_delay_ms = 3 * SECOND;
        options.record_calls = false;
        let sandbox = Sandbox::start(options)?;
        if args.faults {
            sandbox.faults().usual_trouble();
        }
        let root = std::env::temp_dir().join(format!("neurocards-demo-{}", std::process::id()));
        let named = context.overrides.data_dir.clone();
        let data = named.clone().unwrap_or_else(|| root.join("data"));
        let settings = root.join("settings");
        private_folder(&settings)?;
        std::fs::write(settings.join("neurocards.toml"), toml(plans))
            .context("cannot write the demo's settings")?;
        let config = config(&sandbox, &data, &settings, &clock)?;
        let tokens = config.require_tokens()?;
        private_folder(&data.join("logs"))?;
        let logs = begin_logs(&config, LogTo::FilesOnly)?;
        let appliance = Appliance::start(&config, &tokens, Mode::Demo, clock.clone())?;
        if has_seen_updates(&appliance)? {
            appliance.stop(true);
            bail!(
                "{0} holds an earlier demo, whose Telegram is gone: name an empty folder, or look into \
                 that one with `neurocards --data-dir {0} console`",
                data.display()
            );
        }
        let throw_away = named.is_none().then_some(data);
        let videos = root.join("videos");
        Ok(Self {
            sandbox,
            clock,
            appliance,
            config,
            faults: args.faults,
            settings,
            videos,
            throw_away,
            _logs: logs,
        })
    }

    /// The console over it, with the chat in which its user is a customer.
    pub(super) fn console(&self, lang: Option<Lang>) -> Result<()> {
        // Leaving the console leaves the appliance alone: what was begun is finished.
        let stop = console::hang_up()?;
        let db = self.appliance.db().clone();
        let mut options =
            console::options(&self.config, lang, db, self.clock.clone(), Arc::clone(&stop))?;
        let telegram = self.sandbox.telegram().clone();
        options.chat = Some(Box::new(YourChat::new(telegram, options.lang, self.videos.clone())));
        let (ended, left) = console::with(&self.appliance, options, &stop)?;
        ended.and(left)
    }

    /// Waits until no job lives and nothing waits to be sent.
    pub(super) fn settle(&self, at_most: Duration) -> Result<()> {
        let until = Instant::now() + at_most;
        while Instant::now() < until && self.open_work()? > 0 {
            let revision = self.sandbox.telegram().revisions();
            self.sandbox.telegram().wait(Duration::from_millis(200), |telegram| {
                (telegram.revisions() != revision).then_some(())
            });
        }
        Ok(())
    }

    fn open_work(&self) -> Result<i64> {
        self.appliance.db().read(|conn| {
            Ok(conn.query_row(
                "SELECT (SELECT COUNT(*) FROM jobs WHERE status IN ('queued', 'processing'))
                      + (SELECT COUNT(*) FROM outbox WHERE state = 'pending')",
                [],
                |row| row.get(0),
            )?)
        })
    }

    /// Saves every customer's videos as they got them; returns how many files.
    pub(super) fn save_videos(&self) -> Result<usize> {
        private_folder(&self.videos)?;
        let telegram = self.sandbox.telegram();
        let mut saved = 0;
        for user in telegram.users() {
            for message in telegram.messages(user) {
                saved += usize::from(save_video(telegram, &self.videos, &message)?.is_some());
            }
        }
        Ok(saved)
    }

    /// Stops everything. The data folder of a demo that went wrong stays, to look at.
    pub(super) fn stop(self, good: bool) -> Result<()> {
        self.appliance.stop(true);
        self.sandbox.stop();
        if good {
            std::fs::remove_dir_all(&self.settings)
                .with_context(|| format!("cannot remove {}", self.settings.display()))?;
        }
        match self.throw_away {
            Some(folder) if good => std::fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display())),
            _ => Ok(()),
        }
    }
}

/// Saves the video of a message; returns where. `None`: there is none in it.
pub(super) fn save_video(
    telegram: &Telegram,
    folder: &Path,
    message: &Message,
) -> Result<Option<PathBuf>> {
    let media = message.media.as_ref().filter(|_| message.kind == Kind::Video);
    let Some(bytes) = media.and_then(|media| telegram.file(&media.file_id)) else {
        return Ok(None);
    };
    private_folder(folder)?;
    let path = folder.join(format!("customer-{}-video-{}.mp4", message.user, message.id));
    std::fs::write(&path, &bytes).context("cannot save a video")?;
    Ok(Some(path))
}

/// A sandbox counts its updates and payments from the beginning: who knows those of another one would
/// take them for told twice, and wait for ever.
fn has_seen_updates(appliance: &Appliance) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM inbox)";
    appliance.db().read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?))
}

fn private_folder(path: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot create {}", path.display()))
}

/// Credits for everything that most customers plan, so that whoever plans most has to buy some; and
/// as many orders an hour as that takes: on a fast clock an hour is short.
fn toml(plans: &[Plan]) -> String {
    let mut need = std::collections::BTreeMap::<i64, u32>::new();
    for plan in plans {
        *need.entry(plan.user).or_default() += plan.count;
    }
    let most = need.values().max().copied().unwrap_or(2);
    let less = need.values().filter(|count| **count < most).max().copied();
    let credits = less.unwrap_or(most.saturating_sub(1)).max(1);
    format!(
        "[credits]\nsignup = {credits}\n\n[limits]\norders_per_user_per_hour = {}\n",
        plans.len().max(20)
    )
}

/// The real configuration, read from a made-up environment: nothing of the user's own is looked at.
fn config(sandbox: &Sandbox, data: &Path, settings: &Path, clock: &Clock) -> Result<Config> {
    let keys = sandbox.options().kie_keys.join(",");
    let openai = sandbox.options().openai_key.clone().unwrap_or_default();
    let env = Env::from_pairs([
        ("BOT_TOKEN", sandbox.options().token.clone()),
        ("KIE_API_KEY", keys),
        ("OPENAI_API_KEY", openai),
        ("TELEGRAM_API_URL", sandbox.telegram_url()),
        ("KIE_API_URL", sandbox.kie_url()),
        ("KIE_UPLOAD_URL", sandbox.upload_url()),
        ("OPENAI_BASE_URL", sandbox.openai_url()),
        ("NEUROCARDS_CLOCK", clock.spec().to_string()),
    ]);
    let flags = Overrides {
        config: Some(settings.join("neurocards.toml")),
        data_dir: Some(data.to_owned()),
    };
    Ok(Config::load(&flags, &env)?)
}
