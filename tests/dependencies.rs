//! What the program is made of: licences, sources and versions of its dependencies, by the lists of
//! `deny.toml`. `.ci/run` runs it as a stage of its own, since cargo may have to fetch what another
//! platform or feature needs; `cargo deny check` reads the same lists.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

#[derive(Deserialize)]
struct Lists {
    graph: Graph,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Graph {
    targets: Vec<String>,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    skip: Vec<Named>,
    deny: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

/// A crate that is built in on some platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    name: String,
    version: String,
    licence: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn lists() -> Lists {
    toml::from_str(&std::fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap()
}

/// All that is built in, or builds it, whatever the features.
fn parts(target: &str) -> BTreeSet<Part> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree =
        ["tree", "--locked", "--all-features", "--edges", "normal,build", "--prefix", "none"];
    let mut command = Command::new(cargo);
    command.args(tree).args(["--format", "{p}|{l}", "--target", target]).current_dir(root());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(part).collect()
}

/// `name v1.2.3 (proc-macro)|MIT`
fn part(line: &str) -> Option<Part> {
    let (package, licence) = line.trim_end_matches(" (*)").split_once('|')?;
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    Some(Part { name: name.to_owned(), version: version.to_owned(), licence: licence.to_owned() })
}

fn is_allowed(licence: &str, allowed: &[Licensee]) -> bool {
    Expression::parse_mode(licence, ParseMode::LAX)
        .is_ok_and(|it| it.evaluate(|one| allowed.iter().any(|licensee| licensee.satisfies(one))))
}

/// Whether `name@1.2` is this one.
fn is_named(named: &str, part: &Part) -> bool {
    let (name, version) = named.split_once('@').unwrap_or((named, &part.version));
    name == part.name && format!("{}.", part.version).starts_with(&format!("{version}."))
}

#[test]
#[ignore = "cargo may fetch for it: .ci/run has a stage of its own"]
fn every_licence_is_one_that_we_may_ship() {
    let lists = lists();
    let allowed: Vec<_> =
        lists.licenses.allow.iter().map(|it| Licensee::parse(it).unwrap()).collect();
    let mut needed = BTreeSet::new();
    for target in &lists.graph.targets {
        let parts = parts(target);
        assert!(parts.len() > 100, "{}", parts.len());
        for part in parts {
            assert!(
                is_allowed(&part.licence, &allowed),
                "{part:?}: its licence is not on the list"
            );
            needed.insert(part.licence);
        }
    }
    for licence in &lists.licenses.allow {
        let named = needed.iter().any(|it| it.contains(licence.as_str()));
        assert!(named, "deny.toml allows {licence}, which nothing has");
    }
}

#[test]
#[ignore = "cargo may fetch for it: .ci/run has a stage of its own"]
fn there_is_one_version_of_each_but_for_those_with_a_reason() {
    let Lists { graph, bans, .. } = lists();
    let mut used = BTreeSet::new();
    for target in &graph.targets {
        let mut by_name: BTreeMap<String, Vec<Part>> = BTreeMap::new();
        for part in parts(target) {
            let banned = bans.deny.iter().find(|it| is_named(&it.name, &part));
            assert!(banned.is_none(), "{part:?} came in: {}", banned.unwrap().reason);
            by_name.entry(part.name.clone()).or_default().push(part);
        }
        for several in by_name.values().filter(|it| it.len() > 1) {
            let skipped = |part: &&Part| bans.skip.iter().any(|it| is_named(&it.name, part));
            let rest = several.iter().filter(|it| !skipped(it)).count();
            assert!(rest <= 1, "several versions, and no reason in deny.toml: {several:?}");
            used.extend(
                several.iter().filter(skipped).map(|it| (it.name.clone(), it.version.clone())),
            );
        }
    }
    for named in bans.skip {
        let is_used = used.iter().any(|(name, version)| {
            let (name, version) = (name.clone(), version.clone());
            is_named(&named.name, &Part { name, version, licence: String::new() })
        });
        assert!(is_used && !named.reason.is_empty(), "{} is no duplicate any more", named.name);
    }
}

/// The lock file says where each came from, for tests, too; what is ours has no source.
#[test]
fn every_crate_comes_from_the_public_registry_and_is_checked_by_its_sum() {
    let lock: toml::Table =
        toml::from_str(&std::fs::read_to_string(root().join("Cargo.lock")).unwrap()).unwrap();
    let packages = lock["package"].as_array().unwrap();
    assert!(packages.len() > 100);
    let mut sources = BTreeSet::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let source = package.get("source").and_then(toml::Value::as_str);
        assert_eq!(source.is_none(), name == "neurocards", "{name}");
        assert_eq!(source.is_some(), package.get("checksum").is_some(), "{name}");
        sources.extend(source);
    }
    assert!(
        sources.len() == 1 && sources.iter().all(|it| it.starts_with("registry+")),
        "{sources:?}"
    );
}

#[test]
#[ignore = "cargo may fetch for it: .ci/run has a stage of its own"]
fn the_notices_hold_the_text_of_every_licence() {
    let output = Command::new(root().join("packaging/notices")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for name in ["rustls ", "libsqlite3-sys ", "ratatui ", "mimalloc ", "unic-langid "] {
        assert!(text.contains(&format!("\n{name}")), "{name}");
    }
    for words in [
        "Permission is hereby granted, free of charge",
        "Apache License\n                           Version 2.0",
        "Redistribution and use in source and binary forms",
        "Mozilla Public License Version 2.0",
        "UNICODE LICENSE V3",
        "Community Data License Agreement",
    ] {
        assert!(text.contains(words), "{words}");
    }
    assert!(!text.contains("\nspdx "), "what only tests need is not shipped");
    assert!(text.len() < 600_000, "{} bytes", text.len());
}

#[test]
fn an_expression_is_read_as_it_is_meant() {
    let allowed = [Licensee::parse("MIT").unwrap(), Licensee::parse("Apache-2.0").unwrap()];
    for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "MIT AND Apache-2.0"] {
        assert!(is_allowed(good, &allowed), "{good}");
    }
    for bad in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "", "non-standard", "ISC"] {
        assert!(!is_allowed(bad, &allowed), "{bad}");
    }
    let part = part("syn v2.0.119 (proc-macro)|MIT OR Apache-2.0 (*)").unwrap();
    assert_eq!((part.version.as_str(), part.licence.as_str()), ("2.0.119", "MIT OR Apache-2.0"));
    assert!(is_named("syn@2.0", &part) && is_named("syn@2", &part) && is_named("syn", &part));
    assert!(!is_named("syn@2.01", &part) && !is_named("syn@1", &part));
}
