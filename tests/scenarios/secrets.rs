//! No secret stands in any file, output or message.

use std::path::{Path, PathBuf};

use neurocards::sandbox::Sandbox;

/// Where one does: in the files below `root`, in what was `printed`, in the chats.
pub(crate) fn shown(root: &Path, printed: &[u8], sandbox: &Sandbox) -> Vec<String> {
    let options = sandbox.options();
    let secret = options.token.split(':').next_back();
    let mut secrets: Vec<&str> = secret.into_iter().collect();
    secrets.extend(options.kie_keys.iter().map(String::as_str));
    secrets.extend(options.openai_key.as_deref());
    let mut places: Vec<(String, Vec<u8>)> = vec![("the output".into(), printed.to_owned())];
    for path in files(root) {
        places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }
    for user in sandbox.telegram().users() {
        for message in sandbox.telegram().messages(user) {
            let said = format!("{} {:?}", message.html, message.buttons);
            places.push((format!("a message to {user}"), said.into_bytes()));
        }
    }
    let told = sandbox.telegram().answers().into_iter().filter_map(|press| press.answer);
    places.extend(told.map(|answer| ("an answer".into(), answer.text.into_bytes())));
    let mut found = Vec::new();
    for (place, bytes) in &places {
        for secret in secrets.iter().filter(|secret| holds(bytes, secret.as_bytes())) {
            found.push(format!("the secret that begins with {:.5} stands in {place}", secret));
        }
    }
    found
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
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
