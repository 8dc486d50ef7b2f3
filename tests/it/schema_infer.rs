//! `takehome schema infer` through the real binary: the document of a small project, and what it
//! says of folders that hold none.

use std::path::Path;

use crate::binary::{prints, refused, stderr, stdout, takehome, write};

/// The document, and what was said beside it.
fn infers(folder: &Path, more: &[&str]) -> (String, String) {
    let mut arguments = vec!["schema", "infer", folder.to_str().unwrap()];
    arguments.extend(more);
    let output = takehome(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    (stdout(&output), stderr(&output))
}

const SETTINGS: &str = "ROOT_URLCONF = 'shop.urls'\nINSTALLED_APPS = ['rest_framework', 'shop']\n\
    DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3'}}\n";
const MODELS: &str = "from django.db import models\n\n\
    class Order(models.Model):\n    note = models.CharField(max_length=20)\n";
const VIEWS: &str = "from rest_framework import serializers, viewsets\n\
    from .models import Order\n\n\
    class OrderSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Order\n        \
    fields = ['id', 'note']\n\n\
    class OrderViewSet(viewsets.ModelViewSet):\n    queryset = Order.objects.all()\n    \
    serializer_class = OrderSerializer\n";
const URLS: &str = "from rest_framework.routers import DefaultRouter\n\
    from .views import OrderViewSet\n\n\
    router = DefaultRouter()\nrouter.register('orders', OrderViewSet)\nurlpatterns = router.urls\n";

fn shop(folder: &Path) {
    write(
        folder,
        &[
            (
                "manage.py",
                "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
            ),
            ("shop/__init__.py", ""),
            ("shop/settings.py", SETTINGS),
            ("shop/models.py", MODELS),
            ("shop/views.py", VIEWS),
            ("shop/urls.py", URLS),
        ],
    );
}

#[test]
fn a_project_gives_its_document_in_yaml_and_json() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let (yaml, said) = infers(folder.path(), &["--django", "4.2"]);
    assert!(said.ends_with("(0 assumed, 0 unknown)\n"), "{said}");
    assert!(yaml.starts_with("openapi: '3.0.3'\n"), "{yaml}");
    assert!(
        yaml.contains("\n  /orders/:\n    get:\n      operationId: orders_list\n"),
        "{yaml}"
    );
    let (json, _) = infers(folder.path(), &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let destroy = &json["paths"]["/orders/{id}/"]["delete"];
    assert_eq!(destroy["operationId"], "orders_destroy");
    assert!(destroy["responses"]["204"].is_object());
}

/// The inferred document can be compared like any other.
#[test]
fn an_inferred_document_is_one_that_diff_reads() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let (before, _) = infers(folder.path(), &[]);
    let views = VIEWS.replace("viewsets.ModelViewSet", "viewsets.ReadOnlyModelViewSet");
    std::fs::write(folder.path().join("shop/views.py"), views).unwrap();
    let (after, _) = infers(folder.path(), &[]);
    let (a, b) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
    std::fs::write(&a, before).unwrap();
    std::fs::write(&b, after).unwrap();
    let text = prints(&["schema", "diff", a.to_str().unwrap(), b.to_str().unwrap()]);
    assert!(text.contains("POST /orders/"), "{text}");
}

/// Without a URL configuration there is a document without paths, and a note that says so.
#[test]
fn a_folder_without_urls_gives_an_empty_document() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        &[("broken.py", "def (:\n"), ("x.py", "x = 1\n")],
    );
    let (yaml, said) = infers(folder.path(), &[]);
    assert!(yaml.contains("paths: {}"), "{yaml}");
    assert!(said.contains("No URL configuration was found"), "{said}");
}

#[test]
fn settings_that_are_not_there_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    shop(folder.path());
    let said = refused(&[
        "schema",
        "infer",
        folder.path().to_str().unwrap(),
        "--settings",
        "shop.other",
    ]);
    assert!(said.contains("shop.settings"), "{said}");
}
