use super::*;
use std::collections::BTreeSet;

fn texts() -> Texts {
    Texts::load(None).unwrap()
}

#[test]
fn plurals_are_right_in_both_languages() {
    let say = |lang, n| texts().say(lang, "credits", &[("n", Arg::Num(n))]);
    for (n, words) in [
        (1, "1 кредит"),
        (2, "2 кредита"),
        (5, "5 кредитов"),
        (11, "11 кредитов"),
        (21, "21 кредит"),
        (22, "22 кредита"),
        (100, "100 кредитов"),
        (0, "0 кредитов"),
    ] {
        assert_eq!(say(Lang::Ru, n), words);
    }
    for (m, words) in
        [(21, "21 запись не удалась"), (3, "3 записи не удались"), (11, "11 записей не удалось")]
    {
        let args = [("m", Arg::Num(m)), ("n", Arg::Num(5))];
        let html = texts().say(Lang::Ru, "alert-disk-full", &args);
        assert!(html.contains(words), "{html}");
    }
    assert_eq!(say(Lang::En, 1), "1 credit");
    assert_eq!(say(Lang::En, 3), "3 credits");
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_values() {
    let of = |lang: Lang| {
        let source = BUILT_IN.iter().find(|(of, _)| *of == lang).unwrap().1;
        let resource = parse(source, lang.code()).unwrap();
        messages(&resource).map(|(id, _)| id.to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(of(Lang::Ru), of(Lang::En));
    let variables = |source: &str| {
        let mut all: Vec<_> = source.split("{ $").skip(1).collect();
        all.iter_mut().for_each(|v| *v = v.split([' ', '}']).next().unwrap());
        all.into_iter().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(variables(BUILT_IN[0].1), variables(BUILT_IN[1].1));
}

#[test]
fn strangers_words_stay_words() {
    assert_eq!(escape("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    assert_eq!(shorten("привет", 3), "при…");
    assert_eq!(shorten("при", 3), "при");
}

#[test]
fn an_operator_replaces_single_texts_and_a_broken_file_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ru.ftl");
    std::fs::write(&file, "menu-make = Снять ролик\n").unwrap();
    let texts = Texts::load(Some(folder.path())).unwrap();
    assert_eq!(texts.say(Lang::Ru, "menu-make", &[]), "Снять ролик");
    assert_ne!(texts.say(Lang::Ru, "menu-cabinet", &[]), "menu-cabinet");

    std::fs::write(&file, "menu-make = a\n\n= b\n").unwrap();
    let refused = Texts::load(Some(folder.path())).err().unwrap().to_string();
    assert!(refused.contains("line 3"), "{refused}");
    std::fs::write(&file, "menu-mkae = a\n").unwrap();
    let refused = Texts::load(Some(folder.path())).err().unwrap().to_string();
    assert!(refused.contains("menu-mkae"), "{refused}");
}

/// The program's own sources, without their tests and without the sandbox, whose customers say
/// what they like.
fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "tests" | "sandbox") {
            sources(&path, into);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let source = std::fs::read_to_string(&path).unwrap();
            into.push(source.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned());
        }
    }
}

/// The string literals in a piece of source.
fn literals(source: &str) -> impl Iterator<Item = &str> {
    source.split('"').skip(1).step_by(2)
}

#[test]
fn every_text_that_the_program_says_exists_and_every_text_is_said() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    let resource = parse(BUILT_IN[0].1, "ru").unwrap();
    let ids: BTreeSet<&str> = messages(&resource).map(|(id, _)| id).collect();
    let said = [".say(", "say(", ".button(", ".choice(", ".plain(", ".contact("];
    let mut checked = 0;
    // Who says a text has values for it: others have a `say` of their own.
    for source in all.iter().filter(|source| source.contains("Arg")) {
        for (at, call) in said.iter().flat_map(|call| source.match_indices(call)) {
            let rest = &source[at + call.len()..];
            // The id stands first, or after the language and before the values.
            let end = rest.find([';', '[', '{']).unwrap_or(rest.len());
            if let Some(id) = literals(&rest[..end]).next() {
                assert!(ids.contains(id), "there is no text `{id}`");
                checked += 1;
            }
        }
    }
    assert!(checked > 100, "the calls are not found any more: {checked}");
    let quoted = |id: &&str| all.iter().any(|source| source.contains(&format!("\"{id}\"")));
    let silent: Vec<_> = ids.iter().filter(|id| !quoted(id)).collect();
    assert!(silent.is_empty(), "nobody says {silent:?}");
}

#[test]
fn the_line_of_an_error_is_counted_in_bytes_and_letters_of_any_language() {
    for (source, line) in [
        ("= b", "line 1"),
        ("menu = a\n= b", "line 2"),
        ("# Кириллица\n\nmenu = Привет 👋\n\n= ы\n", "line 5"),
        ("menu = { $n", "line 1"),
        ("menu = Привет { 👋 }\n", "line 1"),
        ("menu = a\nы", "line 2"),
    ] {
        let refused = parse(source, "x.ftl").err().unwrap().to_string();
        assert!(refused.starts_with(&format!("x.ftl, {line}: ")), "{source:?}: {refused}");
    }
}

#[test]
fn a_strangers_words_are_escaped_and_never_read_as_a_text() {
    let texts = texts();
    let worst = "<b>{ $id } & \"{menu}\"";
    let said = texts.say(
        Lang::En,
        "confirm",
        &[
            ("template", Arg::Html("<i>x</i>".to_owned())),
            ("product", Arg::Str(worst)),
            ("n", Arg::Num(1)),
            ("cost", "c".into()),
            ("have", "h".into()),
            ("wait", "w".into()),
        ],
    );
    assert!(said.contains("&lt;b&gt;{ $id } &amp; &quot;{menu}&quot;"), "{said}");
    assert!(said.contains("<i>x</i>"), "our own markup stays");
    assert_eq!(texts.say(Lang::Ru, "no-such-text", &[]), "no-such-text");
}

#[test]
fn who_speaks_what() {
    for (code, lang) in [
        (None, Lang::Ru),
        (Some("ru-RU"), Lang::Ru),
        (Some("uk"), Lang::Ru),
        (Some("en"), Lang::En),
        (Some("pt-br"), Lang::En),
        (Some(""), Lang::Ru),
    ] {
        assert_eq!(Lang::of(code), lang, "{code:?}");
    }
}

#[test]
fn an_operators_text_that_could_not_be_sent_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("en.ftl");
    for (text, line, word) in [
        ("credits = { $x }", 1, "$x"),
        ("credits = { $n }\n\n    мест, { $n } и\n    ещё { $x }", 4, "$x"),
        ("menu = <b>oops", 1, "does not close <b>"),
        ("menu =\n    Ура!\n    <i>раз</i> <b>oops\n    и всё", 3, "does not close <b>"),
        ("menu = oops</b>", 1, "closes <b>"),
        ("menu = <h1>oops</h1>", 1, "<h1>"),
        ("menu = a < b", 1, "without a `>`"),
        (&format!("menu = {}", "a".repeat(5_000)), 1, "longer than"),
        ("credits = <b>{ $n ->\n    [one] a</b>\n   *[other] b\n}", 2, "closes <b>"),
        ("credits = { $n ->\n    [one] a\n   *[other] <b>b\n}</b>", 3, "does not close <b>"),
        ("menu = {\"<b>\"}", 1, "in braces"),
        ("menu = {\"\\u003cb>\"}", 1, "in braces"),
        ("menu = { help }{ help }", 1, "refers to help"),
        ("menu = { -x }\n-x = <b>", 1, "refers to -x"),
        ("menu = { SHOUT(1) }", 1, "calls SHOUT"),
        ("menu =\n    .title = a", 1, "has no words"),
        ("mneu = a", 1, "no text `mneu`"),
        ("= a", 1, "Expected"),
    ] {
        // Whatever stands above it, and however its lines end.
        for (head, above) in [("", 0), ("# Наши слова 👋\nhelp = Всё\n    просто\n\n", 4)]
        {
            for end in ["\n", "\r\n"] {
                std::fs::write(&file, format!("{head}{text}\n").replace('\n', end)).unwrap();
                let refused = format!("{:#}", Texts::load(Some(folder.path())).err().unwrap());
                let place = format!("en.ftl, line {}: ", above + line);
                assert!(refused.contains(word) && refused.contains(&place), "{refused}");
            }
        }
    }
    std::fs::write(&file, b"menu = a\nhelp = \xff\n").unwrap();
    let refused = Texts::load(Some(folder.path())).err().unwrap().to_string();
    assert!(refused.contains("en.ftl, line 2: "), "{refused}");
    std::fs::write(&file, "menu = <b>Hi</b> <a href=\"https://e.x\">you</a>\n").unwrap();
    Texts::load(Some(folder.path())).unwrap();
    std::fs::write(folder.path().join("de.ftl"), "menu = Hallo\n").unwrap();
    let refused = Texts::load(Some(folder.path())).err().unwrap().to_string();
    assert!(refused.contains("de.ftl"), "{refused}");
}

#[test]
fn our_own_texts_pass_what_an_operators_have_to() {
    for (lang, source) in BUILT_IN {
        for (id, text) in messages(&parse(source, lang.code()).unwrap()) {
            check::check(text, text).unwrap_or_else(|fault| panic!("{id} {}", fault.why));
        }
    }
}
