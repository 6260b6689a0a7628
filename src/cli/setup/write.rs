//! The files, each whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};

/// What is there already.
///
/// # Errors
/// It is there and cannot be read: it belongs to somebody else, say.
pub(super) fn present(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error)
            .with_context(|| format!("cannot read {}: nothing was written", path.display())),
    }
}

/// Writes a file of mode 0600 beside its place, and moves it there once it is on disk.
pub(super) fn private(path: &Path, text: &str) -> Result<()> {
    // A link stays one.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = Path::new(&part);
    let write = || {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        if part.exists() {
            // Of a setup that was cut off.
            std::fs::remove_file(part)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(part)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(part, &path)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The commented sample, with the support contact where there is one.
pub(super) fn settings(support: Option<&str>) -> String {
    const LINE: &str = "#support_url = \"\"";
    let sample = crate::config::sample();
    match support {
        Some(contact) => {
            let value = toml::Value::String(contact.to_owned());
            sample.replacen(LINE, &format!("support_url = {value}"), 1)
        }
        None => sample.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_private_whole_and_replaced_at_once() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("new/folder/secrets.env");
        for text in ["A='1'\n", "B='2'\n"] {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path.with_file_name("secrets.env.part"), "half").unwrap();
            private(&path, text).unwrap();
            assert_eq!(present(&path).unwrap().as_deref(), Some(text));
            let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600);
            assert!(!path.with_file_name("secrets.env.part").exists());
        }
    }

    #[test]
    fn the_support_contact_is_the_one_changed_line() {
        let (text, plain) = (settings(Some("@shop")), settings(None));
        let changed: Vec<_> =
            text.lines().zip(plain.lines()).filter(|(new, old)| new != old).collect();
        assert_eq!(changed.len(), 1);
        assert!(changed[0].0.starts_with("support_url = \"@shop\""), "{changed:?}");
        assert_eq!(plain, crate::config::sample());
    }
}
