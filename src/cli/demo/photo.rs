//! A photo of the user's own: its path as people and terminals write it, and whether it can be used.

use std::path::{Path, PathBuf};

use crate::console::chat::BadPhoto;
use crate::photo::{self, MAX_INPUT};

/// Reads a photo that a bot could get and use.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, BadPhoto> {
    let unreadable = |error: std::io::Error| BadPhoto::Unreadable {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let facts = std::fs::metadata(path).map_err(unreadable)?;
    if !facts.is_file() {
        return Err(BadPhoto::NoFile(path.to_owned()));
    }
    if facts.len() > MAX_INPUT as u64 {
        return Err(BadPhoto::TooLarge(path.to_owned()));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    match photo::prepare(&bytes) {
        Ok(_) => Ok(bytes),
        Err(why) => Err(BadPhoto::Unusable { path: path.to_owned(), why }),
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
