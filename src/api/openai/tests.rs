use super::*;
use crate::api::loopback::{React, SHORT, SOON, http as answer, json as says, key, nobody, serve};

fn chat() -> Chat {
    Chat {
        model: "gpt-4o-mini".to_owned(),
        system: "rules".to_owned(),
        user: "task".to_owned(),
        photo: Some(b"\x89PNG photo".to_vec()),
    }
}

fn ask(reaction: React, deadline: Duration) -> Result<String, Trouble> {
    let (url, _requests) = serve(vec![reaction]);
    let client = OpenAi::new(&Options { base_url: format!("{url}/v1"), proxy: None }).unwrap();
    client.chat(&key(), &chat(), deadline)
}

#[test]
fn the_question_shows_the_photo() {
    let (url, requests) = serve(vec![says(r#"{"choices":[{"message":{"content":"Yes."}}]}"#)]);
    let client = OpenAi::new(&Options { base_url: format!("{url}/v1/"), proxy: None }).unwrap();
    assert_eq!(client.chat(&key(), &chat(), SOON).unwrap(), "Yes.");
    let request = requests.recv().unwrap();
    assert!(request.starts_with("POST /v1/chat/completions "), "{request}");
    let body: Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!((&body["model"], &body["stream"]), (&json!("gpt-4o-mini"), &json!(false)));
    assert_eq!(body["messages"][0], json!({"role": "system", "content": "rules"}));
    let image = &body["messages"][1]["content"][1]["image_url"]["url"];
    assert_eq!(image, "data:image/png;base64,iVBORyBwaG90bw==");
}

#[test]
fn each_trouble_has_its_name() {
    let error = |status, body: &str| ask(answer(status, "", body), SOON).unwrap_err();
    let quota = error(429, r#"{"error":{"code":"insufficient_quota","message":"You exceeded"}}"#);
    assert!(matches!(quota, Trouble::Quota(_)), "{quota:?}");
    let key = error(401, r#"{"error":{"message":"Incorrect API key provided: kie-se*****key"}}"#);
    assert_eq!(key, Trouble::BadKey("HTTP 401".to_owned()), "the message shows parts of the key");
    let limit = error(429, r#"{"error":{"type":"requests","message":"Rate limit"}}"#);
    assert!(matches!(limit, Trouble::RateLimited(_)), "{limit:?}");
    let other = error(400, r#"{"error":"bad model"}"#);
    assert_eq!(other, Trouble::Refused("HTTP 400: bad model".to_owned()));
    for body in [
        r#"{"choices":[{"message":{"content":""}}]}"#,
        r#"{"choices":[{"message":{"content":null,"refusal":"I cannot"}}]}"#,
        r#"{"choices":[{"finish_reason":"length","message":{"content":"A prom"}}]}"#,
        "{}",
    ] {
        let refused = ask(says(body), SOON);
        assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
    }
    for reaction in [answer(502, "", "<html>"), says("{"), React::Drop, says(&"x".repeat(300_000))]
    {
        let lost = ask(reaction, SOON);
        assert!(matches!(lost, Err(Trouble::Lost(_))), "{lost:?}");
    }
    let slow = ask(React::Hang(vec![]), SHORT);
    assert!(matches!(slow, Err(Trouble::Lost(_))), "{slow:?}");
    let client = OpenAi::new(&Options { base_url: nobody(), proxy: None }).unwrap();
    let nobody = client.chat(&loopback_key(), &chat(), SOON);
    assert!(matches!(nobody, Err(Trouble::Unreached(_))), "{nobody:?}");
}

fn loopback_key() -> SecretString {
    crate::api::loopback::key()
}

#[test]
fn base64_is_padded() {
    for (bytes, text) in
        [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
    {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
}

#[test]
fn an_address_or_proxy_that_cannot_be_one_is_refused() {
    let new = |base_url: &str, proxy: Option<&str>| {
        let proxy = proxy.map(SecretString::from);
        OpenAi::new(&Options { base_url: base_url.to_owned(), proxy }).err().map(|e| e.to_string())
    };
    assert!(new("ftp://x/v1", None).is_some() && new("nonsense", None).is_some());
    assert_eq!(new("https://x/v1", Some("socks5h://u:p@h:1080")), None);
    let error = new("https://x/v1", Some("gopher://u:password@h")).unwrap();
    assert!(!error.contains("password"), "{error}");
}
