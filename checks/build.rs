//! A check without a page, a page without a check, or a page without a bad and a good example does
//! not build. The page's grammar itself is read by `src/catalog/page.rs`; this looks only for the
//! sections, so that the mistake shows at once and not in a test run.

use std::fs;
use std::path::Path;

fn main() {
    let catalog = Path::new("src/catalog");
    println!("cargo::rerun-if-changed={}", catalog.display());
    let mut problems = Vec::new();
    for folder in entries(catalog).filter(|path| path.is_dir()) {
        println!("cargo::rerun-if-changed={}", folder.display());
        for file in entries(&folder) {
            let is_check = file.extension().is_some_and(|e| e == "rs")
                && file.file_stem().is_some_and(|s| s != "mod")
                && fs::read_to_string(&file).is_ok_and(|text| text.contains("Check = Check {"));
            let is_page = file.extension().is_some_and(|e| e == "md");
            if is_check && !file.with_extension("md").exists() {
                problems.push(format!(
                    "{}: the check has no page beside it",
                    file.display()
                ));
            }
            if is_page {
                if !file.with_extension("rs").exists() {
                    problems.push(format!(
                        "{}: the page has no check beside it",
                        file.display()
                    ));
                }
                let text = fs::read_to_string(&file).unwrap_or_default();
                let sections: [&[&str]; 5] = [
                    &["## What it finds"],
                    &["## Why it matters"],
                    &["## Bad", "## Found"],
                    &["## Good", "## Silent"],
                    &["## Ask"],
                ];
                for names in sections {
                    let has = |name: &&str| text.lines().any(|line| line.starts_with(*name));
                    if !names.iter().any(has) {
                        let names = names.join("` or `");
                        problems.push(format!(
                            "{}: the page has no section `{names}`",
                            file.display()
                        ));
                    }
                }
            }
        }
    }
    for problem in &problems {
        println!("cargo::error={problem}");
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths.into_iter()
}
