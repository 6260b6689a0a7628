//! The files of somebody who left: their photos, and what is left of their videos.

use crate::db::Db;
use crate::flow;
use crate::jobs;
use crate::users::departures::Departure;
use anyhow::{Context as _, Result};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where they lie.
pub(super) struct Folders {
    pub(super) photos: PathBuf,
    pub(super) videos: PathBuf,
}

impl Folders {
    /// Removes all of one customer. What it removes of the videos is on the disk after
    /// [`Folders::sync`].
    pub(super) fn clear(&self, db: &Db, one: &Departure) -> Result<()> {
        let folder = self.photos.join(one.tg_user_id.to_string());
        match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => {
                let found = found.with_context(|| format!("cannot list {}", folder.display()))?;
                let mut there = HashMap::new();
                for photo in found {
                    let photo = photo?;
                    let name = photo.file_name();
                    let name = format!("{}/{}", one.tg_user_id, name.to_string_lossy());
                    there.insert(name, photo.path());
                }
                for name in db.read(|conn| flow::nobodys(conn, one, there.keys()))? {
                    remove(&there[&name])?;
                }
                // It stays where somebody came back and sent another.
                if std::fs::remove_dir(&folder).is_ok() {
                    sync(&self.photos)?;
                } else {
                    sync(&folder)?;
                }
            }
        }
        for job in db.read(|conn| jobs::ended_of(conn, one.user, one.at))? {
            remove(&self.videos.join(format!("{job}.mp4")))?;
            remove(&self.videos.join(format!("{job}.mp4.part")))?;
        }
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<()> {
        sync(&self.videos)
    }
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("cannot remove {}", path.display())),
    }
}

fn sync(folder: &Path) -> Result<()> {
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("cannot sync {}", folder.display()))
}
