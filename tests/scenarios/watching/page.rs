//! What the metrics address answers, read as strictly as a scraper would.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::appliance::PATIENCE;

/// Sends `request` and reads to the end: the status and the body.
pub(crate) fn asks(address: &str, request: &str) -> (u16, String) {
    let mut line = TcpStream::connect(address).unwrap();
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    line.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    assert_eq!(length, body.len().to_string(), "{head}");
    (status, body.to_owned())
}

/// As a browser or a supervisor asks.
pub(crate) fn get(address: &str, path: &str) -> (u16, String) {
    asks(address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n\r\n"))
}

/// A connection that says a little and then nothing.
pub(crate) fn silent(address: &str) -> TcpStream {
    let mut line = TcpStream::connect(address).unwrap();
    line.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    // It may be cut off already.
    let _taken_or_not = line.write_all(b"GET /metr");
    line
}

/// The page: the kinds of all names, and the samples by name and labels.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) kinds: BTreeMap<String, String>,
    samples: BTreeMap<String, f64>,
}

impl Page {
    #[track_caller]
    pub(crate) fn read(text: &str) -> Self {
        let mut page = Self::default();
        assert!(text.ends_with('\n'), "a page has an end");
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                let known = page.kinds.insert(name.to_owned(), kind.to_owned());
                assert!(known.is_none(), "{name} is described twice");
            } else if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(!help.is_empty() && !page.kinds.contains_key(name), "{line}");
            } else {
                page.sample(line);
            }
        }
        page
    }

    #[track_caller]
    fn sample(&mut self, line: &str) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        let bare = name.split('{').next().unwrap();
        let of_histogram = |ending: &str| {
            let name = bare.strip_suffix(ending).unwrap_or_default();
            self.kinds.get(name).is_some_and(|it| it == "histogram")
        };
        let described = self.kinds.get(bare).is_some_and(|kind| kind != "histogram")
            || ["_bucket", "_sum", "_count"].into_iter().any(of_histogram);
        assert!(described, "{line} is of no kind that was described before");
        let labels = name.strip_prefix(bare).unwrap();
        let closed = labels.is_empty() || (labels.starts_with('{') && labels.ends_with("\"}"));
        assert!(closed && !value.is_nan(), "{line}");
        if !bare.ends_with("_bucket") {
            assert!(value >= 0.0, "{line}");
        }
        let known = self.samples.insert(name.to_owned(), value);
        assert!(known.is_none(), "{name} is there twice");
    }

    /// A sample by its name with its labels as they are written; what is not there counts 0.
    pub(crate) fn of(&self, name: &str) -> f64 {
        self.samples.get(name).copied().unwrap_or(0.0)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.samples.contains_key(name)
    }

    /// Names as queries write them: with the endings that their kinds have.
    pub(crate) fn names(&self) -> Vec<String> {
        let endings = |kind: &str| match kind {
            "histogram" => &["_bucket", "_sum", "_count"][..],
            _ => &[""],
        };
        let names = self.kinds.iter().flat_map(|(name, kind)| {
            endings(kind).iter().map(move |ending| format!("{name}{ending}"))
        });
        names.collect()
    }

    /// All counters: what must never fall.
    pub(crate) fn counters(&self) -> BTreeMap<&str, f64> {
        let is_counter = |name: &str| {
            let bare = name.split('{').next().unwrap();
            bare.ends_with("_total") || bare.ends_with("_bucket") || bare.ends_with("_count")
        };
        let all = self.samples.iter().filter(|(name, _)| is_counter(name));
        all.map(|(name, value)| (name.as_str(), *value)).collect()
    }
}
