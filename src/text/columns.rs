//! Texts in columns of a terminal: how wide they are, and what of them may be shown.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Columns that a terminal gives the text.
pub fn width(text: &str) -> usize {
    text.width()
}

/// On one line without anything that a terminal could obey, at most so many columns wide; an
/// ellipsis where something was cut.
pub fn cut(text: &str, most: usize) -> String {
    let text = clean(text);
    if width(&text) <= most {
        return text;
    }
    let mut short = String::new();
    let mut used = 0;
    for letter in text.graphemes(true) {
        used += letter.width();
        if used >= most {
            break;
        }
        short.push_str(letter);
    }
    if most > 0 {
        short.push('…');
    }
    short
}

/// What a terminal could take for a command becomes a space.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_direction(c) { ' ' } else { c }).collect()
}

/// Characters that turn the direction of what follows: a name could fake the rest of a line.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_by_what_it_takes_on_the_screen() {
        for (text, most, shown) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abcde…"),
            ("保湿保湿", 6, "保湿…"),
            ("👩‍👩‍👧 family", 4, "👩‍👩‍👧 …"),
            ("a\u{1b}[2J\nb", 9, "a [2J b"),
            ("\u{202e}evil", 9, " evil"),
            ("\u{61c}evil", 9, " evil"),
            ("a", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(cut(text, most), shown, "{text:?}");
            assert!(width(&cut(text, most)) <= most, "{text:?}");
        }
    }
}
