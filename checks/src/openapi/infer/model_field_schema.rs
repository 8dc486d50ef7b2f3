//! `ModelSerializer`'s mapping: the serializer field that DRF builds for a field of a model, with
//! the limits that Django derives from the database.
//!
//! Source of the rules: `rest_framework.utils.field_mapping`, `ModelSerializer.build_*_field` and
//! `IntegerField.validators` of Django, checked by running them. Knows nothing of schemas.

use std::sync::Arc;

use serde_json::Number;

use super::drf_field::{self, Choices, Default, DrfField};
use super::node::{Kind, Node};
use super::package_models;
use super::places::Call;
use super::shape::{Engine, Shape};
use super::validators::{self, Rule, as_f64};
use super::values;
use crate::django::fields::{Field, FieldKind, Target};
use crate::django::models::{Model, Reverse};
use crate::django::names::{Kwargs, truth};
use crate::django::stubs;
use crate::facts::Facts;
use crate::python::Symbol;
use crate::python::syntax::keyword;

/// What decides how a model's field is mapped, beside the field.
#[derive(Clone, Copy)]
pub(super) struct Mapping<'f> {
    pub(super) facts: &'f Facts,
    pub(super) engine: Engine,
    /// Major version of Django.
    pub(super) django: u32,
    /// Minor version of DRF 3.
    pub(super) drf: u32,
}

/// A model's field as its constructor sees it.
struct Given<'a> {
    base: &'a str,
    kwargs: &'a Kwargs,
    null: Option<bool>,
    blank: Option<bool>,
    editable: Option<bool>,
    has_default: bool,
    is_auto: bool,
    call: Option<Call<'a>>,
    /// The name of the model's field, for the elements of an array too.
    root: &'a str,
}

impl<'f> Mapping<'f> {
    pub(super) fn new(facts: &'f Facts, shape: &Shape) -> Self {
        let drf = facts
            .infra
            .dependencies
            .major_minor("djangorestframework")
            .map(|(_, minor)| minor)
            .filter(|_| shape.django == u32::MAX)
            .unwrap_or(match shape.django {
                0..=4 => 15,
                5 => 16,
                _ => 17,
            });
        Self {
            facts,
            engine: shape.engine,
            django: shape.django,
            drf,
        }
    }

    /// The field that `ModelSerializer` builds; `is_hyperlinked`: relations become links.
    pub(super) fn field(
        &self,
        model: &Model,
        field: &Field,
        name: &Arc<str>,
        is_hyperlinked: bool,
    ) -> DrfField {
        let words = package_models::words(&field.declared_in, &field.name);
        let mut out = match field.kind {
            FieldKind::Scalar => self.standard(
                name,
                &Given {
                    base: &field.base,
                    kwargs: &field.kwargs,
                    null: field.null,
                    blank: field.blank,
                    editable: field.editable,
                    has_default: field.kwargs.has("default"),
                    is_auto: field.is_auto(),
                    call: drf_field::declaration(self.facts, field.place),
                    root: &field.name,
                },
            ),
            _ => self.relation(field, name, is_hyperlinked),
        };
        if field.auto_now && out.read_only {
            out.required = None;
        }
        if let Some(verbose) = field
            .kwargs
            .get("verbose_name")
            .map_or_else(
                || words.map(|w| w.verbose_name.clone()),
                |k| values::text(&k.val),
            )
            .filter(|text| !text.is_empty())
        {
            out.label = Some(values::capfirst(&verbose).into());
        }
        out.help_text = field
            .kwargs
            .get("help_text")
            .and_then(|k| values::text(&k.val))
            .or_else(|| words.map(|w| w.help_text.clone()))
            .filter(|text| !text.is_empty())
            .map(Into::into);
        if let Some(words) = words
            && !out.read_only
        {
            out.validators.extend(words.rules());
        }
        out.model_field = Some((model.id, Arc::clone(&field.name)));
        out.place = field.place;
        if field.base.is_empty() && field.kind == FieldKind::Scalar {
            out.open = Some(format!("`{}` is no field class that is known", field.class).into());
        }
        if field.kwargs.open && out.doubt.is_none() {
            out.doubt = Some("some options of the model field could not be read".into());
        }
        out
    }

    fn standard(&self, name: &Arc<str>, given: &Given<'_>) -> DrfField {
        let has_choices = given
            .kwargs
            .get("choices")
            .is_some_and(|k| !k.val.is_none());
        let read_only = given.is_auto || given.editable == Some(false);
        // Before DRF 3.17 choices of a read-only field went unseen.
        let is_choice = has_choices && (!read_only || self.drf >= 17);
        let mut out = DrfField::new(
            name,
            if is_choice {
                "ChoiceField"
            } else {
                class(given.base)
            },
        );
        out.allow_null = given.null == Some(true);
        out.max_digits = given.kwargs.int("max_digits");
        out.decimal_places = given.kwargs.int("decimal_places");
        out.allow_unicode = given.kwargs.flag("allow_unicode", false) == Some(true);
        out.read_only = read_only;
        if is_choice && let Some(kwarg) = given.kwargs.get("choices") {
            out.choices = drf_field::choices(self.facts, kwarg);
        }
        if &*out.base == "ListField" {
            self.array_child(&mut out, given);
        }
        if read_only {
            return out;
        }
        if given.has_default || given.blank == Some(true) || given.null == Some(true) {
            out.required = Some(false);
        } else if given.blank.is_none() || given.null.is_none() {
            out.doubt = Some("`blank` or `null` could not be read".into());
        }
        let is_text = matches!(
            given.base,
            "CharField" | "TextField" | "EmailField" | "SlugField" | "URLField"
        );
        out.allow_blank = given.blank == Some(true) && is_text && (out.is_char() || is_choice);
        let (mut rules, open) = given
            .kwargs
            .get("validators")
            .map(|k| validators::rules(&self.facts.program, &k.val))
            .unwrap_or_default();
        if open {
            out.doubt = Some("its validators could not all be read".into());
        }
        rules.extend(self.bounds(given.base, &rules));
        if given.base == "ArrayField" {
            rules.extend(given.kwargs.int("size").map(Rule::MaxLength));
        }
        if given.base == "DecimalField"
            && is_choice
            && let (Some(digits), Some(places)) = (out.max_digits, out.decimal_places)
        {
            rules.push(Rule::Digits(digits, places));
        }
        let is_numeric = matches!(given.base, "FloatField" | "DecimalField" | "DurationField")
            || is_integer(given.base);
        if !is_choice && is_numeric {
            out.max_value = take_first(&mut rules, |r| match r {
                Rule::MaxValue(n) => Some(n.clone()),
                _ => None,
            });
            out.min_value = take_first(&mut rules, |r| match r {
                Rule::MinValue(n) => Some(n.clone()),
                _ => None,
            });
        }
        if is_text || matches!(given.base, "FileField" | "ImageField") {
            if let Some(max) = given.kwargs.int("max_length") {
                out.max_length = (!is_choice).then_some(max);
                rules.retain(|r| !matches!(r, Rule::MaxLength(_)));
            }
        }
        if is_text && given.base != "TextField" {
            let min = take_first(&mut rules, |r| match r {
                Rule::MinLength(n) => Some(*n),
                _ => None,
            });
            if !is_choice {
                out.min_length = min;
            }
        }
        out.validators = rules;
        out
    }

    /// Validators that Django adds for the range of the column, unless those given are as strict.
    fn bounds(&self, base: &str, given: &[Rule]) -> Vec<Rule> {
        let Some((min, max)) = range(self.engine, self.django, base) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        let is_stricter = |limit: &Node, bound: &Number, upper: bool| {
            let bound = bound.as_f64().unwrap_or_default();
            as_f64(limit).is_some_and(|n| if upper { n <= bound } else { n >= bound })
        };
        if !given
            .iter()
            .any(|r| matches!(r, Rule::MinValue(n) if is_stricter(n, &min, false)))
        {
            out.push(Rule::MinValue(Kind::Number(min).into()));
        }
        if !given
            .iter()
            .any(|r| matches!(r, Rule::MaxValue(n) if is_stricter(n, &max, true)))
        {
            out.push(Rule::MaxValue(Kind::Number(max).into()));
        }
        out
    }

    /// The child of an `ArrayField`, and its size.
    fn array_child(&self, out: &mut DrfField, given: &Given<'_>) {
        let child = given.call.and_then(|call| {
            let expr = keyword(call.args, "base_field")
                .or_else(|| crate::python::syntax::positional(call.args, 0))?;
            let (func, args) = expr.as_call()?;
            let inner = Call {
                scope: call.scope,
                args,
            };
            let Symbol::External(fq) = self.facts.program.resolve(call.scope, func) else {
                return None;
            };
            let base = stubs::stubs().field_base(&fq)?;
            let kwargs = drf_field::kwargs(
                &self.facts.program,
                inner,
                &["verbose_name", "name", "primary_key", "max_length"],
            );
            let mut child = self.standard(
                &"".into(),
                &Given {
                    base,
                    kwargs: &kwargs,
                    null: kwargs.flag("null", false),
                    blank: kwargs.flag("blank", false),
                    editable: kwargs.flag("editable", true),
                    has_default: kwargs.has("default"),
                    is_auto: false,
                    call: Some(inner),
                    root: given.root,
                },
            );
            // Django names the elements' field like the array.
            let verbose = kwargs
                .get("verbose_name")
                .and_then(|k| values::text(&k.val));
            let verbose = verbose.unwrap_or_else(|| given.root.replace('_', " "));
            child.label = Some(values::capfirst(&verbose).into());
            Some(child)
        });
        match child {
            Some(child) => out.child = Some(Box::new(child)),
            None => out.open = Some("the field of its elements is not known".into()),
        }
    }

    fn relation(&self, field: &Field, name: &Arc<str>, is_hyperlinked: bool) -> DrfField {
        let related = field.to.as_ref().and_then(Target::model);
        let mut out = DrfField::new(
            name,
            if is_hyperlinked {
                "HyperlinkedRelatedField"
            } else {
                "PrimaryKeyRelatedField"
            },
        );
        out.related = related;
        out.has_queryset = true;
        out.many = field.kind == FieldKind::ManyToMany;
        if let Some(to_field) = field.kwargs.str("to_field")
            && !is_hyperlinked
            && related
                .and_then(|id| self.facts.django.model(id).field(to_field))
                .is_none_or(|f| !f.is_pk)
        {
            out.base = "SlugRelatedField".into();
            out.slug_field = Some(to_field.into());
        }
        if related.is_none() && !is_hyperlinked {
            out.open = Some("the model it leads to is not known".into());
        }
        if matches!(
            field.kind,
            FieldKind::GenericForeignKey | FieldKind::GenericRelation
        ) {
            out.open = Some("a generic relation has no field in DRF".into());
        }
        out.allow_null = field.null == Some(true);
        if field.editable == Some(false) || (out.many && field.through.is_some()) {
            out.read_only = true;
            return out;
        }
        if field.kwargs.has("default") || field.blank == Some(true) || field.null == Some(true) {
            out.required = Some(false);
        }
        out
    }

    /// The field for a reverse accessor that `Meta.fields` names.
    pub(super) fn reverse(
        &self,
        reverse: &Reverse,
        name: &Arc<str>,
        is_hyperlinked: bool,
    ) -> DrfField {
        let mut out = DrfField::new(
            name,
            if is_hyperlinked {
                "HyperlinkedRelatedField"
            } else {
                "PrimaryKeyRelatedField"
            },
        );
        out.related = Some(reverse.model);
        out.has_queryset = true;
        out.many = !reverse.is_single;
        out.read_only = self
            .facts
            .django
            .model(reverse.model)
            .field(&reverse.field)
            .is_some_and(|f| f.through.is_some());
        out
    }

    /// `include_extra_kwargs`: options of `Meta.extra_kwargs` on top of what the model gave.
    pub(super) fn apply_extra(&self, field: &mut DrfField, extra: &Kwargs) {
        let says = |name: &str| extra.get(name).and_then(|k| truth(&k.val));
        if says("read_only") == Some(true) {
            field.required = None;
            field.default = Default::Empty;
            field.allow_blank = false;
            field.min_length = None;
            field.max_length = None;
            field.min_value = None;
            field.max_value = None;
            field.validators.clear();
        }
        if says("default") == Some(true) && field.required == Some(false) {
            field.required = None;
        }
        let read_only = says("read_only").unwrap_or(field.read_only);
        let mut extra = extra.clone();
        if read_only {
            extra.items.retain(|k| &*k.name != "required");
        }
        let has_choices = extra.has("choices");
        field.apply(self.facts, &extra);
        if has_choices && field.choices == Choices::Unknown {
            field.open = Some("its choices could not be read".into());
        }
    }
}

fn take_first<T>(rules: &mut Vec<Rule>, pick: impl Fn(&Rule) -> Option<T>) -> Option<T> {
    let first = rules.iter().find_map(&pick)?;
    rules.retain(|rule| pick(rule).is_none());
    Some(first)
}

fn is_integer(base: &str) -> bool {
    matches!(
        base,
        "IntegerField"
            | "BigIntegerField"
            | "SmallIntegerField"
            | "PositiveIntegerField"
            | "PositiveBigIntegerField"
            | "PositiveSmallIntegerField"
            | "AutoField"
            | "BigAutoField"
            | "SmallAutoField"
    )
}

/// Smallest and largest value of an integer column (source: `integer_field_range` of Django's
/// database back ends).
fn range(engine: Engine, django: u32, base: &str) -> Option<(Number, Number)> {
    if !is_integer(base) {
        return None;
    }
    let positive = base.starts_with("Positive");
    let long = (i64::MIN, i64::MAX);
    let (min, max): (Number, Number) = match engine {
        Engine::Sqlite if django < 5 => return None,
        Engine::Sqlite => (if positive { 0 } else { long.0 }.into(), long.1.into()),
        Engine::Mysql if positive => (
            0.into(),
            match base {
                "PositiveSmallIntegerField" => 65_535_u64.into(),
                "PositiveIntegerField" => 4_294_967_295_u64.into(),
                _ => u64::MAX.into(),
            },
        ),
        Engine::Oracle => {
            let most = if base.contains("Big") {
                return Some((if positive { 0 } else { long.0 }.into(), long.1.into()));
            } else {
                99_999_999_999_i64
            };
            (if positive { 0 } else { -most }.into(), most.into())
        }
        Engine::Postgresql | Engine::Mysql => {
            let (min, max) = if base.contains("Small") {
                (-32_768, 32_767)
            } else if base.contains("Big") {
                long
            } else {
                (-2_147_483_648, 2_147_483_647)
            };
            (if positive { 0 } else { min }.into(), max.into())
        }
    };
    Some((min, max))
}

/// `serializer_field_mapping` of `ModelSerializer`, by the model field's base.
fn class(base: &str) -> &'static str {
    match base {
        "AutoField"
        | "SmallAutoField"
        | "BigAutoField"
        | "IntegerField"
        | "SmallIntegerField"
        | "BigIntegerField"
        | "PositiveIntegerField"
        | "PositiveBigIntegerField"
        | "PositiveSmallIntegerField" => "IntegerField",
        "BooleanField" | "NullBooleanField" => "BooleanField",
        "CharField" | "TextField" | "CommaSeparatedIntegerField" => "CharField",
        "DateField" => "DateField",
        "DateTimeField" => "DateTimeField",
        "DecimalField" => "DecimalField",
        "DurationField" => "DurationField",
        "EmailField" => "EmailField",
        "FileField" => "FileField",
        "ImageField" => "ImageField",
        "FloatField" => "FloatField",
        "SlugField" => "SlugField",
        "TimeField" => "TimeField",
        "URLField" => "URLField",
        "UUIDField" => "UUIDField",
        "GenericIPAddressField" | "IPAddressField" => "IPAddressField",
        "FilePathField" => "FilePathField",
        "JSONField" => "JSONField",
        "ArrayField" => "ListField",
        "HStoreField" => "HStoreField",
        "BinaryField" => "BinaryField",
        _ => "ModelField",
    }
}
