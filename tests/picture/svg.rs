//! A terminal's screen as an SVG that any code-hosting page shows: no scripts, no fonts of its own.
//! Lines, blocks and braille are drawn, since a reader's font rarely lets them touch.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// A cell, and the font in it: six tenths of a monospace font's size is its width.
const WIDE: i32 = 9;
const HIGH: i32 = 19;
const FONT: i32 = 15;
const BASE: i32 = 14;
/// Around everything.
const EDGE: i32 = 12;

const BACK: &str = "#11151c";
const FRONT: &str = "#d7dde6";
const PALETTE: [&str; 16] = [
    "#20262f", "#f2777a", "#7fd88f", "#f0c674", "#6cb0f5", "#c99bf0", "#5fd0d6", "#c7ced9",
    "#7b8696", "#ff8f92", "#9ae8a8", "#ffd98f", "#8fc6ff", "#dcb8ff", "#85e4e9", "#ffffff",
];
const FAMILY: &str = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace";

/// Draws what stands on the screen; `title` is for whoever cannot see it.
pub(crate) fn draw(screen: &Screen, title: &str) -> String {
    let (rows, cols) = screen.size();
    let mut drawing = Drawing::default();
    for row in 0..rows {
        drawing.row(screen, row, cols);
    }
    let (width, height) = (i32::from(cols) * WIDE + 2 * EDGE, i32::from(rows) * HIGH + 2 * EDGE);
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{BACK}\"/>\n\
         <g transform=\"translate({EDGE} {EDGE})\">\n{}</g>\n</svg>\n",
        drawing.end()
    )
}

#[derive(Default)]
struct Drawing {
    /// By colour and opacity in hundredths: left, top, width and height, in halves of a pixel.
    areas: BTreeMap<(String, u32), Vec<[i32; 4]>>,
    /// By colour and width: the two ends, in halves of a pixel.
    lines: BTreeMap<(String, u8), Vec<[i32; 4]>>,
    curves: BTreeMap<String, String>,
    texts: String,
}

/// A piece of text of one look.
struct Run {
    col: u16,
    cols: u16,
    text: String,
    look: String,
}

impl Drawing {
    fn row(&mut self, screen: &Screen, row: u16, cols: u16) {
        let mut run: Option<Run> = None;
        let mut blanks = 0;
        for col in 0..cols {
            let Some(cell) = screen.cell(row, col).filter(|it| !it.is_wide_continuation()) else {
                continue;
            };
            let (front, back) = colours(cell);
            let wide = 1 + u16::from(cell.is_wide());
            if let Some(back) = back {
                let area = [x(col), y(row), x(wide), y(1)];
                self.areas.entry((back, 100)).or_default().push(area);
            }
            let text = cell.contents();
            if text.trim().is_empty() {
                blanks += 1;
                continue;
            }
            if self.glyph(text, &front, row, col) {
                continue;
            }
            let look = look(cell, &front);
            let end = run.as_ref().map_or(0, |run| run.col + run.cols);
            match &mut run {
                Some(run) if run.look == look && col <= end + 1 && blanks <= 1 && wide == 1 => {
                    run.text.push_str(if col > end { " " } else { "" });
                    run.text.push_str(text);
                    run.cols = col + 1 - run.col;
                }
                _ => {
                    let next = Run { col, cols: wide, text: text.to_owned(), look };
                    self.write(row, run.replace(next));
                }
            }
            blanks = 0;
        }
        self.write(row, run);
    }

    fn write(&mut self, row: u16, run: Option<Run>) {
        let Some(Run { col, cols, text, look }) = run else { return };
        let (left, base) = (i32::from(col) * WIDE, i32::from(row) * HIGH + BASE);
        let length = i32::from(cols) * WIDE;
        let text = escaped(&text);
        let _ = writeln!(
            self.texts,
            "<text x=\"{left}\" y=\"{base}\" textLength=\"{length}\"{look}>{text}</text>"
        );
    }

    /// Whether it is one of those that are drawn.
    fn glyph(&mut self, text: &str, front: &str, row: u16, col: u16) -> bool {
        let mut letters = text.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else { return false };
        let (left, top) = (x(col), y(row));
        let code = letter as i32;
        let mut area = |area: [i32; 4], opacity: u32| {
            let place = [left + area[0], top + area[1], area[2], area[3]];
            self.areas.entry((front.to_owned(), opacity)).or_default().push(place);
        };
        match code {
            0x2580 => area([0, 0, x(1), y(1) / 2], 100),
            0x2581..=0x2588 => {
                let high = y(1) * (code - 0x2580) / 8;
                area([0, y(1) - high, x(1), high], 100);
            }
            0x2589..=0x258f => area([0, 0, x(1) * (0x2590 - code) / 8, y(1)], 100),
            0x2590 => area([x(1) / 2, 0, x(1) / 2, y(1)], 100),
            0x2591..=0x2593 => area([0, 0, x(1), y(1)], 25 * (code - 0x2590) as u32),
            0x2801..=0x28ff => {
                // Bits run down the left column, down the right one, then come the two below.
                for (bit, (across, down)) in
                    [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
                        .into_iter()
                        .enumerate()
                {
                    if code >> bit & 1 == 1 {
                        area([3 + across * 9, 3 + down * 9, 4, 4], 100);
                    }
                }
            }
            _ => return self.line(letter, front, row, col),
        }
        true
    }

    fn line(&mut self, letter: char, front: &str, row: u16, col: u16) -> bool {
        let (left, top) = (x(col), y(row));
        let (across, down) = (left + x(1) / 2, top + y(1) / 2);
        let (right, bottom) = (left + x(1), top + y(1));
        if let Some((to_right, to_bottom)) = rounded(letter) {
            let (side, end) =
                (if to_right { right } else { left }, if to_bottom { bottom } else { top });
            let path = self.curves.entry(front.to_owned()).or_default();
            let [across, down, side, end] = [across, down, side, end].map(halves);
            let _ = write!(path, "M{across} {end}Q{across} {down} {side} {down}");
            return true;
        }
        let Some(arms) = arms(letter) else { return false };
        let ends = [
            [across, top, across, down],
            [across, down, right, down],
            [across, down, across, bottom],
            [left, down, across, down],
        ];
        for (end, arm) in ends.into_iter().zip(arms).filter(|(_, arm)| *arm > 0) {
            self.lines.entry((front.to_owned(), arm)).or_default().push(end);
        }
        true
    }

    fn end(self) -> String {
        let mut svg = String::from("<g shape-rendering=\"crispEdges\">\n");
        for ((colour, opacity), areas) in self.areas {
            let path: String = joined_areas(areas)
                .into_iter()
                .map(|[left, top, wide, high]| {
                    let [left, top, wide, high] = [left, top, wide, high].map(halves);
                    format!("M{left} {top}h{wide}v{high}h-{wide}z")
                })
                .collect();
            let faint = if opacity == 100 {
                String::new()
            } else {
                format!(" fill-opacity=\".{opacity}\"")
            };
            let _ = writeln!(svg, "<path fill=\"{colour}\"{faint} d=\"{path}\"/>");
        }
        svg.push_str("</g>\n<g fill=\"none\" stroke-linecap=\"square\">\n");
        for ((colour, width), lines) in self.lines {
            let path: String = joined_lines(lines)
                .into_iter()
                .map(|ends| {
                    let [left, top, right, bottom] = ends.map(halves);
                    format!("M{left} {top}L{right} {bottom}")
                })
                .collect();
            let _ =
                writeln!(svg, "<path stroke=\"{colour}\" stroke-width=\"{width}\" d=\"{path}\"/>");
        }
        for (colour, path) in self.curves {
            let _ = writeln!(svg, "<path stroke=\"{colour}\" d=\"{path}\"/>");
        }
        let _ = write!(
            svg,
            "</g>\n<g font-family=\"{FAMILY}\" font-size=\"{FONT}\" fill=\"{FRONT}\">\n{}</g>\n",
            self.texts
        );
        svg
    }
}

/// Columns and rows in halves of a pixel.
fn x(cols: u16) -> i32 {
    i32::from(cols) * WIDE * 2
}

fn y(rows: u16) -> i32 {
    i32::from(rows) * HIGH * 2
}

fn halves(value: i32) -> String {
    if value % 2 == 0 { (value / 2).to_string() } else { format!("{}.5", value / 2) }
}

/// Neighbours in a row become one.
fn joined_areas(areas: Vec<[i32; 4]>) -> Vec<[i32; 4]> {
    let mut joined: Vec<[i32; 4]> = Vec::new();
    for area in areas {
        match joined.last_mut() {
            Some(last)
                if last[1] == area[1] && last[3] == area[3] && last[0] + last[2] == area[0] =>
            {
                last[2] += area[2];
            }
            _ => joined.push(area),
        }
    }
    joined
}

/// What goes on where another one ends becomes one, across and down.
fn joined_lines(mut lines: Vec<[i32; 4]>) -> Vec<[i32; 4]> {
    let is_down = |line: &[i32; 4]| line[0] == line[2];
    lines.sort_by_key(|line| match is_down(line) {
        true => (true, line[0], line[1]),
        false => (false, line[1], line[0]),
    });
    let mut joined: Vec<[i32; 4]> = Vec::new();
    for line in lines {
        match joined.last_mut() {
            Some(last) if is_down(last) == is_down(&line) && last[2..] == line[..2] => {
                last[2] = line[2];
                last[3] = line[3];
            }
            _ => joined.push(line),
        }
    }
    joined
}

/// Which way the two arms of a rounded corner go: to the right, to the bottom.
fn rounded(letter: char) -> Option<(bool, bool)> {
    match letter {
        '╭' => Some((true, true)),
        '╮' => Some((false, true)),
        '╰' => Some((true, false)),
        '╯' => Some((false, false)),
        _ => None,
    }
}

/// How thick the arms are: up, right, down, left. Double lines are drawn as thick ones.
fn arms(letter: char) -> Option<[u8; 4]> {
    const LIGHT: [(char, [u8; 4]); 18] = [
        ('─', [0, 1, 0, 1]),
        ('│', [1, 0, 1, 0]),
        ('┌', [0, 1, 1, 0]),
        ('┐', [0, 0, 1, 1]),
        ('└', [1, 1, 0, 0]),
        ('┘', [1, 0, 0, 1]),
        ('├', [1, 1, 1, 0]),
        ('┤', [1, 0, 1, 1]),
        ('┬', [0, 1, 1, 1]),
        ('┴', [1, 1, 0, 1]),
        ('┼', [1, 1, 1, 1]),
        ('╵', [1, 0, 0, 0]),
        ('╶', [0, 1, 0, 0]),
        ('╷', [0, 0, 1, 0]),
        ('╴', [0, 0, 0, 1]),
        ('┄', [0, 1, 0, 1]),
        ('┈', [0, 1, 0, 1]),
        ('╌', [0, 1, 0, 1]),
    ];
    const THICK: [&str; 2] = ["━┃┏┓┗┛┣┫┳┻╋", "═║╔╗╚╝╠╣╦╩╬"];
    if let Some((_, arms)) = LIGHT.iter().find(|(light, _)| *light == letter) {
        return Some(*arms);
    }
    let at = THICK.iter().find_map(|thick| thick.chars().position(|it| it == letter))?;
    Some(LIGHT[at].1.map(|arm| 2 * arm))
}

fn look(cell: &Cell, front: &str) -> String {
    let mut look = if front == FRONT { String::new() } else { format!(" fill=\"{front}\"") };
    for (is_so, how) in [
        (cell.bold(), " font-weight=\"bold\""),
        (cell.dim(), " fill-opacity=\".6\""),
        (cell.italic(), " font-style=\"italic\""),
        (cell.underline(), " text-decoration=\"underline\""),
    ] {
        look.push_str(if is_so { how } else { "" });
    }
    look
}

/// The front, and the back where it is not the picture's own.
fn colours(cell: &Cell) -> (String, Option<String>) {
    let (front, back) = (colour(cell.fgcolor()), colour(cell.bgcolor()));
    if cell.inverse() {
        (back.unwrap_or_else(|| BACK.to_owned()), Some(front.unwrap_or_else(|| FRONT.to_owned())))
    } else {
        (front.unwrap_or_else(|| FRONT.to_owned()), back)
    }
}

/// As xterm has them: sixteen, a cube, and greys.
fn colour(colour: Color) -> Option<String> {
    let (red, green, blue) = match colour {
        Color::Default => return None,
        Color::Idx(index @ ..16) => return Some(PALETTE[usize::from(index)].to_owned()),
        Color::Idx(index @ 16..232) => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            let index = index - 16;
            (level(index / 36), level(index / 6 % 6), level(index % 6))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
        Color::Rgb(red, green, blue) => (red, green, blue),
    };
    Some(format!("#{red:02x}{green:02x}{blue:02x}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(bytes: &str) -> String {
        let mut parser = vt100::Parser::new(4, 20, 0);
        parser.process(bytes.as_bytes());
        draw(parser.screen(), "a <test>")
    }

    #[track_caller]
    fn has(svg: &str, part: &str) {
        assert!(svg.contains(part), "no {part} in\n{svg}");
    }

    #[test]
    fn text_stands_in_its_cells_with_its_look() {
        let svg = drawn("\x1b[1;31ma <b> &\x1b[0m  c\r\n\x1b[7mx\x1b[27m\x1b[38;5;16my");
        has(
            &svg,
            "<text x=\"0\" y=\"14\" textLength=\"63\" fill=\"#f2777a\" font-weight=\"bold\">",
        );
        has(&svg, ">a &lt;b&gt; &amp;</text>");
        has(&svg, "<text x=\"81\" y=\"14\" textLength=\"9\">c</text>");
        has(&svg, &format!("<path fill=\"{FRONT}\" d=\"M0 19h9v19h-9z\"/>"));
        has(&svg, &format!("fill=\"{BACK}\">x</text>"));
        has(&svg, "fill=\"#000000\">y</text>");
        has(&svg, "<title>a &lt;test&gt;</title>");
    }

    #[test]
    fn a_box_is_closed_whatever_the_font() {
        let svg = drawn("┌──┐\r\n│保│\r\n└──┘");
        assert!(!svg.contains('┌') && !svg.contains('│'), "{svg}");
        has(&svg, "M4.5 9.5L31.5 9.5");
        has(&svg, "M4.5 9.5L4.5 47.5");
        has(&svg, "M31.5 9.5L31.5 47.5");
        has(&svg, "<text x=\"9\" y=\"33\" textLength=\"18\">保</text>");
        has(&drawn("╭╮"), "M4.5 19Q4.5 9.5 9 9.5M13.5 19Q13.5 9.5 9 9.5");
        has(&drawn("━━"), "stroke-width=\"2\" d=\"M0 9.5L18 9.5\"");
    }

    #[test]
    fn bars_and_sparks_are_areas() {
        let svg = drawn("██▄░⣀");
        has(&svg, "M0 0h18v19h-18z");
        has(&svg, "M18 9.5h9v9.5h-9z");
        has(&svg, "fill-opacity=\".25\"");
        assert!(!svg.contains("<text"), "{svg}");
    }

    #[test]
    fn whatever_opens_is_closed_and_nothing_runs() {
        let svg = drawn("a\x1b[44m b \x1b[0m─█");
        for tag in ["svg", "g", "text", "title"] {
            let opened =
                svg.matches(&format!("<{tag} ")).count() + svg.matches(&format!("<{tag}>")).count();
            assert_eq!(opened, svg.matches(&format!("</{tag}>")).count(), "{tag}\n{svg}");
        }
        assert!(!svg.contains("script") && !svg.contains("href"));
    }
}
