//! The short run of the fuzzer: the corpus, and the corpus spoilt by a seeded hand. The long run
//! is `.ci/fuzz`; what it found stands in the corpus and is read here ever after.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

#[path = "fuzz/targets.rs"]
mod targets;

use fastrand::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use targets::ALL;

/// As the fuzzer's own inputs.
const LONGEST: usize = 16 << 10;

/// Bytes that mean something to one of the readers.
const SHARP: &[u8] = b"\"{}[]<>$%\\\n\0=:,-'09a\xff";

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Some inputs to spoil with some others, so many times.
fn short_run(name: &str, times: usize) {
    let target = ALL.iter().find(|target| target.name == name).unwrap();
    let seeds = corpus(name);
    assert!(!seeds.is_empty(), "{name} has no corpus");
    let check = |data: &[u8]| {
        if catch_unwind(AssertUnwindSafe(|| (target.run)(data))).is_err() {
            panic!("{name}, with the input b\"{}\"", data.escape_ascii());
        }
    };
    seeds.iter().for_each(|seed| check(seed));
    let mut rng = Rng::with_seed(7);
    for _ in 0..times {
        let mut data = seeds[rng.usize(..seeds.len())].clone();
        for _ in 0..rng.usize(1..5) {
            spoil(&mut data, &seeds, &mut rng);
        }
        data.truncate(LONGEST);
        check(&data);
    }
}

/// One change: a bit, a byte, a piece taken out, doubled, or brought in from another input.
fn spoil(data: &mut Vec<u8>, seeds: &[Vec<u8>], rng: &mut Rng) {
    let at = rng.usize(..=data.len());
    let end = (at + rng.usize(..40)).min(data.len());
    match rng.u8(..6) {
        0 if at < data.len() => data[at] ^= 1 << rng.u8(..8),
        1 if at < data.len() => data[at] = SHARP[rng.usize(..SHARP.len())],
        2 => drop(data.drain(at..end)),
        3 => data.splice(at..at, data[at..end].to_vec()).for_each(drop),
        4 => {
            let other = &seeds[rng.usize(..seeds.len())];
            let from = rng.usize(..=other.len());
            let piece = other[from..(from + rng.usize(..80)).min(other.len())].to_vec();
            data.splice(at..end, piece).for_each(drop);
        }
        _ => {
            let many = b"{[<%9\\"[rng.usize(..6)];
            data.splice(at..at, vec![many; rng.usize(..200)]).for_each(drop);
        }
    }
}

#[test]
fn any_update_that_is_stored_can_be_read() {
    short_run("updates", 3_000);
}

#[test]
fn any_button_is_ours_or_passed_over() {
    short_run("callbacks", 5_000);
}

#[test]
fn any_reply_of_kie_has_a_bounded_meaning_without_a_key() {
    short_run("kie", 3_000);
}

#[test]
fn any_reply_of_openai_has_a_bounded_meaning_without_a_key() {
    short_run("openai", 3_000);
}

#[test]
fn any_error_has_one_class() {
    short_run("classify", 5_000);
}

#[test]
fn any_configuration_is_read_or_refused_by_name_without_a_secret() {
    short_run("config", 1_000);
}

#[test]
fn any_catalogue_is_read_or_refused_by_its_line() {
    short_run("models", 1_000);
}

#[test]
fn any_template_is_refused_or_makes_prompts_that_fit() {
    short_run("templates", 1_000);
}

#[test]
fn any_texts_are_refused_or_become_what_telegram_takes() {
    short_run("texts", 200);
}

#[test]
fn any_file_has_the_shape_of_a_video_or_none() {
    short_run("mp4", 5_000);
}

#[test]
fn any_photo_is_refused_or_kept_as_we_would_take_it_again() {
    short_run("photo", 200);
}
