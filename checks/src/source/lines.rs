//! From byte offsets to lines and columns.

/// Where the lines of a text begin.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    /// Byte offset of the first byte of each line.
    starts: Vec<u32>,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        Self { starts }
    }

    /// Line of a byte offset, from 1.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|&start| start <= offset) as u32
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn line_column(&self, text: &str, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.start(line).unwrap_or(0);
        let before = text.get(start as usize..offset as usize).unwrap_or("");
        (line, before.chars().count() as u32 + 1)
    }

    /// Byte offset of a line's first byte.
    pub fn start(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// A line without its ending.
    pub fn text<'t>(&self, text: &'t str, line: u32) -> Option<&'t str> {
        let start = self.start(line)? as usize;
        let end = self.start(line + 1).map_or(text.len(), |at| at as usize);
        text.get(start..end)
            .map(|l| l.trim_end_matches(['\r', '\n']))
    }

    /// Number of lines.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_characters_from_one() {
        let text = "a\nné = 1\r\nlast";
        let index = LineIndex::new(text);
        assert_eq!(index.line_column(text, 0), (1, 1));
        assert_eq!(index.line_column(text, 6), (2, 4), "é is one character");
        assert_eq!(index.text(text, 2), Some("né = 1"));
        assert_eq!(index.text(text, 3), Some("last"));
        assert_eq!(index.text(text, 4), None);
        assert_eq!(index.count(), 3);
    }
}
