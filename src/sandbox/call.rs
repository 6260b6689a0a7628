//! One request and one answer, without the web framework.

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::request::Parts;
use serde_json::Value;

/// A request, whole.
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) bearer: String,
    pub(super) body: Bytes,
    /// The parts of a multipart body; empty for any other.
    pub(super) parts: Vec<Part>,
}

/// One part of a multipart body.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) bytes: Bytes,
}

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) async fn read(head: &Parts, body: Bytes) -> Self {
        let header =
            |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let bearer = header("authorization").strip_prefix("Bearer ").unwrap_or("").to_owned();
        let parts = if header("content-type").starts_with("multipart/form-data") {
            parts(head, body.clone()).await
        } else {
            Vec::new()
        };
        Self {
            method: head.method.to_string(),
            path: percent_decoded(head.uri.path()),
            query: head.uri.query().unwrap_or("").to_owned(),
            bearer,
            body,
            parts,
        }
    }

    /// A query parameter.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        self.query_pairs().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(super) fn query_pairs(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.query.as_bytes()).into_owned().collect()
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    pub(super) fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// The body as text for fault conditions; files in it are cut short.
    pub(super) fn text(&self) -> String {
        if self.parts.is_empty() {
            return String::from_utf8_lossy(&self.body[..self.body.len().min(65_536)]).into_owned();
        }
        let show = |part: &Part| {
            let start = &part.bytes[..part.bytes.len().min(8_192)];
            let shown = if part.file_name.is_some() { "(file)".into() } else { lossy(start) };
            format!("{}={shown}", part.name)
        };
        self.parts.iter().map(show).collect::<Vec<_>>().join("\n")
    }
}

impl Part {
    pub(super) fn text(&self) -> String {
        lossy(&self.bytes)
    }
}

impl Reply {
    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self { status, content_type: "application/json", body: value.to_string().into() }
    }

    pub(super) fn html(status: u16, title: &str) -> Self {
        let page = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>\
             </center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self { status, content_type: "text/html", body: page.into() }
    }

    pub(super) fn file(content_type: &'static str, body: Bytes) -> Self {
        Self { status: 200, content_type, body }
    }

    /// Files go at `rate`, where there is one; everything else at once.
    pub(super) fn paced_by(&self, rate: u64) -> Option<u64> {
        let is_file = !matches!(self.content_type, "application/json" | "text/html");
        (is_file && rate > 0).then_some(rate)
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn parts(head: &Parts, body: Bytes) -> Vec<Part> {
    let mut request = Request::new(axum::body::Body::from(body));
    *request.headers_mut() = head.headers.clone();
    *request.extensions_mut() = head.extensions.clone();
    let mut parts = Vec::new();
    let Ok(mut form) = Multipart::from_request(request, &()).await else { return parts };
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or("").to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let Ok(bytes) = field.bytes().await else { break };
        parts.push(Part { name, file_name, bytes });
    }
    parts
}

/// `%3A` and the like, as some clients write the colon of a token.
fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    lossy(&bytes)
}
