//! Telegram's HTML: what it takes, what it calls wrong, and the text that is left.

/// A text without its markup.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) text: String,
    /// An `&` that starts no entity; the server lets it pass, its rules do not.
    pub(super) raw_ampersand: bool,
}

const TAGS: [&str; 16] = [
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "a",
    "code",
    "pre",
    "blockquote",
    "tg-spoiler",
    "tg-emoji",
    "span",
];

/// The error's text is what the server says after "can't parse entities: ".
pub(super) fn parse(html: &str) -> Result<Parsed, String> {
    let mut parsed = Parsed { text: String::with_capacity(html.len()), raw_ampersand: false };
    let mut open: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(first) = html[at..].chars().next() {
        match first {
            '<' => at = tag(html, at, &mut open)?,
            '&' => match entity(&html[at..]) {
                Some((symbol, length)) => {
                    parsed.text.push(symbol);
                    at += length;
                }
                None => {
                    parsed.raw_ampersand = true;
                    parsed.text.push('&');
                    at += 1;
                }
            },
            other => {
                parsed.text.push(other);
                at += other.len_utf8();
            }
        }
    }
    match open.pop() {
        Some(name) => Err(format!("Can't find end tag corresponding to start tag \"{name}\"")),
        None => Ok(parsed),
    }
}

/// Reads the tag at `at`; returns where it ends.
fn tag(html: &str, at: usize, open: &mut Vec<String>) -> Result<usize, String> {
    let Some(length) = tag_length(&html[at..]) else {
        return Err(format!("Unclosed start tag at byte offset {at}"));
    };
    let inside = &html[at + 1..at + length - 1];
    if let Some(name) = inside.strip_prefix('/') {
        let name = name.trim().to_lowercase();
        return match open.pop() {
            None => Err(format!("Unexpected end tag at byte offset {at}")),
            Some(expected) if expected == name => Ok(at + length),
            Some(expected) => Err(format!(
                "Unmatched end tag at byte offset {at}, expected \"</{expected}>\", \
                 found \"</{name}>\""
            )),
        };
    }
    let (name, attributes) = inside.split_once(char::is_whitespace).unwrap_or((inside, ""));
    let name = name.to_lowercase();
    if name.is_empty() {
        return Err(format!("Empty tag name at byte offset {at}"));
    }
    if !TAGS.contains(&name.as_str()) {
        return Err(format!("Unsupported start tag \"{name}\" at byte offset {at}"));
    }
    if name == "span" && !attributes.contains("class=\"tg-spoiler\"") {
        return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {at}"));
    }
    open.push(name);
    Ok(at + length)
}

/// Up to the `>` that is not inside quotes.
fn tag_length(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'"' | b'\'', None) => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'>', None) => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn entity(text: &str) -> Option<(char, usize)> {
    for (name, symbol) in [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"')] {
        if text.starts_with(name) {
            return Some((symbol, name.len()));
        }
    }
    let end = text.find(';').filter(|end| *end <= 10)?;
    let digits = text[..end].strip_prefix("&#")?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.parse().ok()?,
    };
    Some((char::from_u32(code)?, end + 1))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[track_caller]
    fn refuses(html: &str, part: &str) {
        let error = parse(html).unwrap_err();
        assert!(error.contains(part), "{html}: {error}");
    }

    #[test]
    fn what_is_escaped_and_balanced_passes() {
        for (html, text) in [
            ("plain", "plain"),
            ("<b>Готово</b>: 3 &lt; 5 &amp; &#33;&#x21;", "Готово: 3 < 5 & !!"),
            ("<a href=\"https://e.org/?a=1&b='2>1'\">x</a>", "x"),
            ("<pre><code class=\"language-rust\">a</code></pre>", "a"),
            ("a > b", "a > b"),
            ("<tg-spoiler>s</tg-spoiler><span class=\"tg-spoiler\">t</span>", "st"),
        ] {
            let parsed = parse(html).unwrap();
            assert_eq!((parsed.text.as_str(), parsed.raw_ampersand), (text, false), "{html}");
        }
        assert!(parse("Tom & Jerry").unwrap().raw_ampersand);
    }

    #[test]
    fn the_server_says_what_is_wrong() {
        refuses("<div>x</div>", "Unsupported start tag \"div\" at byte offset 0");
        refuses("a <b>x", "Can't find end tag corresponding to start tag \"b\"");
        refuses("<b><i>x</b></i>", "expected \"</i>\", found \"</b>\"");
        refuses("x</b>", "Unexpected end tag at byte offset 1");
        refuses("5 < 6", "Unclosed start tag at byte offset 2");
        refuses("<script>alert(1)</script>", "Unsupported start tag \"script\"");
        refuses("<>", "Empty tag name");
        refuses("<span>x</span>", "must have class");
    }
}
