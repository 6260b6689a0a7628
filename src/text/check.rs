//! Whether an operator's text may stand where ours stood.

use anyhow::{Result, bail};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Message, Pattern, PatternElement};
use fluent_syntax::ast::{Resource, Variant};
use fluent_syntax::serializer::serialize;
use std::collections::HashSet;

/// Telegram's captions end at 1,024 characters, and some texts stand in one.
const LONGEST: usize = 1_000;
/// Stands for a value where the markup around it is read.
const VALUE: char = '…';

/// No value that we do not give, no markup that Telegram does not take, nothing that cannot be
/// sent. `our` is the text that it replaces.
pub(super) fn check(text: &Message<&str>, our: &Message<&str>) -> Result<()> {
    let (Some(words), Some(ours)) = (&text.value, &our.value) else { bail!("has no words") };
    let whole = serialize(&Resource { body: vec![Entry::Message(text.clone())] });
    if whole.chars().count() > LONGEST {
        bail!("is longer than {LONGEST} characters");
    }
    let (mut given, mut used) = (HashSet::new(), HashSet::new());
    read(ours, &mut given)?;
    read(words, &mut used)?;
    if let Some(name) = used.difference(&given).next() {
        bail!("has the value ${name}, which it is not given");
    }
    Ok(())
}

/// Each variant of a choice closes what it opens, since only one of them is said.
fn read<'s>(pattern: &Pattern<&'s str>, values: &mut HashSet<&'s str>) -> Result<()> {
    let mut html = String::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => html.push_str(value),
            PatternElement::Placeable { expression } => {
                html.push(VALUE);
                placed(expression, values)?;
            }
        }
    }
    markup(&html)
}

fn placed<'s>(expression: &Expression<&'s str>, values: &mut HashSet<&'s str>) -> Result<()> {
    match expression {
        Expression::Inline(inline) => value(inline, values),
        Expression::Select { selector, variants } => {
            value(selector, values)?;
            variants.iter().try_for_each(|Variant { value, .. }| read(value, values))
        }
    }
}

/// What refers to another text could become longer than any limit, and is not looked at here.
fn value<'s>(inline: &InlineExpression<&'s str>, values: &mut HashSet<&'s str>) -> Result<()> {
    match inline {
        InlineExpression::VariableReference { id } => _ = values.insert(id.name),
        InlineExpression::NumberLiteral { .. } => {}
        InlineExpression::StringLiteral { value } if value.contains(['<', '\\']) => {
            bail!("has \"{value}\" in braces: write it as it is to be read")
        }
        InlineExpression::StringLiteral { .. } => {}
        InlineExpression::Placeable { expression } => placed(expression, values)?,
        InlineExpression::MessageReference { id, .. } => {
            bail!("refers to {}: write the words themselves", id.name)
        }
        InlineExpression::TermReference { id, .. } => {
            bail!("refers to -{}: write the words themselves", id.name)
        }
        InlineExpression::FunctionReference { id, .. } => {
            bail!("calls {}, which is not there", id.name)
        }
    }
    Ok(())
}

pub(super) fn markup(html: &str) -> Result<()> {
    let mut open: Vec<&str> = Vec::new();
    for tag in html.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { bail!("has a `<` without a `>`") };
        match tag.strip_prefix('/') {
            Some(name) if open.pop() == Some(name) => {}
            Some(name) => bail!("closes <{name}>, which is not open"),
            None => open.push(tag.split_whitespace().next().unwrap_or("")),
        }
        let known = ["b", "i", "u", "s", "code", "pre", "a", "blockquote"];
        if let Some(name) = open.last().filter(|name| !known.contains(*name)) {
            bail!("has the tag <{name}>, which Telegram does not take");
        }
    }
    match open.last() {
        Some(name) => bail!("does not close <{name}>"),
        None => Ok(()),
    }
}
