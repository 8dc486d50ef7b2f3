//! Facts outside Python: CI files, containers, dependencies, environment files, Markdown, targets
//! of make and just.
//!
//! Facts have no opinion: nothing here judges. All text is untrusted data; what is too large was
//! left out by [`crate::source`], what does not parse gives the part that can be known and a note.

pub mod ci;
pub mod commands;
pub mod compose;
pub mod dependencies;
pub mod dockerfile;
pub mod env_file;
pub mod gitignore;
pub mod markdown;
pub mod targets;
mod yaml;

pub use ci::{CiFile, CiJob, CiStep, Provider};
pub use commands::Command;
pub use compose::{ComposeFile, ComposeService};
pub use dependencies::{Dependencies, Requirement};
pub use dockerfile::{Dockerfile, Instruction, Stage};
pub use env_file::{EnvEntry, EnvFile};
pub use gitignore::Gitignore;
pub use markdown::{CodeBlock, Heading, Markdown};
pub use targets::Target;

use crate::source::{FileId, Role, Tree};

/// Folders around a README that still speaks for the project: `backend/README.md`.
const MAX_README_DEPTH: usize = 1;

/// The facts of one tree that do not stand in Python. Lists are in the order of paths.
#[derive(Debug, Default)]
pub struct Infra {
    pub ci: Vec<CiFile>,
    pub compose: Vec<ComposeFile>,
    pub dependencies: Dependencies,
    pub dockerfiles: Vec<Dockerfile>,
    pub env_files: Vec<EnvFile>,
    pub gitignore: Gitignore,
    pub markdown: Vec<Markdown>,
    pub targets: Vec<Target>,
    /// What could not be read, a sentence each.
    pub notes: Vec<String>,
}

impl Infra {
    /// Works out the facts; never fails.
    pub fn of(tree: &Tree) -> Self {
        let mut infra = Self::default();
        for (id, file) in tree.files() {
            if matches!(file.role, Role::Vendored | Role::Template) {
                continue;
            }
            let Some(text) = file.text() else { continue };
            let name = file.name().to_ascii_lowercase();
            if file.role == Role::Ci {
                match ci::read(id, &file.path, text) {
                    Ok(read) => infra.ci.push(read),
                    Err(problem) => {
                        infra
                            .notes
                            .push(format!("`{}` was not understood: {problem}.", file.path));
                        infra.ci.push(CiFile::opaque(id, &file.path));
                    }
                }
            } else if compose::is_compose(&name) {
                match compose::read(id, text) {
                    Ok(read) => infra.compose.push(read),
                    Err(problem) => {
                        infra
                            .notes
                            .push(format!("`{}` was not understood: {problem}.", file.path));
                    }
                }
            } else if dockerfile::is_dockerfile(&name) {
                infra.dockerfiles.push(Dockerfile::read(id, text));
            } else if env_file::is_env_file(&name) {
                infra.env_files.push(EnvFile::read(id, &name, text));
            } else if name == ".gitignore" {
                infra.gitignore.add(id, file.folder(), text);
            } else if matches!(
                name.as_str(),
                "makefile" | "gnumakefile" | "justfile" | ".justfile"
            ) {
                infra.targets.extend(targets::read(id, text));
            } else if markdown::is_prose(&name) {
                infra.markdown.push(Markdown::read(id, text));
            }
        }
        infra.dependencies = Dependencies::of(tree);
        infra
    }

    /// The README nearest to the root, if there is one.
    pub fn readme(&self, tree: &Tree) -> Option<&Markdown> {
        let depth = |doc: &Markdown| tree.file(doc.file).path.matches('/').count();
        self.markdown
            .iter()
            .filter(|doc| {
                let file = tree.file(doc.file);
                let is_asset = file
                    .folder()
                    .split('/')
                    .any(|part| part.starts_with("static") || part == "media");
                file.name().to_ascii_lowercase().starts_with("readme")
                    && !is_asset
                    && depth(doc) <= MAX_README_DEPTH
            })
            .min_by_key(|doc| (depth(doc), doc.file))
    }

    /// The file a project-wide finding stands at when nothing better is there: the shallowest
    /// `manage.py`, else the shallowest README, else the first file.
    pub fn project_anchor(&self, tree: &Tree) -> Option<FileId> {
        let shallowest = |wanted: &dyn Fn(&str) -> bool| {
            tree.files()
                .filter(|(_, file)| file.role != Role::Vendored && wanted(file.name()))
                .min_by_key(|(id, file)| (file.path.matches('/').count(), *id))
                .map(|(id, _)| id)
        };
        shallowest(&|name| name == "manage.py")
            .or_else(|| shallowest(&|name| name.to_ascii_lowercase().starts_with("readme")))
            .or_else(|| shallowest(&|_| true))
    }
}
