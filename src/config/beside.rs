//! `secrets.env` beside the configuration file: what `neurocards setup` writes, found at a start
//! from any folder. It has the form of a `.env` and is weaker than one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{ConfigError, Entry, Env, file};

/// Beside [`super::FILE_NAME`].
pub const FILE_NAME: &str = "secrets.env";

/// The variables with those of the file below them. Another user's file, as with `sudo -u`, is
/// passed over, like another user's `.env`.
///
/// # Errors
/// Somebody else may read it, or it cannot be read.
pub(super) fn with_secrets(
    env: &Env,
    settings: &Path,
    entries: &mut Vec<Entry>,
) -> Result<Env, ConfigError> {
    let mut env = env.clone();
    let path = settings.with_file_name(FILE_NAME);
    // Without a home folder there is no place beside the configuration.
    if settings.as_os_str().is_empty() {
        return Ok(env);
    }
    let shown = path.display();
    let mut entry = |source: &str| {
        let (key, value) = (FILE_NAME.to_owned(), shown.to_string());
        entries.push(Entry { key, value, source: source.to_owned() });
    };
    let facts = match std::fs::File::open(&path).and_then(|file| file.metadata()) {
        Ok(facts) => facts,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(env),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            entry("passed over: this user may not read it");
            return Ok(env);
        }
        Err(error) => return Err(ConfigError::new(format!("{shown}: cannot be read: {error}"))),
    };
    let mode = facts.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let why = format!("holds secrets and has mode {mode:04o}: run `chmod 600 {shown}`");
        return Err(ConfigError::new(format!("{shown}: {why}")));
    }
    if let Some(text) = file::read_limited(&path)? {
        env.add_layer(FILE_NAME, &text)?;
        entry("beside the configuration file");
    }
    Ok(env)
}

/// The file's text with other values: what is not among the changes stays as it is. A value that
/// is `None` takes the variable out.
///
/// # Errors
/// What is there already is written in a way that cannot be changed line by line.
pub fn edited(text: &str, changes: &[(&str, Option<&str>)]) -> Result<String, ConfigError> {
    let edited = edited_lines(text, changes);
    let mut env = Env::default();
    env.add_layer(FILE_NAME, &edited)?;
    let good = changes
        .iter()
        .all(|(name, value)| env.get(name).as_ref().map(|found| found.value.as_str()) == *value);
    let why = "cannot be changed line by line: move it away, and set up anew";
    if good { Ok(edited) } else { Err(ConfigError::new(format!("{FILE_NAME}: {why}"))) }
}

fn edited_lines(text: &str, changes: &[(&str, Option<&str>)]) -> String {
    let is_changed = |line: &str| {
        let name = line.split('=').next().unwrap_or_default().trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        changes.iter().any(|(changed, _)| is_of(name, changed))
    };
    let mut edited: String =
        text.lines().filter(|line| !is_changed(line)).map(|line| format!("{line}\n")).collect();
    for (name, value) in changes {
        if let Some(value) = value {
            edited.push_str(&format!("{name}={}\n", quoted(value)));
        }
    }
    edited
}

/// `KIE_API_KEY`, `KIE_API_KEY_FILE`, and `KIE_API_KEY_2` with its file, too.
fn is_of(name: &str, changed: &str) -> bool {
    let Some(rest) = name.strip_prefix(changed) else { return false };
    let rest = rest.strip_suffix("_FILE").unwrap_or(rest);
    let number = rest.strip_prefix('_').is_some_and(|number| number.parse::<u32>().is_ok());
    rest.is_empty() || number
}

/// As every reader of `.env` files takes it back.
fn quoted(value: &str) -> String {
    if !value.contains('\'') {
        return format!("'{value}'");
    }
    let mut text = String::from("\"");
    for letter in value.chars() {
        if matches!(letter, '"' | '\\' | '$') {
            text.push('\\');
        }
        text.push(letter);
    }
    text + "\""
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    fn read(text: &str, name: &str) -> Option<String> {
        let mut env = Env::from_pairs([("OTHER", "1")]);
        env.add_layer(FILE_NAME, text).unwrap();
        env.get(name).map(|found| found.value)
    }

    #[test]
    fn what_is_written_is_read_back_and_the_rest_stays() {
        let old = "# mine\nHTTPS_PROXY=proxy:1\nBOT_TOKEN_FILE=/x\nexport KIE_API_KEY_2=b\n\
                   KIE_API_KEY=a\nKIE_API_URL=http://localhost\nOPENAI_API_KEY=old\n";
        for odd in ["plain", "it's", "a\"b'c\\d$HOME", "with space # and mark", "$HOME"] {
            let changes =
                [("BOT_TOKEN", Some("1:a")), ("KIE_API_KEY", Some(odd)), ("OPENAI_API_KEY", None)];
            let text = edited(old, &changes).unwrap();
            assert_eq!(read(&text, "KIE_API_KEY").unwrap(), odd, "{text}");
            assert_eq!(read(&text, "BOT_TOKEN").unwrap(), "1:a");
            assert!(read(&text, "OPENAI_API_KEY").is_none() && !text.contains("_FILE"), "{text}");
            assert!(read(&text, "KIE_API_KEY_2").is_none(), "{text}");
            assert!(text.starts_with("# mine\nHTTPS_PROXY=proxy:1\nKIE_API_URL="), "{text}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_and_nothing_of_it_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let settings = folder.path().join("neurocards.toml");
        std::fs::write(&path, "BOT_TOKEN=canary\n").unwrap();
        let load = || with_secrets(&Env::default(), &settings, &mut Vec::new());
        for (mode, fine) in [(0o644, false), (0o640, false), (0o604, false), (0o600, true)] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match load() {
                Ok(env) => assert!(fine && env.get("BOT_TOKEN").is_some(), "{mode:o}"),
                Err(error) => {
                    let said = error.to_string();
                    assert!(!fine && said.contains("chmod 600") && !said.contains("canary"));
                }
            }
        }
    }

    #[test]
    fn it_is_weaker_than_the_working_folders_env() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        std::fs::write(&path, "BOT_TOKEN=below\nADMIN_TG_ID=5\n").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let mut env = Env::from_pairs([("NO_COLOR", "1")]);
        env.add_dotenv("BOT_TOKEN=above\n").unwrap();
        let settings = folder.path().join("neurocards.toml");
        let mut entries = Vec::new();
        let env = with_secrets(&env, &settings, &mut entries).unwrap();
        assert_eq!(env.get("BOT_TOKEN").unwrap().value, "above");
        assert_eq!(env.get("ADMIN_TG_ID").unwrap().source(), "secrets.env ADMIN_TG_ID");
        assert_eq!(entries.len(), 1);
    }
}
