"""Writes package_serializers.json: what drf-spectacular makes of the serializers of packages.

Run in a scratch virtual environment that has the packages; nothing of a candidate is involved:

    python -m venv /tmp/v && /tmp/v/bin/pip install django djangorestframework drf-spectacular==0.30.0 \
        djangorestframework-simplejwt djoser dj-rest-auth django-allauth django-rest-knox
    /tmp/v/bin/python package_serializers.py > package_serializers.json

A schema that refers to another component is left out: such serializers are rare and depend on the
project's user model.
"""

import importlib
import inspect
import json
import sys
import warnings

warnings.filterwarnings("ignore")

import django
from django.conf import settings

APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
        "django.contrib.sites", "django.contrib.messages", "rest_framework",
        "rest_framework.authtoken", "rest_framework_simplejwt", "drf_spectacular", "djoser",
        "dj_rest_auth", "allauth", "allauth.account", "allauth.socialaccount",
        "dj_rest_auth.registration", "knox"]


def present(app):
    try:
        importlib.import_module(app)
        return True
    except Exception as error:
        print(f"left out {app}: {error}", file=sys.stderr)
        return False


settings.configure(
    SECRET_KEY="x" * 50, INSTALLED_APPS=[a for a in APPS if present(a)], SITE_ID=1, USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", ROOT_URLCONF="django.contrib.auth.urls",
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
    REST_FRAMEWORK={"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"},
)
django.setup()

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import spectacular_settings
from rest_framework import serializers
from rest_framework.views import APIView

MODULES = ["rest_framework.authtoken.serializers", "rest_framework_simplejwt.serializers",
           "djoser.serializers", "dj_rest_auth.serializers", "dj_rest_auth.jwt_auth",
           "dj_rest_auth.registration.serializers", "knox.serializers"]


def schema_of(cls, split, direction):
    spectacular_settings.apply_patches({"COMPONENT_SPLIT_REQUEST": split})
    auto = AutoSchema()
    view = APIView()
    auto.view, auto.path, auto.method = view, "/x/", "POST"
    auto.registry = SchemaGenerator().registry
    view.schema = auto
    view.request = view.format_kwarg = None
    view.kwargs = {}
    schema = auto._map_serializer(cls, direction)
    spectacular_settings.clear_patches()
    return json.loads(json.dumps(schema, default=str))


out = {}
for name in MODULES:
    try:
        module = importlib.import_module(name)
    except Exception as error:
        print(f"left out {name}: {error}", file=sys.stderr)
        continue
    for attr, cls in sorted(vars(module).items()):
        if not inspect.isclass(cls) or not issubclass(cls, serializers.Serializer):
            continue
        if cls.__module__ != name or issubclass(cls, serializers.ModelSerializer):
            continue
        try:
            entry = {"schema": schema_of(cls, False, "request"),
                     "request": schema_of(cls, True, "request"),
                     "response": schema_of(cls, True, "response")}
        except Exception as error:
            print(f"left out {name}.{attr}: {type(error).__name__} {error}", file=sys.stderr)
            continue
        if "$ref" in json.dumps(entry):
            print(f"left out {name}.{attr}: refers to a component", file=sys.stderr)
            continue
        out[f"{name}.{attr}"] = entry
print(json.dumps(out, indent=1))
