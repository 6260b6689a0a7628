//! Servers for this room's tests: real sockets on loopback, one reaction per connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use secrecy::SecretString;

/// What a server does with one connection.
pub(super) enum React {
    /// Reads the request and writes these bytes.
    Raw(Vec<u8>),
    /// Reads the request and closes.
    Drop,
    /// Reads the request, writes these bytes, and holds the line without another word.
    Hang(Vec<u8>),
    /// Reads the request, writes these bytes, then for ever the others, each time after a pause.
    Endless(Vec<u8>, Vec<u8>, Duration),
}

/// Listens; the requests arrive on the receiver.
pub(super) fn serve(reactions: Vec<React>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = mpsc::channel();
    thread::spawn(move || {
        let mut held = Vec::new();
        for reaction in reactions {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let _ = sender.send(read_request(&mut stream));
            match reaction {
                React::Raw(bytes) => drop(stream.write_all(&bytes)),
                React::Drop => {}
                React::Hang(bytes) => {
                    let _ = stream.write_all(&bytes);
                    held.push(stream);
                }
                React::Endless(head, more, pause) => {
                    let _ = stream.write_all(&head);
                    go_on(&mut stream, &more, pause);
                }
            }
        }
        // Until the test's end closes the other side.
        for mut stream in held {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.read(&mut [0]);
        }
    });
    (url, requests)
}

/// Until the other side has had enough.
fn go_on(stream: &mut TcpStream, more: &[u8], pause: Duration) {
    // Nobody ever sends on it: a wait with an end.
    let (_nobody, never) = mpsc::channel::<()>();
    while stream.write_all(more).is_ok() {
        let _ = never.recv_timeout(pause);
    }
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let begun = text.len();
        if reader.read_line(&mut text).unwrap_or(0) == 0 || text[begun..].trim().is_empty() {
            break;
        }
        let line = text[begun..].to_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    text + &String::from_utf8_lossy(&body)
}

/// An answer with a body.
pub(super) fn http(status: u16, headers: &str, body: impl AsRef<[u8]>) -> React {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}connection: close\r\n\r\n",
        body.len()
    );
    React::Raw([head.as_bytes(), body].concat())
}

pub(super) fn json(body: &str) -> React {
    http(200, "content-type: application/json\r\n", body)
}

/// An address where nobody listens.
pub(super) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

pub(super) fn key() -> SecretString {
    SecretString::from("kie-secret-key")
}

/// What never ends well: a head or a body that drips, a head or a body without an end, a small body
/// that unpacks to a large one.
pub(super) fn endings() -> Vec<(&'static str, React)> {
    let (none, pause) = (Duration::ZERO, Duration::from_millis(20));
    let head = || b"HTTP/1.1 200 OK\r\n\r\n{".to_vec();
    let bomb = bomb(50 << 20);
    let packed = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    vec![
        ("a head that drips", React::Endless(b"HTTP/1.1 200 OK\r\nx: ".into(), b"a".into(), pause)),
        (
            "a head without an end",
            React::Endless(b"HTTP/1.1 200 OK\r\n".into(), b"x: 1\r\n".repeat(1_000), none),
        ),
        ("a body that drips", React::Endless(head(), b" ".into(), pause)),
        ("a body without an end", React::Endless(head(), vec![b' '; 60_000], none)),
        ("a bomb", React::Raw([packed.into_bytes(), bomb].concat())),
    ]
}

/// So many zeros as gzip: one literal, and then "the same 258 bytes again".
fn bomb(bytes: usize) -> Vec<u8> {
    let (mut packed, mut bits, mut count) = (b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec(), 0_u32, 0);
    let mut write = |text: &str| {
        for bit in text.bytes() {
            bits |= u32::from(bit - b'0') << count;
            count += 1;
            if count == 8 {
                packed.push(bits as u8);
                (bits, count) = (0, 0);
            }
        }
    };
    // The last block, with the fixed code; the literal 0; matches of length 258 and distance 1.
    write("110");
    write("00110000");
    (0..bytes / 258).for_each(|_| write("1100010100000"));
    write("00000000000000");
    packed
}

pub(super) const SOON: Duration = Duration::from_secs(5);
pub(super) const SHORT: Duration = Duration::from_millis(300);
