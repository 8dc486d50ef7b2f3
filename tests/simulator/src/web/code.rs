//! Source lines as HTML, with light colours for Python. Never parses: it only has to look right.

use super::html::Html;

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

/// The lines of a file, coloured where its name ends in `.py`.
pub(crate) fn lines(path: &str, text: &str) -> Vec<Html> {
    let python = path.ends_with(".py");
    let mut inside: Option<&'static str> = None;
    text.lines()
        .map(|line| {
            let mut out = Html::new();
            if python {
                python_line(line, &mut inside, &mut out);
            } else {
                out.text(line);
            }
            out
        })
        .collect()
}

/// One line; `inside` is the triple quote that is open.
fn python_line(line: &str, inside: &mut Option<&'static str>, out: &mut Html) {
    let mut rest = line;
    while !rest.is_empty() {
        if let Some(quote) = *inside {
            let end = rest.find(quote).map(|at| at + quote.len());
            let (piece, tail) = rest.split_at(end.unwrap_or(rest.len()));
            out.raw("<span class=\"s\">").text(piece).raw("</span>");
            if end.is_some() {
                *inside = None;
            }
            rest = tail;
            continue;
        }
        if rest.starts_with('#') {
            out.raw("<span class=\"c\">").text(rest).raw("</span>");
            return;
        }
        if let Some(quote) = ["\"\"\"", "'''"]
            .into_iter()
            .find(|quote| rest.starts_with(quote))
        {
            out.raw("<span class=\"s\">").text(quote).raw("</span>");
            *inside = Some(quote);
            rest = rest.get(3..).unwrap_or_default();
            continue;
        }
        let first = rest.chars().next().unwrap_or(' ');
        let (length, class) = match first {
            '"' | '\'' => (string_end(rest, first), Some("s")),
            '@' => (word_end(rest, 1), Some("d")),
            c if c.is_alphabetic() || c == '_' => {
                let end = word_end(rest, 0);
                let keyword = rest.get(..end).is_some_and(|word| KEYWORDS.contains(&word));
                (end, keyword.then_some("k"))
            }
            c if c.is_ascii_digit() => (word_end(rest, 0), Some("n")),
            c => (c.len_utf8(), None),
        };
        let (piece, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        match class {
            Some("s") => out.raw("<span class=\"s\">").text(piece).raw("</span>"),
            Some("d") => out.raw("<span class=\"d\">").text(piece).raw("</span>"),
            Some("k") => out.raw("<span class=\"k\">").text(piece).raw("</span>"),
            Some("n") => out.raw("<span class=\"n\">").text(piece).raw("</span>"),
            _ => out.text(piece),
        };
        rest = tail;
    }
}

fn word_end(text: &str, from: usize) -> usize {
    text.get(from..)
        .and_then(|tail| tail.find(|c: char| !(c.is_alphanumeric() || c == '_')))
        .map_or(text.len(), |end| (from + end).max(1))
}

fn string_end(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '\\' if !escaped => escaped = true,
            c if c == quote && !escaped => return at + c.len_utf8(),
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_escaped_and_nothing_is_lost() {
        let source =
            "class A(B):  # <b>\n    x = \"<i>\\\"\" + '''a\n<u>''' + 12\n@property\n\"open";
        let html: Vec<String> = lines("a.py", source)
            .into_iter()
            .map(Html::into_string)
            .collect();
        assert_eq!(html.len(), 5);
        assert!(html[0].contains("<span class=\"k\">class</span>"));
        assert!(
            html.iter().all(|line| !line.contains("<b>")
                && !line.contains("<i>")
                && !line.contains("<u>"))
        );
    }
}
