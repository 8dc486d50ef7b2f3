"""Writes catalogue.json: what Django, DRF and the usual packages provide, read by importing them.

Run in a scratch virtual environment that has the packages; nothing of a candidate is involved:

    python -m venv /tmp/v && /tmp/v/bin/pip install django djangorestframework django-filter \
        djangorestframework-simplejwt djoser dj-rest-auth django-rest-knox django-allauth \
        drf-nested-routers drf-yasg drf-spectacular django-model-utils django-extensions ...
    /tmp/v/bin/python regenerate.py > catalogue.json

A package that is missing is left out and named on stderr. What needs judgement (what a permission
says to an anonymous caller) stands in policy.json, which is written by hand.
"""

import importlib
import inspect
import json
import sys
import types
import warnings

warnings.filterwarnings("ignore")

import django
from django.conf import settings

OPTIONAL_APPS = [
    "rest_framework", "rest_framework.authtoken", "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist", "django_filters", "djoser", "dj_rest_auth",
    "allauth", "allauth.account", "allauth.socialaccount", "dj_rest_auth.registration", "knox",
    "drf_spectacular", "drf_yasg", "guardian", "mptt", "polymorphic", "simple_history", "taggit",
    "phonenumber_field", "djmoney", "oauth2_provider", "django_rest_passwordreset",
    "rest_framework_api_key", "django_extensions", "django_celery_beat", "health_check",
]


def installed():
    apps = []
    for app in OPTIONAL_APPS:
        try:
            importlib.import_module(app.split(".")[0])
            apps.append(app)
        except Exception as error:
            print(f"left out {app}: {error}", file=sys.stderr)
    return apps


settings.configure(
    SECRET_KEY="x" * 50,
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
        "django.contrib.messages", "django.contrib.admin", "django.contrib.sites", *installed(),
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    SITE_ID=1, USE_TZ=True, ROOT_URLCONF="django.contrib.auth.urls",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
    REST_AUTH={"USE_JWT": False},
)
django.setup()

from django.db import models
from rest_framework import permissions, serializers, fields as drf_fields, relations

MODULES = """
django.db.models django.db.models.fields django.db.models.fields.related django.db.models.fields.files
django.db.models.fields.json django.db.models.functions django.contrib.auth.models
django.contrib.auth.base_user django.contrib.contenttypes.models django.contrib.contenttypes.fields
django.contrib.sessions.models django.contrib.sites.models django.contrib.gis.db.models
django.contrib.postgres.fields django.contrib.auth.mixins django.contrib.auth.views
django.contrib.admin django.views django.views.generic django.views.generic.base
django.views.generic.edit django.views.generic.list django.views.generic.detail
django.core.management.base django.apps django.db.models.manager django.db.models.query
django.test django.test.testcases django.forms unittest
rest_framework.views rest_framework.generics rest_framework.mixins rest_framework.viewsets
rest_framework.routers rest_framework.permissions rest_framework.authentication
rest_framework.throttling rest_framework.pagination rest_framework.filters rest_framework.parsers
rest_framework.renderers rest_framework.versioning rest_framework.serializers
rest_framework.fields rest_framework.relations rest_framework.validators rest_framework.test
rest_framework.authtoken.models rest_framework.authtoken.views
rest_framework.authtoken.serializers rest_framework.schemas.coreapi rest_framework.schemas.openapi
rest_framework.exceptions rest_framework.negotiation rest_framework.metadata
rest_framework_simplejwt.views rest_framework_simplejwt.serializers
rest_framework_simplejwt.authentication rest_framework_simplejwt.token_blacklist.models
django_filters.rest_framework django_filters django_filters.filters django_filters.filterset
django_filters.rest_framework.backends django_filters.rest_framework.filterset django_filters.rest_framework.filters
djoser.views djoser.serializers djoser.permissions djoser.social.views
dj_rest_auth.views dj_rest_auth.serializers dj_rest_auth.registration.views
dj_rest_auth.registration.serializers dj_rest_auth.jwt_auth
knox.views knox.auth knox.models knox.serializers
allauth.account.models allauth.socialaccount.models
drf_spectacular.views drf_spectacular.serializers drf_yasg.views
rest_framework_nested.routers rest_framework_nested.viewsets rest_framework_nested.serializers
rest_framework_nested.relations rest_framework_extensions.routers rest_framework_extensions.mixins
drf_writable_nested drf_writable_nested.serializers drf_writable_nested.mixins
model_utils.models model_utils.fields model_utils.managers model_utils.tracker
django_extensions.db.models django_extensions.db.fields
guardian.mixins guardian.models rest_framework_guardian.filters
mptt.models mptt.fields polymorphic.models simple_history.models taggit.models taggit.managers
taggit.serializers phonenumber_field.modelfields phonenumber_field.serializerfields
djmoney.models.fields djmoney.contrib.django_rest_framework
oauth2_provider.models oauth2_provider.contrib.rest_framework oauth2_provider.views
django_rest_passwordreset.models django_rest_passwordreset.views
rest_framework_api_key.models rest_framework_api_key.permissions
drf_extra_fields.fields drf_extra_fields.relations django_countries.fields
django_countries.serializer_fields django_countries.serializers timezone_field
timezone_field.rest_framework treebeard.mp_tree rest_access_policy
health_check.views django_celery_beat.models
""".split()

ROOTS = (
    (models.Model, "model"), (models.Field, "model_field"),
    (drf_fields.Field, "serializer_field"),
    (permissions.BasePermission, "permission"),
)


def optional(path):
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception:
        return None


KINDS = [
    ("rest_framework.serializers.BaseSerializer", "serializer"),
    ("rest_framework.fields.Field", "serializer_field"),
    ("django.db.models.base.Model", "model"),
    ("django.db.models.fields.Field", "model_field"),
    ("django.contrib.contenttypes.fields.GenericForeignKey", "model_field"),
    ("django.db.models.manager.BaseManager", "manager"),
    ("django.db.models.query.QuerySet", "queryset"),
    ("rest_framework.permissions.BasePermission", "permission"),
    ("rest_framework.authentication.BaseAuthentication", "authentication"),
    ("rest_framework.throttling.BaseThrottle", "throttle"),
    ("rest_framework.pagination.BasePagination", "pagination"),
    ("rest_framework.filters.BaseFilterBackend", "filter"),
    ("django_filters.rest_framework.backends.DjangoFilterBackend", "filter"),
    ("rest_framework.parsers.BaseParser", "parser"),
    ("rest_framework.renderers.BaseRenderer", "renderer"),
    ("rest_framework.versioning.BaseVersioning", "versioning"),
    ("rest_framework.routers.BaseRouter", "router"),
    ("django_filters.filterset.BaseFilterSet", "filterset"),
    ("django_filters.filters.Filter", "filterset_field"),
    ("django.views.generic.base.View", "view"),
    ("unittest.case.TestCase", "test"),
    ("django.apps.config.AppConfig", "app_config"),
    ("django.db.models.enums.Choices", "choices"),
]
KINDS = [(optional(path), kind) for path, kind in KINDS]
MIXIN_MODULES = ("rest_framework.mixins", "rest_framework.viewsets", "django.contrib.auth.mixins",
                 "rest_framework_nested.viewsets", "rest_framework_extensions.mixins",
                 "drf_writable_nested.mixins", "django.views.generic", "guardian.mixins")

VIEW_ATTRS = """queryset serializer_class permission_classes authentication_classes throttle_classes
parser_classes renderer_classes versioning_class pagination_class filter_backends lookup_field
lookup_url_kwarg lookup_value_regex http_method_names throttle_scope schema
_serializer_class""".split()
CLASS_ATTRS = {
    "view": VIEW_ATTRS, "mixin": VIEW_ATTRS,
    "throttle": ["scope", "rate", "scope_attr"],
    "pagination": ["page_size", "page_size_query_param", "max_page_size", "page_query_param",
                   "default_limit", "max_limit", "limit_query_param", "ordering",
                   "cursor_query_param", "offset_query_param"],
    "filter": ["search_param", "ordering_param"],
    "router": ["include_root_view", "include_format_suffixes", "trailing_slash"],
    "authentication": ["keyword", "model"],
    "versioning": ["default_version", "allowed_versions", "version_param"],
    "serializer_field": [],
}
HANDLERS = ["get", "post", "put", "patch", "delete", "list", "create", "retrieve", "update",
            "partial_update", "destroy", "get_object", "get_queryset", "filter_queryset",
            "perform_create", "perform_update", "perform_destroy"]


def fq(obj):
    return f"{obj.__module__}.{obj.__qualname__}"


def plain(value):
    """A JSON form of an attribute; classes by name."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, type):
        return {"class": fq(value)}
    text = str(value)
    if type(value).__name__ == "__proxy__":
        return text
    return {"other": type(value).__name__}


def kind_of(cls):
    for base, kind in KINDS:
        if base is not None and issubclass(cls, base):
            return kind
    if cls.__module__.startswith(MIXIN_MODULES):
        return "mixin"
    return None


def model_field(field):
    out = {"name": field.name}
    if isinstance(field, models.Field):
        try:
            _, path, args, kwargs = field.deconstruct()
        except Exception:
            path, kwargs = fq(type(field)), {}
        out["class"] = path
        out["kwargs"] = {k: plain(v) for k, v in kwargs.items()
                         if k not in ("validators", "error_messages", "help_text", "verbose_name",
                                      "storage", "upload_to", "choices") and k != "to"}
        to = getattr(field.remote_field, "model", None) if field.remote_field else None
        if to is not None:
            out["to"] = to if isinstance(to, str) else f"{to._meta.app_label}.{to.__name__}"
            if getattr(field, "swappable_setting", None) == "AUTH_USER_MODEL":
                out["to"] = "settings.AUTH_USER_MODEL"
        if field.auto_created:
            out["auto_created"] = True
    else:
        out["class"] = fq(type(field))
        out["kwargs"] = {}
    return out


def serializer_fields(cls):
    try:
        instance = cls()
        found = []
        for name, field in instance.fields.items():
            entry = {"name": name, "class": fq(type(field)), "read_only": field.read_only,
                     "write_only": field.write_only, "required": field.required,
                     "source": field.source}
            if getattr(field, "allow_null", False):
                entry["allow_null"] = True
            if isinstance(field, (serializers.ListSerializer, relations.ManyRelatedField)):
                entry["many"] = True
                child = getattr(field, "child", None) or field.child_relation
                entry["class"] = fq(type(child))
            for key in ("max_length", "min_length", "max_digits", "decimal_places"):
                value = getattr(field, key, None)
                if isinstance(value, int):
                    entry[key] = value
            found.append(entry)
        return found
    except Exception as error:
        print(f"fields of {fq(cls)}: {error}", file=sys.stderr)
        return None


def class_entry(cls, kind):
    entry = {"kind": kind, "bases": [fq(b) for b in cls.__mro__[1:] if b is not object]}
    attrs = {}
    for name in CLASS_ATTRS.get(kind, []):
        for owner in cls.__mro__:
            if name in vars(owner):
                value = vars(owner)[name]
                if owner.__module__.startswith("django.views"):
                    break
                if isinstance(value, (property, types.FunctionType, classmethod)):
                    attrs[name] = {"other": "property"}
                elif name == "queryset":
                    if value is not None:
                        attrs[name] = {"model": f"{value.model._meta.app_label}.{value.model.__name__}"}
                elif name in ("permission_classes", "authentication_classes", "throttle_classes",
                              "parser_classes", "renderer_classes", "versioning_class",
                              "pagination_class", "filter_backends") and \
                        owner.__module__ in ("rest_framework.views", "rest_framework.generics"):
                    pass  # the settings' defaults
                elif name in ("scope", "rate") and isinstance(value, property):
                    pass
                elif value is not None or name in ("serializer_class",):
                    attrs[name] = plain(value)
                else:
                    attrs[name] = None
                break
    if attrs:
        entry["attrs"] = attrs
    if kind in ("view", "mixin"):
        handlers = [n for n in HANDLERS
                    if any(n in vars(c) for c in cls.__mro__ if c is not object)]
        if handlers:
            entry["methods"] = handlers
        actions = []
        for name, value in inspect.getmembers(cls):
            if hasattr(value, "mapping") and hasattr(value, "detail"):
                actions.append({"name": name, "detail": value.detail,
                                "methods": sorted(value.mapping.keys()), "url_path": value.url_path,
                                "url_name": value.url_name,
                                "kwargs": {k: plain(v) for k, v in value.kwargs.items()
                                           if k not in ("name", "description", "suffix")}})
        if actions:
            entry["actions"] = actions
    if kind == "model":
        if cls is not models.Model:
            entry["abstract"] = bool(cls._meta.abstract)
            entry["app_label"] = cls._meta.app_label if not cls._meta.abstract else ""
            if cls._meta.proxy:
                entry["proxy"] = True
            entry["ordering"] = [o if isinstance(o, str) else "?" for o in cls._meta.ordering]
            own = list(cls._meta.local_fields) + list(cls._meta.local_many_to_many) + \
                list(cls._meta.private_fields)
            entry["fields"] = [model_field(f) for f in own]
            entry["str"] = any("__str__" in vars(c) for c in cls.__mro__
                               if c not in (object, models.Model))
            entry["managers"] = [{"name": m.name, "class": fq(type(m))} for m in cls._meta.managers]
            entry["methods"] = sorted(
                n for c in cls.__mro__ if c not in (object, models.Model) for n, v in vars(c).items()
                if isinstance(v, (types.FunctionType, property, classmethod)) and not n.startswith("_"))
    if kind == "serializer" and not cls.__module__.startswith("rest_framework.serializers"):
        found = serializer_fields(cls)
        if found is not None:
            entry["fields"] = found
        meta = getattr(cls, "Meta", None)
        model = getattr(meta, "model", None)
        if model is not None and isinstance(model, type):
            entry["model"] = f"{model._meta.app_label}.{model.__name__}"
    if kind == "permission":
        entry["request_level"] = "has_permission" in {
            n for c in cls.__mro__ if c not in (object, permissions.BasePermission) for n in vars(c)}
        entry["object_level"] = "has_object_permission" in {
            n for c in cls.__mro__ if c not in (object, permissions.BasePermission) for n in vars(c)}
    return entry


classes, aliases = {}, {}
for module_name in MODULES:
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        print(f"left out {module_name}: {type(error).__name__}", file=sys.stderr)
        continue
    for name, value in sorted(vars(module).items()):
        if not isinstance(value, type) or name.startswith("__"):
            continue
        kind = kind_of(value)
        if kind is None:
            continue
        canonical = fq(value)
        public = f"{module_name}.{name}"
        for cls in value.__mro__:
            k = kind_of(cls) or ("mixin" if cls not in (object, type) else None)
            if k and fq(cls) not in classes and not cls.__module__.startswith(("builtins", "enum")):
                classes[fq(cls)] = class_entry(cls, k)
        if public != canonical:
            aliases[public] = canonical

# URL configurations that projects include as a whole.
from django.urls import URLPattern, URLResolver
from rest_framework.routers import SimpleRouter

URLCONFS = """djoser.urls djoser.urls.base djoser.urls.jwt djoser.urls.authtoken djoser.social.urls
dj_rest_auth.urls dj_rest_auth.registration.urls knox.urls rest_framework.urls
django.contrib.auth.urls rest_framework_simplejwt.urls django_rest_passwordreset.urls
oauth2_provider.urls allauth.urls allauth.account.urls allauth.socialaccount.urls
health_check.urls django_prometheus.urls""".split()


def walk(patterns, prefix, out, namespace):
    for entry in patterns:
        route = str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = namespace + [entry.namespace] if entry.namespace else namespace
            try:
                walk(entry.url_patterns, prefix + [route], out, inner)
            except Exception as error:
                print(f"inner urls: {error}", file=sys.stderr)
            continue
        callback = entry.callback
        cls = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
        target = cls or inspect.unwrap(callback)
        item = {"parts": [{"route": part, "regex": part.startswith("^") or "(?P" in part}
                          for part in prefix + [route]],
                "name": entry.name, "namespace": ":".join(namespace),
                "view": f"{target.__module__}.{target.__qualname__}"}
        if "\\.(?P<format>" in route or "<drf_format_suffix:" in route:
            continue
        if getattr(callback, "actions", None):
            item["actions"] = dict(callback.actions)
        initkwargs = {k: plain(v) for k, v in getattr(callback, "initkwargs", {}).items()
                      if k not in ("basename", "suffix", "detail", "name", "description")}
        if initkwargs:
            item["initkwargs"] = initkwargs
        if cls is not None:
            item["methods"] = [m for m in ("get", "post", "put", "patch", "delete")
                               if getattr(cls, m, None)]
            if fq(cls) not in classes:
                for c in reversed(cls.__mro__):
                    k = kind_of(c) or ("mixin" if c is not object else None)
                    if k and fq(c) not in classes:
                        classes[fq(c)] = class_entry(c, k)
        out.append(item)


urls = {}
for name in URLCONFS:
    try:
        module = importlib.import_module(name)
        patterns = getattr(module, "urlpatterns", None) or module
        out = []
        walk(patterns, [], out, [module.app_name] if getattr(module, "app_name", "") else [])
        urls[name] = out
    except Exception as error:
        print(f"left out urls {name}: {type(error).__name__} {error}", file=sys.stderr)

from importlib.metadata import version, PackageNotFoundError
versions = {}
for dist in """django djangorestframework djangorestframework-simplejwt django-filter djoser
dj-rest-auth django-rest-knox django-allauth drf-nested-routers drf-yasg drf-spectacular
django-model-utils django-extensions django-guardian django-mptt django-polymorphic
django-simple-history django-taggit django-phonenumber-field django-money
django-oauth-toolkit""".split():
    try:
        versions[dist] = version(dist)
    except PackageNotFoundError:
        pass

# One line per entry: a regenerated file has a readable diff.
print("{")
print('"versions": ' + json.dumps(versions) + ",")
for key, table in (("aliases", aliases), ("classes", classes), ("urls", urls)):
    print(f'"{key}": {{')
    rows = [json.dumps(k) + ": " + json.dumps(v, sort_keys=True, separators=(",", ":"))
            for k, v in sorted(table.items())]
    print(",\n".join(rows))
    print("}" + ("," if key != "urls" else ""))
print("}")
