//! How meanings look. Never by colour alone: what matters is said in words, too.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Not where `NO_COLOR` is set.
    pub colour: bool,
    /// Letters and lines beyond ASCII: where the locale is UTF-8.
    pub unicode: bool,
}

/// What a piece of the screen means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Meaning {
    #[default]
    Plain,
    /// Of less weight.
    Dim,
    /// A heading.
    Title,
    Good,
    /// Look at it some time.
    Warn,
    /// Look at it now.
    Bad,
    /// At work.
    Busy,
    /// A key to press.
    Key,
    /// Under the cursor.
    Selected,
}

impl Look {
    /// Of this process's environment.
    pub fn of_environment() -> Self {
        let var = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(var).unwrap_or_default();
        let locale = locale.to_ascii_lowercase().replace('-', "");
        Self { colour: var("NO_COLOR").is_none(), unicode: locale.contains("utf8") }
    }

    pub(super) fn style(self, meaning: Meaning) -> Style {
        let plain = Style::new();
        let (style, colour) = match meaning {
            Meaning::Plain => (plain, None),
            Meaning::Dim => (plain, Some(Color::DarkGray)),
            Meaning::Title => (plain.add_modifier(Modifier::BOLD), None),
            Meaning::Good => (plain, Some(Color::Green)),
            Meaning::Warn => (plain, Some(Color::Yellow)),
            Meaning::Bad => (plain.add_modifier(Modifier::BOLD), Some(Color::Red)),
            Meaning::Busy => (plain, Some(Color::Cyan)),
            Meaning::Key => (plain.add_modifier(Modifier::BOLD), Some(Color::Cyan)),
            Meaning::Selected => (plain.add_modifier(Modifier::REVERSED), None),
        };
        match colour.filter(|_| self.colour) {
            Some(colour) => style.fg(colour),
            None => style,
        }
    }

    /// The last touch on a picture: where the locale is not UTF-8 lines, bars and signs are ASCII.
    pub(super) fn finish(self, buffer: &mut Buffer) {
        if self.unicode {
            return;
        }
        for cell in &mut buffer.content {
            // Letters stay: a name is worth more than a rule, and most terminals know them.
            if !cell.symbol().chars().all(|c| c.is_ascii() || c.is_alphabetic()) {
                let plain = ascii(cell.symbol());
                cell.set_symbol(plain);
            }
        }
    }
}

fn ascii(symbol: &str) -> &'static str {
    match symbol {
        "─" | "━" | "–" | "—" => "-",
        "│" | "┃" => "|",
        "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" | "╭" | "╮" | "╰" | "╯" => {
            "+"
        }
        "…" | "·" | "▁" => ".",
        "▂" => ":",
        "▃" => "-",
        "▄" => "=",
        "▅" => "+",
        "▆" => "*",
        "▇" | "█" | "●" | "■" => "#",
        "░" | "○" => ".",
        "▶" | "›" | "→" => ">",
        "◀" | "←" => "<",
        "↑" => "^",
        "↓" => "v",
        "✓" => "+",
        "✗" | "×" => "x",
        "⚠" => "!",
        "★" | "⭐" => "*",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    #[test]
    fn without_utf8_lines_and_signs_are_ascii_and_letters_stay() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 1));
        buffer.set_string(0, 0, "┌─● Анна 保", Style::new());
        Look { colour: true, unicode: false }.finish(&mut buffer);
        let drawn: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert!(drawn.starts_with("+-# Анна"), "{drawn}");
    }

    #[test]
    fn without_colour_only_weight_tells_and_the_cursor_is_still_seen() {
        let look = Look { colour: false, unicode: true };
        for meaning in [Meaning::Bad, Meaning::Good, Meaning::Dim, Meaning::Key] {
            assert_eq!(look.style(meaning).fg, None);
        }
        let cursor = look.style(Meaning::Selected);
        assert!(cursor.add_modifier.contains(Modifier::REVERSED));
    }
}
