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
        assert_eq!(model.input("A prompt", "U", None), input, "{name}");
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
    assert_eq!(kling.input("p", "u", None)["duration"], "10", "what it does not name stays");
    assert_eq!(catalogue.get("sora-2-image-to-video").unwrap().ended, None);
    let input = catalogue.get("new/model").unwrap().input("p", "u", None);
    assert_eq!(input, json!({"photo": "u", "prompt": "p", "steps": 5, "scale": 1.5}));
    catalogue.check(&strings(&["new/model"])).unwrap();
    let error = catalogue.check(&strings(&["nope", "new/model"])).unwrap_err().to_string();
    assert!(error.starts_with("no such model: nope;"), "{error}");
}

#[test]
fn a_length_is_asked_for_as_the_model_wants_it_and_only_if_it_offers_it() {
    let catalogue = Catalogue::load(None).unwrap();
    for (name, seconds, asked) in [
        ("bytedance/seedance-2", 5, json!(5)),
        ("bytedance/seedance-1.5-pro", 12, json!(12)),
        ("kling-3.0/video", 5, json!("5")),
        ("hailuo/2-3-image-to-video-standard", 6, json!("6")),
        ("hailuo/2-3-image-to-video-standard", 5, json!("10")),
    ] {
        let model = catalogue.get(name).unwrap();
        let input = model.input("p", "u", Some(seconds));
        assert_eq!(input["duration"], asked, "{name}");
        assert_eq!(model.offers(seconds), asked != json!("10"), "{name}");
    }
    let veo = catalogue.get("veo3").unwrap();
    assert!(veo.offers(8) && !veo.offers(5));
    assert_eq!(veo.input("p", "u", Some(5)), veo.input("p", "u", None));
    assert_eq!(catalogue.get("kling-3.0/video").unwrap().about(Some(5)), 100.0);
}

/// A choice as it should be, but for one line of it.
fn choice(key: &str, value: &str) -> String {
    let lines = [
        ("id", "\"fast\""),
        ("label", "{ ru = \" ⚡ Быстрое \", en = \"⚡ Quick\" }"),
        ("models", "[\"kling-3.0/video\", \"bytedance/seedance-2\"]"),
        ("seconds", "5"),
        ("credits", "2"),
    ];
    let line = |(name, usual): (&str, &str)| match (name == key, value) {
        (true, "") => String::new(),
        (true, value) => format!("{name} = {value}\n"),
        (false, _) => format!("{name} = {usual}\n"),
    };
    format!("[[choice]]\n{}", lines.map(line).concat())
}

#[test]
fn an_operators_choices_are_read() {
    assert_eq!(Catalogue::load(None).unwrap().choices(), []);
    let good =
        choice("id", "\"good\"").replace("seconds = 5", "about = { ru = \"да\", en = \"yes\" }");
    let catalogue = load(&format!("{}{good}", choice("", ""))).unwrap();
    let ids: Vec<_> = catalogue.choices().iter().map(|choice| choice.id.as_str()).collect();
    assert_eq!(ids, ["fast", "good"]);
    let fast = catalogue.choice("fast").unwrap();
    assert_eq!(
        (fast.label("ru"), fast.label("en"), fast.about("ru")),
        ("⚡ Быстрое", "⚡ Quick", None)
    );
    assert_eq!((fast.seconds, fast.credits, fast.models.len()), (Some(5), 2, 2));
    let good = catalogue.choice("good").unwrap();
    assert_eq!((good.about("ru"), good.about("en"), good.seconds), (Some("да"), Some("yes"), None));
    // A length that an operator's own entry adds can be chosen.
    let longer = "[[model]]\nname = \"kling-3.0/video\"\nlengths = { duration = [20] }\n";
    let twenty = choice("seconds", "20").replace(", \"bytedance/seedance-2\"", "");
    load(&format!("{longer}{twenty}")).unwrap();
}

#[test]
fn the_example_in_our_own_file_is_a_good_one() {
    let lines = BUILT_IN.lines().skip_while(|line| *line != "# [[choice]]");
    let example: Vec<_> = lines.map_while(|line| line.strip_prefix('#')).collect();
    let catalogue = load(&example.join("\n")).unwrap();
    assert_eq!(catalogue.choices().len(), 2);
}

/// What is wrong with an operator's file: the line, and a word about it.
#[track_caller]
fn check(text: &str, line: usize, word: &str) {
    let error = format!("{:#}", load(text).unwrap_err());
    assert!(error.contains(&format!("models.toml:{line}: ")), "{error}");
    assert!(error.contains(word) && !error.contains('\n'), "{error}");
}

#[test]
fn a_bad_choice_is_refused_with_its_line() {
    for (key, value, line, word) in [
        ("id", "\"Fast\"", 1, "`id`"),
        ("id", "\"a-very-long-id-17\"", 1, "`id`"),
        ("id", "\"\"", 1, "`id`"),
        ("label", "{ ru = \"Да\" }", 3, "en"),
        ("label", "{ ru = \"Да\", en = \" \" }", 1, "`label.en`"),
        ("label", "{ ru = \"Да\\nнет\", en = \"Yes\" }", 1, "`label.ru`"),
        ("models", "[]", 1, "`models`"),
        ("models", "[\"nope\"]", 1, "no such model: nope"),
        ("models", "[\"veo3\", \"veo3\"]", 1, "veo3 twice"),
        ("seconds", "2", 1, "kling-3.0/video makes no video of 2 s"),
        ("seconds", "3", 1, "bytedance/seedance-2 makes no video of 3 s"),
        ("credits", "-1", 1, "`credits`"),
        ("credits", "1.5", 6, "credits"),
        ("credits", "", 1, "credits"),
        ("credits", "2\ncolour = 1", 7, "colour"),
    ] {
        check(&choice(key, value), line, word);
    }
    check(&choice("", "").repeat(2), 7, "the choice `fast` is there twice");
    let many: String = (0..9).map(|n| choice("id", &format!("\"n{n}\""))).collect();
    check(&many, 49, "more than 8 choices");
    check("[[model]]\nname = \"veo3\"\nlengths = {}\n", 1, "`lengths`");
    check("[[model]]\nname = \"veo3\"\nlengths = { a = [5], b = [5] }\n", 1, "`lengths`");
    check("[[model]]\nname = \"veo3\"\nlengths = { a = [0] }\n", 1, "`lengths`");
}

#[test]
fn a_bad_file_is_refused_with_its_line() {
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
