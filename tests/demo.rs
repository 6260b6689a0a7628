//! `neurocards demo`: the real binary in a folder of its own, as somebody tries it first.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use neurocards::sandbox::photos;

/// Runs it with `folder` for everything that it throws away or leaves.
fn demo(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_neurocards"))
        .arg("demo")
        .args(args)
        .env_clear()
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The same; it must end well. Returns what it printed.
fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = demo(folder, args);
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}{complained}");
    assert_eq!(complained, "", "{said}");
    assert!(said.ends_with("Everything was settled: nothing lost, nothing twice.\n"), "{said}");
    said
}

/// What stands behind this word of the summary.
fn summary<'a>(said: &'a str, word: &str) -> &'a str {
    let line = said.lines().find_map(|line| line.strip_prefix(word));
    line.unwrap_or_else(|| panic!("no {word} in {said}")).trim()
}

/// The videos in the folder that the summary names, each of them an MP4.
fn saved(said: &str) -> Vec<PathBuf> {
    let (count, folder) = summary(said, "saved").split_once(" MP4 files in ").unwrap();
    let entries = std::fs::read_dir(folder).unwrap();
    let videos: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(videos.len().to_string(), count, "{said}");
    for video in &videos {
        assert!(video.extension().is_some_and(|it| it == "mp4"), "{}", video.display());
        let bytes = std::fs::read(video).unwrap();
        let ftyp = bytes.get(4..8);
        assert_eq!(ftyp, Some(b"ftyp".as_slice()), "{}", video.display());
        assert!(bytes.len() > 10_000, "{} is a stub", video.display());
    }
    videos
}

#[test]
fn a_demo_settles_its_orders_and_leaves_the_videos_alone() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--orders", "3", "--customers", "2", "--speed", "120"];
    let said = succeeds(folder.path(), &args);
    assert_eq!(summary(&said, "orders"), "3 of 3 settled", "{said}");
    assert_eq!((summary(&said, "videos"), summary(&said, "refunds")), ("3", "0"), "{said}");
    assert_eq!(summary(&said, "Stars"), "300 for 1 pack of credits", "one ran out: {said}");
    let credits = summary(&said, "credits");
    assert_eq!(credits, "2 given, 5 bought, 3 spent, 0 returned, 4 left");
    let videos = saved(&said);
    assert_eq!(videos.len(), 3);
    let place = videos[0].parent().unwrap();
    assert!(place.starts_with(folder.path()), "{}", place.display());
    let beside: Vec<_> = std::fs::read_dir(place.parent().unwrap()).unwrap().collect();
    assert_eq!(beside.len(), 1, "nothing but the videos stays: {beside:?}");
}

#[test]
fn a_demo_makes_videos_of_your_own_product() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("soap.jpg");
    std::fs::write(&photo, photos::product(1)).unwrap();
    let photo = photo.to_str().unwrap();
    let text = "Hand-made soap, lavender, 100 g";
    let args = ["--photo", photo, "--text", text, "--customers", "1", "--speed", "120"];
    let said = succeeds(folder.path(), &args);
    assert_eq!(summary(&said, "orders"), "3 of 3 settled", "one per template: {said}");
    assert_eq!(saved(&said).len(), 3);
}

#[test]
fn a_photo_that_cannot_be_read_ends_the_demo_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let whole = photos::product(1);
    let files: [(&str, Option<&[u8]>); 4] = [
        ("nowhere.jpg", None),
        ("empty.jpg", Some(b"")),
        ("words.jpg", Some(b"this is no picture")),
        ("half.jpg", Some(&whole[..whole.len() / 2])),
    ];
    for (name, bytes) in files {
        if let Some(bytes) = bytes {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let output = demo(folder.path(), &["--photo", name, "--text", "Soap"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(matches!(output.status.code(), Some(1 | 2)), "{name}: {}", output.status);
        assert_eq!(said.lines().count(), 1, "{name}: {said}");
        assert!(said.contains(name) && !said.contains("panicked"), "{said}");
        assert!(output.stdout.is_empty(), "{name}: nothing was begun");
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 3, "no folder was left behind");
}

#[test]
fn a_demo_of_bad_days_settles_everything() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--faults", "--orders", "6", "--customers", "3", "--speed", "120"];
    let said = succeeds(folder.path(), &args);
    assert_eq!(summary(&said, "orders"), "6 of 6 settled", "{said}");
    assert_eq!(summary(&said, "refunds"), "1", "one render broke the rules: {said}");
    saved(&said);
}

#[test]
fn a_demo_in_the_folder_of_another_says_so_and_leaves_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--orders", "1", "--speed", "120", "--data-dir", "kept"];
    succeeds(folder.path(), &args);
    let again = demo(folder.path(), &args);
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!((again.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("holds an earlier demo") && said.contains("--data-dir"), "{said}");
    succeeds(folder.path(), &["--orders", "1", "--speed", "120", "--data-dir", "another"]);
}

/// Only that it works: how fast anything is here says nothing.
#[test]
fn a_load_run_loses_nothing_and_its_report_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let scenarios = ["renders", "fetch", "taps", "confirm"];
    let small = "--speed 240 --videos 6 --minutes 0.02 --video-size 1 \
                 --users 1000 --jobs 1000 --json";
    let mut args = vec!["--load"];
    args.extend(scenarios);
    args.extend(small.split_whitespace());
    args.push(report.to_str().unwrap());
    let output = demo(folder.path(), &args);
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(said.ends_with("\nNothing was lost, nothing came twice.\n"), "{said}{complained}");
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    assert_eq!(json["broken"], serde_json::json!([]));
    let met = json["ok"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!met)), "{said}");
    let figures = json["figures"].as_array().unwrap();
    for scenario in scenarios {
        assert!(figures.iter().any(|row| row["scenario"] == scenario), "{scenario}: {said}");
    }
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing but the report stays: {left:?}");
}
