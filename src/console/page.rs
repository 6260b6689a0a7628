//! A picture as rows and lines: what a screen makes of its facts, before anything is drawn.

use super::look::{Look, Meaning};
use super::table::{Column, Row};
use crate::text::columns;
use ratatui::text::{Line, Span};

/// A screen's contents. A list has rows; the others have blocks that scroll.
#[derive(Default)]
pub(super) struct Page {
    /// Stands above the rows and stays.
    pub(super) head: Vec<Line<'static>>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// What is said where there are no rows.
    pub(super) empty: String,
    pub(super) blocks: Vec<Block>,
}

/// Lines under a title. On a wide screen blocks stand beside one another.
#[derive(Default)]
pub(super) struct Block {
    pub(super) title: String,
    pub(super) lines: Vec<Line<'static>>,
}

impl Block {
    pub(super) fn new(title: String) -> Self {
        Self { title, lines: Vec::new() }
    }

    pub(super) fn line(mut self, line: impl Into<Line<'static>>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Lines and title, and an empty line after them.
    fn height(&self) -> usize {
        self.lines.len() + 2
    }
}

/// A piece of text with a meaning.
pub(super) fn span(text: impl Into<String>, meaning: Meaning, look: Look) -> Span<'static> {
    Span::styled(columns::clean(&text.into()), look.style(meaning))
}

/// How many blocks stand beside one another on a screen so wide.
pub(super) fn blocks_abreast(width: usize) -> usize {
    (width / 58).clamp(1, 3)
}

/// The columns of a screen's blocks, each a list of lines: the blocks in their order, each put
/// where most room is left.
pub(super) fn arrange(blocks: &[Block], abreast: usize, look: Look) -> Vec<Vec<Line<'static>>> {
    let mut stacks: Vec<Vec<Line<'static>>> = vec![Vec::new(); abreast.max(1)];
    let total: usize = blocks.iter().map(Block::height).sum();
    let share = total.div_ceil(stacks.len());
    let mut at = 0;
    for block in blocks {
        // The next column begins where this one has its share.
        if stacks[at].len() + block.height() / 2 > share && at + 1 < stacks.len() {
            at += 1;
        }
        stacks[at].push(Line::from(span(block.title.clone(), Meaning::Title, look)));
        stacks[at].extend(block.lines.iter().cloned());
        stacks[at].push(Line::default());
    }
    stacks
}

/// Breaks a text into lines of at most so many columns, between words where that is possible.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in columns::clean(paragraph).split_whitespace() {
            let mut word = word.to_owned();
            let room = width.saturating_sub(columns::width(&line) + usize::from(!line.is_empty()));
            if columns::width(&word) > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            while columns::width(&word) > width {
                let (head, tail) = split_at_width(&word, width);
                lines.push(head);
                word = tail;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    lines
}

fn split_at_width(word: &str, width: usize) -> (String, String) {
    let mut head = String::new();
    for letter in word.chars() {
        let longer = format!("{head}{letter}");
        if columns::width(&longer) > width && !head.is_empty() {
            break;
        }
        head = longer;
    }
    let tail = word[head.len()..].to_owned();
    (head, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_and_wide_letters_are_broken_where_the_line_ends() {
        assert_eq!(wrap("one two three", 9), ["one two", "three"]);
        assert_eq!(wrap("abcdefghijkl", 8), ["abcdefgh", "ijkl"]);
        assert_eq!(wrap("a\n\nb", 8), ["a", "", "b"]);
        assert_eq!(wrap("保湿保湿保湿", 8), ["保湿保湿", "保湿"]);
        assert_eq!(wrap("", 8), [""]);
    }

    #[test]
    fn blocks_stand_beside_one_another_where_there_is_room() {
        let look = Look { colour: false, unicode: true };
        let blocks: Vec<Block> =
            (0..4).map(|n| Block::new(n.to_string()).line("x").line("y")).collect();
        let heights =
            |abreast| arrange(&blocks, abreast, look).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(heights(1), [16]);
        assert_eq!(heights(2), [8, 8]);
        assert_eq!(blocks_abreast(78), 1);
        assert_eq!(blocks_abreast(118), 2);
        assert_eq!(blocks_abreast(198), 3);
    }
}
