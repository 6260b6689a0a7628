//! No secret stands in any file, output or message, nor what can be turned back into one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use neurocards::sandbox::Sandbox;

/// Where one does: in the files below `root`, in what was `printed`, in the chats.
pub(crate) fn shown(root: &Path, printed: &[u8], sandbox: &Sandbox) -> Vec<String> {
    let options = sandbox.options();
    let secret = options.token.split(':').next_back();
    let mut secrets: Vec<&str> = secret.into_iter().collect();
    secrets.extend(options.kie_keys.iter().map(String::as_str));
    secrets.extend(options.openai_key.as_deref());
    any_of(&secrets, root, printed, sandbox)
}

/// The same for any others.
pub(crate) fn any_of(
    secrets: &[&str],
    root: &Path,
    printed: &[u8],
    sandbox: &Sandbox,
) -> Vec<String> {
    let mut places: Vec<(String, Vec<u8>)> = vec![("the output".into(), printed.to_owned())];
    for path in files(root) {
        places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }
    for user in sandbox.telegram().users() {
        for message in sandbox.telegram().messages(user) {
            let said = format!("{} {:?} {:?}", message.html, message.history, message.buttons);
            places.push((format!("a message to {user}"), said.into_bytes()));
        }
    }
    let told = sandbox.telegram().answers().into_iter().filter_map(|press| press.answer);
    places.extend(told.map(|answer| ("an answer".into(), answer.text.into_bytes())));
    let needles = Needles::of(secrets);
    let found = places.iter().flat_map(|(place, bytes)| {
        needles
            .found(bytes)
            .into_iter()
            .map(move |secret| format!("the secret that begins with {secret:.5} stands in {place}"))
    });
    found.collect()
}

/// All forms of all secrets, by their first byte: what was written is long, and gone through once.
struct Needles<'a>(Vec<Vec<(&'a str, Vec<u8>)>>);

impl<'a> Needles<'a> {
    fn of(secrets: &[&'a str]) -> Self {
        let mut by_first = vec![Vec::new(); 256];
        for secret in secrets {
            for form in forms(secret) {
                by_first[usize::from(form[0])].push((*secret, form));
            }
        }
        Self(by_first)
    }

    fn found(&self, bytes: &[u8]) -> BTreeSet<&'a str> {
        let mut found = BTreeSet::new();
        for (at, first) in bytes.iter().enumerate() {
            for (secret, form) in &self.0[usize::from(*first)] {
                if bytes[at..].starts_with(form) {
                    found.insert(*secret);
                }
            }
        }
        found
    }
}

/// As it is, in hexadecimal digits, percent-encoded, and in base64 wherever it begins in a longer
/// text.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let quoted: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let some: String =
        secret
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() { c.to_string() } else { format!("%{:02X}", c as u32) }
            })
            .collect();
    let mut forms = vec![secret.to_owned(), hex.to_uppercase(), hex, quoted, some];
    for before in 0..3 {
        let text = base64(&[&vec![0; before], secret.as_bytes()].concat());
        // The letters that bytes around it take part in are not its own.
        forms.push(text[(before * 8).div_ceil(6)..(before + secret.len()) * 8 / 6].to_owned());
    }
    forms.into_iter().map(String::into_bytes).collect()
}

/// Without the padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let letter = |at: usize| (at..at + 6).fold(0, |letter, at| letter << 1 | bit(at));
    let letters = (0..bytes.len() * 8).step_by(6).map(letter);
    letters.map(|at| char::from(LETTERS[usize::from(at)])).collect()
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
