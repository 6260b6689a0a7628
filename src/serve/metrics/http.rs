//! The least of HTTP that a scraper and a health check need: one request per connection, of which
//! only its first line is read, and one answer. Whoever says nothing, too much or too slowly is cut
//! off, and has then held up nobody.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// Connections at the same time.
const MOST: usize = 64;
/// A request's head, in bytes.
const HEAD: usize = 8 << 10;
/// For the request to come, and for the whole exchange.
const ASKING: Duration = Duration::from_secs(5);
const WHOLE: Duration = Duration::from_secs(20);
/// After a connection could not be taken: no file can be opened now.
const PAUSE: Duration = Duration::from_millis(500);

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: String,
}

impl Answer {
    /// One line of text.
    pub(super) fn line(status: u16, text: &str) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", body: format!("{text}\n") }
    }

    fn bytes(&self, with_body: bool) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            404 => "Not Found",
            405 => "Method Not Allowed",
            503 => "Service Unavailable",
            _ => "Bad Request",
        };
        let Self { status, kind, body } = self;
        let allow = if *status == 405 { "Allow: GET, HEAD\r\n" } else { "" };
        let head = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             {allow}Cache-Control: no-store\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let body = if with_body { body.as_str() } else { "" };
        [head.as_bytes(), body.as_bytes()].concat()
    }
}

/// A connection that is open.
struct Guest {
    abort: AbortHandle,
    /// Its request is here.
    asked: Arc<AtomicBool>,
}

/// Answers whoever connects, for as long as it is polled. `answer` gets a path without its query.
pub(super) async fn serve<F, A>(listener: TcpListener, answer: F)
where
    F: Fn(String) -> A + Clone + Send + 'static,
    A: Future<Output = Answer> + Send + 'static,
{
    let mut guests: VecDeque<Guest> = VecDeque::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        guests.retain(|guest| !guest.abort.is_finished());
        while guests.len() >= MOST {
            // Who has asked gets an answer; of the others, whoever has been silent for the longest
            // time goes.
            let silent = guests.iter().position(|guest| !guest.asked.load(Ordering::Relaxed));
            if let Some(guest) = guests.remove(silent.unwrap_or(0)) {
                guest.abort.abort();
            }
        }
        let asked = Arc::new(AtomicBool::new(false));
        let talk = talk(stream, answer.clone(), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            // Whoever is too slow is cut off.
            let _in_time_or_not = tokio::time::timeout(WHOLE, talk).await;
        });
        guests.push_back(Guest { abort: task.abort_handle(), asked });
    }
}

async fn talk<F, A>(mut stream: TcpStream, answer: F, asked: Arc<AtomicBool>)
where
    F: Fn(String) -> A,
    A: Future<Output = Answer>,
{
    let Ok(head) = tokio::time::timeout(ASKING, head(&mut stream)).await else { return };
    asked.store(true, Ordering::Relaxed);
    let (answer, with_body) = match head.as_deref().and_then(request) {
        Some(("GET", path)) => (answer(path.to_owned()).await, true),
        Some(("HEAD", path)) => (answer(path.to_owned()).await, false),
        Some(_) => (Answer::line(405, "only GET"), true),
        None => (Answer::line(400, "this is no request, or too long a one"), true),
    };
    // Whoever has gone does not get it.
    let _gone_or_not = stream.write_all(&answer.bytes(with_body)).await;
    let _gone_or_not = stream.shutdown().await;
}

/// Up to the empty line; none: there is none within what is read at most.
async fn head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::with_capacity(1_024);
    let mut some = [0; 1_024];
    loop {
        let count = stream.read(&mut some).await.ok().filter(|count| *count > 0)?;
        // The end may lie across two pieces.
        let from = head.len().saturating_sub(3);
        head.extend_from_slice(&some[..count]);
        let fresh = &head[from..];
        if fresh.windows(4).any(|end| end == b"\r\n\r\n") {
            return Some(head);
        }
        if head.len() > HEAD {
            return None;
        }
    }
}

/// The method and the path without its query.
fn request(head: &[u8]) -> Option<(&str, &str)> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let good = version.starts_with("HTTP/1.") && target.starts_with('/') && words.next().is_none();
    let path = target.split('?').next()?;
    good.then_some((method, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_of_a_request_counts() {
        let read = |head: &'static str| request(head.as_bytes());
        assert_eq!(read("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), Some(("GET", "/metrics")));
        assert_eq!(read("HEAD /health?a=b HTTP/1.0\r\n\r\n"), Some(("HEAD", "/health")));
        for odd in [
            "",
            "\r\n\r\n",
            "GET\r\n",
            "GET / HTTP/2\r\n",
            "GET x HTTP/1.1\r\n",
            "GET / HTTP/1.1 x\r\n",
        ] {
            assert_eq!(read(odd), None, "{odd:?}");
        }
        assert_eq!(request(b"GET /\xff HTTP/1.1\r\n\r\n"), None);
    }

    #[test]
    fn an_answer_says_how_long_it_is_and_that_it_is_the_last() {
        let answer = Answer::line(503, "no");
        let said = String::from_utf8(answer.bytes(true)).unwrap();
        assert!(said.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{said}");
        assert!(
            said.contains("\r\nContent-Length: 3\r\n") && said.contains("\r\nConnection: close")
        );
        assert!(said.ends_with("\r\n\r\nno\n"), "{said}");
        assert!(String::from_utf8(answer.bytes(false)).unwrap().ends_with("\r\n\r\n"));
    }
}
