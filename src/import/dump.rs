//! A plain dump of `pg_dump`: `COPY … FROM stdin` with its escapes, or `INSERT` as `--inserts`,
//! `--column-inserts` and `--rows-per-insert` write it. It is read once to find the tables and to see
//! that it is whole, then once per table.

use super::rows::{Cell, Cells, OTHER_WIDTH, Row, Rows, TOO_LONG, Table};
use super::sql::{Lexer, ROW_MAX, Token};
use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

type Script = Lexer<BufReader<File>>;

/// What a row of `INSERT` is that no `pg_dump` writes.
const NO_VALUES: &str = "values that cannot be read";

/// A statement that matters, up to where its rows begin.
#[derive(Debug)]
enum Statement {
    /// Its rows are the lines that follow.
    Copy { table: Name, columns: Option<Vec<String>> },
    /// Its rows are in brackets.
    Insert { table: Name, columns: Option<Vec<String>> },
    /// The table's own columns.
    Create { table: Name, columns: Vec<String> },
    /// How the texts are written.
    Encoding(String),
}

/// Of a table, with its schema where that is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Name {
    schema: String,
    table: String,
}

/// Where the rows of a table are.
struct Place {
    name: Name,
    columns: Vec<String>,
    offset: u64,
    line: u64,
}

/// The rows of one table.
pub(super) struct DumpRows {
    script: Script,
    name: Name,
    columns: usize,
    at: At,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Statement,
    Lines,
    Brackets,
    End,
}

/// The tables of a dump that have one of these names, in their order.
///
/// # Errors
/// It is something else than a plain dump, or was cut off.
pub(super) fn open(path: &Path, names: [&'static str; 2]) -> Result<[Option<Table>; 2]> {
    let shown = path.display();
    let places = look(path, names).with_context(|| format!("{shown} cannot be imported"))?;
    let bytes = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    let table = |at: usize| -> Result<Option<Table>> {
        let Some(place) = &places[at] else { return Ok(None) };
        let rows = DumpRows {
            script: script(path, place.offset, place.line)?,
            name: place.name.clone(),
            columns: place.columns.len(),
            at: At::Statement,
        };
        let (columns, rows) = (place.columns.clone(), Rows::Dump(Box::new(rows)));
        Ok(Some(Table { name: names[at], file: path.to_owned(), columns, bytes, rows }))
    };
    Ok([table(0)?, table(1)?])
}

fn script(path: &Path, offset: u64, line: u64) -> Result<Script> {
    let mut file = File::open(path).context("cannot open it")?;
    file.seek(SeekFrom::Start(offset))?;
    Ok(Lexer::at(BufReader::with_capacity(1 << 16, file), offset, line))
}

fn look(path: &Path, names: [&str; 2]) -> Result<[Option<Place>; 2]> {
    let mut head = Vec::new();
    File::open(path).context("cannot open it")?.take(8).read_to_end(&mut head)?;
    refuse_others(&head)?;
    let mut script = script(path, 0, 1)?;
    let mut created: [Option<(Name, Vec<String>)>; 2] = [None, None];
    let mut places: [Option<Place>; 2] = [None, None];
    let wanted = |table: &Name| names.iter().position(|name| *name == table.table);
    loop {
        let (offset, line) = (script.offset, script.line);
        let Some(statement) = statement(&mut script)? else { return Ok(places) };
        let (table, columns) = match statement {
            Statement::Encoding(name) => {
                only_utf8(&name)?;
                continue;
            }
            Statement::Create { table, columns } => {
                if let Some(at) = wanted(&table) {
                    created[at] = Some((table, columns));
                }
                continue;
            }
            Statement::Copy { table, columns } => {
                while !is_end(&lines_next(&mut script, line)?) {}
                (table, columns)
            }
            Statement::Insert { table, columns } => {
                while brackets_next(&mut script)?.is_some() {}
                (table, columns)
            }
        };
        let Some(at) = wanted(&table) else { continue };
        match &places[at] {
            Some(place) if place.name == table => {}
            Some(place) => bail!(
                "it has two tables {}, in the schemas {} and {}: dump one (pg_dump --schema NAME)",
                table.table,
                place.name.schema,
                table.schema
            ),
            None => {
                let own = || created[at].clone().filter(|(name, _)| *name == table);
                let Some(columns) = columns.or_else(|| own().map(|(_, columns)| columns)) else {
                    bail!(
                        "its table {} has no names of columns: dump it with --column-inserts, or with the tables' definitions",
                        table.table
                    )
                };
                places[at] = Some(Place { name: table, columns, offset, line });
            }
        }
    }
}

fn refuse_others(head: &[u8]) -> Result<()> {
    match head {
        [0x1F, 0x8B, ..] | [b'P', b'K', 3, 4, ..] | [b'B', b'Z', b'h', ..] => {
            bail!("it is compressed: unpack it first")
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => bail!("it is UTF-16: save it as UTF-8"),
        _ if head.starts_with(b"PGDMP") => bail!(
            "it is a dump in pg_dump's own format: make a plain one of it with `pg_restore -f dump.sql FILE`"
        ),
        _ => Ok(()),
    }
}

fn only_utf8(name: &str) -> Result<()> {
    if ["utf8", "utf-8", "unicode", "sql_ascii"].contains(&name.to_lowercase().as_str()) {
        return Ok(());
    }
    bail!("it is written in {name}: make it with `pg_dump --encoding=UTF8`")
}

/// The next statement that matters; `None`: the file is over.
fn statement(script: &mut Script) -> Result<Option<Statement>> {
    while let Some(first) = script.token()? {
        let Token::Word(word) = &first else {
            match first {
                Token::Meta => script.rest_of_line()?,
                Token::Mark(b';') => {}
                _ => to_the_end(script)?,
            }
            continue;
        };
        let found = match word.as_str() {
            "copy" => copy(script)?,
            "insert" => insert(script)?,
            "create" => create(script)?,
            "set" => encoding(script)?,
            _ => {
                to_the_end(script)?;
                None
            }
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Leaves out the rest of a statement.
fn to_the_end(script: &mut Script) -> Result<()> {
    while script.token()?.is_some_and(|token| token != Token::Mark(b';')) {}
    Ok(())
}

/// `COPY public.users (id, …) FROM stdin;`
fn copy(script: &mut Script) -> Result<Option<Statement>> {
    let (table, next) = name(script)?;
    let (columns, mut next) = columns(script, next)?;
    let mut from_here = false;
    while let Some(token) = next {
        from_here |= token == Token::Word("stdin".to_owned());
        if token == Token::Mark(b';') {
            break;
        }
        next = script.token()?;
    }
    if !from_here {
        return Ok(None);
    }
    script.rest_of_line()?;
    Ok(Some(Statement::Copy { table, columns }))
}

/// `INSERT INTO public.users (id, …) VALUES`
fn insert(script: &mut Script) -> Result<Option<Statement>> {
    if script.token()? != Some(Token::Word("into".to_owned())) {
        to_the_end(script)?;
        return Ok(None);
    }
    let (table, next) = name(script)?;
    let (columns, mut next) = columns(script, next)?;
    loop {
        match next {
            Some(Token::Word(word)) if word == "values" => {
                return Ok(Some(Statement::Insert { table, columns }));
            }
            None | Some(Token::Mark(b';')) => return Ok(None),
            _ => next = script.token()?,
        }
    }
}

/// `CREATE TABLE public.users (id bigint NOT NULL, …, CONSTRAINT …);`
fn create(script: &mut Script) -> Result<Option<Statement>> {
    let mut token = script.token()?;
    while let Some(Token::Word(word)) = &token {
        if word == "table" {
            break;
        }
        if !["unlogged", "global", "local", "temporary", "temp"].contains(&word.as_str()) {
            to_the_end(script)?;
            return Ok(None);
        }
        token = script.token()?;
    }
    let (table, next) = name(script)?;
    if next != Some(Token::Mark(b'(')) {
        if next != Some(Token::Mark(b';')) {
            to_the_end(script)?;
        }
        return Ok(None);
    }
    let (mut columns, mut depth, mut begins) = (Vec::new(), 1_usize, true);
    while let Some(token) = script.token()? {
        match token {
            Token::Mark(b'(') => depth += 1,
            Token::Mark(b')') => depth = depth.saturating_sub(1),
            Token::Mark(b',') if depth == 1 => {
                begins = true;
                continue;
            }
            Token::Mark(b';') => break,
            Token::Name(name) if begins => columns.push(name),
            Token::Word(word) if begins && !is_of_the_table(&word) => columns.push(word),
            _ => {}
        }
        begins = false;
    }
    Ok(Some(Statement::Create { table, columns }))
}

/// How a line of a table's definition begins that is no column.
fn is_of_the_table(word: &str) -> bool {
    ["constraint", "primary", "unique", "check", "foreign", "exclude", "like"].contains(&word)
}

/// `SET client_encoding = 'UTF8';`
fn encoding(script: &mut Script) -> Result<Option<Statement>> {
    let named = script.token()?;
    let mut value = None;
    let mut token = named.clone();
    while let Some(next) = token.filter(|token| *token != Token::Mark(b';')) {
        if let Token::Text(text) = next {
            value = Some(String::from_utf8_lossy(&text).into_owned());
        }
        token = script.token()?;
    }
    let is_it = named == Some(Token::Word("client_encoding".to_owned()));
    Ok(value.filter(|_| is_it).map(Statement::Encoding))
}

/// A table's name, and the token after it.
fn name(script: &mut Script) -> Result<(Name, Option<Token>)> {
    let mut name = Name::default();
    loop {
        match script.token()? {
            Some(Token::Word(word)) if is_before_a_name(&word) => continue,
            Some(Token::Word(word) | Token::Name(word)) => name.table = word,
            other => return Ok((name, other)),
        }
        match script.token()? {
            Some(Token::Mark(b'.')) => name.schema = std::mem::take(&mut name.table),
            other => return Ok((name, other)),
        }
    }
}

fn is_before_a_name(word: &str) -> bool {
    ["if", "not", "exists", "only"].contains(&word)
}

/// `(id, username)`, if that is what comes; and the token after it.
fn columns(
    script: &mut Script,
    next: Option<Token>,
) -> Result<(Option<Vec<String>>, Option<Token>)> {
    if next != Some(Token::Mark(b'(')) {
        return Ok((None, next));
    }
    let mut columns = Vec::new();
    loop {
        match script.token()? {
            Some(Token::Word(name) | Token::Name(name)) => columns.push(name),
            Some(Token::Mark(b',')) => {}
            Some(Token::Mark(b')')) => return Ok((Some(columns), script.token()?)),
            _ => bail!("its line {} cannot be read", script.line),
        }
    }
}

/// A line of a `COPY`.
fn lines_next(script: &mut Script, begun: u64) -> Result<Vec<u8>> {
    match script.raw_line()? {
        Some(line) => Ok(line),
        None => bail!("it ends within the table that begins in line {begun}: it was cut off"),
    }
}

fn is_end(line: &[u8]) -> bool {
    line == br"\."
}

/// What stands in the next brackets of an `INSERT`; `None`: the statement is over.
fn brackets_next(script: &mut Script) -> Result<Option<(u64, Cells)>> {
    loop {
        match script.token()? {
            Some(Token::Mark(b'(')) => break,
            Some(Token::Mark(b';')) => return Ok(None),
            Some(_) => {}
            None => bail!("it ends within a statement: it was cut off"),
        }
    }
    let line = script.line;
    let (mut cells, mut fault) = (Vec::new(), None);
    let (mut depth, mut value): (usize, Option<Token>) = (1, None);
    loop {
        match script.token()? {
            None => bail!("it ends within a statement: it was cut off"),
            Some(Token::Mark(end @ (b',' | b')'))) if depth == 1 => {
                match value.take() {
                    Some(Token::Text(text)) => cells.push(Some(text)),
                    Some(Token::Word(word)) if word == "null" => cells.push(None),
                    Some(Token::Word(word)) => cells.push(Some(word.into_bytes())),
                    _ => fault = Some(NO_VALUES),
                }
                if end == b')' {
                    break;
                }
            }
            Some(Token::Mark(b'(')) => (depth, fault) = (depth + 1, Some(NO_VALUES)),
            Some(Token::Mark(b')')) => depth -= 1,
            // A word before a text says of which type that is.
            Some(token @ (Token::Text(_) | Token::Word(_))) => match (&value, &token) {
                (None, _) | (Some(Token::Word(_)), Token::Text(_)) => value = Some(token),
                _ => fault = Some(NO_VALUES),
            },
            Some(_) => fault = Some(NO_VALUES),
        }
    }
    let long = cells.iter().flatten().map(Vec::len).sum::<usize>() > ROW_MAX;
    let fault = if long { Some(TOO_LONG) } else { fault };
    Ok(Some((line, fault.map_or(Ok(cells), Err))))
}

impl DumpRows {
    pub(super) fn next(&mut self) -> Result<Option<Row>> {
        loop {
            match self.at {
                At::End => return Ok(None),
                At::Statement => self.begin()?,
                At::Lines => {
                    let line = self.script.line;
                    let text = lines_next(&mut self.script, line)?;
                    if is_end(&text) {
                        self.at = At::End;
                        continue;
                    }
                    let cells = if text.len() > ROW_MAX { Err(TOO_LONG) } else { Ok(split(&text)) };
                    return Ok(Some(Row { line, cells: self.checked(cells) }));
                }
                At::Brackets => match brackets_next(&mut self.script)? {
                    Some((line, cells)) => {
                        return Ok(Some(Row { line, cells: self.checked(cells) }));
                    }
                    None => self.at = At::Statement,
                },
            }
        }
    }

    /// To the next rows of this table.
    fn begin(&mut self) -> Result<()> {
        let begun = self.script.line;
        self.at = match statement(&mut self.script)? {
            None => At::End,
            Some(Statement::Copy { table, .. }) if table == self.name => At::Lines,
            Some(Statement::Insert { table, .. }) if table == self.name => At::Brackets,
            Some(Statement::Copy { .. }) => {
                while !is_end(&lines_next(&mut self.script, begun)?) {}
                At::Statement
            }
            Some(Statement::Insert { .. }) => {
                while brackets_next(&mut self.script)?.is_some() {}
                At::Statement
            }
            Some(_) => At::Statement,
        };
        Ok(())
    }

    fn checked(&self, cells: Cells) -> Cells {
        cells.and_then(
            |cells| if cells.len() == self.columns { Ok(cells) } else { Err(OTHER_WIDTH) },
        )
    }

    pub(super) fn read(&self) -> u64 {
        self.script.offset
    }
}

/// A line as `COPY` writes it: tabs between the cells, `\N` for NULL, a backslash before what would be
/// taken for something else.
fn split(line: &[u8]) -> Vec<Cell> {
    let cell = |raw: &[u8]| (raw != br"\N").then(|| unescape(raw));
    line.split(|byte| *byte == b'\t').map(cell).collect()
}

/// PostgreSQL writes no other escapes than these.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len());
    let mut escaped = false;
    for byte in raw {
        match (escaped, byte) {
            (false, b'\\') => {
                escaped = true;
                continue;
            }
            (false, _) => text.push(*byte),
            (true, b'b') => text.push(8),
            (true, b'f') => text.push(12),
            (true, b'n') => text.push(b'\n'),
            (true, b'r') => text.push(b'\r'),
            (true, b't') => text.push(b'\t'),
            (true, b'v') => text.push(11),
            (true, _) => text.push(*byte),
        }
        escaped = false;
    }
    text
}
