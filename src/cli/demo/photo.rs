//! A photo of the user's own: its path as people and terminals write it, and whether it can be used.

use std::path::{Path, PathBuf};

use crate::photo::{self, MAX_INPUT, Refusal};

/// Why a photo is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadPhoto {
    /// Nothing there, or no right to read it.
    #[error("cannot read {path}: {why}")]
    Unreadable { path: String, why: String },
    /// A folder, a device.
    #[error("{path} is no file")]
    NoFile { path: String },
    #[error("{path} is over 20 MB: Telegram would not give it to a bot")]
    TooLarge { path: String },
    /// Not a picture that can be used.
    #[error("{path} cannot be used as a photo: {why}")]
    Unusable { path: String, why: Refusal },
}

/// Reads a photo that a bot could get and use.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, BadPhoto> {
    let shown = || path.display().to_string();
    let unreadable =
        |error: std::io::Error| BadPhoto::Unreadable { path: shown(), why: error.to_string() };
    let facts = std::fs::metadata(path).map_err(unreadable)?;
    if !facts.is_file() {
        return Err(BadPhoto::NoFile { path: shown() });
    }
    if facts.len() > MAX_INPUT as u64 {
        return Err(BadPhoto::TooLarge { path: shown() });
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    match photo::prepare(&bytes) {
        Ok(_) => Ok(bytes),
        Err(why) => Err(BadPhoto::Unusable { path: shown(), why }),
    }
}

/// What was typed, pasted or dragged into a terminal, as a path: without the quotes, backslashes
/// and `file://` that it came with, `~` being `home`. `None`: nothing was typed.
pub(super) fn typed(text: &str, home: Option<&Path>) -> Option<PathBuf> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Some(path) = url::Url::parse(text).ok().filter(|url| url.scheme() == "file")
        && let Ok(path) = path.to_file_path()
    {
        return Some(path);
    }
    let path = unquoted(text);
    let in_home = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match (in_home, home) {
        (Some(rest), Some(home)) => Some(home.join(rest.trim_start_matches('/'))),
        _ => Some(PathBuf::from(path)),
    }
}

/// As a shell would read the one word.
fn unquoted(text: &str) -> String {
    let (mut path, mut quote) = (String::new(), None);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(mark), _) if letter == mark => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None | Some('"'), '\\') => path.extend(letters.next()),
            _ => path.push(letter),
        }
    }
    // A quote that nothing closes is part of a name: it's.jpg
    if quote.is_some() { text.to_owned() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_however_the_terminal_wrote_it() {
        let home = Path::new("/somewhere/ann");
        for (text, path) in [
            ("soap.jpg", "soap.jpg"),
            ("  /a/b.png \n", "/a/b.png"),
            ("'/a/my soap.jpg' ", "/a/my soap.jpg"),
            ("\"/a/my soap.jpg\"", "/a/my soap.jpg"),
            ("/a/my\\ soap\\ \\(1\\).jpg", "/a/my soap (1).jpg"),
            ("'/a/it'\\''s.jpg'", "/a/it's.jpg"),
            ("/a/it's.jpg", "/a/it's.jpg"),
            ("~/soap.jpg", "/somewhere/ann/soap.jpg"),
            ("~", "/somewhere/ann"),
            ("~other/soap.jpg", "~other/soap.jpg"),
            ("file:///a/my%20soap.jpg", "/a/my soap.jpg"),
            ("/фото/мыло.jpg", "/фото/мыло.jpg"),
            ("\\", ""),
        ] {
            assert_eq!(typed(text, Some(home)), Some(PathBuf::from(path)), "{text}");
        }
        assert_eq!(typed(" \t", Some(home)), None);
        assert_eq!(typed("~/a", None), Some(PathBuf::from("~/a")));
    }

    #[test]
    fn what_is_wrong_with_a_photo_is_said_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("note.txt"), "hello").unwrap();
        let large = std::fs::File::create(at("large.jpg")).unwrap();
        large.set_len(MAX_INPUT as u64 + 1).unwrap();
        std::fs::write(at("soap.jpg"), crate::sandbox::photos::product(1)).unwrap();
        for (name, part) in [
            ("none.jpg", "cannot read "),
            (".", "is no file"),
            ("large.jpg", "is over 20 MB"),
            ("note.txt", "cannot be used as a photo: "),
        ] {
            let said = read(&at(name)).unwrap_err().to_string();
            assert!(said.contains(part), "{name}: {said}");
        }
        assert!(read(&at("soap.jpg")).is_ok());
    }
}
