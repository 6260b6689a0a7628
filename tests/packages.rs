//! What is installed: the Debian package on a machine that was empty, under a real systemd, and the
//! image, of which Docker would make a container. `packaging/try-deb` and `packaging/try-image` build
//! them, make the folders that they run in, and call the two long tests.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

#[path = "packages/image.rs"]
mod image;
#[path = "packages/machine.rs"]
mod machine;
#[path = "packages/shop.rs"]
mod shop;
