//! Declared dependencies: requirements files, pyproject, Pipfile, setup.cfg, lock files.

use std::collections::BTreeMap;

use crate::source::{Decoded, FileId, Role, Tree};

/// One declared distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Normalised (PEP 503): `djangorestframework-simplejwt`.
    pub name: String,
    /// Version specifier as written (`>=4.2,<5`), empty if none.
    pub spec: String,
    /// Declared for development or tests only.
    pub dev: bool,
    pub file: FileId,
    /// From 1.
    pub line: u32,
}

/// Everything the project declares.
#[derive(Debug, Default)]
pub struct Dependencies {
    /// In the order of files and lines.
    pub requirements: Vec<Requirement>,
    /// Manifests that were read.
    pub manifests: Vec<FileId>,
    /// Lock files (`poetry.lock`, `uv.lock`, `Pipfile.lock`, hashed requirements).
    pub locks: Vec<FileId>,
    /// Versions of the lock files, by normalised name.
    pub locked: BTreeMap<String, String>,
    /// Requirements files in UTF-16 or with NUL bytes, that pip does not read everywhere.
    pub odd_encoding: Vec<FileId>,
    /// `requires-python`, the Docker image or `.python-version`, where one says.
    pub python: Option<String>,
}

impl Requirement {
    /// The version of an `==` pin without wildcard.
    pub fn exact(&self) -> Option<&str> {
        let version = self
            .spec
            .strip_prefix("===")
            .or(self.spec.strip_prefix("=="))?
            .trim();
        (!version.contains(['*', ',', ' '])).then_some(version)
    }
}

impl Dependencies {
    pub(super) fn of(tree: &Tree) -> Self {
        let mut found = Self::default();
        for (id, file) in tree.files() {
            if file.role == Role::Vendored {
                continue;
            }
            let name = file.name().to_ascii_lowercase();
            let is_requirements = (name.ends_with(".txt") || name.ends_with(".in"))
                && (name.contains("requirement")
                    || name.contains("constraint")
                    || file
                        .folder()
                        .rsplit('/')
                        .next()
                        .is_some_and(|f| f == "requirements"));
            let Some(text) = file.text() else { continue };
            match name.as_str() {
                _ if is_requirements => {
                    if matches!(file.content, Decoded::Utf16(_)) {
                        found.odd_encoding.push(id);
                    }
                    let dev = ["dev", "test", "local", "lint"]
                        .iter()
                        .any(|word| name.contains(word));
                    found.requirements_file(id, text, dev);
                }
                "pyproject.toml" => found.pyproject(id, text),
                "pipfile" => found.pipfile(id, text),
                "setup.cfg" => found.setup_cfg(id, text),
                "poetry.lock" | "uv.lock" | "pdm.lock" => found.toml_lock(id, text),
                "pipfile.lock" => found.pipfile_lock(id, text),
                ".python-version" | "runtime.txt" => {
                    let version = text.trim().trim_start_matches("python-").to_owned();
                    found.python.get_or_insert(version);
                }
                _ => {}
            }
        }
        found
    }

    /// The declared requirement of a distribution, runtime ones first.
    pub fn get(&self, name: &str) -> Option<&Requirement> {
        let all = || self.requirements.iter().filter(|r| r.name == name);
        all().find(|r| !r.dev).or_else(|| all().next())
    }

    /// Whether any manifest or lock names it.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some() || self.locked.contains_key(name)
    }

    /// The version in use as far as it is fixed: lock first, then an `==` pin.
    pub fn version(&self, name: &str) -> Option<&str> {
        self.locked
            .get(name)
            .map(String::as_str)
            .or_else(|| self.get(name)?.exact())
    }

    /// Major and minor of [`Self::version`], or of the lower bound of its specifier.
    pub fn major_minor(&self, name: &str) -> Option<(u32, u32)> {
        let from = |text: &str| {
            let mut parts = text.split('.').map(|part| {
                part.chars()
                    .take_while(char::is_ascii_digit)
                    .collect::<String>()
                    .parse::<u32>()
            });
            Some((
                parts.next()?.ok()?,
                parts.next().and_then(Result::ok).unwrap_or(0),
            ))
        };
        if let Some(version) = self.version(name) {
            return from(version);
        }
        let spec = &self.get(name)?.spec;
        let bound = spec.split(',').find_map(|part| {
            ["~=", ">=", "==", "^", "~"]
                .iter()
                .find_map(|op| part.trim().strip_prefix(op))
        })?;
        from(bound.trim())
    }

    fn push(&mut self, name: &str, spec: &str, dev: bool, file: FileId, line: u32) {
        let name = normalised(name);
        if !name.is_empty() {
            self.requirements.push(Requirement {
                name,
                spec: spec.trim().to_owned(),
                dev,
                file,
                line,
            });
        }
    }

    fn requirements_file(&mut self, id: FileId, text: &str, dev: bool) {
        self.manifests.push(id);
        let mut hashed = false;
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.split(" #").next().unwrap_or("").trim();
            hashed |= text.contains("--hash=");
            if text.is_empty() || text.starts_with('#') || text.starts_with('-') {
                // `-e git+https://…#egg=name` still names a distribution.
                if let Some((_, egg)) = text.split_once("#egg=") {
                    self.push(egg, "", dev, id, line);
                }
                continue;
            }
            let text = text
                .split(" --")
                .next()
                .unwrap_or("")
                .trim_end_matches('\\')
                .trim();
            let (name, spec) = split_requirement(text);
            self.push(&name, &spec, dev, id, line);
        }
        if hashed {
            self.locks.push(id);
        }
    }

    fn pyproject(&mut self, id: FileId, text: &str) {
        let Ok(table) = text.parse::<toml::Table>() else {
            return;
        };
        let line_of = |needle: &str| line_containing(text, needle);
        let project = table.get("project").and_then(toml::Value::as_table);
        let poetry = table.get("tool").and_then(|t| t.get("poetry"));
        let strings = |value: Option<&toml::Value>| -> Vec<String> {
            let items = value.and_then(toml::Value::as_array).into_iter().flatten();
            items
                .filter_map(|v| v.as_str().map(str::to_owned))
                .collect()
        };
        let mut listed = Vec::new();
        if let Some(project) = project {
            if let Some(python) = project.get("requires-python").and_then(toml::Value::as_str) {
                self.python = Some(python.to_owned());
            }
            listed.extend(
                strings(project.get("dependencies"))
                    .into_iter()
                    .map(|r| (r, false)),
            );
            let optional = project
                .get("optional-dependencies")
                .and_then(toml::Value::as_table);
            for (_, group) in optional.into_iter().flatten() {
                listed.extend(strings(Some(group)).into_iter().map(|r| (r, true)));
            }
        }
        for (_, group) in table
            .get("dependency-groups")
            .and_then(toml::Value::as_table)
            .into_iter()
            .flatten()
        {
            listed.extend(strings(Some(group)).into_iter().map(|r| (r, true)));
        }
        for (text, dev) in listed {
            let (name, spec) = split_requirement(&text);
            self.push(&name, &spec, dev, id, line_of(&text));
        }
        if let Some(poetry) = poetry {
            let groups = poetry
                .get("group")
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten();
            let tables = groups
                .filter_map(|(name, group)| Some((group.get("dependencies")?, name != "main")))
                .chain(poetry.get("dependencies").map(|t| (t, false)))
                .chain(poetry.get("dev-dependencies").map(|t| (t, true)));
            let rows: Vec<_> = tables
                .filter_map(|(table, dev)| Some((table.as_table()?.clone(), dev)))
                .collect();
            for (table, dev) in rows {
                for (name, value) in table {
                    let spec = value
                        .as_str()
                        .or_else(|| value.get("version").and_then(toml::Value::as_str))
                        .unwrap_or("");
                    if name == "python" {
                        self.python = Some(spec.to_owned());
                    } else {
                        // Poetry's bare version is a caret requirement.
                        let spec = if spec.starts_with(|c: char| c.is_ascii_digit()) {
                            format!("=={spec}")
                        } else {
                            spec.replace('*', "")
                        };
                        self.push(&name, &spec, dev, id, line_of(&name));
                    }
                }
            }
        }
        let builds_only =
            project.is_none_or(|p| !p.contains_key("dependencies")) && poetry.is_none();
        if !builds_only || self.requirements.iter().any(|r| r.file == id) {
            self.manifests.push(id);
        }
    }

    fn pipfile(&mut self, id: FileId, text: &str) {
        let Ok(table) = text.parse::<toml::Table>() else {
            return;
        };
        self.manifests.push(id);
        for (section, dev) in [("packages", false), ("dev-packages", true)] {
            for (name, value) in table
                .get(section)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
            {
                let spec = value
                    .as_str()
                    .or_else(|| value.get("version")?.as_str())
                    .unwrap_or("");
                let spec = if spec == "*" { "" } else { spec };
                self.push(name, spec, dev, id, line_containing(text, name));
            }
        }
    }

    fn setup_cfg(&mut self, id: FileId, text: &str) {
        let mut within = false;
        let before = self.requirements.len();
        for (line, text) in (1..).zip(text.lines()) {
            if text.trim_start().starts_with("install_requires") {
                within = true;
            } else if within && text.starts_with([' ', '\t']) {
                let (name, spec) = split_requirement(text.trim());
                self.push(&name, &spec, false, id, line);
            } else {
                within = false;
            }
        }
        if self.requirements.len() > before {
            self.manifests.push(id);
        }
    }

    fn toml_lock(&mut self, id: FileId, text: &str) {
        self.locks.push(id);
        let Ok(table) = text.parse::<toml::Table>() else {
            return;
        };
        for package in table
            .get("package")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
        {
            let field = |key: &str| package.get(key).and_then(toml::Value::as_str);
            if let (Some(name), Some(version)) = (field("name"), field("version")) {
                self.locked.insert(normalised(name), version.to_owned());
            }
        }
    }

    fn pipfile_lock(&mut self, id: FileId, text: &str) {
        self.locks.push(id);
        let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else {
            return;
        };
        for section in ["develop", "default"] {
            let packages = value.get(section).and_then(serde_json::Value::as_object);
            for (name, package) in packages.into_iter().flatten() {
                if let Some(version) = package.get("version").and_then(serde_json::Value::as_str) {
                    self.locked.insert(
                        normalised(name),
                        version.trim_start_matches("==").to_owned(),
                    );
                }
            }
        }
    }
}

/// PEP 503: lower case, runs of `-_.` become one `-`.
fn normalised(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim().trim_matches(['"', '\'']).chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.extend(c.to_lowercase());
        }
    }
    out
}

/// Name and specifier of `name[extra]>=1 ; marker` or `name @ url`.
fn split_requirement(text: &str) -> (String, String) {
    let text = text.split(';').next().unwrap_or("").trim();
    let text = text.split(" @ ").next().unwrap_or("").trim();
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = match rest.trim_start().strip_prefix('[') {
        Some(extras) => extras.split_once(']').map_or("", |(_, spec)| spec),
        None => rest,
    };
    (
        name.to_owned(),
        rest.trim().trim_matches(['(', ')']).to_owned(),
    )
}

/// The first line (from 1) that holds the text; 1 if none does.
fn line_containing(text: &str, needle: &str) -> u32 {
    (1..)
        .zip(text.lines())
        .find(|(_, line)| line.contains(needle))
        .map_or(1, |(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Dependencies {
        Dependencies::of(&Tree::of_texts(files.iter().copied()))
    }

    #[test]
    fn requirements_of_all_kinds() {
        let found = of(&[
            (
                "requirements.txt",
                "Django==4.2.1\ndjangorestframework>=3.14,<4  # api\n-r other.txt\npsycopg2_binary ; python_version > '3'\nuvicorn[standard]~=0.20\n",
            ),
            ("requirements-dev.txt", "pytest-django\n"),
        ]);
        let rows: Vec<_> = found
            .requirements
            .iter()
            .map(|r| (r.name.as_str(), r.spec.as_str(), r.dev, r.line))
            .collect();
        assert_eq!(
            rows,
            [
                ("pytest-django", "", true, 1),
                ("django", "==4.2.1", false, 1),
                ("djangorestframework", ">=3.14,<4", false, 2),
                ("psycopg2-binary", "", false, 4),
                ("uvicorn", "~=0.20", false, 5),
            ]
        );
        assert_eq!(found.version("django"), Some("4.2.1"));
        assert_eq!(found.major_minor("djangorestframework"), Some((3, 14)));
    }

    #[test]
    fn pyproject_poetry_and_lock() {
        let found = of(&[
            (
                "pyproject.toml",
                "[tool.poetry.dependencies]\npython = \"^3.11\"\ndjango = \"^5.0\"\n[tool.poetry.group.dev.dependencies]\nruff = {version = \"*\"}\n",
            ),
            (
                "poetry.lock",
                "[[package]]\nname = \"Django\"\nversion = \"5.0.3\"\n",
            ),
        ]);
        assert_eq!(found.version("django"), Some("5.0.3"));
        assert_eq!(found.python.as_deref(), Some("^3.11"));
        assert!(found.get("ruff").unwrap().dev);
        assert_eq!(found.get("django").unwrap().line, 3);
    }

    #[test]
    fn utf16_is_read_and_told() {
        let bytes: Vec<u8> = [0xFF, 0xFE]
            .into_iter()
            .chain("Django==4.2\r\n".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        let entry = crate::source::Entry {
            path: "requirements.txt".into(),
            kind: crate::source::EntryKind::File,
            bytes: Some(bytes.into()),
        };
        let found = Dependencies::of(&Tree::new([entry]));
        assert_eq!(found.version("django"), Some("4.2"));
        assert_eq!(found.odd_encoding.len(), 1);
    }
}
