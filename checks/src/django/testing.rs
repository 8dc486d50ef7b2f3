//! Small trees for the tests of the rooms.

use std::sync::Arc;

use super::{Django, Model, Route, Serializer};
use crate::facts::Facts;
use crate::source::Tree;

/// Facts of a tree of texts.
pub(super) fn facts<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Facts {
    Facts::of(Arc::new(Tree::of_texts(files)))
}

/// A project with one app `shop`: settings (with `extra` appended), models, views and URLs.
pub(super) fn shop(extra: &str, models: &str, views: &str, urls: &str) -> Facts {
    let settings = format!(
        "SECRET_KEY = 'x'\nROOT_URLCONF = 'config.urls'\nINSTALLED_APPS = ['django.contrib.auth', 'rest_framework', 'shop']\n{extra}\n"
    );
    let models = format!(
        "from django.db import models\nfrom django.conf import settings\nfrom django.contrib.auth import get_user_model\n{models}\n"
    );
    let views = format!(
        "from rest_framework import viewsets, generics, mixins, permissions, serializers, status, views\nfrom rest_framework.decorators import action, api_view, permission_classes\nfrom rest_framework.response import Response\nfrom django.db import transaction\nfrom django.db.models import F, Q, Prefetch\nfrom django.shortcuts import get_object_or_404\nfrom shop.models import *\n{views}\n"
    );
    let urls = format!(
        "from django.urls import path, re_path, include\nfrom rest_framework.routers import DefaultRouter, SimpleRouter\nfrom shop import views\nfrom shop.views import *\n{urls}\n"
    );
    facts([
        (
            "manage.py",
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')\n",
        ),
        ("config/__init__.py", ""),
        ("config/settings.py", &settings),
        (
            "config/urls.py",
            "from django.urls import path, include\nurlpatterns = [path('api/', include('shop.urls'))]\n",
        ),
        ("shop/__init__.py", ""),
        ("shop/models.py", &models),
        ("shop/views.py", &views),
        ("shop/urls.py", &urls),
    ])
}

pub(super) fn model<'f>(django: &'f Django, name: &str) -> &'f Model {
    django
        .models()
        .iter()
        .find(|m| &*m.name == name)
        .unwrap_or_else(|| panic!("no model {name}"))
}

pub(super) fn serializer<'f>(django: &'f Django, name: &str) -> &'f Serializer {
    django
        .serializers()
        .iter()
        .find(|s| &*s.name == name)
        .unwrap_or_else(|| panic!("no serializer {name}"))
}

/// The route with this label: `GET /api/orders/`.
pub(super) fn route<'f>(django: &'f Django, label: &str) -> &'f Route {
    django
        .routes()
        .iter()
        .find(|r| r.label() == label)
        .unwrap_or_else(|| {
            let all: Vec<String> = django.routes().iter().map(Route::label).collect();
            panic!("no route {label} in {all:?}")
        })
}

/// What a function does, by the end of its name.
pub(super) fn function<'f>(facts: &'f Facts, name: &str) -> &'f super::FunctionIr {
    facts
        .django
        .functions()
        .find(|f| f.fq.ends_with(name))
        .unwrap_or_else(|| panic!("no function {name}"))
}
