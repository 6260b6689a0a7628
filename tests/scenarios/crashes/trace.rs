//! What `strace` saw, read and judged: whether a byte left before what it depends on was synced.
//!
//! The database's log holds the rows themselves, so that this is asked of the bytes: the text of a
//! message, the id of a press, the number of an update and the row of a submit must stand in pages
//! whose fsync had returned when the first byte of the request was written to its socket.

use std::collections::{BTreeMap, HashMap};

/// One call, in the order of the trace.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    /// Bytes for the database's log.
    Wal { thread: u32, bytes: Vec<u8> },
    /// An fsync of it has returned.
    Synced { thread: u32 },
    /// Bytes for a socket.
    Sent { thread: u32, line: String, bytes: Vec<u8> },
}

/// Of a trace by `strace -f -y -xx`, from here on whole.
pub(super) fn read(trace: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut syncing: HashMap<u32, bool> = HashMap::new();
    for text in trace.lines() {
        let Some((thread, rest)) = text.split_once(' ') else { continue };
        let (Ok(thread), rest) = (thread.parse(), rest.trim_start()) else { continue };
        let resumed = ["<... fsync resumed>", "<... fdatasync resumed>"];
        if resumed.iter().any(|it| rest.starts_with(it)) {
            if syncing.remove(&thread) == Some(true) && rest.contains("= 0") {
                events.push(Event::Synced { thread });
            }
            continue;
        }
        let Some((call, rest)) = rest.split_once('(') else { continue };
        let Some((name, rest)) = of_the_file(rest) else { continue };
        let (wal, socket) = (name.ends_with("neurocards.db-wal"), name.starts_with("socket:"));
        match call {
            "fdatasync" | "fsync" if rest.contains("<unfinished") => {
                syncing.insert(thread, wal);
            }
            "fdatasync" | "fsync" if wal && rest.contains("= 0") => {
                events.push(Event::Synced { thread });
            }
            "pwrite64" if wal => events.push(Event::Wal { thread, bytes: strings(rest) }),
            "write" | "writev" | "sendto" | "sendmsg" if socket => {
                events.push(Event::Sent { thread, line: name, bytes: strings(rest) });
            }
            _ => {}
        }
    }
    events
}

/// `9<\x2f\x74>, …`: the file's name, and the rest.
fn of_the_file(text: &str) -> Option<(String, &str)> {
    let (_, rest) = text.split_once('<')?;
    let (name, rest) = rest.split_once('>')?;
    Some((String::from_utf8_lossy(&bytes(name)).into_owned(), rest))
}

/// All strings of a call, one after the other.
fn strings(text: &str) -> Vec<u8> {
    text.split('"').skip(1).step_by(2).flat_map(bytes).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split("\\x").filter_map(|two| u8::from_str_radix(two, 16).ok()).collect()
}

/// What a judged trace came to.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) commits: u64,
    /// Requests that depend on a commit, by method.
    pub(super) requests: BTreeMap<String, u64>,
    pub(super) broken: Vec<String>,
}

/// A request that has begun, and how many pages were on disk then.
struct Request {
    bytes: Vec<u8>,
    synced: usize,
}

/// Every commit is synced before its thread does anything else, and every request finds on disk
/// what it depends on.
pub(super) fn judge(events: &[Event]) -> Verdict {
    let mut verdict = Verdict::default();
    let (mut pages, mut synced): (Vec<&[u8]>, usize) = (Vec::new(), 0);
    let mut lines: HashMap<&str, Request> = HashMap::new();
    let mut requests = Vec::new();
    // By thread: its last frame ends a transaction.
    let mut commit: HashMap<u32, bool> = HashMap::new();
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Wal { thread, bytes } => {
                if bytes.len() == 24 {
                    if commit.get(thread) == Some(&true) {
                        verdict.broken.push(format!("{at}: a commit was not synced"));
                    }
                    commit.insert(*thread, bytes[4..8] != [0; 4]);
                    verdict.commits += u64::from(bytes[4..8] != [0; 4]);
                }
                pages.push(bytes);
            }
            Event::Synced { thread } => {
                synced = pages.len();
                commit.insert(*thread, false);
            }
            Event::Sent { thread, line, bytes } => {
                if commit.get(thread) == Some(&true) {
                    verdict.broken.push(format!("{at}: it speaks before its commit is synced"));
                }
                let begins = bytes.starts_with(b"POST /") || bytes.starts_with(b"GET /");
                if begins {
                    let request = Request { bytes: bytes.clone(), synced };
                    requests.extend(lines.insert(line, request));
                } else if let Some(request) = lines.get_mut(line.as_str()) {
                    request.bytes.extend_from_slice(bytes);
                }
            }
        }
    }
    requests.extend(lines.into_values());
    requests.sort_by_key(|request| request.synced);
    let mut submits = 0;
    for request in &requests {
        of_a_request(request, &pages[..request.synced], &mut submits, &mut verdict);
    }
    verdict
}

fn of_a_request(request: &Request, disk: &[&[u8]], submits: &mut usize, verdict: &mut Verdict) {
    let head = request.bytes.split(|byte| *byte == b'\r').next().unwrap_or(&[]);
    let head = String::from_utf8_lossy(head);
    let path = head.split(' ').nth(1).unwrap_or("");
    let method = path.rsplit('/').next().unwrap_or("").to_owned();
    let body = &request.bytes;
    let needed = match method.to_lowercase().as_str() {
        "sendmessage" | "editmessagetext" => json(body, "text"),
        "sendvideo" | "sendphoto" | "editmessagecaption" => {
            json(body, "caption").or_else(|| field(body, "caption"))
        }
        "answercallbackquery" => json(body, "callback_query_id"),
        "getupdates" => confirmed(body),
        "createtask" => {
            *submits += 1;
            let written = reserved(disk);
            if written < *submits {
                let what = format!("submit {submits} left, {written} were written down");
                verdict.broken.push(what);
            }
            json(body, "prompt").map(|prompt| plain(&prompt))
        }
        _ => return,
    };
    if method.eq_ignore_ascii_case("getUpdates") && needed.is_none() {
        return;
    }
    *verdict.requests.entry(method.clone()).or_insert(0) += 1;
    let there = needed
        .as_ref()
        .is_some_and(|needed| disk.iter().rev().any(|page| find(page, needed).is_some()));
    if !there {
        let needed = needed.map(|it| String::from_utf8_lossy(&it).into_owned());
        verdict.broken.push(format!("{method} left before {needed:?} was on disk"));
    }
}

/// A string of a JSON body as it is written there: the rows hold it in the same way.
fn json(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let at = find(body, format!("\"{name}\":\"").as_bytes())? + name.len() + 4;
    let mut end = at;
    while *body.get(end)? != b'"' {
        end += 1 + usize::from(body[end] == b'\\');
    }
    Some(body[at..end].to_vec())
}

/// The first line of a multipart body's field.
fn field(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let at = find(body, format!("name=\"{name}\"").as_bytes())?;
    let at = at + find(&body[at..], b"\r\n\r\n")? + 4;
    let end = body[at..].iter().position(|byte| matches!(byte, b'\r' | b'\n' | b'"' | b'\\'))?;
    Some(body[at..at + end].to_vec())
}

/// What the offset says to have.
fn confirmed(body: &[u8]) -> Option<Vec<u8>> {
    let at = find(body, b"\"offset\":")? + 9;
    let digits: Vec<u8> = body[at..].iter().copied().take_while(u8::is_ascii_digit).collect();
    let offset: i64 = String::from_utf8(digits).ok()?.parse().ok()?;
    Some(format!("\"update_id\":{}", offset - 1).into_bytes())
}

/// The part of a JSON string that is written the same way outside of JSON.
fn plain(text: &[u8]) -> Vec<u8> {
    text.iter().copied().take_while(|byte| *byte != b'\\').take(60).collect()
}

/// Different rows of `submits` that were written down: a model, a time, `sending`.
fn reserved(disk: &[&[u8]]) -> usize {
    let mut times = Vec::new();
    for page in disk {
        let mut from = 0;
        while let Some(at) = find(&page[from..], b"sending") {
            let at = from + at;
            from = at + 7;
            if at >= 30
                && page[at - 30..at - 6].iter().filter(|it| it.is_ascii_graphic()).count() > 16
            {
                times.push(&page[at - 6..at]);
            }
        }
    }
    times.sort_unstable();
    times.dedup();
    times.len()
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|byte| *byte == first) {
        let at = from + at;
        if text[at..].starts_with(part) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
    }

    /// Lines of a trace: a row is written, synced, and sent.
    fn lines() -> [String; 5] {
        let wal = hex(b"/data/neurocards.db-wal");
        let line = hex(b"socket:[7]");
        let frame = [&[0; 4][..], &[0, 0, 0, 9], &[0; 16]].concat();
        let head = b"POST /bot1:a/sendMessage HTTP/1.1\r\n\r\n";
        let body = b"{\"chat_id\":7,\"text\":\"one\\ntwo\"}";
        let page = hex(b"....{\"kind\":\"text\",\"html\":\"one\\ntwo\"}....");
        [
            format!("10 pwrite64(9<{wal}>, \"{}\", 24, 32) = 24", hex(&frame)),
            format!("10 pwrite64(9<{wal}>, \"{page}\", 40, 56) = 40"),
            format!("10 fsync(9<{wal}> <unfinished ...>"),
            "10 <... fsync resumed>)            = 0".to_owned(),
            format!(
                "11 writev(5<{line}>, [{{iov_base=\"{}\", iov_len=1}}, {{iov_base=\"{}\", \
                 iov_len=2}}], 2) = 3",
                hex(head),
                hex(body)
            ),
        ]
    }

    fn broken(lines: &[&String]) -> Vec<String> {
        let trace: Vec<&str> = lines.iter().map(|line| line.as_str()).collect();
        judge(&read(&trace.join("\n"))).broken
    }

    #[test]
    fn a_message_that_leaves_before_the_sync_is_seen() {
        let lines = lines();
        let [header, page, begins, ends, sent] = lines.each_ref();
        assert_eq!(broken(&[header, page, begins, ends, sent]), [""; 0]);
        for doctored in [
            vec![sent, header, page, begins, ends],
            vec![header, page, sent, begins, ends],
            vec![header, page, begins, sent, ends],
            vec![header, page, sent],
        ] {
            let broken = broken(&doctored);
            assert!(broken.iter().any(|it| it.contains("left before")), "{broken:?}");
        }
        let second = broken(&[header, page, header, page, begins, ends, sent]);
        assert!(second.iter().any(|it| it.contains("was not synced")), "{second:?}");
    }
}
