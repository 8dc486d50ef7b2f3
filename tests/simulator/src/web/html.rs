//! HTML that cannot be forged: literal parts are static, everything else is escaped on its way in.

use std::fmt::Write;

/// HTML under construction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Html(String);

impl Html {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Markup of ours.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text of anybody.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        escape(text, &mut self.0);
        self
    }

    /// A number.
    pub(crate) fn number(&mut self, number: impl Into<u64>) -> &mut Self {
        let _ = write!(self.0, "{}", number.into());
        self
    }

    /// ` name="value"`.
    pub(crate) fn attribute(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.0.push(' ');
        self.0.push_str(name);
        self.0.push_str("=\"");
        escape(value, &mut self.0);
        self.0.push('"');
        self
    }

    /// A link within this host.
    pub(crate) fn link(&mut self, to: &str, text: &str) -> &mut Self {
        self.raw("<a")
            .attribute("href", to)
            .raw(">")
            .text(text)
            .raw("</a>")
    }

    /// Other finished HTML.
    pub(crate) fn add(&mut self, other: &Self) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// Markup that [`super::markdown`] has made safe.
    pub(super) fn add_trusted(&mut self, markup: String) -> &mut Self {
        self.0.push_str(&markup);
        self
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => out.push('\u{fffd}'),
            // Characters that turn the direction of text are shown, not obeyed.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(
                    out,
                    "<span class=\"bidi\">U+{:04X}</span>",
                    u32::from(character)
                );
            }
            other => out.push(other),
        }
    }
}
