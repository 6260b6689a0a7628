//! libFuzzer over one target, which `FUZZ_TARGET` names. See `.ci/fuzz`.

#![no_main]

#[path = "../targets.rs"]
mod targets;

use std::sync::OnceLock;

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fn chosen() -> fn(&[u8]) {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    match targets::ALL.iter().find(|target| target.name == name) {
        Some(target) => target.run,
        None => {
            let names: Vec<_> = targets::ALL.iter().map(|target| target.name).collect();
            eprintln!("FUZZ_TARGET is one of {}", names.join(", "));
            std::process::exit(2);
        }
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET.get_or_init(chosen)(data));
