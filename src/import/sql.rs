//! The words of an SQL script, one at a time, as far as `pg_dump` writes them: names, strings, numbers,
//! comments, dollar quotes. Whatever stands in the file, memory stays small.

use std::io::{BufRead, Read as _};

use anyhow::{Result, bail};

/// A row longer than this is none of a customer's or of a video's.
pub(super) const ROW_MAX: usize = 1 << 20;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name in lower case, a key word, a number.
    Word(String),
    /// A name in double quotes.
    Name(String),
    /// A string; of one that is too long, a little more than [`ROW_MAX`].
    Text(Vec<u8>),
    /// Anything else: `(`, `,`, `;`.
    Mark(u8),
    /// `\restrict` and the like, at the beginning of a statement: the rest of the line is its own.
    Meta,
}

/// A script, with the place in it.
pub(super) struct Lexer<R> {
    input: R,
    /// Bytes before the next one.
    pub(super) offset: u64,
    /// Its line, from 1.
    pub(super) line: u64,
}

impl<R: BufRead> Lexer<R> {
    /// Goes on at a place that another one was at.
    pub(super) fn at(input: R, offset: u64, line: u64) -> Self {
        Self { input, offset, line }
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    fn take(&mut self) -> Result<Option<u8>> {
        let next = self.peek()?;
        if let Some(byte) = next {
            self.input.consume(1);
            self.offset += 1;
            self.line += u64::from(byte == b'\n');
        }
        Ok(next)
    }

    /// The next word; `None`: the file is over.
    ///
    /// # Errors
    /// It ends within a string or a comment.
    pub(super) fn token(&mut self) -> Result<Option<Token>> {
        loop {
            let Some(byte) = self.take()? else { return Ok(None) };
            return Ok(Some(match byte {
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                // The mark that some programs write at the beginning of a file.
                0xEF | 0xBB | 0xBF if self.offset <= 3 => continue,
                b'-' if self.peek()? == Some(b'-') => {
                    self.rest_of_line()?;
                    continue;
                }
                b'/' if self.peek()? == Some(b'*') => {
                    self.comment()?;
                    continue;
                }
                b'\'' => Token::Text(self.quoted(b'\'', false)?),
                b'"' => {
                    Token::Name(String::from_utf8_lossy(&self.quoted(b'"', false)?).into_owned())
                }
                b'$' => self.dollar()?,
                b'\\' => Token::Meta,
                byte if is_of_a_word(byte) || matches!(byte, b'-' | b'+' | b'.') => {
                    self.word(byte)?
                }
                byte => Token::Mark(byte),
            }));
        }
    }

    /// A number may have a sign, a point and an exponent; a name has none of these.
    fn word(&mut self, first: u8) -> Result<Token> {
        let number = first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.');
        let begins = |next: u8| next.is_ascii_digit() || next == b'.';
        if number && !first.is_ascii_digit() && !self.peek()?.is_some_and(begins) {
            return Ok(Token::Mark(first));
        }
        let mut word = vec![first];
        while let Some(byte) = self.peek()? {
            let more = is_of_a_word(byte)
                || byte == b'$'
                || (number && byte == b'.')
                || (number
                    && matches!(byte, b'-' | b'+')
                    && matches!(word.last(), Some(b'e' | b'E')));
            if !more {
                break;
            }
            self.take()?;
            if word.len() <= ROW_MAX {
                word.push(byte);
            }
        }
        if matches!(word.as_slice(), b"e" | b"E") && self.peek()? == Some(b'\'') {
            self.take()?;
            return Ok(Token::Text(self.quoted(b'\'', true)?));
        }
        Ok(Token::Word(String::from_utf8_lossy(&word).to_lowercase()))
    }

    /// Up to the closing mark; a doubled one stands for itself. `escapes`: so does a backslash.
    fn quoted(&mut self, mark: u8, escapes: bool) -> Result<Vec<u8>> {
        let begun = self.line;
        let mut text = Vec::new();
        loop {
            let Some(byte) = self.take()? else {
                bail!("it ends within the text that begins in line {begun}: it was cut off");
            };
            let byte = match byte {
                b'\\' if escapes => match self.take()? {
                    Some(b'n') => b'\n',
                    Some(b't') => b'\t',
                    Some(b'r') => b'\r',
                    Some(other) => other,
                    None => continue,
                },
                _ if byte == mark => {
                    if self.peek()? != Some(mark) {
                        return Ok(text);
                    }
                    self.take()?;
                    mark
                }
                _ => byte,
            };
            if text.len() <= ROW_MAX {
                text.push(byte);
            }
        }
    }

    /// `$$ … $$` or `$tag$ … $tag$`; a lone `$` is a mark.
    fn dollar(&mut self) -> Result<Token> {
        let begun = self.line;
        let mut tag = vec![b'$'];
        loop {
            match self.peek()? {
                Some(byte) if is_of_a_word(byte) && tag.len() < 64 => {
                    self.take()?;
                    tag.push(byte);
                }
                Some(b'$') => {
                    self.take()?;
                    tag.push(b'$');
                    break;
                }
                _ => return Ok(Token::Mark(b'$')),
            }
        }
        let mut text = Vec::new();
        let mut tail: Vec<u8> = Vec::new();
        loop {
            let Some(byte) = self.take()? else {
                bail!("it ends within the text that begins in line {begun}: it was cut off");
            };
            tail.push(byte);
            if tail == tag {
                return Ok(Token::Text(text));
            }
            if tail.len() == tag.len() {
                let gone = tail.remove(0);
                if text.len() <= ROW_MAX {
                    text.push(gone);
                }
            }
        }
    }

    fn comment(&mut self) -> Result<()> {
        let begun = self.line;
        let (mut depth, mut before) = (1_usize, 0_u8);
        self.take()?;
        while depth > 0 {
            let Some(byte) = self.take()? else {
                bail!("it ends within the comment that begins in line {begun}: it was cut off");
            };
            match (before, byte) {
                (b'*', b'/') => (depth, before) = (depth - 1, 0),
                (b'/', b'*') => (depth, before) = (depth + 1, 0),
                _ => before = byte,
            }
        }
        Ok(())
    }

    /// Leaves out what is left of the line.
    pub(super) fn rest_of_line(&mut self) -> Result<()> {
        self.raw_line().map(drop)
    }

    /// What is left of the line, without its end; `None`: the file is over. Of a line that is too long,
    /// a little more than [`ROW_MAX`].
    pub(super) fn raw_line(&mut self) -> Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let most = ROW_MAX as u64 + 1;
        let mut read = (&mut self.input).take(most).read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            return Ok(None);
        }
        while line.last() != Some(&b'\n') {
            // Too long, or the last one of the file: what follows is looked at and let go.
            let ahead = self.input.fill_buf()?;
            if ahead.is_empty() {
                break;
            }
            let end = ahead.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(ahead.len(), |at| at + 1);
            self.input.consume(length);
            read += length as u64;
            if end.is_some() {
                line.push(b'\n');
            }
        }
        self.offset += read;
        self.line += u64::from(line.last() == Some(&b'\n'));
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        Ok(Some(line))
    }
}

fn is_of_a_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}
