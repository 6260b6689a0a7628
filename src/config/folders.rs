//! Where the configuration file and the data folder are.

use std::path::{Path, PathBuf};

use super::{ConfigError, Entry, Env, FILE_NAME, Overrides, file};

/// `--data-dir`, `NEUROCARDS_DATA_DIR`, or the platform's folder.
pub(super) fn data_dir(
    flags: &Overrides,
    env: &Env,
    entries: &mut Vec<Entry>,
) -> Result<PathBuf, ConfigError> {
    let (path, source) = if let Some(path) = &flags.data_dir {
        (path.clone(), "--data-dir".to_owned())
    } else if let Some(found) = env.get("NEUROCARDS_DATA_DIR") {
        (PathBuf::from(&found.value), found.source())
    } else {
        let folders = platform().ok_or_else(|| {
            ConfigError::new("no home folder for the data: set NEUROCARDS_DATA_DIR or --data-dir")
        })?;
        (folders.data_dir().to_path_buf(), "default".to_owned())
    };
    entries.push(entry("NEUROCARDS_DATA_DIR", &path, source));
    Ok(path)
}

/// The configuration file's path and, where it exists, its text. One that was named must exist,
/// unless it `may_be_new`.
pub(super) fn file(
    flags: &Overrides,
    env: &Env,
    may_be_new: bool,
    entries: &mut Vec<Entry>,
) -> Result<(PathBuf, Option<String>), ConfigError> {
    let found = env.get("NEUROCARDS_CONFIG");
    let (path, source, named) = if let Some(path) = &flags.config {
        (path.clone(), "--config".to_owned(), true)
    } else if let Some(found) = found {
        (PathBuf::from(&found.value), found.source(), true)
    } else {
        let path = platform().map(|folders| folders.config_dir().join(FILE_NAME));
        (path.unwrap_or_default(), "default".to_owned(), false)
    };
    let text = match file::read_limited(&path) {
        Ok(text) => text,
        // No file was asked for, and the platform's may be another user's.
        Err(_) if !named && path.as_os_str().is_empty() => None,
        Err(error) => return Err(error),
    };
    if text.is_none() && named && !may_be_new {
        return Err(ConfigError::new(format!(
            "{}: there is no such configuration file; `neurocards setup` makes one, `neurocards config --sample` prints one ({source})",
            path.display()
        )));
    }
    let source = if text.is_some() { source } else { format!("{source}, not there") };
    entries.push(entry("NEUROCARDS_CONFIG", &path, source));
    Ok((path, text))
}

fn platform() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "neurocards")
}

fn entry(key: &str, path: &Path, source: String) -> Entry {
    Entry { key: key.to_owned(), value: path.display().to_string(), source }
}
