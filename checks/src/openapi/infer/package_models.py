"""Writes package_models.json: words and patterns of the fields of models that packages bring.

Run in a scratch virtual environment that has the packages; nothing of a candidate is involved:

    python -m venv /tmp/v && /tmp/v/bin/pip install django djangorestframework \
        djangorestframework-simplejwt django-rest-knox
    /tmp/v/bin/python package_models.py > package_models.json
"""

import importlib
import json
import sys

import django
from django.conf import settings

APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
        "django.contrib.sites", "rest_framework", "rest_framework.authtoken",
        "rest_framework_simplejwt.token_blacklist", "knox"]


def present(app):
    try:
        importlib.import_module(app)
        return True
    except Exception as error:
        print(f"left out {app}: {error}", file=sys.stderr)
        return False


settings.configure(SECRET_KEY="x" * 50, INSTALLED_APPS=[a for a in APPS if present(a)], SITE_ID=1,
                   DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
                   DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
django.setup()

from django.apps import apps
from django.core.validators import RegexValidator
from django.db import models

out = {}
seen = [c for m in apps.get_models() for c in m.__mro__
        if issubclass(c, models.Model) and c is not models.Model]
for cls in dict.fromkeys(seen):
    fields = {}
    for field in cls._meta.get_fields():
        if not isinstance(field, (models.Field,)):
            continue
        entry = {}
        if str(field.verbose_name or "") != field.name.replace("_", " "):
            entry["verbose_name"] = str(field.verbose_name)
        if field.help_text:
            entry["help_text"] = str(field.help_text)
        patterns = [v.regex.pattern.replace(r"\Z", "$").replace(r"\A", "^")
                    for v in getattr(field, "_validators", []) if isinstance(v, RegexValidator)]
        if patterns:
            entry["patterns"] = patterns
        if entry:
            fields[field.name] = entry
    if fields:
        out[f"{cls.__module__}.{cls.__qualname__}"] = fields
print(json.dumps(out, indent=1, sort_keys=True))
