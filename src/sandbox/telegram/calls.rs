//! The methods.
use super::{Telegram, refused};
use crate::sandbox::call::{Call, Reply};

impl Telegram {
    pub(super) fn download(&self, _path: &str) -> Reply {
        refused(404, "Not Found")
    }

    pub(super) async fn serve(&self, _method: &str, _call: &Call) -> Reply {
        refused(404, "Not Found")
    }
}
