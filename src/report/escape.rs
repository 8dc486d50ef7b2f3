//! Makes text that a candidate may have written harmless, for each place where it is shown.
//!
//! Names of files, classes and routes, and everything made from them, are hostile: they may hold
//! mentions (`@team` would ring telephones), references (`#1` writes into another issue's history),
//! links, HTML, Markdown, terminal sequences, letters that cannot be seen and letters that turn the
//! line around. Every rendering takes such text through one of these functions; none of them
//! decides what is shown.

/// GitHub's renderer links `@name`, `#12`, `www.` and commit ids after Markdown has been resolved, so
/// a backslash does not stop it; a zero-width space between the parts does.
const BREAK: &str = "&#8203;";

/// Longest run of hexadecimal digits that GitHub does not take for a commit.
const SHORTEST_COMMIT: usize = 7;

/// One line of visible characters: line ends and tabs become spaces; controls, invisible and
/// direction-changing characters are spelled out (`⟨U+202E⟩`); what is longer than `max` characters
/// ends with `…`.
pub fn visible(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let mut chars = text.trim().chars();
    for c in chars.by_ref().take(max) {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_deceptive(c) => out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c))),
            c => out.push(c),
        }
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// A line of source code: as [`visible`], but tabs become four spaces and indentation stays.
pub fn source_line(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    for (at, c) in text.chars().enumerate() {
        if at == max {
            out.push('…');
            break;
        }
        match c {
            '\t' => out.push_str("    "),
            '\n' | '\r' => {}
            c if is_deceptive(c) => out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// Characters that are not seen, or that change how others are seen.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            // soft hyphen, combining grapheme joiner, Arabic letter mark, Hangul and Khmer fillers
            0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5
            // Mongolian separators; zero width, directions, line ends, invisible operators
            | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
            | 0x3164 | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            // musical controls; tags and the rest of the plane
            | 0x1_D173..=0x1_D17A | 0xE_0000..=0xE_0FFF)
}

/// Plain text inside a line of GitHub's Markdown, after something else.
pub fn md_text(text: &str) -> String {
    let text = visible(text, usize::MAX / 8);
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let hex = hex_run(&chars, at);
        if hex >= SHORTEST_COMMIT {
            for (nth, digit) in chars.iter().skip(at).take(hex).enumerate() {
                if nth > 0 && nth % (SHORTEST_COMMIT - 1) == 0 {
                    out.push_str(BREAK);
                }
                out.push(*digit);
            }
            at += hex;
            continue;
        }
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' | '#' => {
                out.push(c);
                out.push_str(BREAK);
            }
            // `https://…`, `:tada:`
            ':' if next_is(&chars, at, |n| n == '/') || opens_an_emoji(&chars, at) => {
                out.push(c);
                out.push_str(BREAK);
            }
            // `www.example.com`
            '.' if next_is(&chars, at, char::is_alphanumeric) && ends_with_www(&chars, at) => {
                out.push_str(BREAK);
                out.push(c);
            }
            // `GH-12`
            '-' if next_is(&chars, at, |n| n.is_ascii_digit()) => {
                out.push(c);
                out.push_str(BREAK);
            }
            c => out.push(c),
        }
        at += 1;
    }
    out
}

fn next_is(chars: &[char], at: usize, test: impl Fn(char) -> bool) -> bool {
    chars.get(at + 1).is_some_and(|&next| test(next))
}

fn opens_an_emoji(chars: &[char], colon: usize) -> bool {
    let name = chars
        .iter()
        .skip(colon + 1)
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-'))
        .count();
    name > 0 && chars.get(colon + 1 + name) == Some(&':')
}

fn ends_with_www(chars: &[char], dot: usize) -> bool {
    dot >= 3
        && chars
            .get(dot - 3..dot)
            .is_some_and(|three| three.iter().all(|c| c.eq_ignore_ascii_case(&'w')))
}

/// Length of the run of hexadecimal digits that begins at `at`, if a word begins there.
fn hex_run(chars: &[char], at: usize) -> usize {
    let before = at.checked_sub(1).and_then(|before| chars.get(before));
    if before.is_some_and(|c| c.is_alphanumeric()) {
        return 0;
    }
    chars
        .iter()
        .skip(at)
        .take_while(|c| c.is_ascii_hexdigit())
        .count()
}

/// The same text with a backslash where it would begin a list, a rule or a heading's underline.
fn at_line_start(text: String) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let mark = match text.chars().nth(digits) {
        Some('-' | '+' | '=') if digits == 0 => 0,
        Some('.' | ')') if digits > 0 => digits,
        _ => return text,
    };
    match text.split_at_checked(mark) {
        Some((before, after)) => format!("{before}\\{after}"),
        None => text,
    }
}

/// A code span that ends where the text ends, whatever backquotes are in it. Nothing inside is
/// linked, rendered or mentioned.
pub fn md_code(text: &str, max: usize) -> String {
    let text = visible(text, max);
    if text.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    // A span that begins and ends with a space loses both: the padding saves backquotes at the ends.
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A code span inside a table, where `|` ends the cell even within backquotes.
pub fn md_cell_code(text: &str, max: usize) -> String {
    md_code(text, max).replace('|', "\\|")
}

/// Sentences in which names stand in backquotes, as findings hold them. A backquote that came with a
/// name may turn code into text; both are escaped.
pub fn md_prose(text: &str, max: usize) -> String {
    let shown: String = pieces(text, max)
        .map(|(piece, code)| {
            if code {
                md_code(piece, usize::MAX / 8)
            } else {
                keep_ends(piece, md_text(piece))
            }
        })
        .collect();
    at_line_start(shown) + ellipsis(text, max)
}

/// Marks sentences that [`pieces`] shortened.
fn ellipsis(text: &str, max: usize) -> &'static str {
    let names = text.trim().chars().filter(|&c| c != '`');
    if names.count() > max { " …" } else { "" }
}

/// `visible` trims; between two code spans the spaces at the ends belong to the sentence.
fn keep_ends(piece: &str, text: String) -> String {
    let before = if piece.starts_with(char::is_whitespace) {
        " "
    } else {
        ""
    };
    let after = if piece.ends_with(char::is_whitespace) && !text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{before}{text}{after}")
}

/// The same sentences for HTML: text escaped, names in `<code>`.
pub fn html_prose(text: &str, max: usize) -> String {
    let shown: String = pieces(text, max)
        .map(|(piece, code)| {
            let shown = html(&keep_ends(piece, visible(piece, usize::MAX / 8)));
            if code {
                format!("<code>{shown}</code>")
            } else {
                shown
            }
        })
        .collect();
    shown + ellipsis(text, max)
}

/// Text and the names in backquotes, in turn; at most `max` characters in all.
fn pieces(text: &str, max: usize) -> impl Iterator<Item = (&str, bool)> {
    let mut left = max;
    text.trim()
        .split('`')
        .enumerate()
        .map_while(move |(at, piece)| {
            if left == 0 {
                return None;
            }
            let long = piece.chars().count();
            let shown = match piece.char_indices().nth(left) {
                Some((end, _)) => piece.get(..end).unwrap_or(piece),
                None => piece,
            };
            left = left.saturating_sub(long);
            Some((shown, at % 2 == 1))
        })
        .filter(|(piece, _)| !piece.is_empty())
}

/// Text inside HTML, in elements and in quoted attributes.
pub fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A path inside an address: everything but unreserved characters and `/` is percent-encoded.
pub fn url_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A block of code that ends where the text ends, whatever fences are in it.
pub fn md_block(language: &str, lines: &[String]) -> String {
    let longest = lines.iter().map(|l| longest_run(l, '`')).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let mut out = format!("{fence}{language}\n");
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out.push_str(&fence);
    out.push('\n');
    out
}

fn longest_run(text: &str, of: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == of { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_would_link_is_broken_up() {
        for (hostile, safe) in [
            ("ask @acme/hiring", "ask @&#8203;acme/hiring"),
            ("see #1 and GH-2", "see #&#8203;1 and GH-&#8203;2"),
            ("https://evil.example", "https:&#8203;//evil.example"),
            ("a :tada: at 12:30", "a :&#8203;tada: at 12:30"),
            ("www.evil.example", "www&#8203;.evil.example"),
            ("in 0123abcdef", "in 0123ab&#8203;cdef"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("[a](b) *c* _d_", "\\[a\\](b) \\*c\\* \\_d\\_"),
            ("<!-- takehome -->", "&lt;!-- takehome --&gt;"),
            ("a\u{202e}b\u{200b}", "a⟨U+202E⟩b⟨U+200B⟩"),
            ("a\n\n# b", "a  #&#8203; b"),
        ] {
            assert_eq!(md_text(hostile), safe, "{hostile}");
        }
        assert_eq!(md_prose("1. one", 99), "1\\. one");
        assert_eq!(md_prose("- one", 99), "\\- one");
        assert_eq!(md_prose("2 of 3.", 99), "2 of 3.");
    }

    #[test]
    fn a_code_span_cannot_be_left() {
        assert_eq!(md_code("a", 9), "`a`");
        assert_eq!(md_code("a`b", 9), "``a`b``");
        assert_eq!(md_code("`a``", 9), "``` `a`` ```");
        assert_eq!(md_code("a\nb", 9), "`a b`");
        assert_eq!(md_cell_code("a|b", 9), "`a\\|b`");
    }

    #[test]
    fn prose_keeps_its_names_as_code() {
        assert_eq!(
            md_prose("`Order.stock` is read by `@pk`, see #3.", 500),
            "`Order.stock` is read by `@pk`, see #&#8203;3."
        );
        assert_eq!(
            html_prose("`a<b>` is <b>", 500),
            "<code>a&lt;b&gt;</code> is &lt;b&gt;"
        );
        assert_eq!(md_prose("`abcdef` is long", 4), "`abcd` …");
    }

    #[test]
    fn a_fence_is_longer_than_any_in_the_text() {
        let block = md_block("text", &["````".to_owned(), "x".to_owned()]);
        assert_eq!(block, "`````text\n````\nx\n`````\n");
    }

    #[test]
    fn long_text_ends_with_an_ellipsis() {
        assert_eq!(visible("äöüß", 3), "äöü…");
        assert_eq!(visible("äöü", 3), "äöü");
    }
}
