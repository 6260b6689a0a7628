//! The upload calls.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::state::Upload;
use super::tasks::LINKS_LIVE;
use super::{Kie, done, envelope};
use crate::sandbox::base64;
use crate::sandbox::call::{Call, Reply};

const LARGEST: usize = 10 << 20;

impl Kie {
    /// POST `/api/file-stream-upload`.
    pub(super) fn upload_stream(&self, call: &Call) -> Reply {
        let text = |name: &str| call.part(name).map(|part| part.text()).unwrap_or_default();
        let Some(file) = call.part("file") else { return envelope(400, "file is required") };
        let mut name = text("fileName");
        if name.is_empty() {
            name = file.file_name.clone().unwrap_or_default();
        }
        self.upload(&call.bearer, &text("uploadPath"), &name, file.bytes.clone())
    }

    /// POST `/api/file-base64-upload`.
    pub(super) fn upload_base64(&self, call: &Call) -> Reply {
        let body = call.json().unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or("");
        let data = text("base64Data");
        let data = data.split_once(";base64,").map_or(data, |(_, data)| data);
        let Some(bytes) = base64::decode(data).filter(|bytes| !bytes.is_empty()) else {
            return envelope(400, "base64Data is required");
        };
        self.upload(&call.bearer, text("uploadPath"), text("fileName"), bytes.into())
    }

    fn upload(&self, key: &str, folder: &str, name: &str, bytes: Bytes) -> Reply {
        if folder.is_empty() {
            return envelope(400, "uploadPath is required");
        }
        if folder.starts_with('/') || folder.ends_with('/') {
            return envelope(400, "uploadPath must not start or end with a slash");
        }
        if bytes.len() >= LARGEST {
            return envelope(400, "File size exceeds the limit");
        }
        let format = image::guess_format(&bytes).ok();
        let endings: &[&str] = match format {
            Some(image::ImageFormat::Jpeg) => &["jpg", "jpeg"],
            Some(image::ImageFormat::Png) => &["png"],
            _ => return envelope(400, "file type not supported"),
        };
        let size = crate::sandbox::telegram::picture_size(&bytes);
        let Some((width, height)) = size else { return envelope(400, "file type not supported") };
        let sides = 300..=5_760;
        if !sides.contains(&width) || !sides.contains(&height) {
            return envelope(400, "Image sides must be between 300 and 5760 px");
        }
        let now = self.now();
        let mut state = self.state();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase();
        if !endings.contains(&ending.as_str()) {
            state.violations.push(format!("upload: {name} is not named after its {format:?}"));
        }
        let path = format!("{folder}/{name}");
        let url = format!("{}/files/{path}", self.0.url);
        if state.names.contains(&path) {
            state.violations.push(format!("upload: the name {path} was used before"));
        }
        state.names.insert(path.clone());
        let hash = crate::sandbox::telegram::content_hash(&bytes);
        let len = bytes.len();
        state.photos.entry(hash).or_insert(bytes);
        state.uploads.push(Upload {
            url: url.clone(),
            key: key.to_owned(),
            path: path.clone(),
            hash,
            len,
            width,
            height,
            at: now,
        });
        drop(state);
        self.ring();
        done(json!({
            "success": true, "fileName": name, "filePath": path, "downloadUrl": url,
            "fileSize": len, "mimeType": format.map_or("", |format| format.to_mime_type())
        }))
    }

    /// `/files/FOLDER/NAME`.
    pub(super) fn uploaded(&self, path: &str) -> Reply {
        let now = self.now();
        let state = self.state();
        let path = path.trim_start_matches("/files/");
        let upload = state.uploads.iter().rev().find(|upload| upload.path == path);
        let upload = upload.filter(|upload| now - upload.at < LINKS_LIVE);
        match upload.and_then(|upload| state.photos.get(&upload.hash)) {
            Some(bytes) => Reply::file("image/jpeg", bytes.clone()),
            None => Reply::html(404, "404 Not Found"),
        }
    }
}
