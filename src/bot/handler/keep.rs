//! Customers' photos, on their way to the disk.

use anyhow::{Context as _, Result};
use std::path::Path;

/// On disk before the transaction that names it.
pub(super) fn keep(photos: &Path, name: &str, jpeg: &[u8]) -> Result<()> {
    let missing = |error: &std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
    let kept = match write(photos, name, jpeg) {
        // Its folder was empty and was cleared away at that moment.
        Err(error) if missing(&error) => write(photos, name, jpeg),
        kept => kept,
    };
    kept.with_context(|| format!("cannot keep the photo {name}"))
}

fn write(photos: &Path, name: &str, jpeg: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    let path = photos.join(name);
    let folder = path.parent().unwrap_or(photos);
    if !folder.is_dir() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        std::fs::File::open(photos)?.sync_all()?;
    }
    let part = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&part)?;
    file.write_all(jpeg)?;
    file.sync_all()?;
    std::fs::rename(&part, &path)?;
    // The name is not on disk before its folder is.
    std::fs::File::open(folder)?.sync_all()
}
