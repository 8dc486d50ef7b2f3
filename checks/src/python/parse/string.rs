//! String literals: prefixes, escapes, what the text between the quotes means.

/// What stands before the quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) raw: bool,
    pub(super) bytes: bool,
}

impl Prefix {
    /// From the opening token, quotes included: `rb'''`.
    pub(super) fn of(start: &str) -> Self {
        let mut prefix = Self::default();
        for byte in start.bytes() {
            match byte {
                b'r' | b'R' => prefix.raw = true,
                b'b' | b'B' => prefix.bytes = true,
                _ => {}
            }
        }
        prefix
    }
}

/// Appends `raw` with its escapes resolved; `doubled_braces` for the text of an f-string, where
/// `{{` is a brace. An escape that Python does not know, or a `\N{name}`, stays as written.
pub(super) fn unescape(raw: &str, prefix: Prefix, doubled_braces: bool, into: &mut String) {
    if (prefix.raw || !raw.contains('\\')) && !doubled_braces && !raw.contains('\r') {
        into.push_str(raw);
        return;
    }
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // Python reads every line ending as `\n`.
            '\r' => {
                chars.next_if_eq(&'\n');
                into.push('\n');
            }
            '{' | '}' if doubled_braces => {
                chars.next_if_eq(&c);
                into.push(c);
            }
            '\\' if !prefix.raw => escape(&mut chars, into),
            _ => into.push(c),
        }
    }
}

fn escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, into: &mut String) {
    let Some(c) = chars.next() else {
        into.push('\\');
        return;
    };
    match c {
        '\n' => {}
        '\r' => {
            chars.next_if_eq(&'\n');
        }
        'n' => into.push('\n'),
        't' => into.push('\t'),
        'r' => into.push('\r'),
        'a' => into.push('\u{7}'),
        'b' => into.push('\u{8}'),
        'f' => into.push('\u{c}'),
        'v' => into.push('\u{b}'),
        '\\' | '\'' | '"' => into.push(c),
        '0'..='7' => {
            let mut value = c.to_digit(8).unwrap_or(0);
            for _ in 0..2 {
                let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else {
                    break;
                };
                chars.next();
                value = value * 8 + digit;
            }
            into.push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        'x' => hexadecimal(chars, 2, c, into),
        'u' => hexadecimal(chars, 4, c, into),
        'U' => hexadecimal(chars, 8, c, into),
        other => {
            into.push('\\');
            into.push(other);
        }
    }
}

fn hexadecimal(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    digits: usize,
    letter: char,
    into: &mut String,
) {
    let mut value: u32 = 0;
    let mut seen = String::new();
    while seen.len() < digits {
        let Some(digit) = chars.peek().copied().filter(char::is_ascii_hexdigit) else {
            // Not a whole escape: as written.
            into.push('\\');
            into.push(letter);
            into.push_str(&seen);
            return;
        };
        chars.next();
        seen.push(digit);
        value = value.wrapping_mul(16) + digit.to_digit(16).unwrap_or(0);
    }
    into.push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
}

/// An integer literal: `1_000`, `0xFF`, `0o17`, `0b1`, Python 2's `0777` and `10L`. `None` where
/// it does not fit 64 bits.
pub(super) fn integer(text: &str) -> Option<i64> {
    let digits: String = text
        .chars()
        .filter(|c| *c != '_')
        .collect::<String>()
        .to_ascii_lowercase();
    let digits = digits.trim_end_matches('l');
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return i64::from_str_radix(rest, radix).ok();
        }
    }
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|b| b != b'0') {
        return i64::from_str_radix(digits, 8).ok();
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str) -> String {
        let mut out = String::new();
        unescape(raw, Prefix::default(), false, &mut out);
        out
    }

    #[test]
    fn escapes_as_python_reads_them() {
        assert_eq!(text(r"a\n\t\\\'\x41\u00e9\101\q"), "a\n\t\\'AéA\\q");
        assert_eq!(text("a\\\nb"), "ab", "a line continuation is nothing");
        assert_eq!(text("a\\\r\nb\r\nc"), "ab\nc");
        assert_eq!(text(r"\x4"), r"\x4");
        assert_eq!(text(r"\N{BULLET}"), r"\N{BULLET}");
        assert_eq!(text(r"\uD800"), "\u{FFFD}", "a lone surrogate is no char");
        assert_eq!(text("\\"), "\\");
        let mut out = String::new();
        unescape(
            r"\d{{2}}",
            Prefix {
                raw: true,
                bytes: false,
            },
            true,
            &mut out,
        );
        assert_eq!(out, r"\d{2}");
    }

    #[test]
    fn integers_in_every_base() {
        assert_eq!(integer("1_000"), Some(1000));
        assert_eq!(integer("0xff"), Some(255));
        assert_eq!(integer("0o17"), Some(15));
        assert_eq!(integer("0b101"), Some(5));
        assert_eq!(integer("0755"), Some(0o755));
        assert_eq!(integer("10L"), Some(10));
        assert_eq!(integer("00"), Some(0));
        assert_eq!(integer("99999999999999999999"), None);
    }
}
