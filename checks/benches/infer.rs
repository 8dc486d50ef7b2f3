//! How long inference takes beside reading the Python it infers from: it may add half as much.
//!
//! The project is generated here, so that figures of different days compare.

use std::fmt::Write as _;
use std::sync::Arc;

use takehome_checks::facts::Facts;
use takehome_checks::openapi::infer::{Given, infer};
use takehome_checks::python::Program;
use takehome_checks::source::Tree;

/// Apps of the generated project, each with four models and as many viewsets.
const APPS: usize = 40;

fn main() {
    divan::main();
}

fn project() -> Arc<Tree> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut urls = String::from(
        "from django.urls import include, path\nfrom rest_framework.routers import DefaultRouter\n",
    );
    let mut registered = String::from("router = DefaultRouter()\n");
    for app in 0..APPS {
        let mut models = String::from("from django.db import models\n\n");
        let mut views = String::from(
            "from rest_framework import filters, serializers, viewsets\nfrom .models import *\n\n",
        );
        let _ = writeln!(urls, "from app{app} import views as views{app}");
        for model in 0..4 {
            let _ = write!(
                models,
                "class Item{model}(models.Model):\n    class Status(models.TextChoices):\n        OPEN = 'open', 'Open'\n        DONE = 'done', 'Done'\n\n    title = models.CharField(max_length=200, blank=True)\n    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)\n    status = models.CharField(max_length=20, choices=Status.choices)\n    created_at = models.DateTimeField(auto_now_add=True)\n\n    def total(self) -> int:\n        return self.price * 2\n\n"
            );
            let _ = write!(
                views,
                "class Item{model}Serializer(serializers.ModelSerializer):\n    total = serializers.SerializerMethodField()\n\n    class Meta:\n        model = Item{model}\n        fields = '__all__'\n\n    def get_total(self, obj) -> int:\n        return obj.total()\n\n\nclass Item{model}ViewSet(viewsets.ModelViewSet):\n    queryset = Item{model}.objects.all()\n    serializer_class = Item{model}Serializer\n    filter_backends = [filters.SearchFilter]\n    search_fields = ['title']\n\n    def perform_create(self, serializer):\n        serializer.save()\n\n"
            );
            let _ = writeln!(
                registered,
                "router.register('app{app}/items{model}', views{app}.Item{model}ViewSet)"
            );
        }
        files.push((format!("app{app}/__init__.py"), String::new()));
        files.push((format!("app{app}/models.py"), models));
        files.push((format!("app{app}/views.py"), views));
    }
    urls.push_str(&registered);
    urls.push_str("urlpatterns = [path('api/', include(router.urls))]\n");
    files.push(("config/urls.py".to_owned(), urls));
    files.push((
        "config/settings.py".to_owned(),
        "ROOT_URLCONF = 'config.urls'\n".to_owned(),
    ));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    Arc::new(Tree::of_texts(files))
}

/// Reading the Python: the measure that inference is held to.
#[divan::bench]
fn read_the_python(bencher: divan::Bencher<'_, '_>) {
    let tree = project();
    bencher.bench(|| Program::of(&tree));
}

/// Everything that is known about the project, which reviews work out anyway.
#[divan::bench(sample_count = 10)]
fn work_out_the_facts(bencher: divan::Bencher<'_, '_>) {
    let tree = project();
    bencher.bench(|| Facts::of(Arc::clone(&tree)));
}

/// The document from the facts.
#[divan::bench]
fn infer_the_document(bencher: divan::Bencher<'_, '_>) {
    let facts = Facts::of(project());
    bencher.bench(|| infer(&facts, Given::default()));
}
