//! The lines of the doctor, as people and scripts read them.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::super::screen;
use super::super::services::Veil;
use crate::config::Config;
use crate::db::Machine;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    /// It works, but not as it should for long.
    Warn,
    Fail,
}

/// One line; one element of the `--json` list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// What was looked at: `token`, `key 1`, `model kling-3.0/video`.
    pub(super) name: String,
    /// False only for `fail`, which makes the exit code 1.
    pub(super) ok: bool,
    pub(super) state: State,
    /// What was found, or what is wrong.
    pub(super) detail: String,
    /// What to do; null where nothing is to do, or where the detail says it.
    pub(super) remedy: Option<String>,
}

impl Check {
    pub(super) fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        let (name, detail) = (name.into(), detail.into());
        Self { name, ok: true, state: State::Ok, detail, remedy: None }
    }

    pub(super) fn warn(
        name: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self { state: State::Warn, remedy, ..Self::ok(name, detail) }
    }

    pub(super) fn fail(
        name: impl Into<String>,
        detail: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self { ok: false, state: State::Fail, remedy, ..Self::ok(name, detail) }
    }

    /// The check, or the error that kept it from being made, which says itself what to do.
    pub(super) fn made(name: impl Into<String>, check: Result<Self>) -> Self {
        let broken = |error: anyhow::Error| Self {
            ok: false,
            state: State::Fail,
            remedy: Machine::of(&error).map(|machine| machine.remedy().to_owned()),
            ..Self::ok(name, format!("{error:#}"))
        };
        check.unwrap_or_else(broken)
    }

    fn line(&self) -> String {
        let mark = match self.state {
            State::Ok => "ok  ",
            State::Warn => "warn",
            State::Fail => "FAIL",
        };
        let line = format!("{mark} {:<14} {}\n", self.name, self.detail);
        match &self.remedy {
            Some(remedy) => format!("{line}{:20}→ {remedy}\n", ""),
            None => line,
        }
    }
}

/// What was found so far. Lines are printed as they come, a JSON list at the end.
pub(super) struct Report {
    checks: Vec<Check>,
    json: bool,
    veil: Veil,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Self { checks: Vec::new(), json, veil: Veil::default() }
    }

    /// The secrets of this configuration stand in no line, whoever repeats them.
    pub(super) fn hide(&mut self, config: &Config) {
        self.veil = Veil::over(config);
    }

    /// Says on a terminal what is under way; the line is gone when the check ends.
    pub(super) fn doing(&self, what: &str) {
        let mut err = std::io::stderr().lock();
        if err.is_terminal() {
            // Where it cannot be written, nobody waits for it.
            let _ = write!(err, "\r\x1b[K     {what} …");
            let _ = err.flush();
        }
    }

    fn done(&self) {
        let mut err = std::io::stderr().lock();
        if err.is_terminal() {
            let _ = write!(err, "\r\x1b[K");
            let _ = err.flush();
        }
    }

    pub(super) fn add(&mut self, mut check: Check) -> Result<()> {
        check.detail = screen::clean(&self.veil.hide(&check.detail));
        check.remedy = check.remedy.map(|remedy| screen::clean(&self.veil.hide(&remedy)));
        self.done();
        if !self.json {
            screen::print(&check.line())?;
        }
        self.checks.push(check);
        Ok(())
    }

    /// Exit code 1 if any check failed.
    pub(super) fn end(self) -> Result<ExitCode> {
        if self.json {
            screen::print_json(&self.checks)?;
        }
        let good = self.checks.iter().all(|check| check.ok);
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
