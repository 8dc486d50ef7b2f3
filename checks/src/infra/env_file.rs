//! `.env` files: keys, and whether a value stands there. Values of likely secrets never leave.

use crate::source::FileId;

#[derive(Debug)]
pub struct EnvFile {
    pub file: FileId,
    /// `.env.example`, `.env.sample` …: meant to be committed.
    pub example: bool,
    pub entries: Vec<EnvEntry>,
}

#[derive(Debug)]
pub struct EnvEntry {
    pub key: String,
    /// As written, without quotes. Never shown: it may be a secret.
    pub value: String,
    /// From 1.
    pub line: u32,
}

pub(super) fn is_env_file(name: &str) -> bool {
    name == ".env"
        || name.starts_with(".env.")
        || name.starts_with(".env-")
        || name.ends_with(".env")
        || matches!(name, "env.example" | "env.sample" | "example.env")
}

impl EnvFile {
    pub(super) fn read(file: FileId, name: &str, text: &str) -> Self {
        let example = ["example", "sample", "template", "dist", "default"]
            .iter()
            .any(|word| name.contains(word));
        let entries = (1..)
            .zip(text.lines())
            .filter_map(|(line, text)| {
                let text = text.trim().strip_prefix("export ").unwrap_or(text.trim());
                let (key, value) = text.split_once('=')?;
                let key = key.trim();
                let is_name =
                    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                let value = value.trim().trim_matches(['"', '\'']);
                is_name.then(|| EnvEntry {
                    key: key.to_owned(),
                    value: value.to_owned(),
                    line,
                })
            })
            .collect();
        Self {
            file,
            example,
            entries,
        }
    }

    pub fn get(&self, key: &str) -> Option<&EnvEntry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values() {
        let file = EnvFile::read(
            FileId(0),
            ".env.example",
            "# c\nexport A=\"1\"\nB=\nnot a line\n",
        );
        assert!(file.example);
        let entries: Vec<_> = file
            .entries
            .iter()
            .map(|e| (e.key.as_str(), e.value.as_str(), e.line))
            .collect();
        assert_eq!(entries, [("A", "1", 2), ("B", "", 3)]);
    }
}
