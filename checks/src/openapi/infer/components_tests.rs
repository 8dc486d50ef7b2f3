//! Small projects of our own against what drf-spectacular 0.30 wrote for them (Django 5.2 on
//! SQLite, DRF 3.16; checked by running it).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Engine, Given, infer};
use crate::facts::Facts;
use crate::source::Tree;

/// Components of a project with one app `shop` whose `XSerializer` a viewset uses.
fn components(extra: &str, models: &str, serializers: &str, given: Given) -> Value {
    let settings = format!(
        "SECRET_KEY = 'x'\nROOT_URLCONF = 'config.urls'\nINSTALLED_APPS = ['django.contrib.auth', \
         'rest_framework', 'shop']\nDEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'\n{extra}\n"
    );
    let models = format!(
        "from django.db import models\nfrom django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator\nimport uuid\n{models}\n"
    );
    let serializers = format!(
        "from rest_framework import serializers\nfrom drf_spectacular.utils import extend_schema_field\n\
         from drf_spectacular.types import OpenApiTypes\nfrom typing import Dict, List, Literal, Optional, TypedDict\n\
         from django.contrib.auth import get_user_model\nfrom shop.models import *\n{serializers}\n"
    );
    let tree = Tree::of_texts([
        (
            "manage.py",
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings')\n",
        ),
        ("config/__init__.py", ""),
        ("config/settings.py", &settings),
        (
            "config/urls.py",
            "from rest_framework.routers import DefaultRouter\nfrom shop.views import XViewSet\n\
             router = DefaultRouter()\nrouter.register('x', XViewSet, basename='x')\n\
             urlpatterns = router.urls\n",
        ),
        ("shop/__init__.py", ""),
        ("shop/models.py", &models),
        ("shop/serializers.py", &serializers),
        (
            "shop/views.py",
            "from rest_framework import viewsets\nfrom shop.serializers import XSerializer\n\
             class XViewSet(viewsets.ModelViewSet):\n    serializer_class = XSerializer\n",
        ),
    ]);
    let facts = Facts::of(Arc::new(tree));
    let mut found = infer(&facts, given).document.to_value(false);
    found["components"]["schemas"].take()
}

fn on_sqlite(models: &str, serializers: &str) -> Value {
    components("", models, serializers, SQLITE)
}

const SQLITE: Given = Given {
    engine: Some(Engine::Sqlite),
    django: Some(5),
};

fn property(components: &Value, name: &str) -> Value {
    components["X"]["properties"][name].clone()
}

/// A plain serializer with one field `f`.
fn field(declaration: &str) -> Value {
    let found = on_sqlite(
        "",
        &format!("class XSerializer(serializers.Serializer):\n    f = {declaration}\n"),
    );
    property(&found, "f")
}

/// A model serializer over a model with one field `f`.
fn model_field(declaration: &str) -> Value {
    let found = on_sqlite(
        &format!("class Thing(models.Model):\n    f = {declaration}\n"),
        "class XSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Thing\n        fields = ['f']\n",
    );
    property(&found, "f")
}

#[test]
fn text_fields_carry_format_pattern_and_length() {
    let string = |rest: Value| {
        let mut out = json!({"type": "string"});
        for (key, value) in rest.as_object().unwrap() {
            out[key] = value.clone();
        }
        out
    };
    assert_eq!(
        field("serializers.CharField(max_length=4, min_length=2)"),
        string(json!({"maxLength": 4, "minLength": 2}))
    );
    assert_eq!(
        field("serializers.URLField()"),
        string(json!({"format": "uri"}))
    );
    assert_eq!(
        field("serializers.SlugField()"),
        string(json!({"pattern": "^[-a-zA-Z0-9_]+$"}))
    );
    assert_eq!(
        field("serializers.RegexField(r'^[a-z]+\\Z')"),
        string(json!({"pattern": "^[a-z]+$"}))
    );
    assert_eq!(
        field("serializers.DurationField()"),
        json!({"type": "string"})
    );
    assert_eq!(
        field("serializers.EmailField(allow_blank=True, help_text='h')"),
        json!({
            "description": "h",
            "oneOf": [{"type": "string", "format": "email"}, {"type": "string", "maxLength": 0}]
        })
    );
}

#[test]
fn numbers_carry_bounds() {
    assert_eq!(
        field("serializers.IntegerField(min_value=-5, max_value=3000000000, default=7)"),
        json!({"type": "integer", "maximum": 3_000_000_000_i64, "minimum": -5, "format": "int64", "default": 7})
    );
    assert_eq!(
        field("serializers.DecimalField(max_digits=6, decimal_places=3, default=2)"),
        json!({"type": "string", "format": "decimal", "pattern": r"^-?\d{0,3}(?:\.\d{0,3})?$", "default": "2.000"})
    );
    assert_eq!(
        field("serializers.DecimalField(6, 2, coerce_to_string=False, max_value=100)"),
        json!({"type": "number", "format": "double", "maximum": 100, "minimum": -10000, "exclusiveMinimum": true})
    );
}

#[test]
fn lists_and_mappings_carry_their_child() {
    assert_eq!(
        field("serializers.ListField(child=serializers.IntegerField(min_value=0), max_length=5)"),
        json!({"type": "array", "items": {"type": "integer", "minimum": 0}, "maxItems": 5})
    );
    assert_eq!(
        field("serializers.DictField(child=serializers.CharField(max_length=5))"),
        json!({"type": "object", "additionalProperties": {"type": "string", "maxLength": 5}})
    );
    assert_eq!(field("serializers.JSONField()"), json!({}));
}

#[test]
fn nested_serializers_are_references_and_empty_ones_are_left_out() {
    let found = on_sqlite(
        "",
        "class InnerSerializer(serializers.Serializer):\n    a = serializers.IntegerField()\n\
         class NoneSerializer(serializers.Serializer):\n    pass\n\
         class XSerializer(serializers.Serializer):\n    one = InnerSerializer(required=False, allow_null=True)\n    \
         many = InnerSerializer(many=True, read_only=True)\n    none = NoneSerializer()\n",
    );
    assert_eq!(
        property(&found, "one"),
        json!({"allOf": [{"$ref": "#/components/schemas/Inner"}], "nullable": true})
    );
    assert_eq!(
        property(&found, "many"),
        json!({"type": "array", "items": {"$ref": "#/components/schemas/Inner"}, "readOnly": true})
    );
    assert_eq!(property(&found, "none"), Value::Null);
    assert_eq!(found["X"]["required"], json!(["many"]));
    assert_eq!(found["PatchedX"]["required"], Value::Null);
}

#[test]
fn integers_of_models_are_bounded_by_the_database() {
    let models = "class Thing(models.Model):\n    f = models.PositiveIntegerField(validators=[MaxValueValidator(50)])\n    g = models.SmallIntegerField()\n";
    let serializers = "class XSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Thing\n        fields = '__all__'\n";
    let with = |engine, django| {
        let given = Given {
            engine: Some(engine),
            django: Some(django),
        };
        let found = components("", models, serializers, given);
        assert_eq!(
            property(&found, "id"),
            json!({"type": "integer", "readOnly": true})
        );
        (property(&found, "f"), property(&found, "g"))
    };
    assert_eq!(
        with(Engine::Sqlite, 4),
        (
            json!({"type": "integer", "maximum": 50}),
            json!({"type": "integer"})
        )
    );
    assert_eq!(
        with(Engine::Sqlite, 5),
        (
            json!({"type": "integer", "maximum": 50, "minimum": 0}),
            json!({"type": "integer", "maximum": i64::MAX, "minimum": i64::MIN, "format": "int64"})
        )
    );
    assert_eq!(
        with(Engine::Postgresql, 5).1,
        json!({"type": "integer", "maximum": 32767, "minimum": -32768})
    );
}

#[test]
fn fields_of_models_become_fields_of_serializers() {
    assert_eq!(
        model_field(
            "models.CharField('Full name', max_length=80, validators=[MinLengthValidator(2)], help_text='h')"
        ),
        json!({"type": "string", "maxLength": 80, "minLength": 2, "title": "Full name", "description": "h"})
    );
    assert_eq!(
        model_field("models.FileField(upload_to='d', blank=True)"),
        json!({"type": "string", "format": "uri", "nullable": true})
    );
    assert_eq!(
        model_field(
            "models.DecimalField(max_digits=8, decimal_places=2, validators=[MinValueValidator(1)])"
        ),
        json!({"type": "string", "format": "decimal", "pattern": r"^-?\d{0,6}(?:\.\d{0,2})?$"})
    );
    assert_eq!(
        model_field("models.UUIDField(default=uuid.uuid4, editable=False)"),
        json!({"type": "string", "format": "uuid", "readOnly": true})
    );
    assert_eq!(
        model_field("models.URLField(null=True, blank=True)"),
        json!({
            "nullable": true,
            "oneOf": [{"type": "string", "format": "uri", "maxLength": 200}, {"type": "string", "maxLength": 0}]
        })
    );
    assert_eq!(model_field("models.JSONField(default=dict)"), json!({}));
    assert_eq!(
        model_field("models.BinaryField()"),
        json!({"type": "string", "format": "byte", "readOnly": true})
    );
}

#[test]
fn relations_have_the_type_of_the_key_they_hold() {
    let found = on_sqlite(
        "class Maker(models.Model):\n    id = models.UUIDField(primary_key=True, default=uuid.uuid4)\n    code = models.SlugField(unique=True)\n\
         class Thing(models.Model):\n    maker = models.ForeignKey(Maker, on_delete=models.CASCADE, null=True, related_name='things')\n    \
         by_code = models.ForeignKey(Maker, to_field='code', on_delete=models.CASCADE, related_name='+')\n    \
         friends = models.ManyToManyField('self', blank=True, help_text='h')\n",
        "class MakerSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Maker\n        fields = ['things', 'id']\n\
         class XSerializer(serializers.ModelSerializer):\n    nested = MakerSerializer(source='maker', read_only=True)\n    \
         code = serializers.SlugRelatedField(source='maker', slug_field='code', read_only=True)\n    \
         email = serializers.ReadOnlyField(source='maker.code')\n    names = serializers.StringRelatedField(many=True, source='friends')\n    \
         class Meta:\n        model = Thing\n        fields = ['maker', 'by_code', 'friends', 'nested', 'code', 'email', 'names', 'maker_id']\n",
    );
    let uuid = json!({"type": "string", "format": "uuid", "nullable": true});
    assert_eq!(property(&found, "maker"), uuid);
    assert_eq!(property(&found, "by_code"), json!({"type": "string"}));
    assert_eq!(
        property(&found, "friends"),
        json!({"type": "array", "items": {"type": "integer"}, "description": "h"})
    );
    assert_eq!(
        property(&found, "code"),
        json!({"type": "string", "readOnly": true})
    );
    assert_eq!(
        property(&found, "names"),
        json!({"type": "array", "items": {"type": "string"}})
    );
    assert_eq!(
        property(&found, "maker_id"),
        json!({"type": "string", "format": "uuid", "nullable": true, "readOnly": true})
    );
    assert_eq!(
        found["Maker"]["properties"]["things"],
        json!({"type": "array", "items": {"type": "integer"}})
    );
}

#[test]
fn options_of_meta_stand_over_the_model() {
    let found = on_sqlite(
        "class Thing(models.Model):\n    a = models.CharField(max_length=5)\n    b = models.CharField(max_length=5, default='x')\n    c = models.IntegerField(null=True)\n    \
         class Meta:\n        unique_together = [('a', 'b')]\n",
        "class XSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Thing\n        fields = ['a', 'b', 'c']\n        \
         read_only_fields = ('a',)\n        extra_kwargs = {'c': {'required': True, 'allow_null': False, 'label': 'See', 'write_only': True}}\n",
    );
    assert_eq!(
        property(&found, "a"),
        json!({"type": "string", "readOnly": true})
    );
    // Uniqueness over several fields shows the model's default.
    assert_eq!(
        property(&found, "b"),
        json!({"type": "string", "maxLength": 5, "default": "x"})
    );
    assert_eq!(property(&found, "c")["title"], "See");
    assert_eq!(property(&found, "c")["writeOnly"], true);
    assert_eq!(found["X"]["required"], json!(["a", "c"]));
}

#[test]
fn depth_expands_relations_once_per_name() {
    let found = on_sqlite(
        "class Maker(models.Model):\n    name = models.CharField(max_length=5)\n\
         class Thing(models.Model):\n    maker = models.ForeignKey(Maker, on_delete=models.CASCADE)\n",
        "class XSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Thing\n        fields = '__all__'\n        depth = 1\n",
    );
    assert_eq!(
        property(&found, "maker"),
        json!({"allOf": [{"$ref": "#/components/schemas/Nested"}], "readOnly": true})
    );
    assert_eq!(found["Nested"]["required"], json!(["id", "name"]));
}

#[test]
fn method_fields_follow_their_hints() {
    let found = on_sqlite(
        "",
        "class Point(TypedDict):\n    x: int\n    y: Optional[float]\n\
         class InnerSerializer(serializers.Serializer):\n    a = serializers.IntegerField()\n\
         class XSerializer(serializers.Serializer):\n    \
         bare = serializers.SerializerMethodField()\n    count = serializers.SerializerMethodField()\n    \
         rows = serializers.SerializerMethodField()\n    quoted = serializers.SerializerMethodField()\n    \
         point = serializers.SerializerMethodField()\n    inner = serializers.SerializerMethodField()\n    \
         link = serializers.SerializerMethodField()\n    word = serializers.SerializerMethodField()\n    \
         def get_bare(self, obj):\n        return 1\n    \
         def get_count(self, obj) -> int | None:\n        '''How many.'''\n        return 1\n    \
         def get_rows(self, obj) -> List[Dict[str, int]]:\n        return []\n    \
         def get_quoted(self, obj) -> 'list[InnerSerializer]':\n        return []\n    \
         def get_point(self, obj) -> Point:\n        return {}\n    \
         @extend_schema_field(InnerSerializer(many=True))\n    def get_inner(self, obj):\n        return []\n    \
         @extend_schema_field(OpenApiTypes.URI)\n    def get_link(self, obj):\n        return ''\n    \
         def get_word(self, obj) -> Literal['a', 'b']:\n        return 'a'\n",
    );
    let read_only = |mut schema: Value| {
        schema["readOnly"] = json!(true);
        schema
    };
    let integer = json!({"type": "integer"});
    assert_eq!(
        property(&found, "bare"),
        read_only(json!({"type": "string"}))
    );
    assert_eq!(
        property(&found, "count"),
        read_only(json!({"type": "integer", "nullable": true, "description": "How many."}))
    );
    assert_eq!(
        property(&found, "rows"),
        read_only(
            json!({"type": "array", "items": {"type": "object", "additionalProperties": integer}})
        )
    );
    let inner = json!({"type": "array", "items": {"$ref": "#/components/schemas/Inner"}});
    assert_eq!(property(&found, "inner"), read_only(inner));
    assert_eq!(
        property(&found, "point"),
        read_only(json!({
            "type": "object",
            "properties": {"x": integer, "y": {"type": "number", "format": "double", "nullable": true}},
            "required": ["x", "y"]
        }))
    );
    assert_eq!(
        property(&found, "link"),
        read_only(json!({"type": "string", "format": "uri"}))
    );
    assert_eq!(
        property(&found, "word"),
        json!({"allOf": [{"$ref": "#/components/schemas/WordEnum"}], "readOnly": true})
    );
}

#[test]
fn enumerations_are_named_after_properties_and_told_apart_by_labels() {
    let found = on_sqlite(
        "class Kind(models.TextChoices):\n    A = 'a', 'Aye'\n    B = 'b'\n\
         class Thing(models.Model):\n    kind = models.CharField(max_length=1, choices=Kind.choices, blank=True, null=True)\n    \
         level = models.IntegerField(choices=[(1, 'one'), (2, 'two')], default=1)\n",
        "class InnerSerializer(serializers.Serializer):\n    level = serializers.ChoiceField(choices=['x', 'y'])\n\
         class XSerializer(serializers.ModelSerializer):\n    inner = InnerSerializer()\n    \
         days = serializers.ListField(child=serializers.ChoiceField(choices=['mon', 'tue']))\n    \
         class Meta:\n        model = Thing\n        fields = ['kind', 'level', 'inner', 'days']\n",
    );
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    assert_eq!(
        property(&found, "kind"),
        json!({
            "nullable": true,
            "oneOf": [reference("KindEnum"), reference("BlankEnum"), reference("NullEnum")]
        })
    );
    assert_eq!(
        found["KindEnum"],
        json!({"enum": ["a", "b"], "type": "string", "description": "* `a` - Aye\n* `b` - B"})
    );
    assert_eq!(found["NullEnum"], json!({"enum": [null]}));
    // One property name with two sets: each is named after its component.
    assert_eq!(
        found["Inner"]["properties"]["level"],
        reference("InnerLevelEnum")
    );
    assert_eq!(
        property(&found, "days"),
        json!({"type": "array", "items": reference("DaysEnum")})
    );
}

#[test]
fn requests_can_have_components_of_their_own() {
    let found = components(
        "SPECTACULAR_SETTINGS = {'COMPONENT_SPLIT_REQUEST': True}",
        "",
        "class XSerializer(serializers.Serializer):\n    id = serializers.IntegerField(read_only=True)\n    \
         name = serializers.CharField()\n    secret = serializers.CharField(write_only=True)\n    \
         file = serializers.FileField(required=False)\n",
        SQLITE,
    );
    assert_eq!(found["X"]["required"], json!(["id", "name"]));
    assert_eq!(
        found["XRequest"],
        json!({
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "secret": {"type": "string", "writeOnly": true, "minLength": 1},
                "file": {"type": "string", "format": "binary"}
            },
            "required": ["name", "secret"]
        })
    );
    assert_eq!(found["PatchedXRequest"]["required"], Value::Null);
}

#[test]
fn a_choice_that_is_computed_is_unknown_and_not_guessed() {
    let found = on_sqlite(
        "def load():\n    return open('x').read()\nclass Thing(models.Model):\n    kind = models.CharField(max_length=1, choices=load())\n",
        "class XSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Thing\n        fields = ['kind']\n",
    );
    assert_eq!(property(&found, "kind"), json!({"type": "string"}));
    assert_eq!(found["KindEnum"], Value::Null);
}

#[test]
fn the_user_model_is_found_through_get_user_model() {
    let found = components(
        "AUTH_USER_MODEL = 'shop.Account'",
        "from django.contrib.auth.models import AbstractUser\nclass Account(AbstractUser):\n    class Role(models.IntegerChoices):\n        ADMIN = 1\n        STAFF = 2\n    role = models.IntegerField(choices=Role.choices)\n",
        "User = get_user_model()\nclass XSerializer(serializers.ModelSerializer):\n    picked = serializers.ChoiceField(choices=User.Role.choices)\n    \
         class Meta:\n        model = User\n        fields = ['username', 'email', 'picked', 'is_superuser']\n",
        SQLITE,
    );
    assert_eq!(
        property(&found, "username"),
        json!({
            "type": "string", "pattern": "^[\\w.@+-]+$", "maxLength": 150,
            "description": "Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only."
        })
    );
    assert_eq!(
        property(&found, "is_superuser")["title"],
        "Superuser status"
    );
    assert_eq!(found["PickedEnum"]["enum"], json!([1, 2]));
}
