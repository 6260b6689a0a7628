use super::*;
use crate::api::loopback::{React, SHORT, SOON, endings, http as answer, nobody, serve};
use crate::api::mp4::tests::sample;

fn files(allow_loopback: bool) -> Files {
    Files::new(&Options { proxy: None, allow_loopback, max_bytes: 100_000 }).unwrap()
}

/// The result, and the names that are in the folder afterwards.
fn fetched(reactions: Vec<React>, deadline: Duration) -> (Result<Video, Trouble>, Vec<String>) {
    let (url, _requests) = serve(reactions);
    fetched_from(&format!("{url}/v.mp4"), deadline)
}

fn fetched_from(url: &str, deadline: Duration) -> (Result<Video, Trouble>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("7.mp4");
    let result = files(true).fetch(url, &to, deadline);
    let names = fs::read_dir(folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    (result, names)
}

#[test]
fn a_video_arrives_whole_and_measured() {
    let moved = |to: &str| answer(302, &format!("location: {to}\r\n"), "");
    let video = sample(720, 1280, false);
    let (result, names) =
        fetched(vec![moved("/a"), moved("b?c"), moved("/d"), answer(200, "", &video)], SOON);
    let result = result.unwrap();
    assert_eq!((result.bytes, result.width, result.height), (video.len() as u64, 720, 1280));
    assert_eq!(names, ["7.mp4"]);
}

#[test]
fn nothing_stays_of_what_is_no_whole_video() {
    let video = sample(720, 1280, false);
    let cut_short = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", video.len());
    let unmeasured = [b"HTTP/1.1 200 OK\r\n\r\n", &video[..3_000]].concat();
    let large = [&sample(1, 1, false)[..], &[0; 100_000]].concat();
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n", &large[..]].concat();
    for (reaction, expected) in [
        (answer(200, "", "<html>not here any more</html>"), "not an MP4"),
        (answer(200, "", "abc"), "not an MP4"),
        (answer(200, "", ""), "not an MP4"),
        (answer(404, "", "x"), "HTTP 404"),
        (answer(200, "", &large), "larger than 100000"),
        (React::Raw(endless), "larger than 100000"),
        (React::Raw([cut_short.as_bytes(), &video[..3_000]].concat()), ""),
        (React::Raw(unmeasured), "cut short"),
        (React::Drop, ""),
        (React::Hang(cut_short.into_bytes()), "timeout"),
    ] {
        let patience = if expected == "timeout" { SHORT } else { SOON };
        let (result, names) = fetched(vec![reaction], patience);
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(names.is_empty(), "{expected}: {names:?}");
    }
    let (result, _) = fetched_from(&format!("{}/v", nobody()), SOON);
    assert!(matches!(result, Err(Trouble::Network(_))), "{result:?}");
}

#[test]
fn no_download_is_waited_for_or_kept_without_an_end() {
    let head = [b"HTTP/1.1 200 OK\r\n\r\n", &sample(720, 1280, false)[..]].concat();
    let drip = Duration::from_millis(20);
    let mut all = endings();
    all.push(("a video that drips", React::Endless(head.clone(), vec![0], drip)));
    all.push(("a video without an end", React::Endless(head, vec![0; 60_000], Duration::ZERO)));
    for (what, reaction) in all {
        let begun = Instant::now();
        let (result, names) = fetched(vec![reaction], SHORT);
        assert!(result.is_err() && names.is_empty(), "{what}: {result:?} {names:?}");
        assert!(begun.elapsed() < 10 * SHORT, "{what} took {:?}", begun.elapsed());
    }
}

#[test]
fn a_link_for_a_customer_is_a_plain_one_to_a_public_place() {
    let may = |url: &str| files(false).is_public(url);
    for url in ["https://tempfile.redpandaai.co/a/b.mp4?x=1&y=<2>", "http://1.1.1.1/v.mp4"] {
        assert!(may(url), "{url}");
    }
    for url in [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "https://bank.example@evil.example/",
        "https://:secret@evil.example/",
        "http://10.0.0.1/v.mp4",
        "http://[::ffff:127.0.0.1]/v.mp4",
        "https://localhost/v.mp4",
        "https://printer.local/",
        "nonsense",
    ] {
        assert!(!may(url), "{url}");
    }
    assert!(files(true).is_public("http://127.0.0.1:8080/results/7.mp4"), "as in the demo");
}

#[test]
fn addresses_of_the_inside_are_never_asked() {
    let to = std::env::temp_dir().join("never.mp4");
    for url in [
        "https://127.0.0.1/v",
        "https://localhost/v",
        "https://10.0.0.1/v",
        "https://[::1]/v",
        "https://2130706433/v",
        "https://0x7f.1/v",
        "http://example.com/v",
        "https://user:pass@example.com/v",
        "https://[::ffff:7f00:1]/v",
        "https://[64:ff9b::a9fe:a9fe]/v",
        "https://[2002:7f00:1::]/v",
        "https://[::]/v",
        "https://0.0.0.0/v",
        "https://100.64.0.1/v",
        "https://224.0.0.1/v",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let result = files(false).fetch(url, &to, SOON);
        assert!(matches!(result, Err(Trouble::Forbidden(_))), "{url}: {result:?}");
    }
    for place in ["http://192.168.1.1/", "http://169.254.169.254/latest", "ftp://1.1.1.1/"] {
        let (result, _) = fetched(vec![answer(302, &format!("location: {place}\r\n"), "")], SOON);
        assert!(matches!(result, Err(Trouble::Forbidden(_))), "{place}: {result:?}");
    }
    // What a name leads to is looked at where it is connected to.
    let result = files(false).fetch("https://localhost.localdomain/v", &to, SHORT);
    assert!(result.is_err(), "{result:?}");
    let moved = || answer(302, "location: /again\r\n", "");
    let (result, _) = fetched(vec![moved(), moved(), moved(), moved()], SOON);
    assert!(matches!(result, Err(Trouble::Forbidden(_))), "{result:?}");
}
