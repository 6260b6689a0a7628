//! The line after `:`: what it means, and how it is completed.

use super::deeds::Deed;
use super::view::View;
use crate::db::JobId;

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// A screen, with what its list is to be narrowed to.
    Show(View, String),
    Do(Deed),
}

/// Why a line is not understood: the id of a text, and the word that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unclear {
    pub(super) text: &'static str,
    pub(super) word: String,
}

/// Every command, with what follows it.
pub(super) const COMMANDS: [(&str, &str); 30] = [
    ("overview", ""),
    ("queue", "state:failed user:@anna age>10m …"),
    ("failures", ""),
    ("keys", ""),
    ("models", ""),
    ("customers", "@anna"),
    ("payments", ""),
    ("alerts", ""),
    ("audit", ""),
    ("chat", ""),
    ("job", "ID"),
    ("user", "TG_ID"),
    ("retry", "JOB …"),
    ("cancel", "JOB …"),
    ("now", "JOB …"),
    ("raise", "JOB …"),
    ("grant", "TG_ID CREDITS NOTE"),
    ("ban", "TG_ID NOTE"),
    ("unban", "TG_ID"),
    ("write", "TG_ID TEXT"),
    ("broadcast", "TEXT"),
    ("promo", "CODE CREDITS USES [DAYS]"),
    ("block", "KEY NOTE"),
    ("unblock", "KEY"),
    ("ask", "KEY"),
    ("model", "on|off NAME"),
    ("pause", "selling|submitting"),
    ("drain", ""),
    ("resume", ""),
    ("quit", ""),
];

/// Understands a line.
pub(super) fn parse(line: &str, stops: bool) -> Result<Order, Unclear> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let show = |view| Ok(Order::Show(view, rest.to_owned()));
    match word {
        "overview" => show(View::Overview),
        "queue" => show(View::Queue),
        "failures" => show(View::Failures),
        "keys" => show(View::Keys),
        "models" => show(View::Models),
        "customers" => show(View::Customers),
        "payments" => show(View::Payments),
        "alerts" => show(View::Alerts),
        "audit" => show(View::Audit),
        "chat" => show(View::Chat),
        "job" => Ok(Order::Show(View::Job(number(rest)?), String::new())),
        "user" => match rest.parse() {
            Ok(id) => Ok(Order::Show(View::Customer(id), String::new())),
            Err(_) => Ok(Order::Show(View::Customers, rest.to_owned())),
        },
        "q" | "quit" => Ok(Order::Do(Deed::Quit { stops })),
        _ => deed(word, rest).map(Order::Do),
    }
}

fn deed(word: &str, rest: &str) -> Result<Deed, Unclear> {
    let (first, then) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let then = then.trim().to_owned();
    Ok(match word {
        "retry" => Deed::Retry(jobs(rest)?),
        "cancel" => Deed::Cancel(jobs(rest)?),
        "now" => Deed::Hurry(jobs(rest)?),
        "raise" => Deed::Raise(jobs(rest)?),
        "grant" => {
            let (credits, note) = then.split_once(char::is_whitespace).unwrap_or((&then, ""));
            let note = given(note, "unclear-note")?;
            Deed::Grant { user: number(first)?, credits: number(credits)?, note }
        }
        "ban" => Deed::Ban { user: number(first)?, note: given(&then, "unclear-note")? },
        "unban" => Deed::Unban { user: number(first)? },
        "write" => Deed::Write { user: number(first)?, text: given(&then, "unclear-text")? },
        "broadcast" => Deed::Broadcast { text: given(rest, "unclear-text")? },
        "promo" => promo(rest)?,
        "block" => Deed::Block { key: given(first, "unclear-key")?, note: then },
        "unblock" => Deed::Unblock { key: given(first, "unclear-key")? },
        "ask" => Deed::AskBalance { key: given(first, "unclear-key")? },
        "model" if first == "on" || first == "off" => {
            Deed::Switch { model: given(&then, "unclear-model")?, on: first == "on" }
        }
        "pause" if rest == "selling" || rest.is_empty() => Deed::PauseSelling,
        "pause" if rest == "submitting" => Deed::PauseSubmitting,
        "drain" => Deed::Drain,
        "resume" => Deed::Resume,
        _ if COMMANDS.iter().any(|(name, _)| *name == word) => {
            return Err(Unclear { text: "unclear-words", word: word.to_owned() });
        }
        _ => return Err(Unclear { text: "unclear-command", word: word.to_owned() }),
    })
}

fn promo(rest: &str) -> Result<Deed, Unclear> {
    let mut words = rest.split_whitespace();
    let code = given(words.next().unwrap_or_default(), "unclear-words")?;
    let mut numbers = words.map(number);
    let unclear = || Unclear { text: "unclear-words", word: "promo".to_owned() };
    let mut next = || numbers.next().transpose();
    let (credits, uses) = (next()?.ok_or_else(unclear)?, next()?.ok_or_else(unclear)?);
    let days = next()?;
    if numbers.next().is_some() {
        return Err(unclear());
    }
    Ok(Deed::Promo { code, credits, uses, days })
}

fn number(text: &str) -> Result<i64, Unclear> {
    text.parse().map_err(|_| Unclear { text: "unclear-number", word: text.to_owned() })
}

fn jobs(text: &str) -> Result<Vec<JobId>, Unclear> {
    let ids: Vec<JobId> =
        text.split_whitespace().map(|id| number(id).map(JobId)).collect::<Result<_, _>>()?;
    match ids.is_empty() {
        true => Err(Unclear { text: "unclear-number", word: String::new() }),
        false => Ok(ids),
    }
}

fn given(text: &str, missing: &'static str) -> Result<String, Unclear> {
    match text.trim() {
        "" => Err(Unclear { text: missing, word: String::new() }),
        text => Ok(text.to_owned()),
    }
}

/// The commands that a line may still become.
pub(super) fn candidates(line: &str) -> Vec<&'static (&'static str, &'static str)> {
    let (word, rest) = line.split_once(' ').map_or((line, None), |(word, rest)| (word, Some(rest)));
    let fits = |name: &str| match rest {
        Some(_) => name == word,
        None => name.starts_with(word),
    };
    COMMANDS.iter().filter(|(name, _)| fits(name)).collect()
}

/// The line after Tab: as far as the candidates agree.
pub(super) fn complete(line: &str) -> String {
    let found = candidates(line);
    let Some((first, _)) = found.first().filter(|_| !line.contains(' ')) else {
        return line.to_owned();
    };
    if let [(name, rest)] = found[..] {
        return if rest.is_empty() { (*name).to_owned() } else { format!("{name} ") };
    }
    let common = (0..=first.len())
        .rev()
        .find(|len| found.iter().all(|(name, _)| name.starts_with(&first[..*len])));
    first[..common.unwrap_or(0)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn means(line: &str, order: Order) {
        assert_eq!(parse(line, false), Ok(order), "{line}");
    }

    #[test]
    fn a_line_is_a_screen_or_a_deed() {
        means("queue state:failed", Order::Show(View::Queue, "state:failed".into()));
        means(" job 12 ", Order::Show(View::Job(12), String::new()));
        means("user @anna", Order::Show(View::Customers, "@anna".into()));
        means("user 42", Order::Show(View::Customer(42), String::new()));
        means("cancel 1 2", Order::Do(Deed::Cancel(vec![JobId(1), JobId(2)])));
        let note = "paid by transfer".to_owned();
        means(
            "grant 42 -5 paid by transfer",
            Order::Do(Deed::Grant { user: 42, credits: -5, note }),
        );
        means(
            "model off kling-3.0/video",
            Order::Do(Deed::Switch { model: "kling-3.0/video".into(), on: false }),
        );
        means(
            "broadcast <b>Hi</b> all",
            Order::Do(Deed::Broadcast { text: "<b>Hi</b> all".into() }),
        );
        let promo = |days| Deed::Promo { code: "MAY".into(), credits: 2, uses: 50, days };
        means("promo MAY 2 50", Order::Do(promo(None)));
        means("promo MAY 2 50 30", Order::Do(promo(Some(30))));
        means("pause submitting", Order::Do(Deed::PauseSubmitting));
        means("quit", Order::Do(Deed::Quit { stops: false }));
    }

    #[test]
    fn what_is_unclear_is_said() {
        for (line, text) in [
            ("fly", "unclear-command"),
            ("job x", "unclear-number"),
            ("cancel", "unclear-number"),
            ("grant 42 5", "unclear-note"),
            ("pause everything", "unclear-words"),
            ("block", "unclear-key"),
            ("", "unclear-command"),
        ] {
            assert_eq!(parse(line, false).map_err(|it| it.text), Err(text), "{line}");
        }
    }

    #[test]
    fn tab_completes_as_far_as_it_is_clear() {
        for (line, completed) in [
            ("qu", "qu"),
            ("que", "queue "),
            ("dr", "drain"),
            ("c", "c"),
            ("gr", "grant "),
            ("grant 4", "grant 4"),
            ("zzz", "zzz"),
            ("un", "unb"),
        ] {
            assert_eq!(complete(line), completed);
        }
    }
}
