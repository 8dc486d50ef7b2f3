//! What a pull request changes for clients: the API inferred from its source, and its committed
//! schema files, each before and after.
//!
//! Made once per analysis; the checks and the summary read the same comparisons. Where the base has
//! no API yet there is nothing to break, and nothing is compared.

use std::sync::Arc;

use super::changes::{Change, Changes};
use super::diff::{Options, diff};
use super::files::find;
use super::infer;
use super::lower::{ReadError, read};
use super::model::Api;
use super::rules::Level;
use crate::evidence::{SchemaChange, SchemaPart};
use crate::facts::Facts;
use crate::source::Tree;

/// Where the two descriptions that were compared come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The source of both trees; places are lines of Python.
    Inferred,
    /// A file that stands in base and head; its path.
    Committed(Arc<str>),
}

impl Source {
    /// `inferred`, or the path of a committed file.
    pub fn name(&self) -> &str {
        match self {
            Self::Inferred => "inferred",
            Self::Committed(path) => path,
        }
    }
}

/// An API before and after.
#[derive(Debug)]
pub struct Comparison {
    pub source: Source,
    pub base: Api,
    pub head: Api,
    pub changes: Changes,
}

/// All comparisons of one pull request.
#[derive(Debug, Default)]
pub struct Comparisons {
    pub all: Vec<Comparison>,
    /// Files that could not be read.
    pub errors: Vec<ReadError>,
}

impl Comparisons {
    /// Compares two trees; nothing where there is no base.
    pub fn of(base: Option<&Facts>, head: &Facts) -> Self {
        let mut found = Self::default();
        if let Some(base) = base {
            found.inferred(base, head);
            found.committed(&base.tree, &head.tree);
        }
        found
    }

    /// The comparisons that speak for the pull request: what the code does, or, where nothing
    /// could be inferred, what its files say.
    pub fn telling(&self) -> impl Iterator<Item = &Comparison> {
        let inferred = self.all.iter().any(|c| c.source == Source::Inferred);
        self.all
            .iter()
            .filter(move |c| !inferred || c.source == Source::Inferred)
    }

    fn inferred(&mut self, base: &Facts, head: &Facts) {
        if !base.django.routes().iter().any(|route| route.mounted) {
            return;
        }
        let api = |facts| infer::api(facts, infer::Given::default());
        let (Some(base), Some(head)) = rayon::join(|| api(base), || api(head)) else {
            return;
        };
        if base.paths.is_empty() {
            return;
        }
        let mut changes = diff(&base, &head, &Options::default());
        for change in &mut changes.changes {
            // A serializer writes each of its fields; `required` is about what clients send.
            if change.id == "response-optional-property-removed" {
                change.level = Level::Error;
            }
        }
        self.all.push(Comparison {
            source: Source::Inferred,
            base,
            head,
            changes,
        });
    }

    fn committed(&mut self, base: &Tree, head: &Tree) {
        for file in find(head) {
            let Some(old) = base.get(&file.path).filter(|old| old.blob != file.blob) else {
                continue;
            };
            let (Some(new_text), Some(old_text)) = (file.text(), old.text()) else {
                continue;
            };
            let sides = (
                read(&file.path, old_text, base),
                read(&file.path, new_text, head),
            );
            match sides {
                (Ok(old), Ok(new)) => {
                    let changes = diff(&old, &new, &Options::default());
                    self.all.push(Comparison {
                        source: Source::Committed(Arc::clone(&file.path)),
                        base: old,
                        head: new,
                        changes,
                    });
                }
                (old, new) => self.errors.extend(old.err().into_iter().chain(new.err())),
            }
        }
    }

    /// The part of an analysis that tells how the API changed; `None` where nothing changed or
    /// nothing was compared.
    pub fn part(&self) -> Option<SchemaPart> {
        let first = self.telling().next()?;
        let mut part = SchemaPart {
            source: first.source.name().to_owned(),
            ..SchemaPart::default()
        };
        for change in self.telling().flat_map(|c| &c.changes.changes) {
            match change.level {
                Level::Error => part.breaking += 1,
                Level::Warning => part.warnings += 1,
                Level::Info => part.additions += 1,
            }
            part.changes.push(told(change));
        }
        part.changes
            .sort_by_key(|change| match change.level.as_str() {
                "error" => 0,
                "warning" => 1,
                _ => 2,
            });
        (!part.changes.is_empty()).then_some(part)
    }
}

fn told(change: &Change) -> SchemaChange {
    let place = change.source.revision.as_ref();
    SchemaChange {
        id: change.id.clone(),
        level: change.level.name().to_owned(),
        text: change.text.clone(),
        operations: change
            .operations
            .iter()
            .map(|at| format!("{} {}", at.operation, at.path))
            .collect(),
        file: place.map(|place| place.file.clone()),
        line: place.map(|place| place.line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /a/:\n    get:\n      \
                        responses:\n        '200': {description: ok}\n  /b/:\n    get:\n      \
                        responses:\n        '200': {description: ok}\n";

    fn compared(base: &str, head: &str) -> Comparisons {
        let of = |text| Facts::of(Arc::new(Tree::of_texts([("docs/schema.yml", text)])));
        Comparisons::of(Some(&of(base)), &of(head))
    }

    #[test]
    fn a_committed_schema_is_compared() {
        let part = compared(BASE, &BASE.replace("  /b/:", "  /c/d/:"))
            .part()
            .unwrap();
        assert_eq!(part.source, "docs/schema.yml");
        assert_eq!((part.breaking, part.additions), (1, 1));
        assert_eq!(part.changes[0].operations, ["GET /b/"]);
        assert!(compared(BASE, BASE).part().is_none());
    }

    const VIEWS: &str = "from rest_framework import serializers, viewsets\n\
                         from .models import Book\n\n\n\
                         class BookSerializer(serializers.ModelSerializer):\n    \
                         class Meta:\n        \
                         model = Book\n        \
                         fields = ['id', 'title', 'pages']\n\n\n\
                         class BookViewSet(viewsets.ModelViewSet):\n    \
                         queryset = Book.objects.all()\n    \
                         serializer_class = BookSerializer\n";

    fn project(views: &str) -> Facts {
        Facts::of(Arc::new(Tree::of_texts([
            (
                "manage.py",
                "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site.settings')\n",
            ),
            ("site/__init__.py", ""),
            (
                "site/settings.py",
                "INSTALLED_APPS = ['rest_framework', 'books']\nROOT_URLCONF = 'site.urls'\n",
            ),
            (
                "site/urls.py",
                "from rest_framework.routers import DefaultRouter\nfrom books.views import BookViewSet\n\
                 router = DefaultRouter()\nrouter.register('books', BookViewSet)\nurlpatterns = router.urls\n",
            ),
            ("books/__init__.py", ""),
            (
                "books/models.py",
                "from django.db import models\n\n\nclass Book(models.Model):\n    \
                 title = models.CharField(max_length=20)\n    pages = models.IntegerField()\n",
            ),
            ("books/views.py", views),
        ])))
    }

    #[test]
    fn a_change_of_the_source_is_told_at_its_line_of_python() {
        let head = VIEWS.replace("['id', 'title', 'pages']", "['id', 'title']");
        let part = Comparisons::of(Some(&project(VIEWS)), &project(&head))
            .part()
            .unwrap();
        assert_eq!(part.source, "inferred");
        let removed = part
            .changes
            .iter()
            .find(|change| change.id.starts_with("response-") && change.text.contains("pages`"))
            .unwrap_or_else(|| panic!("{part:?}"));
        assert_eq!(removed.level, "error", "{removed:?}");
        assert!(
            removed.operations.contains(&"GET /books/{id}/".to_owned()),
            "{removed:?}"
        );
        let same = Comparisons::of(Some(&project(VIEWS)), &project(VIEWS)).part();
        assert_eq!(same, None);
    }

    #[test]
    fn an_api_from_nothing_breaks_nobody() {
        let nothing = Facts::of(Arc::new(Tree::of_texts([("README.md", "x\n")])));
        assert!(
            Comparisons::of(Some(&nothing), &project(VIEWS))
                .part()
                .is_none()
        );
    }

    #[test]
    fn a_broken_schema_is_told_not_fatal() {
        let found = compared(BASE, &format!("{BASE}  x: [\n"));
        assert!(found.all.is_empty());
        assert_eq!(found.errors.len(), 1);
    }
}
