//! Every code and text of the provider's error table, in every shape in which one was seen. The
//! facts are copied here on purpose: the table in `classify` is held against them.

use super::*;

const CODES: &[(Class, &[u16])] = &[
    (Class::Billing, &[402, 433]),
    (Class::BadKey, &[401]),
    (Class::RateLimit, &[429, 430]),
    (Class::ModelOff, &[505]),
    (Class::UserViolation, &[431, 400]),
    (Class::Temporary, &[408, 455, 500, 501, 502, 503, 504, 520, 599]),
    (Class::OurMistake, &[422]),
    (Class::Unknown, &[1, 100, 201, 404, 600, 999]),
];

/// From the table's top to its bottom.
const TEXTS: &[(Class, &[&str])] = &[
    (
        Class::Billing,
        &["credits insufficient", "insufficient account balance", "balance isn't enough", "top up"],
    ),
    (
        Class::BadKey,
        &["unauthorized", "authentication failed", "access permissions", "invalid api key"],
    ),
    (Class::RateLimit, &["call frequency is too high", "rate limit", "too many requests"]),
    (Class::ModelOff, &["temporarily paused", "model name you specified is not supported"]),
    (
        Class::UserViolation,
        &[
            "photorealistic people",
            "guardrails",
            "inappropriate",
            "prohibited",
            "third-party content",
            "prominent_people",
            "safety_filter",
            "person_generation",
            "audio_filtered",
            "may contain real person",
            "inputimagesensitive",
            "inputtextsensitive",
            "sensitivecontent",
            "nsfw",
            "content policy",
            "violat",
            "real-person",
            "ip conflict",
            "protected content",
            "not eligible",
        ],
    ),
    (Class::DownloadFailed, &["resource download failed"]),
    (
        Class::Temporary,
        &[
            "internal error",
            "server is busy",
            "upstream",
            "timed out",
            "server exception",
            "maintained",
            "maintenance",
        ],
    ),
    (
        Class::OurMistake,
        &[
            "is required",
            "not within the range of allowed options",
            "file type not supported",
            "invalid request",
        ],
    ),
];

/// As they came, with the codes that they came with.
const SEEN: &[(&str, &[&str], Class)] = &[
    (
        "Credits insufficient : Your current balance isn't enough to run this request. Please top \
         up to continue.",
        &["402", "500"],
        Class::Billing,
    ),
    ("Your call frequency is too high. Please try again later.", &["429"], Class::RateLimit),
    (
        "We currently do not support uploads of images containing photorealistic people.",
        &["400", "500"],
        Class::UserViolation,
    ),
    (
        "This content may violate our guardrails concerning similarity to third-party content.",
        &["400", "500"],
        Class::UserViolation,
    ),
    ("Internal Error, Please try again later.", &["500", "INTERNAL"], Class::Temporary),
    ("The Google model was unable to generate audio", &["500"], Class::Temporary),
    (
        "Upstream is currently experiencing service issues. No result has been returned for over \
         10 minutes.",
        &["408"],
        Class::Temporary,
    ),
    ("resource download failed", &["500", "422"], Class::DownloadFailed),
    ("This interface is temporarily paused.", &["500"], Class::ModelOff),
];

fn answered(status: u16, body: &Value) -> Result<Envelope, Trouble> {
    Envelope::read(&Answer { status, body: body.to_string().into_bytes() })
}

/// What a createTask that was answered so means.
#[track_caller]
fn refused(status: u16, body: &Value) -> Class {
    match answered(status, body).and_then(|envelope| envelope.into_data(&key())) {
        Err(Trouble::Refused(refusal)) => refusal.class,
        other => panic!("{status} {body}: {other:?}"),
    }
}

/// What a poll that was answered so means.
fn polled(route: Route, status: u16, body: &Value) -> Result<Record, Trouble> {
    answered(status, body).and_then(|envelope| record::read(route, envelope, &key()))
}

#[track_caller]
fn failed(route: Route, data: &Value) -> Class {
    match polled(route, 200, &json!({"code": 200, "msg": "success", "data": data})) {
        Ok(Record::Failed { class, .. }) => class,
        other => panic!("{data}: {other:?}"),
    }
}

/// Everything that a failed task can be: its code and text in their fields, and swapped.
fn failures(code: &str, text: &str) -> Vec<(Route, Value)> {
    let mut all = Vec::new();
    for (code, text) in [(json!(code), json!(text)), (json!(text), json!(code))] {
        all.push((Route::Jobs, json!({"state": "fail", "failCode": code, "failMsg": text})));
        for flag in [json!(2), json!(3), json!("3")] {
            let data = json!({"successFlag": flag, "errorCode": code, "errorMessage": text});
            all.push((Route::Veo, data));
        }
    }
    if let Ok(number) = code.parse::<u16>() {
        all.push((Route::Jobs, json!({"state": "fail", "failCode": number, "failMsg": text})));
        let data = json!({"successFlag": 3, "errorCode": number, "errorMessage": text});
        all.push((Route::Veo, data));
    }
    all
}

/// Every shape of an envelope that says no.
fn envelopes(code: &str, text: &str) -> Vec<Value> {
    let mut all = vec![
        json!({"code": code, "msg": text, "data": null}),
        json!({"code": code, "message": text}),
        json!({"code": code, "msg": "", "message": text, "data": {}}),
        json!({"code": code, "msg": null, "message": text, "data": "x"}),
        json!({"code": code, "msg": {"text": 1}, "message": text, "data": [1]}),
        json!({"code": text, "msg": code}),
        json!({"code": text, "message": code, "data": {"taskId": "t"}}),
    ];
    if let Ok(number) = code.parse::<u16>() {
        all.push(json!({"code": number, "msg": text}));
        all.push(json!({"code": f64::from(number), "message": text}));
    }
    all
}

#[test]
fn every_text_is_read_whatever_its_code_and_its_field() {
    let codes: Vec<String> =
        CODES.iter().flat_map(|(_, codes)| *codes).map(u16::to_string).collect();
    for (class, texts) in TEXTS {
        for text in *texts {
            for said in [format!("Sorry: {text}."), text.to_uppercase()] {
                for code in codes.iter().map(String::as_str).chain(["INTERNAL", "x", ""]) {
                    for body in envelopes(code, &said) {
                        for status in [200, 400, 503] {
                            assert_eq!(refused(status, &body), *class, "{status} {body}");
                        }
                    }
                    for (route, data) in failures(code, &said) {
                        assert_eq!(failed(route, &data), *class, "{data}");
                    }
                }
                let alone = json!({"state": "fail", "failCode": null, "failMsg": said});
                assert_eq!(failed(Route::Jobs, &alone), *class, "{alone}");
                let alone = json!({"state": "fail", "failMsg": said});
                assert_eq!(failed(Route::Jobs, &alone), *class, "{alone}");
            }
        }
    }
}

#[test]
fn every_code_decides_where_no_text_does() {
    for (class, codes) in CODES {
        for code in *codes {
            let word = code.to_string();
            for text in ["", "Something new"] {
                for body in envelopes(&word, text).into_iter().filter(|it| it["code"] != "") {
                    assert_eq!(refused(200, &body), *class, "{body}");
                }
                for (route, data) in failures(&word, text) {
                    assert_eq!(failed(route, &data), *class, "{data}");
                }
            }
            for odd in [json!(null), json!(7), json!({}), json!([]), json!(true)] {
                let body = json!({"code": code, "msg": odd, "message": odd, "data": odd});
                assert_eq!(refused(200, &body), *class, "{body}");
                let data = json!({"state": "fail", "failCode": code, "failMsg": null, "x": odd});
                assert_eq!(failed(Route::Jobs, &data), *class, "{data}");
            }
            if *code >= 400 {
                let body = json!({"code": 200, "msg": "success", "data": {"taskId": "t"}});
                assert_eq!(refused(*code, &body), *class, "HTTP {code} alone");
            }
            assert_eq!(refused(503, &json!({"code": code})), *class, "the body's code wins");
        }
    }
}

#[test]
fn the_texts_that_were_seen_mean_what_they_meant() {
    for (text, codes, class) in SEEN {
        for code in *codes {
            for body in envelopes(code, text) {
                assert_eq!(refused(200, &body), *class, "{body}");
            }
            for (route, data) in failures(code, text) {
                assert_eq!(failed(route, &data), *class, "{data}");
            }
        }
    }
}

#[test]
fn of_two_texts_the_one_above_counts() {
    for (at, (class, above)) in TEXTS.iter().enumerate() {
        for (_, below) in &TEXTS[at + 1..] {
            for (above, below) in above.iter().flat_map(|a| below.iter().map(move |b| (a, b))) {
                let body = json!({"code": 500, "msg": format!("{below}; {above}")});
                assert_eq!(refused(200, &body), *class, "{body}");
                let body = json!({"code": above, "msg": below});
                assert_eq!(refused(200, &body), *class, "{body}");
            }
        }
    }
}

#[test]
fn a_long_text_is_read_to_its_end_and_kept_short() {
    let long = format!("{} temporarily paused", "x".repeat(100_000));
    for body in envelopes("500", &long) {
        let Err(Trouble::Refused(refusal)) =
            answered(200, &body).and_then(|envelope| envelope.into_data(&key()))
        else {
            panic!("refused")
        };
        assert_eq!(refusal.class, Class::ModelOff);
        assert!(refusal.text.len() <= 500 && refusal.code.len() <= 500, "{refusal:?}");
    }
    for (route, data) in failures("500", &long) {
        let body = json!({"code": 200, "data": data});
        let Ok(Record::Failed { class, code, text, .. }) = polled(route, 200, &body) else {
            panic!("failed")
        };
        assert!(class == Class::ModelOff && code.len() <= 500 && text.len() <= 500);
    }
}

#[test]
fn a_long_id_is_kept_whole_and_one_without_end_is_none() {
    let id = "t".repeat(900);
    let accepted = |id: &str| says(&json!({"code": 200, "data": {"taskId": id}}).to_string());
    assert_eq!(submitted(accepted(&id)).unwrap(), id);
    assert!(matches!(submitted(accepted(&"t".repeat(5_000))), Err(Trouble::Lost(_))));
}

/// Neither a page nor half an answer nor a refusal says how the task stands.
#[test]
fn nothing_but_a_record_ends_a_task() {
    let pages = ["", "<html>502</html>", "{\"code\":200,\"data\"", "null", "[]", "7", "\"fail\""];
    for page in pages {
        for status in [200, 404, 429, 500, 503] {
            let answer = Answer { status, body: page.as_bytes().to_vec() };
            assert!(matches!(Envelope::read(&answer), Err(Trouble::Lost(_))), "{status} {page}");
        }
    }
    for (_, codes) in CODES {
        for code in *codes {
            for body in envelopes(&code.to_string(), "x") {
                for route in [Route::Jobs, Route::Veo] {
                    let told = polled(route, 200, &body);
                    assert!(matches!(told, Err(Trouble::Refused(_))), "{body}: {told:?}");
                }
            }
        }
    }
    for data in [json!(null), json!(7), json!("fail"), json!([{"state": "fail"}]), json!({})] {
        for body in [json!({"code": 200, "data": data}), json!({"code": 200})] {
            for route in [Route::Jobs, Route::Veo] {
                let told = polled(route, 200, &body);
                assert!(matches!(told, Ok(Record::Running) | Err(_)), "{body}: {told:?}");
            }
        }
    }
    for code in [json!(422), json!("422"), json!(500), json!(200)] {
        let body = json!({"code": code, "msg": "recordInfo is null", "data": null});
        assert_eq!(polled(Route::Jobs, 200, &body).unwrap(), Record::NotFound);
    }
}

/// Each field of a record in each wrong type: the state alone says whether it ended, and only an
/// address is a video.
#[test]
fn a_record_of_wrong_types_is_no_video_and_no_panic() {
    let odd = [
        json!(null),
        json!(true),
        json!(-7.5),
        json!(1e300),
        json!(""),
        json!("{\"resultUrls\":"),
        json!("{\"resultUrls\":{\"a\":\"https://a/v.mp4\"}}"),
        json!([[], "https://a/v.mp4"]),
        json!({"resultUrls": [null, 5, {}, "ftp://a/v", "javascript:x", ""]}),
        json!({"resultUrls": "javascript:x"}),
        json!({"resultUrls": ["https://".to_owned() + &"a".repeat(5_000)]}),
        json!("x".repeat(100_000)),
    ];
    let fields =
        ["resultJson", "response", "resultUrls", "failCode", "failMsg", "creditsConsumed", "param"];
    for field in fields {
        for value in &odd {
            let with = |state: Value| {
                let mut data = json!({"taskId": 5, "costTime": {}});
                data[state["field"].as_str().unwrap()] = state["value"].clone();
                if field != "resultUrls" || value.is_string() || value.is_null() {
                    data[field] = value.clone();
                }
                json!({"code": 200, "data": data})
            };
            for (route, name, running, done, fail) in [
                (Route::Jobs, "state", json!("generating"), json!("success"), json!("fail")),
                (Route::Veo, "successFlag", json!(0), json!(1), json!(2)),
            ] {
                let ask = |state: &Value| {
                    polled(route, 200, &with(json!({"field": name, "value": state}))).unwrap()
                };
                assert_eq!(ask(&running), Record::Running, "{field} {value}");
                for state in [done, fail] {
                    let told = ask(&state);
                    assert!(matches!(told, Record::Failed { .. }), "{field} {value}: {told:?}");
                }
            }
        }
    }
}

#[test]
fn kies_gpt_says_no_in_the_same_words() {
    let chat = Chat { model: String::new(), system: "s".into(), user: "u".into(), photo: None };
    let ask = |body: &Value| kie(&serve(vec![says(&body.to_string())]).0).chat(&key(), &chat, SOON);
    for (text, codes, class) in SEEN {
        for body in [
            json!({"code": codes[0], "msg": text, "data": null}),
            json!({"code": 200, "error": {"message": text, "code": codes[0]}}),
            json!({"error": {"message": text, "code": null}}),
            json!({"error": text}),
            json!({"code": null, "error": text, "choices": []}),
        ] {
            let answer = ask(&body);
            let Err(Trouble::Refused(refusal)) = &answer else { panic!("{body}: {answer:?}") };
            assert!(refusal.class == *class || refusal.code != codes[0], "{body}: {refusal:?}");
        }
    }
    let good = json!({"choices": [{"message": {"content": "A prompt."}}]});
    let enveloped = json!({"code": 200, "msg": "success", "data": good});
    for body in [good, enveloped] {
        assert_eq!(ask(&body).unwrap(), "A prompt.");
    }
    for odd in [
        json!([]),
        json!({"choices": 5}),
        json!({"choices": [{}]}),
        json!({"choices": [{"message": {"content": 5}}]}),
        json!({"choices": [{"message": {"content": "  "}}]}),
        json!({"code": {}, "data": {}}),
    ] {
        assert!(ask(&odd).is_err(), "{odd}");
    }
    let page = kie(&serve(vec![answer(200, "", "<html>")]).0).chat(&key(), &chat, SOON);
    assert!(matches!(page, Err(Trouble::Lost(_))), "{page:?}");
}
