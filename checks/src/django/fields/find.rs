//! Reads one model field from its assignment, and resolves the models that relations name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Field, FieldKind, Target};
use crate::django::apps::App;
use crate::django::apps::find::app_of_path;
use crate::django::names::{ClassRef, Kwarg, Kwargs, ModelId};
use crate::django::read::{Attr, Read};
use crate::django::settings::Settings;
use crate::django::stubs::StubField;
use crate::python::syntax::{Expr, ExprKind, StmtKind, keyword, positional};
use crate::python::value::{Literal, Val};
use crate::python::{Base, ClassId, Scope, Symbol};

const USER: &str = "settings.AUTH_USER_MODEL";
const DJANGO_USER: &str = "django.contrib.auth.models.User";
const FIELD: &str = "django.db.models.fields.Field";

/// Ids of models by class and by label, and the catalogue's models that were named so far.
#[derive(Debug)]
pub(in crate::django) struct Registry<'a> {
    by_class: BTreeMap<ClassId, ModelId>,
    /// `(app label, name in lower case)`; of two the first.
    by_label: BTreeMap<(Arc<str>, String), ModelId>,
    by_name: BTreeMap<String, Vec<ModelId>>,
    names: Vec<Arc<str>>,
    stubs: Vec<Arc<str>>,
    user: UserModel,
    read: Read<'a>,
}

#[derive(Clone, Debug)]
enum UserModel {
    Project(ModelId),
    Stub(Arc<str>),
    Unknown(Arc<str>),
}

impl<'a> Registry<'a> {
    pub(in crate::django) fn new(
        read: &Read<'a>,
        settings: &Settings,
        apps: &[App],
        classes: &[ClassId],
    ) -> Self {
        let mut out = Self {
            by_class: BTreeMap::new(),
            by_label: BTreeMap::new(),
            by_name: BTreeMap::new(),
            names: Vec::new(),
            stubs: Vec::new(),
            user: UserModel::Stub(DJANGO_USER.into()),
            read: *read,
        };
        for (at, class) in classes.iter().enumerate() {
            let id = ModelId(at as u32);
            let info = read.program.class(*class);
            let name = Arc::clone(&read.program.class_def(*class).name);
            let path = &read.tree.file(read.program.module(info.module).file).path;
            let label: Arc<str> = app_of_path(apps, path).map_or_else(
                || path.rsplit('/').nth(1).unwrap_or("").into(),
                |a| Arc::clone(&a.label),
            );
            out.by_class.insert(*class, id);
            out.by_label
                .entry((label, name.to_lowercase()))
                .or_insert(id);
            out.by_name.entry(name.to_lowercase()).or_default().push(id);
            out.names.push(name);
        }
        let named = settings.get("AUTH_USER_MODEL").or_else(|| {
            settings
                .profiles()
                .iter()
                .find_map(|p| p.get("AUTH_USER_MODEL"))
        });
        if let Some(label) = named.and_then(|f| f.str().map(str::to_owned)) {
            out.user = match out.label(&label) {
                Some(id) => UserModel::Project(id),
                None => match read.stubs.model_by_label(&label) {
                    Some(fq) => UserModel::Stub(fq.into()),
                    None => UserModel::Unknown(label.into()),
                },
            };
        }
        out
    }

    fn label(&self, label: &str) -> Option<ModelId> {
        let (app, name) = label.rsplit_once('.')?;
        let app = app.rsplit('.').next().unwrap_or(app);
        self.by_label
            .get(&(app.into(), name.to_lowercase()))
            .copied()
    }

    /// Name of a model by its id.
    pub(in crate::django) fn name(&self, id: ModelId) -> Arc<str> {
        if let Some(name) = self.names.get(id.0 as usize) {
            return Arc::clone(name);
        }
        self.stubs
            .get(id.0 as usize - self.names.len().min(id.0 as usize))
            .map_or_else(
                || "".into(),
                |fq| fq.rsplit('.').next().unwrap_or(fq).into(),
            )
    }

    /// The id of a catalogue model, made on first use.
    pub(in crate::django) fn stub_model(&mut self, fq: &str) -> ModelId {
        let fq = self.read.stubs.canonical(fq);
        let at = match self.stubs.iter().position(|s| &**s == fq) {
            Some(at) => at,
            None => {
                self.stubs.push(fq.into());
                self.stubs.len() - 1
            }
        };
        ModelId((self.names.len() + at) as u32)
    }

    pub(in crate::django) fn stub_at(&self, at: usize) -> Option<Arc<str>> {
        self.stubs.get(at).cloned()
    }

    pub(in crate::django) fn user_model(&self) -> Option<ModelId> {
        match &self.user {
            UserModel::Project(id) => Some(*id),
            UserModel::Stub(fq) => self
                .stubs
                .iter()
                .position(|s| s == fq)
                .map(|at| ModelId((self.names.len() + at) as u32)),
            UserModel::Unknown(_) => None,
        }
    }

    pub(in crate::django) fn user(&mut self) -> Target {
        match self.user.clone() {
            UserModel::Project(id) => Target::Model(id),
            UserModel::Stub(fq) => Target::Model(self.stub_model(&fq)),
            UserModel::Unknown(label) => Target::Unknown(label),
        }
    }

    /// A model by the string of a relation: `"self"`, `"Order"`, `"orders.Order"`.
    pub(in crate::django) fn by_string(
        &mut self,
        text: &str,
        own: Option<ClassId>,
        app: &str,
    ) -> Target {
        if text == "self"
            && let Some(id) = own.and_then(|c| self.by_class.get(&c))
        {
            return Target::Model(*id);
        }
        if text == USER {
            return self.user();
        }
        let found = if text.contains('.') {
            self.label(text)
        } else {
            self.by_label
                .get(&(app.into(), text.to_lowercase()))
                .copied()
                .or_else(
                    || match self.by_name.get(&text.to_lowercase())?.as_slice() {
                        [one] => Some(*one),
                        _ => None,
                    },
                )
        };
        if let Some(id) = found {
            return Target::Model(id);
        }
        if let Some(fq) = self.read.stubs.model_by_label(text) {
            return Target::Model(self.stub_model(fq));
        }
        // `"user.User"` where the label was guessed wrong: one model of that name is it.
        if let Some((_, name)) = text.rsplit_once('.')
            && let Some([one]) = self.by_name.get(&name.to_lowercase()).map(Vec::as_slice)
        {
            return Target::Model(*one);
        }
        Target::Unknown(text.into())
    }

    /// The model an expression names.
    pub(in crate::django) fn by_expr(
        &mut self,
        scope: Scope,
        expr: &Expr,
        own: Option<ClassId>,
        app: &str,
    ) -> Target {
        let read = self.read;
        let (scope, expr) = read.follow(scope, expr);
        if let Some(text) = expr.as_str() {
            return self.by_string(text, own, app);
        }
        if let Some((func, args)) = expr.as_call() {
            let callee = func.dotted().unwrap_or_default();
            if callee.ends_with("get_user_model") {
                return self.user();
            }
            if callee.ends_with("get_model") {
                let first = positional(args, 0).and_then(Expr::as_str).unwrap_or("");
                return match positional(args, 1).and_then(Expr::as_str) {
                    Some(name) => self.by_string(&format!("{first}.{name}"), own, app),
                    None => self.by_string(first, own, app),
                };
            }
        }
        if expr
            .dotted()
            .is_some_and(|d| d.ends_with("AUTH_USER_MODEL"))
        {
            return self.user();
        }
        self.by_symbol(&read.program.resolve(scope, expr))
            .unwrap_or_else(|| {
                // `getattr(settings, "AUTH_USER_MODEL", "auth.User")` and other evaluated strings.
                let text = read.expr_text(scope.module, expr);
                if text.contains("AUTH_USER_MODEL") {
                    return self.user();
                }
                match read.program.eval(scope, expr) {
                    Val::Known(Literal::Str(label)) => self.by_string(&label, own, app),
                    Val::Symbol(symbol) => self.by_symbol(&symbol).unwrap_or(Target::Unknown(text)),
                    _ => Target::Unknown(text),
                }
            })
    }

    pub(in crate::django) fn by_symbol(&mut self, symbol: &Symbol) -> Option<Target> {
        match symbol {
            Symbol::Class(class) => self.by_class.get(class).map(|id| Target::Model(*id)),
            Symbol::External(fq) => {
                if fq.ends_with(".get_user_model") || fq.ends_with(".AUTH_USER_MODEL") {
                    return Some(self.user());
                }
                let read = self.read;
                let stub = read.stubs.class(fq)?;
                (stub.kind == "model").then(|| Target::Model(self.stub_model(fq)))
            }
            _ => None,
        }
    }
}

/// Reads the fields of one class body on behalf of a model.
#[derive(Debug)]
pub(in crate::django) struct FieldReader<'a> {
    pub(in crate::django) read: Read<'a>,
    scope: Scope,
    declared_in: ClassRef,
    /// The model the field ends up on (differs from the declaring class for abstract bases).
    model: Option<ClassId>,
    app: Arc<str>,
}

impl<'a> FieldReader<'a> {
    pub(in crate::django) fn new(
        read: &Read<'a>,
        declaring: ClassId,
        model: Option<ClassId>,
        app: &str,
    ) -> Self {
        Self {
            read: *read,
            scope: read.class_scope(declaring),
            declared_in: read.project_ref(declaring),
            model,
            app: app.into(),
        }
    }

    /// The field an assignment makes; `None` where the value is no model field.
    pub(in crate::django) fn field(
        &self,
        registry: &mut Registry<'_>,
        name: &Arc<str>,
        value: &Expr,
    ) -> Option<Field> {
        let (func, args) = value.as_call()?;
        let class = self.read.class_ref(self.scope, func);
        if !is_model_field(&self.read, &class) {
            return None;
        }
        let base = base_of(&self.read, &class);
        let kind = kind_of(&base, &class);
        let mut kwargs = self
            .read
            .kwargs(self.scope, args, positional_names(&base, kind));
        if let ClassRef::Project { id, .. } = &class {
            // A constructor of its own may set anything.
            if self.read.method(*id, "__init__").is_some() {
                kwargs.open = true;
            }
        }
        let to = match kind {
            FieldKind::Scalar | FieldKind::GenericForeignKey => None,
            _ => keyword(args, "to")
                .or_else(|| positional(args, 0))
                .map(|e| registry.by_expr(self.scope, e, self.model, &self.app)),
        };
        let through = keyword(args, "through")
            .map(|e| registry.by_expr(self.scope, e, self.model, &self.app));
        let choices = keyword(args, "choices").and_then(|e| choices(&self.read, self.scope, e));
        let model_name = self
            .model
            .map(|c| self.read.program.class_def(c).name.to_lowercase())
            .unwrap_or_default();
        let related_name = kwargs.str("related_name").map(|text| {
            text.replace("%(class)s", &model_name)
                .replace("%(app_label)s", &self.app)
                .into()
        });
        Some(finish(Field {
            name: Arc::clone(name),
            declared_in: self.declared_in.clone(),
            class,
            base,
            kind,
            to,
            through,
            related_name,
            kwargs,
            is_pk: false,
            is_implicit: false,
            unique: None,
            db_index: None,
            null: None,
            blank: None,
            default: None,
            choices,
            editable: None,
            auto_now: false,
            place: Some(self.read.place(self.scope.module, value.span)),
        }))
    }
}

/// Names of positional arguments (source: signatures of `django.db.models.fields`).
fn positional_names(base: &str, kind: FieldKind) -> &'static [&'static str] {
    match kind {
        FieldKind::ForeignKey | FieldKind::OneToOne => &["to", "on_delete"],
        FieldKind::ManyToMany | FieldKind::GenericRelation => &["to"],
        FieldKind::GenericForeignKey => &["ct_field", "fk_field"],
        FieldKind::Scalar => match base {
            "DecimalField" => &["verbose_name", "name", "max_digits", "decimal_places"],
            "FileField" | "ImageField" => &["verbose_name", "name", "upload_to", "storage"],
            "DateField" | "DateTimeField" | "TimeField" => {
                &["verbose_name", "name", "auto_now", "auto_now_add"]
            }
            "UUIDField" | "TextField" => &["verbose_name"],
            "ArrayField" => &["base_field", "size"],
            _ => &["verbose_name", "name", "primary_key", "max_length"],
        },
    }
}

fn is_model_field(read: &Read<'_>, class: &ClassRef) -> bool {
    match class {
        ClassRef::External(fq) => match read.stubs.class(fq) {
            Some(stub) => stub.kind == "model_field" || stub.bases.iter().any(|b| b == FIELD),
            None => {
                let name = class.name();
                let is_form = fq.contains(".forms") || fq.contains("serializer");
                !is_form
                    && !fq.starts_with("rest_framework")
                    && (name.ends_with("Field")
                        || name.ends_with("ForeignKey")
                        || name == "TaggableManager")
            }
        },
        ClassRef::Project { id, .. } => {
            read.is_a(*id, FIELD) == Some(true)
                || read.program.mro(*id).entries.iter().any(|b| match b {
                    Base::External(fq) => is_model_field(read, &ClassRef::External(Arc::clone(fq))),
                    Base::Project(_) => false,
                })
        }
        ClassRef::Unknown { .. } => false,
    }
}

/// The framework's class, guessed by name for packages the catalogue does not have.
fn base_of(read: &Read<'_>, class: &ClassRef) -> Arc<str> {
    let known = read.field_base(class);
    if !known.is_empty() {
        return known;
    }
    let name = class.name();
    let guess = if name.contains("OneToOne") {
        "OneToOneField"
    } else if name.contains("ManyToMany") {
        "ManyToManyField"
    } else if name.contains("ForeignKey") {
        "ForeignKey"
    } else if name.contains("RichText")
        || name.contains("HTML")
        || name.contains("Markdown")
        || name.contains("TextField")
    {
        "TextField"
    } else if name.contains("CharField") || name.contains("ColorField") {
        "CharField"
    } else if name.contains("Image") {
        "ImageField"
    } else if name.contains("DateTime") {
        "DateTimeField"
    } else {
        ""
    };
    guess.into()
}

fn kind_of(base: &str, class: &ClassRef) -> FieldKind {
    match base {
        "ForeignKey" | "TreeForeignKey" => FieldKind::ForeignKey,
        "OneToOneField" => FieldKind::OneToOne,
        "ManyToManyField" => FieldKind::ManyToMany,
        "GenericForeignKey" => FieldKind::GenericForeignKey,
        "GenericRelation" => FieldKind::GenericRelation,
        _ if class.name() == "TaggableManager" => FieldKind::ManyToMany,
        _ => FieldKind::Scalar,
    }
}

/// Works out the derived properties from the keyword arguments.
pub(in crate::django) fn finish(mut field: Field) -> Field {
    let kwargs = &field.kwargs;
    let single = matches!(field.kind, FieldKind::ForeignKey | FieldKind::OneToOne);
    field.is_pk = kwargs.flag("primary_key", false) == Some(true);
    field.null = kwargs.flag("null", false);
    field.blank = kwargs.flag("blank", false);
    field.unique = if field.is_pk || field.kind == FieldKind::OneToOne {
        Some(true)
    } else if field.kind == FieldKind::ManyToMany {
        Some(false)
    } else {
        kwargs.flag("unique", false)
    };
    let index_default = single || &*field.base == "SlugField" || field.unique == Some(true);
    field.db_index = kwargs.flag("db_index", index_default);
    field.default = kwargs
        .get("default")
        .or_else(|| kwargs.get("db_default"))
        .map(|k| k.val.clone());
    field.auto_now = kwargs.flag("auto_now", false) == Some(true)
        || kwargs.flag("auto_now_add", false) == Some(true)
        || matches!(
            field.class.name(),
            "AutoCreatedField"
                | "AutoLastModifiedField"
                | "CreationDateTimeField"
                | "ModificationDateTimeField"
        );
    field.editable = if field.auto_now
        || matches!(&*field.base, "GeneratedField" | "BinaryField")
        || field.kind == FieldKind::GenericForeignKey
    {
        kwargs.flag("editable", false)
    } else {
        kwargs.flag("editable", true)
    };
    if field.is_auto() {
        field.is_pk |= field.is_implicit;
    }
    // What the class presets (source: the constructors in django.db.models.fields).
    let preset = match &*field.base {
        "EmailField" => Some(254),
        "SlugField" => Some(50),
        "URLField" => Some(200),
        "FileField" | "ImageField" | "FilePathField" => Some(100),
        _ => None,
    };
    if let (Some(length), None, false) = (preset, field.kwargs.get("max_length"), field.kwargs.open)
    {
        field.kwargs.items.push(Kwarg {
            name: "max_length".into(),
            val: Val::Known(Literal::Int(length)),
            text: "".into(),
            place: None,
        });
    }
    field
}

/// Values of `choices=`: literal pairs, groups, an enumeration's `.choices` or the enumeration.
pub(in crate::django) fn choices(read: &Read<'_>, scope: Scope, expr: &Expr) -> Option<Vec<Val>> {
    let (scope, expr) = read.follow(scope, expr);
    let enumeration = match &expr.kind {
        ExprKind::Attribute { value, attr } if &**attr == "choices" => Some(&**value),
        ExprKind::Call { func, .. } => match &func.kind {
            ExprKind::Attribute { value, attr } if &**attr == "choices" => Some(&**value),
            _ => None,
        },
        _ => Some(expr),
    };
    if let Some(named) = enumeration
        && let Symbol::Class(class) = read.program.resolve(scope, named)
    {
        return enum_values(read, class);
    }
    if let ExprKind::Attribute { .. } = &expr.kind {
        // A class-level list: `Order.STATUSES`, `STATUSES` in the class body.
        if let ExprKind::Attribute { value, attr } = &expr.kind
            && let Symbol::Class(class) = read.program.resolve(scope, value)
            && let Some(Attr::Value { expr, owner, .. }) = read.attr(class, attr)
        {
            return choice_values(&read.program.eval(read.class_scope(owner), expr));
        }
    }
    choice_values(&read.program.eval(scope, expr))
}

fn choice_values(val: &Val) -> Option<Vec<Val>> {
    let mut out = Vec::new();
    match val {
        Val::Seq(items) => {
            for (item, _) in items {
                let Val::Seq(pair) = item else { return None };
                match pair.as_slice() {
                    [(_, _), (Val::Seq(group), place)] => {
                        out.extend(choice_values(&Val::Seq(
                            group.iter().map(|(v, _)| (v.clone(), *place)).collect(),
                        ))?);
                    }
                    [(value, _), _] => out.push(value.clone()),
                    _ => return None,
                }
            }
        }
        Val::Map(items) => {
            for (key, value, _) in items {
                match value {
                    Val::Map(_) => out.extend(choice_values(value)?),
                    _ => out.push(key.clone()),
                }
            }
        }
        _ => return None,
    }
    Some(out)
}

/// Values of the members of a `TextChoices` or `IntegerChoices` (or plain enum) class.
pub(in crate::django) fn enum_values(read: &Read<'_>, class: ClassId) -> Option<Vec<Val>> {
    let scope = read.class_scope(class);
    let mut out = Vec::new();
    for stmt in &read.program.class_def(class).body {
        let StmtKind::Assign { targets, value } = &stmt.kind else {
            continue;
        };
        let Some(name) = targets.first().and_then(Expr::as_name) else {
            continue;
        };
        if name.starts_with('_') {
            continue;
        }
        let first = match &value.kind {
            ExprKind::Tuple(items) => items.first().unwrap_or(value),
            _ => value,
        };
        out.push(read.program.eval(scope, first));
    }
    (!out.is_empty()).then_some(out)
}

/// A field of a catalogue model.
pub(in crate::django) fn stub_field(
    read: &Read<'_>,
    registry: &mut Registry<'_>,
    owner: &str,
    stub: &StubField,
) -> Field {
    let class = ClassRef::External(read.canonical(&stub.class));
    let base = base_of(read, &class);
    let kind = kind_of(&base, &class);
    let mut kwargs = Kwargs::default();
    for (name, value) in &stub.kwargs {
        kwargs.items.push(Kwarg {
            name: name.as_str().into(),
            val: json_val(value),
            text: "".into(),
            place: None,
        });
    }
    let related_name = kwargs.str("related_name").map(Into::into);
    let app = owner;
    let to = stub.to.as_ref().map(|to| registry.by_string(to, None, app));
    let mut field = finish(Field {
        name: stub.name.as_str().into(),
        declared_in: ClassRef::External(owner.into()),
        class,
        base,
        kind,
        to,
        through: None,
        related_name,
        kwargs,
        is_pk: false,
        is_implicit: stub.auto_created,
        unique: None,
        db_index: None,
        null: None,
        blank: None,
        default: None,
        choices: None,
        editable: None,
        auto_now: false,
        place: None,
    });
    if stub.auto_created {
        field.is_pk = true;
        field.unique = Some(true);
    }
    field
}

/// A JSON value of the catalogue, as far as it is a literal.
pub(in crate::django) fn json_val(value: &serde_json::Value) -> Val {
    use serde_json::Value;
    match value {
        Value::Null => Val::Known(Literal::None),
        Value::Bool(b) => Val::Known(Literal::Bool(*b)),
        Value::Number(n) => n.as_i64().map_or_else(
            || Val::Unknown("a number of a package".into()),
            |n| Val::Known(Literal::Int(n)),
        ),
        Value::String(s) => Val::Known(Literal::Str(s.as_str().into())),
        Value::Object(o) => match o.get("class").and_then(Value::as_str) {
            Some(fq) => Val::Symbol(Symbol::External(fq.into())),
            None => Val::Unknown("set by a package".into()),
        },
        Value::Array(_) => Val::Unknown("a list of a package".into()),
    }
}

/// The `id` that Django adds.
pub(in crate::django) fn implicit_pk(owner: ClassRef, auto: Option<&str>) -> Field {
    let class = auto.unwrap_or("django.db.models.fields.AutoField");
    let name = class.rsplit('.').next().unwrap_or(class);
    let known = matches!(name, "AutoField" | "BigAutoField" | "SmallAutoField");
    let mut field = finish(Field {
        name: "id".into(),
        declared_in: owner,
        class: ClassRef::External(if known {
            format!("django.db.models.fields.{name}").into()
        } else {
            class.into()
        }),
        base: if known {
            name.into()
        } else {
            "BigAutoField".into()
        },
        kind: FieldKind::Scalar,
        to: None,
        through: None,
        related_name: None,
        kwargs: Kwargs::default(),
        is_pk: true,
        is_implicit: true,
        unique: None,
        db_index: None,
        null: None,
        blank: None,
        default: None,
        choices: None,
        editable: None,
        auto_now: false,
        place: None,
    });
    field.is_pk = true;
    field.unique = Some(true);
    field
}

/// The one-to-one to the parent's row that multi-table inheritance adds.
pub(in crate::django) fn parent_link(owner: ClassRef, parent: &str, id: ModelId) -> Field {
    let mut field = finish(Field {
        name: format!("{}_ptr", parent.to_lowercase()).into(),
        declared_in: owner,
        class: ClassRef::External("django.db.models.fields.related.OneToOneField".into()),
        base: "OneToOneField".into(),
        kind: FieldKind::OneToOne,
        to: Some(Target::Model(id)),
        through: None,
        related_name: None,
        kwargs: Kwargs::default(),
        is_pk: true,
        is_implicit: true,
        unique: Some(true),
        db_index: None,
        null: None,
        blank: None,
        default: None,
        choices: None,
        editable: None,
        auto_now: false,
        place: None,
    });
    field.is_pk = true;
    field
}
