//! What is wrong with the machine when SQLite or the file system says no: not with what was asked.

use rusqlite::ErrorCode;
use rusqlite::ffi;
use std::io::{self, ErrorKind};

/// A commit that failed as a whole, with all its callers.
#[derive(Clone, Debug)]
pub struct NotCommitted {
    pub(super) why: String,
    pub(super) code: Option<ErrorCode>,
}

impl std::fmt::Display for NotCommitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the database could not commit: {}", self.why)
    }
}

impl std::error::Error for NotCommitted {}

/// What has to be mended, named by who can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// No space is left.
    Full,
    /// Mounted read-only, or somebody else's.
    ReadOnly,
    /// Too many files are open.
    Files,
    /// The disk itself.
    Disk,
    /// The database's bytes are not as they were written.
    Damaged,
    /// The file is something else.
    NotADatabase,
    /// A folder in its place, or no right to open it.
    Unopenable,
    /// Another process writes and does not end.
    Busy,
}

impl Machine {
    /// Of an error with all its causes; `None`: it is about something else.
    pub fn of(error: &anyhow::Error) -> Option<Self> {
        error.chain().find_map(|cause| {
            if let Some(NotCommitted { code, .. }) = cause.downcast_ref() {
                return code.and_then(Self::of_code);
            }
            if let Some(error) = cause.downcast_ref::<rusqlite::Error>() {
                return error.sqlite_error_code().and_then(Self::of_code);
            }
            cause.downcast_ref::<io::Error>().and_then(Self::of_io)
        })
    }

    /// Nobody could have done it now, so it is no word against who tried: the database refused, no
    /// space is left, or no file can be opened. A file that alone cannot be read is another matter:
    /// whoever needs it would wait for ever.
    pub fn stops_everybody(error: &anyhow::Error) -> bool {
        match Self::of(error) {
            None => false,
            Some(Self::Full | Self::Files) => true,
            Some(_) => !error.chain().any(|cause| cause.is::<io::Error>()),
        }
    }

    fn of_code(code: ErrorCode) -> Option<Self> {
        Some(match code {
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::ReadOnly => Self::ReadOnly,
            ErrorCode::SystemIoFailure => Self::Disk,
            ErrorCode::DatabaseCorrupt => Self::Damaged,
            ErrorCode::NotADatabase => Self::NotADatabase,
            ErrorCode::CannotOpen => Self::Unopenable,
            ErrorCode::DatabaseBusy => Self::Busy,
            _ => return None,
        })
    }

    /// Of the file system.
    pub fn of_io(error: &io::Error) -> Option<Self> {
        const EIO: i32 = 5;
        const ENFILE: i32 = 23;
        const EMFILE: i32 = 24;
        match (error.kind(), error.raw_os_error()) {
            (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => Some(Self::Full),
            (ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied, _) => {
                Some(Self::ReadOnly)
            }
            (_, Some(ENFILE | EMFILE)) => Some(Self::Files),
            (_, Some(EIO)) => Some(Self::Disk),
            _ => None,
        }
    }

    /// What to do, to follow what happened.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Full => "the disk is full: make room on it",
            Self::ReadOnly => {
                "it cannot be written: look at the owner and mode of the folder, and whether its \
                 disk is mounted read-only"
            }
            Self::Files => "too many files are open: raise the limit (`ulimit -n`, LimitNOFILE=)",
            Self::Disk => "the disk fails: look at it (`dmesg`), then start again",
            Self::Damaged => {
                "the database is damaged: stop the program, and put a backup back with \
                 `neurocards restore FILE`"
            }
            Self::NotADatabase => {
                "put a backup back with `neurocards restore FILE`, or choose another folder with \
                 --data-dir"
            }
            Self::Unopenable => {
                "it must be a file that you may read and write: look at its owner and mode"
            }
            Self::Busy => "another program writes to it all the time: end that one",
        }
    }
}

/// What is on the disk, or can be read from it, is known only after a restart: `Some` says why.
pub(super) fn fatal(error: &rusqlite::Error) -> Option<String> {
    /// A query that sorts much needs a file of its own, and that may fail without harm.
    const HARMLESS: [i32; 2] = [ffi::SQLITE_IOERR_GETTEMPPATH, ffi::SQLITE_IOERR_NOMEM];
    let rusqlite::Error::SqliteFailure(said, _) = error else { return None };
    let fatal = matches!(
        said.code,
        ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ReadOnly
    );
    (fatal && !HARMLESS.contains(&said.extended_code)).then(|| error.to_string())
}

/// The same of an error that a closure returned.
pub(super) fn fatal_in(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| fatal(cause.downcast_ref::<rusqlite::Error>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_told_from_what_was_asked_of_it() {
        let full = NotCommitted { why: "full".into(), code: Some(ErrorCode::DiskFull) };
        for (error, machine) in [
            (anyhow::Error::new(full).context("a job"), Some(Machine::Full)),
            (io::Error::from_raw_os_error(28).into(), Some(Machine::Full)),
            (io::Error::from_raw_os_error(30).into(), Some(Machine::ReadOnly)),
            (io::Error::from_raw_os_error(24).into(), Some(Machine::Files)),
            (io::Error::from_raw_os_error(5).into(), Some(Machine::Disk)),
            (io::Error::from(ErrorKind::NotFound).into(), None),
            (anyhow::anyhow!("no such user"), None),
        ] {
            assert_eq!(Machine::of(&error), machine, "{error:#}");
        }
    }
    #[test]
    fn a_file_that_cannot_be_read_stops_only_who_needs_it() {
        let os = |code| anyhow::Error::new(io::Error::from_raw_os_error(code)).context("a photo");
        for code in [28, 23, 24] {
            assert!(Machine::stops_everybody(&os(code)), "{code}");
        }
        for code in [13, 5, 30, 2] {
            assert!(!Machine::stops_everybody(&os(code)), "{code}");
        }
        for code in [ffi::SQLITE_IOERR, ffi::SQLITE_READONLY, ffi::SQLITE_FULL] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            assert!(Machine::stops_everybody(&error.into()), "{code}");
        }
        assert!(!Machine::stops_everybody(&anyhow::anyhow!("no such user")));
    }
}
