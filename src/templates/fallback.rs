//! The built-in prompt, for the case that no language model answers. Good enough to sell.

use super::rules::{FIDELITY, words};
use super::{Brief, Template, nth, speaks};

/// Enough to say what it is; the photo shows the rest.
const PRODUCT_MAX: usize = 300;
const WISHES_MAX: usize = 300;

/// The built-in prompt, within `brief.prompt_max`. What does not fit goes from the customer's
/// words first, never from the clause that keeps the product as it is.
pub fn fallback(template: &Template, brief: &Brief) -> String {
    if let Some((script, change)) = brief.refines {
        return changed(script, change, brief.prompt_max);
    }
    let scene = template
        .fallback
        .replace("{seconds}", &brief.seconds.to_string())
        .replace("{variation}", template.variation(brief));
    let must = [scene.trim().to_owned(), speech(template, brief), FIDELITY.to_owned()];
    let mut left = brief.prompt_max.saturating_sub(must.iter().map(|part| chars(part) + 1).sum());
    let product = quoted("The product is: ", brief.product, PRODUCT_MAX, &mut left);
    let wishes = quoted("Wishes: ", brief.wishes.unwrap_or_default(), WISHES_MAX, &mut left);
    let [scene, speech, fidelity] = must;
    let parts = [scene, product, wishes, speech];
    let body = parts.iter().filter(|part| !part.is_empty()).map(String::as_str);
    let body = body.collect::<Vec<_>>().join(" ");
    // A model that takes less than the must: its scene is cut.
    let room = brief.prompt_max.saturating_sub(chars(&fidelity) + 1);
    let body = cut(&body, room);
    cut(&format!("{body} {fidelity}"), brief.prompt_max)
}

/// The earlier script with the change behind it: what the model reads last weighs most.
fn changed(script: &str, change: &str, prompt_max: usize) -> String {
    let mut left = prompt_max;
    let change = quoted("But with one change: ", change, WISHES_MAX, &mut left);
    let script = cut(script.trim(), left);
    [script, change].join(" ").trim_end().to_owned()
}

fn speech(template: &Template, brief: &Brief) -> String {
    if !brief.sound {
        return "Nobody speaks.".to_owned();
    }
    if !template.speech {
        return "No voice; clean sound effects and a low musical bed.".to_owned();
    }
    let most = words(brief.language, brief.seconds).1 as usize;
    let fits = |line: &&String| line.split_whitespace().count() <= most;
    let lines = template.lines.get(brief.language).filter(|_| speaks(template, brief));
    let line = lines.and_then(|lines| nth(lines, brief)).filter(fits);
    match (line, brief.language) {
        (Some(line), "ru") => format!("The person says in Russian: \"{line}\""),
        (Some(line), "en") => format!("The person says in English: \"{line}\""),
        (Some(line), _) => format!("The person says: \"{line}\""),
        (None, _) => "Nobody speaks; natural sounds and quiet music.".to_owned(),
    }
}

/// A customer's words on one line, in quotation marks that they cannot close; nothing, if too
/// little would fit.
fn quoted(before: &str, words: &str, max_chars: usize, left: &mut usize) -> String {
    let plain = words.replace(['"', '“', '”', '«', '»', '{', '}'], "'");
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let frame = chars(before) + 4;
    let room = left.saturating_sub(frame).min(max_chars);
    if plain.is_empty() || room < 10 {
        return String::new();
    }
    let text = format!("{before}\"{}\".", cut(&plain, room));
    *left = left.saturating_sub(chars(&text) + 1);
    text
}

/// At a word's end where there is one near.
fn cut(text: &str, max_chars: usize) -> String {
    if chars(text) <= max_chars {
        return text.to_owned();
    }
    let short: String = text.chars().take(max_chars).collect();
    match short.rsplit_once(' ') {
        Some((words, rest)) if chars(rest) < 20 => words.to_owned(),
        _ => short,
    }
}

fn chars(text: &str) -> usize {
    text.chars().count()
}
