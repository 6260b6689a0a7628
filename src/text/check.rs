//! Whether an operator's text may stand where ours stood.

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Message, Pattern, PatternElement};
use fluent_syntax::ast::{Resource, Variant};
use fluent_syntax::serializer::serialize;

/// Telegram's captions end at 1,024 characters, and some texts stand in one.
const LONGEST: usize = 1_000;
/// Stands for a value where the markup around it is read.
const VALUE: char = '…';

/// Why a text may not stand there.
pub(super) struct Fault<'s> {
    /// The piece of what was read where it begins.
    pub(super) at: &'s str,
    /// Goes on after the text's name.
    pub(super) why: String,
}

type Checked<'s> = Result<(), Fault<'s>>;

fn fault<'s, T>(at: &'s str, why: impl Into<String>) -> Result<T, Fault<'s>> {
    Err(Fault { at, why: why.into() })
}

/// No value that we do not give, no markup that Telegram does not take, nothing that cannot be
/// sent. `our` is the text that it replaces.
pub(super) fn check<'s>(text: &Message<&'s str>, our: &Message<&str>) -> Checked<'s> {
    let name = text.id.name;
    let Some(words) = &text.value else { return fault(name, "has no words") };
    let whole = serialize(&Resource { body: vec![Entry::Message(text.clone())] });
    if whole.chars().count() > LONGEST {
        return fault(name, format!("is longer than {LONGEST} characters"));
    }
    let (mut given, mut used) = (Vec::new(), Vec::new());
    if let Some(ours) = &our.value {
        read(ours, &mut given).map_err(|fault| Fault { at: name, why: fault.why })?;
    }
    read(words, &mut used)?;
    match used.into_iter().find(|value| !given.contains(value)) {
        Some(value) => fault(value, format!("has the value ${value}, which it is not given")),
        None => Ok(()),
    }
}

/// Each variant of a choice closes what it opens, since only one of them is said.
fn read<'s>(pattern: &Pattern<&'s str>, values: &mut Vec<&'s str>) -> Checked<'s> {
    let mut html = String::new();
    let mut pieces: Vec<(usize, &'s str)> = Vec::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => {
                pieces.push((html.len(), *value));
                html.push_str(value);
            }
            PatternElement::Placeable { expression } => {
                html.push(VALUE);
                placed(expression, values)?;
            }
        }
    }
    markup(&html).map_err(|Fault { at, why }| {
        let at = offset(&html, at);
        let piece = pieces.iter().rfind(|(begins, _)| *begins <= at);
        Fault { at: piece.map_or("", |(begins, piece)| &piece[at - begins..]), why }
    })
}

fn placed<'s>(expression: &Expression<&'s str>, values: &mut Vec<&'s str>) -> Checked<'s> {
    match expression {
        Expression::Inline(inline) => value(inline, values),
        Expression::Select { selector, variants } => {
            value(selector, values)?;
            variants.iter().try_for_each(|Variant { value, .. }| read(value, values))
        }
    }
}

/// What refers to another text could become longer than any limit, and is not looked at here.
fn value<'s>(inline: &InlineExpression<&'s str>, values: &mut Vec<&'s str>) -> Checked<'s> {
    match inline {
        InlineExpression::VariableReference { id } => values.push(id.name),
        InlineExpression::NumberLiteral { .. } => {}
        InlineExpression::StringLiteral { value } if value.contains(['<', '\\']) => {
            let why = format!("has \"{value}\" in braces: write it as it is to be read");
            return fault(value, why);
        }
        InlineExpression::StringLiteral { .. } => {}
        InlineExpression::Placeable { expression } => placed(expression, values)?,
        InlineExpression::MessageReference { id, .. } => {
            let why = format!("refers to {}: write the words themselves", id.name);
            return fault(id.name, why);
        }
        InlineExpression::TermReference { id, .. } => {
            let why = format!("refers to -{}: write the words themselves", id.name);
            return fault(id.name, why);
        }
        InlineExpression::FunctionReference { id, .. } => {
            return fault(id.name, format!("calls {}, which is not there", id.name));
        }
    }
    Ok(())
}

pub(super) fn markup(html: &str) -> Checked<'_> {
    let mut open: Vec<&str> = Vec::new();
    for rest in html.split('<').skip(1) {
        let Some((tag, _)) = rest.split_once('>') else {
            return fault(rest, "has a `<` without a `>`");
        };
        match tag.strip_prefix('/') {
            Some(name) if open.pop() == Some(name) => {}
            Some(name) => return fault(tag, format!("closes <{name}>, which is not open")),
            None => open.push(tag.split_whitespace().next().unwrap_or(&tag[..0])),
        }
        let known = ["b", "i", "u", "s", "code", "pre", "a", "blockquote"];
        if let Some(name) = open.last().filter(|name| !known.contains(*name)) {
            return fault(tag, format!("has the tag <{name}>, which Telegram does not take"));
        }
    }
    match open.last() {
        Some(name) => fault(name, format!("does not close <{name}>")),
        None => Ok(()),
    }
}

/// Where a piece of `whole` begins in it, in bytes.
pub(super) fn offset(whole: &str, piece: &str) -> usize {
    let at = (piece.as_ptr() as usize).checked_sub(whole.as_ptr() as usize);
    at.filter(|at| *at <= whole.len()).unwrap_or(0)
}
