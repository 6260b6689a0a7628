use super::*;
use crate::sandbox::faults::Fate;
use crate::sandbox::film::mp4;
use crate::sandbox::kie::TaskState;

const MINI: &str = "bytedance/seedance-2-mini";

fn upload(sandbox: &Sandbox, photo: &[u8], name: &str) -> Value {
    let url = format!("{}/api/file-stream-upload", sandbox.upload_url());
    let args = json!({ "uploadPath": "photos", "fileName": name });
    form(&url, &sandbox.options().kie_keys[0], args, ("file", photo))
}

fn create(sandbox: &Sandbox, model: &str, input: Value) -> Value {
    kie(sandbox, "/api/v1/jobs/createTask", Some(json!({ "model": model, "input": input })))
}

fn mini(url: &str) -> Value {
    json!({
        "prompt": "A slow orbit", "first_frame_url": url, "duration": 5, "resolution": "720p",
        "aspect_ratio": "9:16", "generate_audio": false
    })
}

#[test]
fn a_photo_becomes_a_video() {
    let sandbox = sandbox(60.0);
    let uploaded = upload(&sandbox, &photos::product(1), "a1.jpg");
    let url = uploaded["data"]["downloadUrl"].as_str().unwrap().to_owned();
    let created = create(&sandbox, MINI, mini(&url));
    let id = created["data"]["taskId"].as_str().unwrap().to_owned();
    let ask = format!("/api/v1/jobs/recordInfo?taskId={id}");
    assert_eq!(kie(&sandbox, &ask, None)["data"]["resultJson"], "");
    let ended = |it: &Kie| (it.tasks()[0].state == TaskState::Success).then_some(());
    sandbox.kie().wait(Duration::from_secs(10), ended).unwrap();
    let record = kie(&sandbox, &ask, None);
    assert_eq!(record["data"]["state"], "success");
    let result: Value =
        serde_json::from_str(record["data"]["resultJson"].as_str().unwrap()).unwrap();
    let link = result["resultUrls"][0].as_str().unwrap();
    sandbox.kie().pad_videos(2_000_000);
    let film = agent().get(link).call().unwrap().body_mut().read_to_vec().unwrap();
    let probe = mp4::probe(&film).unwrap();
    assert_eq!((probe.width, probe.height, film.len()), (720, 1280, 2_000_000));
    assert_eq!(kie(&sandbox, "/api/v1/chat/credit", None)["data"], 1_000_000.0 - 41.0);
    assert_eq!((sandbox.kie().submits(), sandbox.kie().polls(&id)), (1, 2));
    assert!(sandbox.violations().is_empty(), "{:?}", sandbox.violations());
}

#[test]
fn types_are_strict() {
    let sandbox = sandbox(1.0);
    let with = |field: &str, value: Value| {
        let mut input = mini("https://example.com/a.jpg");
        input[field] = value;
        create(&sandbox, MINI, input)
    };
    for (field, value, code, part) in [
        ("duration", json!("5"), 500, "duration must be of type integer"),
        ("duration", json!(16), 500, "duration is not within the range of allowed options"),
        ("prompt", json!(""), 500, "This field is required: prompt is required"),
        ("prompt", json!("ab"), 422, "prompt length"),
        ("resolution", json!("1080p"), 500, "resolution is not within the range"),
        ("generate_audio", json!("false"), 422, "must be of type boolean"),
        ("first_frame_url", json!(["https://example.com/a.jpg"]), 422, "must be a string"),
        ("first_frame_url", json!("photo.jpg"), 422, "the image URL is not valid"),
        ("image_urls", json!([]), 422, "image_urls is not a field"),
    ] {
        let answer = with(field, value.clone());
        let msg = answer["msg"].as_str().unwrap();
        assert!(msg.contains(part), "{field} {value}: {answer}");
        assert!(answer["code"] == code || code == 500, "{answer}");
    }
    let kling = |duration: Value| {
        let input = json!({
            "prompt": "x", "image_urls": ["https://example.com/a.jpg"], "sound": false,
            "duration": duration
        });
        create(&sandbox, "kling-2.6/image-to-video", input)
    };
    let wrong = kling(json!(5));
    assert_eq!(wrong["msg"], "duration is not within the range of allowed options");
    assert_eq!(kling(json!("5"))["code"], 200);
    let sora = json!({ "prompt": "x", "image_urls": ["https://example.com/a.jpg"] });
    let paused = create(&sandbox, "sora-2-image-to-video", sora);
    assert_eq!(paused["msg"], "This interface is temporarily paused.");
    let unknown = create(&sandbox, "nobody/nothing", mini("https://example.com/a.jpg"));
    assert_eq!(unknown["msg"], "The model name you specified is not supported.");
}

#[test]
fn accounts_have_limits_and_balances_of_their_own() {
    let mut options = Options::new(Clock::fast(1.0));
    options.kie_keys.push("second".into());
    let sandbox = Sandbox::start(options).unwrap();
    let first = sandbox.options().kie_keys[0].clone();
    let input = || mini("https://example.com/a.jpg");
    for _ in 0..20 {
        assert_eq!(create(&sandbox, MINI, input())["code"], 200);
    }
    let fast = create(&sandbox, MINI, input());
    assert_eq!(fast["code"], 429);
    assert_eq!(sandbox.kie().submits(), 20);
    let foreign = sandbox.kie().tasks()[0].id.clone();
    let url = format!("{}/api/v1/jobs/recordInfo?taskId={foreign}", sandbox.kie_url());
    let ask = agent().get(url).header("Authorization", "Bearer second").call();
    let answer: Value = ask.unwrap().body_mut().read_json().unwrap();
    assert_eq!((&answer["code"], &answer["msg"]), (&json!(422), &json!("recordInfo is null")));
    sandbox.kie().set_balance(&first, 0.0);
    sandbox.kie().revoke("second");
    let url = format!("{}/api/v1/chat/credit", sandbox.kie_url());
    let ask = agent().get(url).header("Authorization", "Bearer second").call();
    let answer: Value = ask.unwrap().body_mut().read_json().unwrap();
    assert_eq!(answer["code"], 401);
}

#[test]
fn without_money_nothing_renders() {
    let mut options = Options::new(Clock::fast(1.0));
    options.kie_balance = 40.0;
    let sandbox = Sandbox::start(options).unwrap();
    let poor = create(&sandbox, MINI, mini("https://example.com/a.jpg"));
    assert_eq!(poor["code"], 402);
    assert!(poor["msg"].as_str().unwrap().starts_with("Credits insufficient : Your current"));
}

#[test]
fn uploads_are_looked_at() {
    let sandbox = sandbox(1.0);
    let url = format!("{}/api/file-stream-upload", sandbox.upload_url());
    let key = sandbox.options().kie_keys[0].clone();
    let photo = photos::product(2);
    let small = std::io::Cursor::new(Vec::new());
    let mut small = small;
    let tiny = image::DynamicImage::new_rgb8(299, 400);
    tiny.write_to(&mut small, image::ImageFormat::Png).unwrap();
    for (args, bytes, part) in [
        (json!({ "fileName": "a.jpg" }), &photo[..], "uploadPath is required"),
        (json!({ "uploadPath": "/a", "fileName": "a.jpg" }), &photo, "slash"),
        (json!({ "uploadPath": "a", "fileName": "a.jpg" }), b"hello", "file type not supported"),
        (json!({ "uploadPath": "a", "fileName": "a.png" }), small.get_ref(), "300 and 5760"),
    ] {
        let answer = form(&url, &key, args, ("file", bytes));
        assert!(answer["msg"].as_str().unwrap().contains(part), "{answer}");
    }
    assert!(sandbox.violations().is_empty());
    assert_eq!(upload(&sandbox, &photo, "a.png")["code"], 200);
    assert_eq!(upload(&sandbox, &photo, "a.png")["code"], 200);
    assert_eq!(sandbox.violations().len(), 3, "twice a wrong ending, once a used name");
    let uploads = sandbox.kie().uploads();
    assert!(uploads[0].hash == uploads[1].hash && uploads[0].width == 900);
}

#[test]
fn renders_end_as_they_were_told_to() {
    let sandbox = sandbox(1.0);
    sandbox.kie().set_render_ms((0, 0));
    let fails = Fate::Fails("400".into(), "This content may violate our guardrails".into());
    sandbox.kie().next_renders(1, fails);
    sandbox.kie().renders_with("orbit", Fate::NoUrl);
    let state = |answer: Value| {
        let id = answer["data"]["taskId"].as_str().unwrap().to_owned();
        kie(&sandbox, &format!("/api/v1/jobs/recordInfo?taskId={id}"), None)["data"].clone()
    };
    let input = || mini("https://example.com/a.jpg");
    let failed = state(create(&sandbox, MINI, input()));
    assert_eq!((&failed["state"], &failed["failCode"]), (&json!("fail"), &json!("400")));
    let empty = state(create(&sandbox, MINI, input()));
    assert_eq!(
        (&empty["state"], &empty["resultJson"]),
        (&json!("success"), &json!("{\"resultUrls\":[]}"))
    );
}

#[test]
fn gpt_sees_the_photo_and_never_says_the_same_twice() {
    let sandbox = sandbox(1.0);
    let picture = "data:image/png;base64,iVBORw0KGgo=";
    let body = json!({
        "model": "gpt-4o-mini", "stream": false,
        "messages": [
            { "role": "system", "content": "Write a prompt" },
            { "role": "user", "content": [
                { "type": "text", "text": "Product: a red thermos" },
                { "type": "image_url", "image_url": { "url": picture } }
            ] }
        ]
    });
    let url = format!("{}/chat/completions", sandbox.openai_url());
    let key = sandbox.options().openai_key.clone().unwrap();
    let ask = |key: &str| {
        let post = agent().post(&url).header("Authorization", format!("Bearer {key}"));
        let answer: Value = post.send_json(&body).unwrap().body_mut().read_json().unwrap();
        answer
    };
    let text = |answer: &Value| answer["choices"][0]["message"]["content"].clone();
    let (one, two) = (ask(&key), ask(&key));
    assert!(text(&one).as_str().unwrap().contains("a red thermos"), "{one}");
    assert_ne!(text(&one), text(&two));
    assert_eq!(ask("wrong")["error"]["code"], "invalid_api_key");
    let by_kie = kie(&sandbox, "/gpt-5-2/v1/chat/completions", Some(body.clone()));
    assert!(text(&by_kie).is_string());
    let requests = sandbox.openai().requests();
    assert_eq!(requests.len(), 3);
    assert_eq!((requests[2].service, requests[0].images.len()), (Service::Kie, 1));
}
