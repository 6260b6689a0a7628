//! Whether a language model's answer can be sent to a video model as it is.

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing in it.
    Empty,
    /// It declines.
    Refusal,
    /// Headings, lists, markdown, JSON, explanations.
    Shape,
    /// More characters than the model takes.
    TooLong,
}

/// Less is no description of a video.
const SHORTEST: usize = 20;

const REFUSALS: &[&str] = &[
    "i'm sorry",
    "i am sorry",
    "sorry,",
    "sorry but",
    "i can't",
    "i cannot",
    "i can not",
    "i'm unable",
    "i am unable",
    "i'm not able",
    "i am not able",
    "i won't",
    "i apologize",
    "unfortunately",
    "as an ai",
    "извините",
    "простите",
    "прошу прощения",
    "к сожалению",
    "я не могу",
    "не могу",
    "я не в состоянии",
];

const REFUSALS_WITHIN: &[&str] =
    &["can't assist with", "cannot assist with", "can't help with", "cannot help with"];

const EXPLANATIONS: &[&str] = &[
    "here is",
    "here's",
    "here are",
    "sure,",
    "sure!",
    "certainly",
    "of course",
    "okay, here",
    "prompt:",
    "video prompt:",
    "final prompt:",
    "вот ",
    "конечно",
    "промпт:",
];

/// The prompt in an answer, or why it cannot be used. A fence or quotation marks around the whole
/// are taken off: they are harmless.
pub fn check(answer: &str, max_chars: usize) -> Result<String, Fault> {
    let text: String = answer.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let text = unwrapped(text.trim())?;
    if text.chars().count() < SHORTEST {
        return Err(if declines(text) { Fault::Refusal } else { Fault::Empty });
    }
    if declines(text) {
        return Err(Fault::Refusal);
    }
    if is_misshapen(text) {
        return Err(Fault::Shape);
    }
    if text.chars().count() > max_chars {
        return Err(Fault::TooLong);
    }
    Ok(text.to_owned())
}

fn unwrapped(mut text: &str) -> Result<&str, Fault> {
    if let Some(inside) = text.strip_prefix("```") {
        let inside = inside.strip_suffix("```").ok_or(Fault::Shape)?;
        let (language, body) = inside.split_once('\n').unwrap_or(("", inside));
        if !matches!(language.trim(), "" | "text" | "txt" | "plaintext" | "prompt") {
            return Err(Fault::Shape);
        }
        text = body.trim();
    }
    for (open, close) in [('"', '"'), ('“', '”'), ('«', '»')] {
        let inside = text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
        // Quotation marks inside are spoken lines; then the outer two need not be a pair.
        if let Some(inside) = inside.filter(|text| !text.contains([open, close])) {
            text = inside.trim();
        }
    }
    Ok(text)
}

fn declines(text: &str) -> bool {
    let lower = text.to_lowercase().replace('\u{2019}', "'");
    let begins: String = lower.chars().take(200).collect();
    REFUSALS.iter().any(|words| lower.starts_with(words))
        || REFUSALS_WITHIN.iter().any(|words| begins.contains(words))
}

fn is_misshapen(text: &str) -> bool {
    let lower = text.to_lowercase().replace('\u{2019}', "'");
    let explains = EXPLANATIONS.iter().any(|words| lower.starts_with(words));
    let json = text.starts_with('{') || text.starts_with("[{") || text.starts_with("[\"");
    let markdown = ["**", "__", "```"].iter().any(|mark| text.contains(mark));
    let items = text.lines().filter(|line| is_item(line.trim_start())).count();
    explains || json || markdown || items > 1 || text.lines().any(|line| is_heading(line.trim()))
}

fn is_item(line: &str) -> bool {
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered =
        number.len() < line.len() && (number.starts_with(". ") || number.starts_with(") "));
    numbered || ["- ", "* ", "• ", "– "].iter().any(|mark| line.starts_with(mark))
}

/// `# Scene`, or a short line that only announces the next: `Scene:`.
fn is_heading(line: &str) -> bool {
    let hashes = line.trim_start_matches('#');
    let hashed = hashes.len() < line.len() && hashes.starts_with(' ');
    let announces = line.ends_with(':') && line.chars().count() <= 40 && !line.contains(". ");
    hashed || announces || line == "---"
}
