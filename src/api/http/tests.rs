use std::time::Instant;

use super::*;
use crate::api::loopback::{SHORT, SOON, endings, http as answer, key, serve};

fn ask(url: &str, deadline: Duration, cap: u64) -> Result<Answer, Failure> {
    Client::new(None).unwrap().get(url, &key(), deadline, cap)
}

#[test]
fn no_answer_is_waited_for_or_kept_without_an_end() {
    for (what, reaction) in endings() {
        let (url, _requests) = serve(vec![reaction]);
        let begun = Instant::now();
        let failure = ask(&url, SHORT, 100_000).unwrap_err();
        assert!(matches!(failure, Failure::Lost(_)), "{what}: {failure:?}");
        assert!(begun.elapsed() < 10 * SHORT, "{what} took {:?}", begun.elapsed());
    }
}

#[test]
fn a_redirect_carries_the_key_nowhere() {
    let (elsewhere, asked) = serve(vec![answer(200, "", "{}")]);
    for status in [301, 302, 303, 307, 308] {
        let moved = answer(status, &format!("location: {elsewhere}/x\r\n"), "");
        let (url, _requests) = serve(vec![moved]);
        assert_eq!(ask(&url, SOON, 100).unwrap().status, status);
    }
    assert!(asked.try_recv().is_err(), "nobody came");
}

#[test]
fn a_key_that_a_service_repeats_is_taken_out_of_its_answer() {
    let echo = r#"{"msg":"bad kie-secret-key","data":{"url":"https://x/?k=kie-secret-key"}}"#;
    let (url, _requests) = serve(vec![answer(401, "", echo)]);
    let body = String::from_utf8(ask(&url, SOON, 1_000).unwrap().body).unwrap();
    assert_eq!(body, r#"{"msg":"bad ***","data":{"url":"https://x/?k=***"}}"#);
    assert_eq!(without(b"aaaa".to_vec(), b"a"), b"aaaa", "what is that short is no key");
    assert_eq!(without(b"12345678".to_vec(), b"12345678"), b"***");
}
