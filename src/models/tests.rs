use serde_json::json;

use super::*;

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn load(operator: &str) -> anyhow::Result<Catalogue> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("models.toml");
    std::fs::write(&path, operator).unwrap();
    Catalogue::load(Some(&path))
}

#[test]
fn every_models_input_has_exactly_the_fields_that_it_wants() {
    let seedance = json!({"first_frame_url": "U", "aspect_ratio": "9:16", "duration": 10,
        "resolution": "720p", "generate_audio": true});
    let veo = |name| {
        json!({"model": name, "imageUrls": ["U"], "aspect_ratio": "9:16",
        "generationType": "FIRST_AND_LAST_FRAMES_2_VIDEO"})
    };
    let expected = [
        ("bytedance/seedance-2-mini", seedance.clone()),
        ("bytedance/seedance-2", seedance.clone()),
        ("bytedance/seedance-2-fast", seedance),
        (
            "bytedance/seedance-1.5-pro",
            json!({"input_urls": ["U"], "aspect_ratio": "9:16", "duration": 8,
                "resolution": "720p", "generate_audio": true}),
        ),
        (
            "kling-3.0/video",
            json!({"image_urls": ["U"], "sound": true, "duration": "10", "aspect_ratio": "9:16",
                "mode": "std", "multi_shots": false, "multi_prompt": []}),
        ),
        ("kling-2.6/image-to-video", json!({"image_urls": ["U"], "sound": true, "duration": "10"})),
        (
            "grok-imagine/image-to-video",
            json!({"image_urls": ["U"], "mode": "normal", "duration": "10", "resolution": "720p"}),
        ),
        (
            "wan/2-6-image-to-video",
            json!({"image_urls": ["U"], "duration": "10", "resolution": "720p"}),
        ),
        (
            "minimax-h3/image-to-video",
            json!({"first_frame_url": "U", "duration": 10, "resolution": "768P"}),
        ),
        (
            "hailuo/2-3-image-to-video-standard",
            json!({"image_url": "U", "duration": "10", "resolution": "768P"}),
        ),
        ("veo3_fast", veo("veo3_fast")),
        ("veo3_lite", veo("veo3_lite")),
        ("veo3", veo("veo3")),
        (
            "sora-2-image-to-video",
            json!({"image_urls": ["U"], "aspect_ratio": "portrait", "n_frames": "10",
                "remove_watermark": true}),
        ),
    ];
    let catalogue = Catalogue::load(None).unwrap();
    assert_eq!(catalogue.all().count(), expected.len());
    for (name, mut input) in expected {
        let model = catalogue.get(name).unwrap();
        input["prompt"] = json!("A prompt");
        assert_eq!(model.input("A prompt", "U"), input, "{name}");
        assert!(!model.speech.contains(&"ru".to_owned()), "Russian is promised by none: {name}");
    }
    assert_eq!(catalogue.get("veo3").unwrap().route, Route::Veo);
    assert!(catalogue.get("sora-2-image-to-video").unwrap().no_people);
}

#[test]
fn the_first_that_is_on_and_takes_the_prompt_serves() {
    let catalogue = Catalogue::load(None).unwrap();
    let configured =
        strings(&["sora-2-image-to-video", "kling-2.6/image-to-video", "kling-3.0/video"]);
    let serving = |paused: &[&str], refused: &[&str], chars| {
        let paused = strings(paused).into_iter().collect();
        let model = catalogue.serving(&configured, &paused, &strings(refused), chars);
        model.map(|model| model.name.as_str())
    };
    let (short, long) = ("kling-2.6/image-to-video", "kling-3.0/video");
    assert_eq!(serving(&[], &[], 0), Some(short), "what has ended does not serve");
    assert_eq!(serving(&[], &[], 1_000), Some(short));
    assert_eq!(serving(&[], &[], 1_001), Some(long));
    assert_eq!(serving(&[short], &[], 10), Some(long));
    assert_eq!(serving(&[], &[short], 10), Some(long));
    assert_eq!(serving(&[short], &[long], 10), None);
    assert_eq!(serving(&[], &[], 5_000), None);
}

#[test]
fn an_operators_file_changes_revives_and_adds() {
    let catalogue = load(
        "[[model]]\nname = \"kling-3.0/video\"\nspeech = [\"ru\"]\n\
         [[model]]\nname = \"sora-2-image-to-video\"\nended = \"\"\n\
         [[model]]\nname = \"new/model\"\nimage = \"photo\"\nimage_is = \"string\"\n\
         prompt_max = 900\nseconds = 5\nsound = false\nabout_credits = 1.5\n\
         [model.input]\nsteps = 5\nscale = 1.5\n",
    )
    .unwrap();
    let kling = catalogue.get("kling-3.0/video").unwrap();
    assert_eq!(kling.speech, ["ru"]);
    assert_eq!(kling.input("p", "u")["duration"], "10", "what it does not name stays");
    assert_eq!(catalogue.get("sora-2-image-to-video").unwrap().ended, None);
    let input = catalogue.get("new/model").unwrap().input("p", "u");
    assert_eq!(input, json!({"photo": "u", "prompt": "p", "steps": 5, "scale": 1.5}));
    catalogue.check(&strings(&["new/model"])).unwrap();
    let error = catalogue.check(&strings(&["nope", "new/model"])).unwrap_err().to_string();
    assert!(error.starts_with("no such model: nope;"), "{error}");
}

#[test]
fn a_bad_file_is_refused_with_its_line() {
    #[track_caller]
    fn check(text: &str, line: usize, word: &str) {
        let error = format!("{:#}", load(text).unwrap_err());
        assert!(error.contains(&format!("models.toml:{line}: ")), "{error}");
        assert!(error.contains(word) && !error.contains('\n'), "{error}");
    }
    check("[[model]]\nname = \"x\"\ncolour = 1\n", 3, "colour");
    check("[[model]]\nname = 5\n", 2, "name");
    check("[[model]\n", 1, "");
    check("\n[[model]]\nname = \"x\"\nprompt_max = 900\n", 2, "needs `seconds`");
    check("[[model]]\nname = \"veo3\"\nseconds = 0\n", 1, "`seconds`");
    check("[[model]]\nname = \"veo3\"\nended = \"soon\"\n", 1, "`ended`");
    check("[[model]]\nname = \"veo3\"\n[model.input]\nprompt = \"x\"\n", 1, "`input.prompt`");
    check("[[model]]\nname = \"x\"\n[[model]]\nname = \"x\"\n", 3, "twice");
    let error = Catalogue::load(Some(Path::new("/nowhere/models.toml"))).unwrap_err();
    assert!(error.to_string().contains("/nowhere/models.toml"));
}
