mod errors;

use std::time::Instant;

use super::*;
use crate::api::loopback::{React, SHORT, SOON, http as answer, json as says, key, nobody, serve};

fn kie(url: &str) -> Kie {
    let (api_url, upload_url) = (url.to_owned(), format!("{url}/"));
    Kie::new(&Options { api_url, upload_url, proxy: None }).unwrap()
}

fn submit(kie: &Kie, deadline: Duration) -> Result<String, Trouble> {
    kie.create_task(&key(), Route::Jobs, "a/model", &json!({"prompt": "p"}), deadline)
}

fn submitted(reaction: React) -> Result<String, Trouble> {
    submit(&kie(&serve(vec![reaction]).0), SOON)
}

fn recorded(route: Route, body: &str) -> Result<Record, Trouble> {
    kie(&serve(vec![says(body)]).0).record(&key(), route, "task/1", SOON)
}

#[test]
fn a_task_is_made_with_the_key_and_the_exact_input() {
    let (url, requests) = serve(vec![
        says(r#"{"code":200,"msg":"success","data":{"taskId":"t1","recordId":"r"}}"#),
        says(r#"{"code":"200","message":"ok","data":{"taskId":"t2"}}"#),
    ]);
    let kie = kie(&url);
    assert_eq!(submit(&kie, SOON).unwrap(), "t1");
    let request = requests.recv().unwrap();
    assert!(request.starts_with("POST /api/v1/jobs/createTask HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("authorization: Bearer kie-secret-key\r\n"), "{request}");
    assert!(request.contains("user-agent: neurocards/"), "{request}");
    assert!(request.ends_with(r#"{"input":{"prompt":"p"},"model":"a/model"}"#), "{request}");
    let body = json!({"model": "veo3", "prompt": "p"});
    assert_eq!(kie.create_task(&key(), Route::Veo, "veo3", &body, SOON).unwrap(), "t2");
    let request = requests.recv().unwrap();
    assert!(request.starts_with("POST /api/v1/veo/generate "), "{request}");
    assert!(request.ends_with(&body.to_string()), "{request}");
}

#[test]
fn what_never_went_out_is_unreached() {
    let unreached = |result: Result<String, Trouble>| matches!(result, Err(Trouble::Unreached(_)));
    assert!(unreached(submit(&kie(&nobody()), SOON)));
    assert!(unreached(submit(&kie("http://nobody.invalid"), SOON)));
    for scheme in ["http", "socks5h"] {
        let proxied = |proxy: String| {
            let proxy = Some(SecretString::from(proxy.replace("http:", &format!("{scheme}:"))));
            let api_url = "http://api.example.com".to_owned();
            let options = Options { upload_url: api_url.clone(), api_url, proxy };
            submit(&Kie::new(&options).unwrap(), SOON)
        };
        assert!(unreached(proxied(nobody())), "{scheme}: no proxy");
        let (refusing, _requests) = serve(vec![answer(502, "", "")]);
        if scheme == "http" {
            assert!(unreached(proxied(refusing)), "the proxy cannot reach it");
        }
    }
    let kie = kie("http://127.0.0.1:9");
    kie.stop_submits();
    assert!(unreached(submit(&kie, SOON)));
}

#[test]
fn what_went_out_and_got_no_envelope_is_lost() {
    for reaction in [
        React::Drop,
        React::Raw(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec()),
        React::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"code\":200".to_vec()),
        React::Raw(b"nonsense\r\n\r\n".to_vec()),
        answer(502, "content-type: text/html\r\n", "<html>Bad gateway</html>"),
        answer(200, "", "<html>"),
        answer(302, "location: http://elsewhere.example.com/\r\n", ""),
        says("{\"code\":200,\"data\""),
        says("{\"data\":{\"taskId\":\"x\"}}"),
        says("[]"),
        says("null"),
        says(r#"{"code":200,"data":{}}"#),
        says(r#"{"code":200,"data":null}"#),
        says(r#"{"code":200,"data":{"taskId":""}}"#),
        says(&format!(r#"{{"code":200,"x":"{}"}}"#, "x".repeat(2 << 20))),
        answer(200, "content-encoding: gzip\r\n", "not gzip"),
    ] {
        let result = submitted(reaction);
        assert!(matches!(result, Err(Trouble::Lost(_))), "{result:?}");
    }
    for hang in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"] {
        let (url, _requests) = serve(vec![React::Hang(hang.to_vec())]);
        let result = submit(&kie(&url), SHORT);
        assert!(matches!(result, Err(Trouble::Lost(_))), "{result:?}");
    }
}

#[test]
fn an_answer_that_says_no_is_a_refusal_whatever_its_http_status() {
    let paused = r#"{"code":500,"msg":"This interface is temporarily paused.","data":null}"#;
    for status in [200, 500] {
        let Err(Trouble::Refused(refusal)) = submitted(answer(status, "", paused)) else {
            panic!("refused")
        };
        assert_eq!((refusal.class, refusal.code.as_str()), (Class::ModelOff, "500"));
    }
    let class = |reaction| match submitted(reaction) {
        Err(Trouble::Refused(refusal)) => refusal.class,
        other => panic!("{other:?}"),
    };
    assert_eq!(class(says(r#"{"code":402,"message":"no"}"#)), Class::Billing);
    assert_eq!(class(answer(429, "", r#"{"code":429}"#)), Class::RateLimit);
    let accepted = r#"{"code":200,"data":{"taskId":"x"}}"#;
    assert_eq!(class(answer(503, "", accepted)), Class::Temporary, "both have to be 200");
    let told = r#"{"code":401,"msg":"Invalid API key kie-secret-key\nsorry"}"#;
    let Err(error) = submitted(says(told)) else { panic!("refused") };
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}

#[test]
fn a_record_is_read_in_all_its_shapes() {
    let urls = |result| match result {
        Ok(Record::Done { urls, .. }) => urls,
        other => panic!("{other:?}"),
    };
    for data in [
        r#""resultJson":"{\"resultUrls\":[\"https://a/v.mp4\"]}""#,
        r#""resultJson":{"resultUrls":["https://a/v.mp4"]}"#,
        r#""resultJson":"","response":{"resultUrls":["https://a/v.mp4"]}"#,
        r#""resultJson":null,"response":"{\"resultUrls\":[\"https://a/v.mp4\"]}""#,
        r#""resultJson":"{broken","response":{"resultUrls":[5,"javascript:x","https://a/v.mp4"]}"#,
    ] {
        let body = format!(r#"{{"code":200,"data":{{"state":"success",{data}}}}}"#);
        assert_eq!(urls(recorded(Route::Jobs, &body)), ["https://a/v.mp4"], "{data}");
    }
    let (long, many) = ("a".repeat(10_000), r#""https://a/v.mp4","#.repeat(10_000));
    for (list, count) in [
        (format!(r#""https://a/{long}""#), 0),
        (format!(r#"{many}"https://a/v.mp4""#), 8),
        (r#"7,null,{"url":"https://a"},["https://a/v"],true"#.to_owned(), 0),
        (r#""file:///etc/passwd","data:video/mp4,x","ftp://a/v","//a/v","https://""#.into(), 0),
        (r#""https://a/\n<b>","https://a b/v""#.to_owned(), 0),
    ] {
        let data = format!(r#""state":"success","response":{{"resultUrls":[{list}]}}"#);
        let record = recorded(Route::Jobs, &format!(r#"{{"code":200,"data":{{{data}}}}}"#));
        match record.unwrap() {
            Record::Done { urls, .. } => assert_eq!(urls.len(), count, "{list:.60}"),
            record => assert!(count == 0, "{list:.60}: {record:?}"),
        }
    }
    let longest = format!("https://a/{}", "a".repeat(4_096 - "https://a/".len()));
    let data = format!(r#""resultUrls":["{longest}a","{longest}","https://a/my video.mp4"]"#);
    let body = format!(r#"{{"code":200,"data":{{"state":"success",{data}}}}}"#);
    let read = urls(recorded(Route::Jobs, &body));
    assert_eq!(read, [longest, "https://a/my%20video.mp4".to_owned()]);
    for data in [r#""resultJson":"""#, r#""resultJson":null"#, r#""resultJson":"[]""#, r#""x":1"#] {
        let body = format!(r#"{{"code":200,"data":{{"state":"success",{data}}}}}"#);
        let record = recorded(Route::Jobs, &body);
        assert!(matches!(record, Ok(Record::Failed { class: Class::Unknown, .. })), "{record:?}");
    }
    for state in ["\"waiting\"", "\"queuing\"", "\"generating\"", "\"new\"", "null", "7"] {
        let body = format!(r#"{{"code":200,"data":{{"state":{state}}}}}"#);
        assert_eq!(recorded(Route::Jobs, &body).unwrap(), Record::Running, "{state}");
    }
    let unknown = r#"{"code":422,"msg":"recordInfo is null","data":null}"#;
    assert_eq!(recorded(Route::Jobs, unknown).unwrap(), Record::NotFound);
    assert_eq!(recorded(Route::Veo, unknown).unwrap(), Record::NotFound);
    let refused = recorded(Route::Jobs, r#"{"code":500,"msg":"Server exception"}"#);
    assert!(matches!(refused, Err(Trouble::Refused(Refusal { class: Class::Temporary, .. }))));
}

#[test]
fn a_failed_task_tells_its_class_and_its_cost() {
    let failed = |route, data: &str| {
        recorded(route, &format!(r#"{{"code":200,"data":{{{data}}}}}"#)).unwrap()
    };
    let swapped = r#""state":"fail","failCode":"resource download failed","failMsg":"500","creditsConsumed":"1.5""#;
    let Record::Failed { class, credits, .. } = failed(Route::Jobs, swapped) else { panic!() };
    assert_eq!((class, credits), (Class::DownloadFailed, Some(1.5)));
    let odd = r#""state":"fail","failCode":500,"failMsg":null"#;
    let Record::Failed { class, code, .. } = failed(Route::Jobs, odd) else { panic!() };
    assert_eq!((class, code.as_str()), (Class::Temporary, "500"));
    let veo =
        r#""successFlag":3,"errorCode":400,"errorMessage":"Prominent_people","response":null"#;
    let Record::Failed { class, .. } = failed(Route::Veo, veo) else { panic!() };
    assert_eq!(class, Class::UserViolation);
    let record = recorded(Route::Veo, r#"{"code":501,"msg":"Failed","data":{"successFlag":2}}"#);
    assert!(matches!(record, Ok(Record::Failed { class: Class::Temporary, .. })), "{record:?}");
    assert_eq!(failed(Route::Veo, r#""successFlag":0"#), Record::Running);
    let done = r#""successFlag":1,"response":{"resultUrls":["https://a/v"]},"creditsConsumed":60"#;
    let urls = vec!["https://a/v".to_owned()];
    assert_eq!(failed(Route::Veo, done), Record::Done { urls, credits: Some(60.0) });
}

#[test]
fn a_poll_names_its_task_and_a_stop_ends_it_at_once() {
    let (url, requests) = serve(vec![says(r#"{"code":200,"data":12.5}"#), React::Hang(vec![])]);
    let kie = kie(&url);
    assert_eq!(kie.credit(&key(), SOON).unwrap(), 12.5);
    assert!(requests.recv().unwrap().starts_with("GET /api/v1/chat/credit "));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let poll = scope.spawn(|| kie.record(&key(), Route::Jobs, "a b&c", SOON * 10));
        let request = requests.recv().unwrap();
        assert!(request.starts_with("GET /api/v1/jobs/recordInfo?taskId=a+b%26c "), "{request}");
        kie.stop();
        assert!(poll.join().unwrap().is_err());
    });
    assert!(begun.elapsed() < SOON);
    assert!(matches!(kie.credit(&key(), SOON), Err(Trouble::Unreached(_))));
}

#[test]
fn an_upload_is_a_form_and_its_address_is_read() {
    let (url, requests) = serve(vec![
        says(r#"{"code":200,"data":{"downloadUrl":"https://f/1.jpg"}}"#),
        says(r#"{"code":200,"data":{"downloadUrl":null,"fileUrl":"https://f/2.jpg"}}"#),
        says(r#"{"code":200,"data":{"downloadUrl":"file:///etc/passwd"}}"#),
    ]);
    let kie = kie(&url);
    let upload = || kie.upload(&key(), b"JPEG", "7.jpg", "neurocards", SOON);
    assert_eq!(upload().unwrap(), "https://f/1.jpg");
    let request = requests.recv().unwrap();
    assert!(request.starts_with("POST /api/file-stream-upload "), "{request}");
    for part in ["name=\"uploadPath\"\r\n\r\nneurocards\r\n", "filename=\"7.jpg\"", "image/jpeg"] {
        assert!(request.contains(part), "{part} in {request}");
    }
    assert_eq!(upload().unwrap(), "https://f/2.jpg");
    assert!(matches!(upload(), Err(Trouble::Lost(_))));
}

#[test]
fn kies_gpt_answers_or_refuses_in_two_ways() {
    let chat = Chat {
        model: String::new(),
        system: "rules".to_owned(),
        user: "task".to_owned(),
        photo: Some(vec![0xff, 0xd8, 0xff]),
    };
    let ask = |body: &str| kie(&serve(vec![says(body)]).0).chat(&key(), &chat, SOON);
    let good = r#"{"choices":[{"message":{"content":" A prompt. "}}]}"#;
    assert_eq!(ask(good).unwrap(), "A prompt.");
    let billing = ask(r#"{"code":402,"msg":"Credits insufficient : x"}"#);
    assert!(matches!(billing, Err(Trouble::Refused(Refusal { class: Class::Billing, .. }))));
    let limited = ask(r#"{"error":{"code":429,"message":"x"}}"#);
    assert!(matches!(limited, Err(Trouble::Refused(Refusal { class: Class::RateLimit, .. }))));
    assert!(matches!(ask(r#"{"choices":[]}"#), Err(Trouble::Refused(_))));
}
