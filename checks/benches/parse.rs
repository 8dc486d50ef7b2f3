//! How long it takes to read Python: tree-sitter alone, our syntax tree, a linked program.
//!
//! The source is generated here, so that figures of different days compare. It has the shape of a
//! project in Django REST Framework: per app a module each of models, serializers, views, routes.

#![allow(
    clippy::expect_used,
    reason = "a bench without its grammar cannot go on"
)]

use std::fmt::Write as _;

use divan::counter::BytesCount;
use takehome_checks::python::{ParseCache, Program, parse};
use takehome_checks::source::Tree;

/// Apps of the generated project, each about 5 kB.
const APPS: usize = 40;

fn main() {
    // Read before the first measurement: tables of the grammar are made once per process.
    let _ = parse("");
    divan::main();
}

fn project() -> Vec<(String, String)> {
    let mut files = vec![("manage.py".to_owned(), "import sys\n".to_owned())];
    for app in 0..APPS {
        let folder = format!("app{app}");
        files.push((format!("{folder}/__init__.py"), String::new()));
        files.push((format!("{folder}/models.py"), models(app)));
        files.push((format!("{folder}/serializers.py"), serializers(app)));
        files.push((format!("{folder}/views.py"), views(app)));
    }
    let mut settings = String::from("INSTALLED_APPS = [\n");
    for app in 0..APPS {
        let _ = writeln!(settings, "    'app{app}',");
    }
    settings.push_str("]\nREST_FRAMEWORK = {'PAGE_SIZE': 10, 'DEFAULT_PERMISSION_CLASSES': []}\n");
    files.push(("config/settings.py".to_owned(), settings));
    files
}

fn models(app: usize) -> String {
    let mut out = String::from(
        "\"\"\"What is sold, and to whom.\"\"\"\nfrom django.conf import settings\nfrom django.db import models\n\n",
    );
    if app > 0 {
        let _ = writeln!(out, "from app{} import models as others\n", app - 1);
    }
    for model in 0..4 {
        let _ = write!(
            out,
            "class Item{model}(models.Model):\n    class Status(models.TextChoices):\n        OPEN = \"open\", \"Open\"\n        DONE = \"done\", \"Done\"\n\n    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name=\"items{model}\")\n    title = models.CharField(max_length=200, blank=True)  # shown in lists\n    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)\n    status = models.CharField(max_length=20, choices=Status.choices, default=Status.OPEN)\n    created_at = models.DateTimeField(auto_now_add=True)\n\n    class Meta:\n        ordering = [\"-created_at\"]\n\n    def __str__(self):\n        return f\"{{self.title}} ({{self.price:.2f}})\"\n\n"
        );
    }
    out
}

fn serializers(app: usize) -> String {
    let mut out = format!("# Serializers of app {app}.\n");
    out.push_str("from rest_framework import serializers\nfrom .models import *\n\n");
    for model in 0..4 {
        let _ = write!(
            out,
            "class Item{model}Serializer(serializers.ModelSerializer):\n    owner_name = serializers.SerializerMethodField()\n\n    class Meta:\n        model = Item{model}\n        fields = (\"id\", \"title\", \"price\", \"owner_name\", \"status\")\n        read_only_fields = (\"status\",)\n\n    def get_owner_name(self, obj):\n        return obj.owner.get_full_name() if obj.owner else None\n\n    def validate_price(self, value):\n        if value < 0:\n            raise serializers.ValidationError(\"must not be negative\")\n        return value\n\n"
        );
    }
    out
}

fn views(app: usize) -> String {
    // No two files are alike: equal blobs are parsed once.
    let mut out = format!("# Views of app {app}.\n");
    out.push_str(
        "from django.db import transaction\nfrom rest_framework import permissions, status, viewsets\nfrom rest_framework.decorators import action\nfrom rest_framework.response import Response\nfrom . import models\nfrom .serializers import *\n\n",
    );
    for model in 0..4 {
        let _ = write!(
            out,
            "class Item{model}ViewSet(viewsets.ModelViewSet):\n    serializer_class = Item{model}Serializer\n    permission_classes = [permissions.IsAuthenticated]\n    filterset_fields = {{\"status\": [\"exact\"], \"price\": [\"gte\", \"lte\"]}}\n\n    def get_queryset(self):\n        queryset = models.Item{model}.objects.filter(owner=self.request.user).select_related(\"owner\")\n        if self.action == \"list\" and not self.request.user.is_staff:\n            queryset = queryset.exclude(status=models.Item{model}.Status.DONE)\n        return queryset\n\n    @action(detail=True, methods=[\"post\"], url_path=\"close\")\n    def close(self, request, pk=None):\n        with transaction.atomic():\n            item = self.get_object()\n            try:\n                item.status = models.Item{model}.Status.DONE\n                item.save(update_fields=[\"status\"])\n            except ValueError as error:\n                return Response({{\"detail\": str(error)}}, status=status.HTTP_400_BAD_REQUEST)\n        return Response(self.get_serializer(item).data)\n\n"
        );
    }
    out
}

fn bytes(files: &[(String, String)]) -> BytesCount {
    BytesCount::new(files.iter().map(|(_, text)| text.len()).sum::<usize>())
}

fn tree(files: &[(String, String)]) -> Tree {
    Tree::of_texts(files.iter().map(|(p, t)| (p.as_str(), t.as_str())))
}

/// The floor: nothing that reads with tree-sitter is quicker.
#[divan::bench]
fn tree_sitter_alone(bencher: divan::Bencher) {
    let files = project();
    bencher.counter(bytes(&files)).bench(|| {
        let mut parser = tree_sitter::Parser::new();
        parser
            .set_language(&tree_sitter_python::LANGUAGE.into())
            .expect("the grammar fits the library");
        files
            .iter()
            .filter_map(|(_, text)| parser.parse(text, None))
            .filter(|tree| tree.root_node().has_error())
            .count()
    });
}

#[divan::bench]
fn syntax_tree(bencher: divan::Bencher) {
    let files = project();
    bencher.counter(bytes(&files)).bench(|| {
        files
            .iter()
            .map(|(_, text)| parse(text).body.len())
            .sum::<usize>()
    });
}

/// Parsed, linked, hierarchies ordered; on all cores.
#[divan::bench]
fn program(bencher: divan::Bencher) {
    let files = project();
    let tree = tree(&files);
    bencher
        .counter(bytes(&files))
        .bench(|| Program::of(&tree).classes().count());
}

/// The head of a pull request after its base: every blob is known.
#[divan::bench]
fn program_of_known_blobs(bencher: divan::Bencher) {
    let files = project();
    let tree = tree(&files);
    let cache = ParseCache::default();
    let _ = Program::of_with_cache(&tree, &cache);
    bencher
        .counter(bytes(&files))
        .bench(|| Program::of_with_cache(&tree, &cache).classes().count());
}

/// Twenty thousand files of one class each.
#[divan::bench(sample_count = 5)]
fn tiny_files(bencher: divan::Bencher) {
    let files: Vec<(String, String)> = (0..20_000)
        .map(|at| {
            let text = format!(
                "from p{}.m{} import C{}\nclass C{at}(C{}): pass\n",
                (at + 1) % 200,
                at + 1,
                at + 1,
                at + 1
            );
            (format!("p{}/m{at}.py", at % 200), text)
        })
        .collect();
    let tree = tree(&files);
    bencher
        .counter(bytes(&files))
        .bench(|| Program::of(&tree).classes().count());
}
