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

pub(super) const SOON: Duration = Duration::from_secs(5);
pub(super) const SHORT: Duration = Duration::from_millis(300);
