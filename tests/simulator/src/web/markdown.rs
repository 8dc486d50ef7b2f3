//! GitHub's Markdown as a person sees it: tables, task lists, alerts, the HTML that GitHub lets
//! through, mentions and references. Hostile text comes out as text.

use pulldown_cmark::{CowStr, Event, LinkType, Options, Parser, Tag, TagEnd, html};

use super::html::Html;

/// Tags that GitHub's sanitiser lets through, as far as reports use them.
const ALLOWED: &[&str] = &[
    "b",
    "blockquote",
    "br",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];
/// Tags that have no end.
const VOID: &[&str] = &["br", "hr"];

/// Renders Markdown. In comments and descriptions a line break is kept, as GitHub does there.
pub(crate) fn render(text: &str, keep_breaks: bool) -> Html {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let mut filter = Filter::default();
    let mut in_code = false;
    let mut in_link = 0_u32;
    let mut dropped_links = Vec::new();
    let mut events = Vec::new();
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                in_code = true;
                events.push(Event::Start(Tag::CodeBlock(kind)));
            }
            Event::End(TagEnd::CodeBlock) => {
                in_code = false;
                events.push(Event::End(TagEnd::CodeBlock));
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                ..
            }) => {
                let good = safe(&dest_url) || link_type == LinkType::Email;
                dropped_links.push(!good);
                if good {
                    in_link += 1;
                    let mut open = Html::new();
                    let target = match link_type {
                        LinkType::Email => format!("mailto:{dest_url}"),
                        _ => dest_url.to_string(),
                    };
                    open.raw("<a rel=\"nofollow\"")
                        .attribute("href", &target)
                        .raw(">");
                    events.push(Event::InlineHtml(open.into_string().into()));
                }
            }
            Event::End(TagEnd::Link) => {
                if dropped_links.pop() == Some(false) {
                    in_link = in_link.saturating_sub(1);
                    events.push(Event::InlineHtml("</a>".into()));
                }
            }
            // Nothing is loaded from elsewhere: an image is shown by its description.
            Event::Start(Tag::Image { .. }) => {
                events.push(Event::InlineHtml("<span class=\"image\">🖼 ".into()));
            }
            Event::End(TagEnd::Image) => events.push(Event::InlineHtml("</span>".into())),
            Event::Html(markup) | Event::InlineHtml(markup) => {
                let clean = filter.clean(&markup);
                if !clean.is_empty() {
                    events.push(Event::InlineHtml(clean.into()));
                }
            }
            Event::SoftBreak if keep_breaks => events.push(Event::HardBreak),
            Event::Text(text) if !in_code && in_link == 0 => {
                events.push(Event::InlineHtml(CowStr::from(
                    references(&text).into_string(),
                )));
            }
            other => events.push(other),
        }
    }
    let mut out = String::new();
    html::push_html(&mut out, events.into_iter());
    filter.close(&mut out);
    let mut done = Html::new();
    done.raw("<div class=\"markdown\">");
    done.add_trusted(out);
    done.raw("</div>");
    done
}

/// Whether an address may be linked to.
fn safe(address: &str) -> bool {
    let start = address.trim_start().to_ascii_lowercase();
    start.starts_with("https://")
        || start.starts_with("http://")
        || start.starts_with("mailto:")
        || start.starts_with('#')
        || (start.starts_with('/') && !start.starts_with("//"))
}

/// Text with mentions and references marked and bare addresses linked.
fn references(text: &str) -> Html {
    let mut out = Html::new();
    let mut before = ' ';
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let free = !before.is_alphanumeric() && !matches!(before, '/' | '_' | '`');
        let word_end = |start: usize, allowed: fn(char) -> bool| {
            rest.get(start..)
                .and_then(|tail| tail.find(|c: char| !allowed(c)))
                .map_or(rest.len(), |end| start + end)
        };
        let end = match first {
            '@' if free => word_end(1, |c| c.is_ascii_alphanumeric() || c == '-'),
            '#' if free => word_end(1, |c| c.is_ascii_digit()),
            'h' if free && (rest.starts_with("https://") || rest.starts_with("http://")) => {
                word_end(0, |c| {
                    !c.is_whitespace() && !matches!(c, '<' | '>' | '"' | ')' | ']' | '|')
                })
            }
            _ => 0,
        };
        let (piece, tail) = match end {
            0 | 1 => rest.split_at(first.len_utf8()),
            _ => rest.split_at(end),
        };
        match first {
            _ if end <= 1 => {
                out.text(piece);
            }
            '@' => {
                out.raw("<span class=\"mention\">")
                    .text(piece)
                    .raw("</span>");
            }
            '#' => {
                out.raw("<span class=\"reference\">")
                    .text(piece)
                    .raw("</span>");
            }
            _ => {
                out.raw("<a rel=\"nofollow\"")
                    .attribute("href", piece)
                    .raw(">")
                    .text(piece)
                    .raw("</a>");
            }
        }
        before = piece.chars().last().unwrap_or(' ');
        rest = tail;
    }
    out
}

/// Lets allowed tags through without their attributes, shows no others, and closes what was opened.
#[derive(Debug, Default)]
struct Filter {
    open: Vec<&'static str>,
    /// Inside `<!--`, `<script` or `<style`: the text that ends it.
    hidden_until: Option<&'static str>,
}

impl Filter {
    fn clean(&mut self, markup: &str) -> String {
        let mut out = Html::new();
        let mut rest = markup;
        loop {
            if let Some(end) = self.hidden_until {
                match rest.find(end) {
                    None => break,
                    Some(at) => {
                        rest = rest.get(at + end.len()..).unwrap_or_default();
                        self.hidden_until = None;
                    }
                }
            }
            let Some(at) = rest.find('<') else {
                out.text(rest);
                break;
            };
            let (text, tail) = rest.split_at(at);
            out.text(text);
            if tail.starts_with("<!--") {
                self.hidden_until = Some("-->");
                rest = tail;
                continue;
            }
            let Some(end) = tail.find('>') else {
                out.text(tail);
                break;
            };
            let (tag, after) = tail.split_at(end + 1);
            self.tag(tag, &mut out);
            rest = after;
        }
        out.into_string()
    }

    fn tag(&mut self, tag: &str, out: &mut Html) {
        let inner = tag.trim_start_matches('<').trim_end_matches('>');
        let closing = inner.starts_with('/');
        let inner = inner.trim_start_matches('/');
        let name: String = inner
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        if !closing && name == "script" {
            self.hidden_until = Some("</script>");
            return;
        }
        if !closing && name == "style" {
            self.hidden_until = Some("</style>");
            return;
        }
        let Some(name) = ALLOWED.iter().find(|known| **known == name) else {
            return;
        };
        if closing {
            if let Some(at) = self.open.iter().rposition(|open| open == name) {
                // What was opened inside is closed first.
                for inner in self.open.drain(at..).rev() {
                    out.raw("</").raw(inner).raw(">");
                }
            }
            return;
        }
        out.raw("<").raw(name);
        if *name == "details" && inner.split_whitespace().any(|word| word == "open") {
            out.raw(" open");
        }
        out.raw(">");
        if !VOID.contains(name) {
            self.open.push(name);
        }
    }

    fn close(&mut self, out: &mut String) {
        for name in self.open.drain(..).rev() {
            out.push_str("</");
            out.push_str(name);
            out.push('>');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> String {
        render(text, false).into_string()
    }

    #[test]
    fn hostile_markup_comes_out_as_text() {
        let out = rendered(
            "<script>alert(1)</script><img src=x onerror=alert(2)>\n\n[a](javascript:alert(3)) \
             <a href=\"javascript:alert(4)\">b</a> <b onclick=alert(5)>bold</b>\n\n</div></body>",
        );
        for bad in ["<script", "onerror", "javascript", "onclick", "</body"] {
            assert!(!out.contains(bad), "{bad} in {out}");
        }
        assert!(out.contains("<b>bold</b>"), "{out}");
        assert_eq!(
            out.matches("<div").count(),
            out.matches("</div>").count(),
            "{out}"
        );
    }

    #[test]
    fn details_tables_alerts_and_tasks_are_rendered() {
        let out = rendered(
            "> [!NOTE]\n> Look\n\n<details><summary>More</summary>\n\n| a | b |\n|---|---|\n| 1 | `<x>` |\n\n</details>\n\n- [x] done\n",
        );
        for good in [
            "markdown-alert-note",
            "<details>",
            "<summary>More</summary>",
            "<td>1</td>",
            "&lt;x&gt;",
            "checkbox",
        ] {
            assert!(out.contains(good), "{good} not in {out}");
        }
    }

    #[test]
    fn comments_are_not_shown_and_what_is_open_is_closed() {
        let out = rendered("<!-- marker <b> -->\n\n<details>\n\ntext");
        assert!(!out.contains("marker"), "{out}");
        assert!(out.trim_end().ends_with("</details></div>"), "{out}");
    }

    #[test]
    fn mentions_are_seen_but_not_in_code() {
        let out = rendered("cc @ada and `@bob`, mail a@b.c, see #12");
        assert!(out.contains("<span class=\"mention\">@ada</span>"), "{out}");
        assert!(!out.contains(">@bob</span>"), "{out}");
        assert!(!out.contains(">@b</span>"), "{out}");
        assert!(
            out.contains("<span class=\"reference\">#12</span>"),
            "{out}"
        );
    }
}
