//! A serializer field as DRF would instantiate it, as far as its schema depends on it: flags,
//! limits, choices, what it leads to.
//!
//! Reads options; what a schema makes of them is for `field_schema`.

use std::sync::Arc;

use super::node::Node;
use super::places::{Call, call_at, expr_at};
use super::validators::{self, Rule};
use super::values::{self, Choice};
use crate::django::names::{ClassRef, Kwarg, Kwargs, truth};
use crate::django::{ModelId, SerializerId, stubs};
use crate::facts::Facts;
use crate::python::syntax::{ArgKind, Expr, ExprKind};
use crate::python::value::{Literal, Place, Val};
use crate::python::{AttributeKind, Base, ClassId, Program, Scope, Symbol};

/// A field of a serializer, ready to be mapped.
#[derive(Clone, Debug)]
pub(super) struct DrfField {
    pub(super) name: Arc<str>,
    /// DRF's class it is or derives from: `CharField`; `Serializer` for a nested one; empty where
    /// it is not known.
    pub(super) base: Arc<str>,
    pub(super) class: ClassRef,
    pub(super) source: Arc<str>,
    pub(super) read_only: bool,
    pub(super) write_only: bool,
    /// `None`: as DRF decides where nothing is said.
    pub(super) required: Option<bool>,
    pub(super) allow_null: bool,
    pub(super) allow_blank: bool,
    pub(super) default: Default,
    pub(super) label: Option<Arc<str>>,
    pub(super) help_text: Option<Arc<str>>,
    pub(super) max_length: Option<i64>,
    pub(super) min_length: Option<i64>,
    pub(super) max_value: Option<Node>,
    pub(super) min_value: Option<Node>,
    pub(super) max_digits: Option<i64>,
    pub(super) decimal_places: Option<i64>,
    pub(super) coerce_to_string: Option<bool>,
    pub(super) use_url: Option<bool>,
    pub(super) allow_unicode: bool,
    /// `ipv4`, `ipv6` or `both`.
    pub(super) protocol: Option<Arc<str>>,
    pub(super) choices: Choices,
    pub(super) validators: Vec<Rule>,
    pub(super) regex: Option<String>,
    pub(super) child: Option<Box<DrfField>>,
    pub(super) nested: Option<SerializerId>,
    /// A nested serializer of all of a model's fields, with the depth that is left.
    pub(super) depth: Option<(ModelId, u32)>,
    pub(super) many: bool,
    /// The model behind `queryset`.
    pub(super) related: Option<ModelId>,
    pub(super) has_queryset: bool,
    pub(super) slug_field: Option<Arc<str>>,
    pub(super) pk_field: Option<Box<DrfField>>,
    /// Model and field of a `ModelField`.
    pub(super) model_field: Option<(ModelId, Arc<str>)>,
    pub(super) method: Option<crate::python::FuncId>,
    pub(super) place: Option<Place>,
    /// Why the type is not known.
    pub(super) open: Option<Arc<str>>,
    /// Why parts of it are a guess.
    pub(super) doubt: Option<Arc<str>>,
}

/// `default=`
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Default {
    Empty,
    /// A function, class or what could not be read: it makes the field optional and is not shown.
    Hidden,
    Value(Val, Node),
}

/// `choices=`
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choices {
    None,
    Known(Vec<Choice>),
    Unknown,
}

impl DrfField {
    pub(super) fn new(name: &Arc<str>, base: &str) -> Self {
        Self {
            name: Arc::clone(name),
            base: base.into(),
            class: ClassRef::External(format!("rest_framework.fields.{base}").into()),
            source: Arc::clone(name),
            read_only: false,
            write_only: false,
            required: None,
            allow_null: false,
            allow_blank: false,
            default: Default::Empty,
            label: None,
            help_text: None,
            max_length: None,
            min_length: None,
            max_value: None,
            min_value: None,
            max_digits: None,
            decimal_places: None,
            coerce_to_string: None,
            use_url: None,
            allow_unicode: false,
            protocol: None,
            choices: Choices::None,
            validators: Vec::new(),
            regex: None,
            child: None,
            nested: None,
            depth: None,
            many: false,
            related: None,
            has_queryset: false,
            slug_field: None,
            pk_field: None,
            model_field: None,
            method: None,
            place: None,
            open: None,
            doubt: None,
        }
    }

    /// Whether a client must send it.
    pub(super) fn is_required(&self) -> bool {
        self.required
            .unwrap_or(self.default == Default::Empty && !self.read_only)
    }

    /// `CharField` and what derives from it.
    pub(super) fn is_char(&self) -> bool {
        matches!(
            &*self.base,
            "CharField" | "EmailField" | "RegexField" | "SlugField" | "URLField" | "IPAddressField"
        )
    }

    /// What all validators of the instance limit: those given first, then the class's own.
    pub(super) fn rules(&self) -> Vec<Rule> {
        let mut out = self.validators.clone();
        if self.is_char() {
            out.extend(self.max_length.map(Rule::MaxLength));
            out.extend(self.min_length.map(Rule::MinLength));
        }
        match &*self.base {
            "EmailField" => out.push(Rule::Email),
            "URLField" => out.push(Rule::Url),
            "SlugField" if self.allow_unicode => out.push(Rule::Pattern(r"^[-\w]+$".to_owned())),
            "SlugField" => out.push(Rule::Pattern("^[-a-zA-Z0-9_]+$".to_owned())),
            "RegexField" => out.extend(self.regex.clone().map(Rule::Pattern)),
            "IntegerField" | "BigIntegerField" | "FloatField" | "DecimalField" => {
                out.extend(self.max_value.clone().map(Rule::MaxValue));
                out.extend(self.min_value.clone().map(Rule::MinValue));
            }
            "ListField" => {
                out.extend(self.max_length.map(Rule::MaxLength));
                out.extend(self.min_length.map(Rule::MinLength));
            }
            _ => {}
        }
        out
    }

    /// Takes over keyword arguments as written.
    pub(super) fn apply(&mut self, facts: &Facts, kwargs: &Kwargs) {
        for kwarg in &kwargs.items {
            self.apply_one(facts, kwarg);
        }
        if kwargs.open {
            self.doubt
                .get_or_insert_with(|| "some of its options could not be read".into());
        }
    }

    fn apply_one(&mut self, facts: &Facts, kwarg: &Kwarg) {
        let program = &facts.program;
        let val = &kwarg.val;
        let mut doubtful = false;
        let mut flag = |target: &mut bool| match truth(val) {
            Some(known) => *target = known,
            None => doubtful = true,
        };
        match &*kwarg.name {
            "read_only" => flag(&mut self.read_only),
            "write_only" => flag(&mut self.write_only),
            "allow_null" => flag(&mut self.allow_null),
            "allow_blank" => flag(&mut self.allow_blank),
            "allow_unicode" => flag(&mut self.allow_unicode),
            "required" => self.required = truth(val),
            "coerce_to_string" => self.coerce_to_string = truth(val),
            "use_url" => self.use_url = truth(val),
            "default" => self.default = default(program, val),
            "label" => self.label = values::text(val).filter(|_| !val.is_none()).map(Into::into),
            "help_text" => {
                self.help_text = values::text(val).filter(|_| !val.is_none()).map(Into::into);
            }
            "max_length" => self.max_length = val.as_int(),
            "min_length" => self.min_length = val.as_int(),
            "max_value" => self.max_value = validators::number(program, val),
            "min_value" => self.min_value = validators::number(program, val),
            "max_digits" => self.max_digits = val.as_int(),
            "decimal_places" => self.decimal_places = val.as_int(),
            "protocol" => self.protocol = val.as_str().map(Into::into),
            "slug_field" => self.slug_field = val.as_str().map(Into::into),
            "queryset" => self.has_queryset = !val.is_none(),
            "regex" => self.regex = val.as_str().map(validators::ecma),
            "source" => {
                if let Some(source) = val.as_str() {
                    self.source = source.into();
                }
            }
            "choices" => {
                self.choices = choices(facts, kwarg);
                // DRF takes the members of an enumeration for choices without labels.
                if let (Choices::Known(known), Val::Symbol(Symbol::Class(_))) =
                    (&mut self.choices, val)
                {
                    for (value, label) in known {
                        *label = values::text(value).unwrap_or_default();
                    }
                }
            }
            "validators" => {
                let (rules, open) = validators::rules(program, val);
                self.validators = rules;
                doubtful = open;
            }
            _ => {}
        }
        if doubtful {
            self.doubt
                .get_or_insert_with(|| format!("`{}` could not be read", kwarg.name).into());
        }
    }

    /// The field that an expression makes: `serializers.CharField(max_length=3)`, or a class alone.
    pub(super) fn of_expr(
        facts: &Facts,
        scope: Scope,
        expr: &Expr,
        name: &Arc<str>,
    ) -> Option<Self> {
        let (func, args) = match expr.as_call() {
            Some((func, args)) => (func, args),
            None => (expr, [].as_slice()),
        };
        let call = Call { scope, args };
        let class = class_of(&facts.program, scope, func);
        let nested = class
            .class()
            .and_then(|id| facts.django.serializer_of(id))
            .map(|s| s.id);
        let base: Arc<str> = if nested.is_some() {
            "Serializer".into()
        } else {
            base_of(facts, &class)?
        };
        let kwargs = kwargs(&facts.program, call, positional_names(&base));
        let mut out = Self::new(name, &base);
        out.class = class;
        out.nested = nested;
        out.place = Some(place_of(facts, scope, expr));
        out.apply(facts, &kwargs);
        out.many = kwargs.flag("many", false) == Some(true);
        out.take_class_rules();
        out.take_children(facts, call);
        Some(out)
    }

    /// What the class alone decides.
    pub(super) fn take_class_rules(&mut self) {
        // `many=True` wraps these two in a field that is as writable as its own options say.
        let is_wrapped = self.many
            && matches!(
                &*self.base,
                "StringRelatedField" | "HyperlinkedIdentityField"
            );
        if is_wrapped {
            return;
        }
        if matches!(
            &*self.base,
            "SerializerMethodField"
                | "ReadOnlyField"
                | "HyperlinkedIdentityField"
                | "StringRelatedField"
        ) {
            self.read_only = true;
            self.required = None;
        }
        if self.class.name() == "PasswordField" && self.class.fq().contains("simplejwt") {
            self.write_only = true;
        }
    }

    /// `child=` of lists and mappings, `pk_field=` of keys, the model behind `queryset=`.
    pub(super) fn take_children(&mut self, facts: &Facts, call: Call<'_>) {
        use crate::python::syntax::keyword;
        let no_name: Arc<str> = "".into();
        if let Some(child) = keyword(call.args, "child") {
            self.child = Self::of_expr(facts, call.scope, child, &no_name).map(Box::new);
            if self.child.is_none() {
                self.open
                    .get_or_insert_with(|| "its child field is not known".into());
            }
        } else if matches!(&*self.base, "ListField" | "DictField")
            && let Some(class) = self.class.class()
            && let Some(Val::Instance { place, .. }) = facts.program.class_value(class, "child")
            && let Some((scope, expr)) = expr_at(&facts.program, place)
        {
            self.child = Self::of_expr(facts, scope, expr, &no_name).map(Box::new);
        }
        if let Some(pk) = keyword(call.args, "pk_field") {
            self.pk_field = Self::of_expr(facts, call.scope, pk, &no_name).map(Box::new);
        }
        if self.related.is_none()
            && let Some(queryset) = keyword(call.args, "queryset")
        {
            self.related = model_of_queryset(facts, call.scope, queryset);
        }
    }
}

fn place_of(facts: &Facts, scope: Scope, expr: &Expr) -> Place {
    Place {
        file: facts.program.module(scope.module).file,
        span: expr.span,
    }
}

/// The model that `Order.objects.filter(…)` or `get_user_model().objects` reads.
pub(super) fn model_of_queryset(facts: &Facts, scope: Scope, expr: &Expr) -> Option<ModelId> {
    let mut expr = expr;
    for _ in 0..32 {
        if let Symbol::Class(class) = facts.program.resolve(scope, expr)
            && let Some(model) = facts.django.model_of(class)
        {
            return Some(model.id);
        }
        if let Symbol::External(fq) = facts.program.resolve(scope, expr) {
            let fq = stubs::stubs().canonical(&fq);
            if let Some(model) = facts.django.models().iter().find(|m| &*m.fq == fq) {
                return Some(model.id);
            }
        }
        expr = match &expr.kind {
            ExprKind::Attribute { value, .. } => value,
            ExprKind::Call { func, .. } => {
                if func.dotted().is_some_and(|d| d.ends_with("get_user_model")) {
                    return facts.django.user_model().map(|m| m.id);
                }
                func
            }
            // `User = get_user_model()`
            ExprKind::Name(_) => match facts.program.eval(scope, expr) {
                Val::Instance {
                    class: Symbol::External(fq),
                    ..
                } if fq.ends_with("get_user_model") => {
                    return facts.django.user_model().map(|m| m.id);
                }
                _ => return None,
            },
            _ => return None,
        };
    }
    None
}

/// The class an expression names.
pub(super) fn class_of(program: &Program, scope: Scope, expr: &Expr) -> ClassRef {
    match program.resolve(scope, expr) {
        Symbol::Class(id) => ClassRef::Project {
            id,
            fq: Arc::clone(&program.class(id).fq),
        },
        Symbol::External(fq) => ClassRef::External(stubs::stubs().canonical(&fq).into()),
        _ => ClassRef::Unknown {
            text: expr.dotted().unwrap_or_default().into(),
            reason: "it is not a class that could be resolved".into(),
        },
    }
}

/// DRF's field class that a class is or derives from; `None` for what is no field.
pub(super) fn base_of(facts: &Facts, class: &ClassRef) -> Option<Arc<str>> {
    let of_drf = |fq: &str| {
        stubs::stubs()
            .lineage(fq)
            .find(|c| c.starts_with("rest_framework."))
            .and_then(|c| c.rsplit('.').next())
            .map(Arc::from)
    };
    match class {
        ClassRef::External(fq) => of_drf(fq),
        ClassRef::Project { id, .. } => {
            facts
                .program
                .mro(*id)
                .entries
                .iter()
                .find_map(|base| match base {
                    Base::External(fq) => of_drf(fq),
                    Base::Project(_) => None,
                })
        }
        ClassRef::Unknown { .. } => None,
    }
}

/// Keyword arguments of a call with their values.
pub(super) fn kwargs(program: &Program, call: Call<'_>, positional: &[&str]) -> Kwargs {
    let mut out = Kwargs::default();
    let file = program.module(call.scope.module).file;
    let mut at = 0;
    for arg in call.args {
        let name: Arc<str> = match &arg.kind {
            ArgKind::Keyword(name) => Arc::clone(name),
            ArgKind::Positional => {
                at += 1;
                match positional.get(at - 1) {
                    Some(name) => (*name).into(),
                    None => continue,
                }
            }
            ArgKind::Star | ArgKind::DoubleStar => {
                out.open = true;
                continue;
            }
        };
        out.items.push(Kwarg {
            name,
            val: program.eval(call.scope, &arg.value),
            text: "".into(),
            place: Some(Place {
                file,
                span: arg.value.span,
            }),
        });
    }
    out
}

/// Names of positional arguments (source: signatures in rest_framework.fields).
pub(super) fn positional_names(base: &str) -> &'static [&'static str] {
    match base {
        "SerializerMethodField" => &["method_name"],
        "ChoiceField" | "MultipleChoiceField" => &["choices"],
        "DecimalField" => &["max_digits", "decimal_places"],
        "RegexField" => &["regex"],
        "SlugRelatedField" => &["slug_field"],
        "HyperlinkedIdentityField" | "HyperlinkedRelatedField" => &["view_name"],
        _ => &[],
    }
}

fn default(program: &Program, val: &Val) -> Default {
    match val {
        Val::Symbol(Symbol::External(fq)) if fq.ends_with("fields.empty") => Default::Empty,
        Val::Instance { .. } => match validators::decimal(program, val) {
            Some(text) => Default::Value(val.clone(), text.into()),
            None => Default::Hidden,
        },
        _ => values::node(val).map_or(Default::Hidden, |node| Default::Value(val.clone(), node)),
    }
}

/// The value of a `choices` argument.
pub(super) fn choices(facts: &Facts, kwarg: &Kwarg) -> Choices {
    let program = &facts.program;
    let found = match &kwarg.val {
        Val::Known(Literal::None) => return Choices::None,
        // Django 5 takes the enumeration itself.
        Val::Symbol(_) | Val::Unknown(_) | Val::Instance { .. } => kwarg
            .place
            .and_then(|place| expr_at(program, place))
            .and_then(|(scope, expr)| {
                enumeration_choices(program, scope, expr)
                    .or_else(|| user_model_choices(facts, scope, expr))
            }),
        val => values::choices(val),
    };
    found.map_or(Choices::Unknown, Choices::Known)
}

/// `User.Role.choices`, `User.ROLES` where `User` is `get_user_model()`.
fn user_model_choices(facts: &Facts, scope: Scope, expr: &Expr) -> Option<Vec<Choice>> {
    let program = &facts.program;
    let mut names = Vec::new();
    let mut root = match &expr.kind {
        ExprKind::Call { func, args } if args.is_empty() => func,
        _ => expr,
    };
    while let ExprKind::Attribute { value, attr } = &root.kind {
        names.push(attr);
        root = value;
    }
    let model = model_of_queryset(facts, scope, root)?;
    let mut class = facts.django.model(model).class?;
    for name in names.iter().rev() {
        if &***name == "choices" {
            break;
        }
        match program.attribute(class, name)?.kind {
            AttributeKind::Class(inner) => class = inner,
            AttributeKind::Value(_) => {
                return values::choices(&program.class_value(class, name)?);
            }
            AttributeKind::Method(_) => return None,
        }
    }
    class_choices(program, class)
}

/// The choices of an enumeration class.
pub(super) fn class_choices(program: &Program, class: ClassId) -> Option<Vec<Choice>> {
    let def = program.class_def(class);
    let named = Expr {
        span: def.span,
        kind: ExprKind::Name(Arc::clone(&def.name)),
    };
    enumeration_choices(program, program.scope_around_class(class), &named)
}

/// `Status.choices` of an expression that names `Status`, or of `Status` through a call.
pub(super) fn enumeration_choices(
    program: &Program,
    scope: Scope,
    expr: &Expr,
) -> Option<Vec<Choice>> {
    let base = match &expr.kind {
        ExprKind::Call { func, args } if args.is_empty() => func,
        _ => expr,
    };
    let is_named = matches!(&base.kind, ExprKind::Attribute { attr, .. } if &**attr == "choices");
    let asked = if is_named {
        base.clone()
    } else {
        Expr {
            span: base.span,
            kind: ExprKind::Attribute {
                value: Box::new(base.clone()),
                attr: "choices".into(),
            },
        }
    };
    values::choices(&program.eval(scope, &asked))
}

/// The call behind a declaration.
pub(super) fn declaration(facts: &Facts, place: Option<Place>) -> Option<Call<'_>> {
    call_at(&facts.program, place?)
}
