//! Whether what customers gave is unreadable on a disk that is taken away: by the folder's own key
//! (fscrypt), or because everything that its file system lies on is a dm-crypt device (LUKS). What a
//! host or a drive encrypts by itself cannot be seen from here.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, major, minor, statx};

use super::report::Check;

/// Devices on devices: a partition of a mirror on a volume, and then some.
const DEEPEST: u32 = 16;

/// A line that never fails: nothing here keeps the program from serving.
pub(super) fn check(data_dir: &Path) -> Result<Check> {
    let existing = data_dir.ancestors().find(|path| path.exists()).unwrap_or(data_dir);
    let detail = if has_a_key(existing)? {
        "encrypted: the data folder has a key of its own (fscrypt)"
    } else {
        match under(existing, Path::new("/sys"), &mounts()) {
            Some(true) => "encrypted: its disk is (dm-crypt)",
            Some(false) => "not encrypted on this disk, as far as can be seen: docs/at-rest.md",
            None => "cannot be seen on this file system: docs/at-rest.md",
        }
    };
    Ok(Check::ok("at rest", detail))
}

fn has_a_key(folder: &Path) -> Result<bool> {
    let facts = statx(CWD, folder, AtFlags::empty(), StatxFlags::empty())
        .with_context(|| format!("cannot look at {}", folder.display()))?;
    Ok(facts.stx_attributes.contains(StatxAttributes::ENCRYPTED))
}

fn mounts() -> String {
    // Where there is none, nothing is known of file systems without a device of their own.
    std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()
}

/// Whether all devices below a folder are encrypted; `None`: they cannot be told.
fn under(folder: &Path, sys: &Path, mounts: &str) -> Option<bool> {
    let device = std::fs::metadata(folder).ok()?.dev();
    let of = |device: u64| {
        let name = format!("{}:{}", major(device), minor(device));
        sys.join("dev/block").join(name).canonicalize().ok()
    };
    // Btrfs and the like count files under a device that does not exist, and name theirs when mounted.
    let found = of(device).or_else(|| of(std::fs::metadata(source(folder, mounts)?).ok()?.rdev()));
    Some(is_encrypted(&found?, DEEPEST))
}

/// The device that a folder's file system was mounted from: of the longest mount point above it, the
/// last one.
fn source(folder: &Path, mounts: &str) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let mount = |line: &str| {
        let (mount, file_system) = line.split_once(" - ")?;
        let point = PathBuf::from(mount.split(' ').nth(4)?.replace("\\040", " "));
        let source = PathBuf::from(file_system.split(' ').nth(1)?);
        folder.starts_with(&point).then_some((point, source))
    };
    let above = mounts.lines().filter_map(mount);
    let (_, source) = above.max_by_key(|(point, _)| point.components().count())?;
    source.is_absolute().then_some(source)
}

/// Of a device's folder below `/sys/devices`: itself, all that it lies on, or the disk that it is a
/// part of.
fn is_encrypted(device: &Path, deeper: u32) -> bool {
    let text = |name: &str| std::fs::read_to_string(device.join(name)).unwrap_or_default();
    if text("dm/uuid").starts_with("CRYPT-") {
        return true;
    }
    if deeper == 0 {
        return false;
    }
    let below = std::fs::read_dir(device.join("slaves")).into_iter().flatten().flatten();
    let mut below: Vec<_> = below.filter_map(|one| one.path().canonicalize().ok()).collect();
    if below.is_empty() && device.join("partition").exists() {
        below.extend(device.parent().map(Path::to_owned));
    }
    !below.is_empty() && below.iter().all(|one| is_encrypted(one, deeper - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};
    use std::os::unix::fs::symlink;

    /// Devices as /sys shows them.
    struct Sys(tempfile::TempDir);

    impl Sys {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn device(&self, name: &str, on: &[&str]) -> PathBuf {
            let path = self.0.path().join("devices").join(name);
            create_dir_all(path.join("slaves")).unwrap();
            for other in on {
                let last = Path::new(other).file_name().unwrap();
                let target = self.0.path().join("devices").join(other);
                symlink(target, path.join("slaves").join(last)).unwrap();
            }
            path.canonicalize().unwrap()
        }

        fn crypt(&self, name: &str, on: &[&str]) -> PathBuf {
            self.mapped(name, on, "CRYPT-LUKS2-0123-data")
        }

        fn mapped(&self, name: &str, on: &[&str], uuid: &str) -> PathBuf {
            let path = self.device(name, on);
            create_dir_all(path.join("dm")).unwrap();
            write(path.join("dm/uuid"), format!("{uuid}\n")).unwrap();
            path
        }

        /// As /sys/dev/block has the device of this folder.
        fn names(&self, folder: &Path, device: &Path) {
            let dev = std::fs::metadata(folder).unwrap().dev();
            let names = self.0.path().join("dev/block");
            create_dir_all(&names).unwrap();
            symlink(device, names.join(format!("{}:{}", major(dev), minor(dev)))).unwrap();
        }
    }

    #[test]
    fn a_disk_is_encrypted_where_all_that_it_lies_on_is() {
        let sys = Sys::new();
        let disk = sys.device("sda", &[]);
        let part = sys.device("sda/sda1", &[]);
        write(part.join("partition"), "1\n").unwrap();
        let luks = sys.crypt("dm-0", &["sda/sda1"]);
        let volume = sys.mapped("dm-1", &["dm-0"], "LVM-0123");
        let mirror = sys.device("md0", &["dm-0", "sda"]);
        let part_of_mirror = sys.device("md0/md0p1", &[]);
        write(part_of_mirror.join("partition"), "1\n").unwrap();
        let over_all = sys.crypt("dm-2", &["md0"]);
        let plain_volume = sys.mapped("dm-3", &["sda"], "LVM-CRYPT-");
        for (device, encrypted) in [
            (&disk, false),
            (&part, false),
            (&luks, true),
            (&volume, true),
            (&mirror, false),
            (&part_of_mirror, false),
            (&over_all, true),
            (&plain_volume, false),
        ] {
            assert_eq!(is_encrypted(device, DEEPEST), encrypted, "{}", device.display());
        }
        let ring = sys.device("ring", &["ring"]);
        assert!(!is_encrypted(&ring, DEEPEST), "and it ends");
    }

    #[test]
    fn the_device_of_a_folder_is_found_by_its_number() {
        let (sys, folder) = (Sys::new(), tempfile::tempdir().unwrap());
        assert_eq!(under(folder.path(), sys.0.path(), ""), None);
        let luks = sys.crypt("dm-0", &[]);
        sys.names(folder.path(), &luks);
        assert_eq!(under(folder.path(), sys.0.path(), ""), Some(true));
    }

    #[test]
    fn a_file_system_without_a_device_names_the_one_it_was_mounted_from() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a b/c");
        create_dir_all(&inner).unwrap();
        let point = folder.path().canonicalize().unwrap().display().to_string();
        let mounts = format!(
            "21 1 0:20 / / rw - btrfs /dev/root-of-all rw\n\
             22 21 0:31 /sub {point}/a\\040b rw,relatime shared:1 - btrfs /dev/mapper/data rw\n\
             23 21 0:32 / {point}/other rw - tmpfs tmpfs rw\n"
        );
        assert_eq!(source(&inner, &mounts).unwrap(), Path::new("/dev/mapper/data"));
        assert_eq!(source(folder.path(), &mounts).unwrap(), Path::new("/dev/root-of-all"));
        let nothing = format!("{mounts}24 21 0:33 / {point}/a\\040b/c rw - overlay overlay rw\n");
        assert_eq!(source(&inner, &nothing), None, "an overlay has none");
    }
}
