//! The data folder: private to its owner, and held by one appliance at a time.

use anyhow::{Context as _, Result};
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Held for as long as an appliance runs on its data folder.
pub struct InstanceLock {
    _file: File,
}

/// Somebody else holds the folder: exit code 3.
#[derive(Debug)]
pub struct LockHeld {
    folder: PathBuf,
}

impl std::fmt::Display for LockHeld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "another neurocards runs on {}: stop it first, or choose another folder with --data-dir",
            self.folder.display()
        )
    }
}

impl std::error::Error for LockHeld {}

impl InstanceLock {
    /// Creates the folder with its subfolders where they are missing, makes it private, and locks it.
    ///
    /// # Errors
    /// [`LockHeld`] when another process has it; else what the file system says.
    pub fn take(folder: &Path) -> Result<Self> {
        create_folder(folder)?;
        for name in ["photos", "videos", "logs", "backups"] {
            create_folder(&folder.join(name))?;
        }
        let path = folder.join("neurocards.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {
                keep_names(folder)?;
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(LockHeld { folder: folder.to_owned() }.into()),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

fn create_folder(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .and_then(|()| std::fs::set_permissions(folder, Permissions::from_mode(0o700)))
        .with_context(|| format!("cannot create the folder {}", folder.display()))
}

/// A folder that was made just now is on disk when the one it is in has been synced.
fn keep_names(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot sync the folder {}", folder.display()))?;
    if let Some(Ok(parent)) = folder.parent().map(File::open) {
        // Where somebody else made the folder, its parent is theirs to sync.
        let _ = parent.sync_all();
    }
    Ok(())
}

/// Creates an empty file of mode 0600 where there is none; SQLite gives its own files that mode too.
pub(super) fn create_private(path: &Path) -> Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot create {}", path.display())),
    }
}
