//! Counts what goes to the disk: SQLite is linked into this program, and so are its calls of
//! `fsync` and `fdatasync`, which find these two before those of the C library.

#![expect(unsafe_code, reason = "two functions of the C library are stood in for")]

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};

static SYNCS: AtomicU64 = AtomicU64::new(0);

/// So many until now.
pub(crate) fn syncs() -> u64 {
    SYNCS.load(Ordering::Relaxed)
}

/// As the C library's; but an error ends the measurement.
#[unsafe(no_mangle)]
extern "C" fn fsync(fd: i32) -> i32 {
    counted(fd, |fd| rustix::fs::fsync(fd))
}

/// As the C library's; but an error ends the measurement.
#[unsafe(no_mangle)]
extern "C" fn fdatasync(fd: i32) -> i32 {
    counted(fd, |fd| rustix::fs::fdatasync(fd))
}

fn counted(fd: i32, sync: impl Fn(BorrowedFd<'_>) -> rustix::io::Result<()>) -> i32 {
    SYNCS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the caller's descriptor is open for the time of its call.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    loop {
        match sync(fd) {
            Ok(()) => return 0,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("the disk failed: {error}"),
        }
    }
}
