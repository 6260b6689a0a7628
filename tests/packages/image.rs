//! `packaging/Dockerfile`, read line by line: what its last stage makes is made in a folder, and runs
//! there as Docker would run it.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::shop::{Shop, said};

/// An instruction and what follows it, of the stage that is numbered from 0.
struct Line {
    stage: usize,
    word: String,
    rest: String,
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn dockerfile() -> Vec<Line> {
    let text = fs::read_to_string(repository("packaging/Dockerfile")).unwrap();
    let mut lines = Vec::new();
    let mut froms = 0;
    for line in text.replace("\\\n", " ").lines().filter(|it| !it.starts_with('#')) {
        let Some((word, rest)) = line.split_once(' ') else { continue };
        froms += usize::from(word == "FROM");
        let rest = rest.trim().to_owned();
        lines.push(Line { stage: froms - 1, word: word.to_owned(), rest });
    }
    lines
}

/// The last stage, as a folder and how to start something in it.
#[derive(Default)]
struct Image {
    root: PathBuf,
    vars: Vec<(String, String)>,
    user: u32,
    entry: Vec<String>,
    start: Vec<String>,
    health: Vec<String>,
}

impl Image {
    /// `built`: where the build stage's paths lie.
    fn of(lines: &[Line], root: &Path, built: impl Fn(&str) -> PathBuf) -> Self {
        let mut image = Self { root: root.to_owned(), ..Self::default() };
        let list = |text: &str| serde_json::from_str::<Vec<String>>(text).unwrap();
        let last = lines.last().unwrap().stage;
        for Line { word, rest, .. } in lines.iter().filter(|line| line.stage == last) {
            match word.as_str() {
                "FROM" => assert_eq!(rest, "scratch"),
                "COPY" => image.copies(rest, &built),
                "ENV" => {
                    let (name, value) = rest.split_once('=').unwrap();
                    image.vars.push((name.to_owned(), value.to_owned()));
                }
                "WORKDIR" | "VOLUME" => assert!(image.at(rest).is_dir(), "{rest}"),
                "USER" => image.user = rest.split(':').next().unwrap().parse().unwrap(),
                "ENTRYPOINT" => image.entry = list(rest),
                "CMD" => image.start = list(rest),
                "HEALTHCHECK" => image.health = list(rest.split_once("CMD ").unwrap().1),
                other => panic!("{other}: this test does not know it"),
            }
        }
        image
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn copies(&self, rest: &str, built: &impl Fn(&str) -> PathBuf) {
        let words: Vec<_> = rest.split_whitespace().collect();
        let (flags, places) = words.split_at(words.len() - 2);
        assert!(flags.contains(&"--from=build"));
        let owner = flags.iter().find_map(|it| it.strip_prefix("--chown="));
        let (from, to) = (built(places[0]), self.at(places[1]));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
        } else {
            fs::copy(&from, &to).unwrap();
        }
        fs::set_permissions(&to, fs::metadata(&from).unwrap().permissions()).unwrap();
        if let Some((user, group)) = owner.and_then(|it| it.split_once(':')) {
            chown(&to, Some(user.parse().unwrap()), Some(group.parse().unwrap())).unwrap();
        }
    }

    /// In it, as its user, with nothing of this machine but its network.
    fn command(&self, words: &[String], shop: &Shop) -> Command {
        let mut command = Command::new("/usr/sbin/chroot");
        let user = format!("--userspec={0}:{0}", self.user);
        command.args([&user, "--groups=", self.root.to_str().unwrap()]);
        command.args(["/usr/bin/neurocards"]).args(&words[1..]).env_clear();
        assert_eq!(words[0], "neurocards");
        command.envs(self.vars.iter().cloned()).stdin(Stdio::null());
        command.env("BOT_TOKEN", shop.token()).env("KIE_API_KEY", shop.key());
        command.envs(shop.addresses());
        command
    }

    fn starts(&self, shop: &Shop) -> Running {
        let words = [&self.entry[..], &self.start].concat();
        let log = self.root.with_extension("log");
        let file = fs::File::create(&log).unwrap();
        let mut command = self.command(&words, shop);
        let process = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        Running { process, log }
    }

    fn is_healthy(&self, shop: &Shop) -> bool {
        said(&mut self.command(&self.health, shop)).1
    }
}

struct Running {
    process: Child,
    log: PathBuf,
}

impl Running {
    fn stops(&mut self) -> bool {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        self.process.wait().unwrap().success()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", fs::read_to_string(&self.log).unwrap_or_default());
        }
        // It has ended where all went well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_dockerfile_names_what_exists_and_runs_as_nobody() {
    let lines = dockerfile();
    let run = |stage| lines.iter().filter(move |it| it.stage == stage && it.word == "RUN");
    let scripts = run(0).filter(|it| it.rest.starts_with("packaging/")).count();
    assert_eq!((scripts, run(1).count()), (1, 0));
    let script = repository("packaging/build-static");
    assert!(script.metadata().unwrap().permissions().mode() & 0o111 != 0);
    let target = fs::read_to_string(&script).unwrap();
    let triple = target.lines().find_map(|it| it.strip_prefix("triple=")).unwrap();
    let root = tempfile::tempdir().unwrap();
    let source = tempfile::tempdir().unwrap();
    let program = source.path().join("neurocards");
    fs::write(&program, "x").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let built = |path: &str| match path {
        "/empty" => source.path().to_owned(),
        path => {
            let made = ["neurocards", "package/THIRD-PARTY.txt"]
                .map(|it| format!("/source/target/{triple}/release/{it}"));
            assert!(made.iter().any(|it| it == path), "{path}");
            program.clone()
        }
    };
    let image = Image::of(&lines, &root.path().join("root"), built);
    assert!(image.user > 0 && !image.health.is_empty());
    assert_eq!(image.entry, ["neurocards"]);
}

#[test]
#[ignore = "needs root and the static binary: packaging/try-image"]
fn the_image_serves_and_is_healthy_only_while_it_does() {
    let folder = PathBuf::from(std::env::var_os("NEUROCARDS_STATIC").unwrap());
    let work = tempfile::tempdir().unwrap();
    fs::set_permissions(work.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let empty = work.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o700)).unwrap();
    let built = |path: &str| match path {
        "/empty" => empty.clone(),
        path => folder.join(path.split_once("/release/").unwrap().1),
    };
    let image = Image::of(&dockerfile(), &work.path().join("root"), built);
    let shop = Shop::opens();
    assert!(!image.is_healthy(&shop), "nothing runs yet");
    let mut running = image.starts(&shop);
    shop.waits_for("health", || image.is_healthy(&shop).then_some(()));
    shop.serves(7);
    let doctor = ["neurocards".to_owned(), "doctor".to_owned()];
    let (told, good) = said(&mut image.command(&doctor, &shop));
    assert!(good, "{told}");
    assert!(running.stops());
    assert!(!image.is_healthy(&shop), "it has stopped");
    let mut again = image.starts(&shop);
    shop.waits_for("health", || image.is_healthy(&shop).then_some(()));
    shop.serves(7);
    assert!(again.stops());
}
