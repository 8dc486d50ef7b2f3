//! `analyse PATH`: the findings of a plain folder as JSON, for measuring checks without building the
//! service. `analyse PATH BASE` compares with a second folder. Reads every file below the folder;
//! `takehome review` is what people use.

use std::path::Path;
use std::sync::Arc;

use takehome_checks::source::{Entry, EntryKind, Tree};
use takehome_checks::{AnalysisInput, analyse};

#[allow(clippy::print_stdout, reason = "it prints its result")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = std::env::args().skip(1);
    let head = paths.next().ok_or("usage: analyse PATH [BASE]")?;
    let base = paths
        .next()
        .map(|path| read(Path::new(&path)))
        .transpose()?;
    let input = AnalysisInput {
        head: Arc::new(read(Path::new(&head))?),
        base: base.map(Arc::new),
        ..AnalysisInput::default()
    };
    // Facts recurse over syntax; a debug build wants more stack than a test thread has.
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(16 << 20)
        .build()?;
    let analysis = pool.install(|| analyse(&input));
    println!("{}", serde_json::to_string_pretty(&analysis)?);
    Ok(())
}

fn read(root: &Path) -> std::io::Result<Tree> {
    let mut entries = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() && entry.file_name() != ".git" {
                folders.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let name = path.strip_prefix(root).map_err(std::io::Error::other)?;
                entries.push(Entry {
                    path: name.to_string_lossy().replace('\\', "/"),
                    kind: EntryKind::File,
                    bytes: Some(std::fs::read(&path)?.into()),
                });
            }
        }
    }
    Ok(Tree::new(entries))
}
