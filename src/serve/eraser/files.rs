//! The files of somebody who left: their photos, and what is left of their videos.

use crate::db::Db;
use crate::flow;
use crate::inbox;
use crate::jobs;
use crate::users::departures::Departure;
use anyhow::{Context as _, Result};
use rusqlite::Connection;
use std::collections::HashSet;
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
                let there = found.map(|photo| Ok(photo?.path()));
                let there = there.collect::<std::io::Result<Vec<_>>>()?;
                for photo in self.nobodys(db, one, there)? {
                    remove(&photo)?;
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

    /// Of these photos those that no row names. A row names what somebody brought who came back
    /// meanwhile, or it is about to: its photo is there before the commit. Telegram's numbers tell
    /// nothing about that, for they begin anew at times.
    fn nobodys(&self, db: &Db, one: &Departure, photos: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
        db.read(|conn| {
            let names = jobs::photos_of(conn, one.user)?;
            let draft = flow::photo_of(conn, one.tg_user_id)?;
            let named: HashSet<_> =
                names.iter().chain(&draft).map(|it| self.photos.join(it)).collect();
            let mut nobodys = Vec::new();
            for photo in photos {
                if !named.contains(&photo) && !is_on_its_way(conn, &photo)? {
                    nobodys.push(photo);
                }
            }
            Ok(nobodys)
        })
    }

    pub(super) fn sync(&self) -> Result<()> {
        sync(&self.videos)
    }
}

/// `photos/42/1007.jpg`: the update that brought it is still to be handled.
fn is_on_its_way(conn: &Connection, photo: &Path) -> Result<bool> {
    let stem = photo.file_stem().and_then(|stem| stem.to_str());
    match stem.and_then(|stem| stem.parse().ok()) {
        Some(update_id) => inbox::is_open(conn, update_id),
        None => Ok(false),
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
