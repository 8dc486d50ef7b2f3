//! The sample organisation of `takehome demo`: its rules, an assignment, and the answers of two
//! candidates. Embedded text only; nothing here starts anything.
//!
//! The files lie in `config/demo/` as a person would read them; a candidate's folder holds what the
//! candidate added or changed.

/// Files by path, from the root of the repository.
pub type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($folder:literal: $($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../config/demo/", $folder, "/", $path)))),+]
    };
}

/// The organisation's rules, for `takehome.yml` of its `.github` repository.
pub const RULES: &str = include_str!("../../config/demo/takehome.yml");

/// What candidates start from.
pub const STARTER: Files = files!("starter":
    ".gitignore",
    "README.md",
    "catalogue/__init__.py",
    "catalogue/apps.py",
    "catalogue/migrations/0001_initial.py",
    "catalogue/migrations/__init__.py",
    "catalogue/models.py",
    "catalogue/serializers.py",
    "catalogue/tests.py",
    "catalogue/urls.py",
    "catalogue/views.py",
    "config/__init__.py",
    "config/settings.py",
    "config/urls.py",
    "config/wsgi.py",
    "manage.py",
    "requirements.txt",
);

/// One candidate's pull request.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub login: &'static str,
    pub branch: &'static str,
    pub title: &'static str,
    pub body: &'static str,
    /// Added or changed against [`STARTER`].
    pub files: Files,
}

/// Two candidates: one careful, one in a hurry.
pub const CANDIDATES: [Candidate; 2] = [
    Candidate {
        login: "rosa-candidate",
        branch: "orders",
        title: "Orders: place, list, cancel",
        body: "Orders for the catalogue. Decisions and what I left out are in the README.",
        files: files!("good":
            ".github/workflows/ci.yml",
            "Makefile",
            "README.md",
            "config/pagination.py",
            "config/settings.py",
            "config/urls.py",
            "orders/__init__.py",
            "orders/apps.py",
            "orders/migrations/0001_initial.py",
            "orders/migrations/__init__.py",
            "orders/models.py",
            "orders/serializers.py",
            "orders/services.py",
            "orders/tests/__init__.py",
            "orders/tests/test_api.py",
            "orders/urls.py",
            "orders/views.py",
            "requirements.txt",
        ),
    },
    Candidate {
        login: "tom-candidate",
        branch: "solution",
        title: "Take-home solution",
        body: "Done! All endpoints work.",
        files: files!("weak":
            "README.md",
            "config/settings.py",
            "config/urls.py",
            "requirements.txt",
            "shop/__init__.py",
            "shop/migrations/0001_initial.py",
            "shop/migrations/__init__.py",
            "shop/models.py",
            "shop/serializers.py",
            "shop/tests.py",
            "shop/urls.py",
            "shop/views.py",
        ),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths below a folder, sorted.
    fn on_disk(folder: &str) -> Vec<String> {
        fn walk(folder: &std::path::Path, root: &std::path::Path, paths: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, paths);
                } else {
                    let inner = path.strip_prefix(root).unwrap();
                    paths.push(inner.to_str().unwrap().to_owned());
                }
            }
        }
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("config/demo")
            .join(folder);
        let mut paths = Vec::new();
        walk(&root, &root, &mut paths);
        paths.sort();
        paths
    }

    #[test]
    fn every_file_of_the_samples_is_embedded() {
        let [good, weak] = CANDIDATES;
        for (folder, files) in [
            ("starter", STARTER),
            ("good", good.files),
            ("weak", weak.files),
        ] {
            let embedded: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
            assert_eq!(embedded, on_disk(folder), "{folder}");
        }
    }

    #[test]
    fn the_sample_rules_have_no_problem() {
        let source = crate::config::Source::new("takehome.yml", RULES);
        let loaded = crate::config::load(Some(&source), None, None);
        assert_eq!(loaded.problems, []);
        assert_eq!(loaded.rules.assignment.title.as_deref(), Some("Orders API"));
    }
}
