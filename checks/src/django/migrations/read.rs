//! Migration files as written: dependencies, operations, fields.

use std::sync::Arc;

use super::{Migration, MigrationField, Operation};
use crate::django::apps::App;
use crate::django::apps::find::app_of_path;
use crate::django::fields::FieldKind;
use crate::django::names::{ClassRef, Kwarg, Kwargs, MigrationId, as_str, truth};
use crate::django::read::Read;
use crate::python::link::AttributeKind;
use crate::python::syntax::{Arg, ArgKind, Expr, ExprKind, StmtKind, keyword, positional};
use crate::python::value::Val;
use crate::python::{ClassId, Scope};
use crate::source::Role;

/// Operations nested in `SeparateDatabaseAndState` beyond this are not read.
const MAX_DEPTH: u32 = 4;

/// All migrations of the tree in the order of app label and name. `user` is the label of the user
/// model in lower case.
pub(super) fn read_all(read: &Read<'_>, apps: &[App], user: &str) -> Vec<Migration> {
    let mut found = Vec::new();
    for (id, class) in read.program.classes() {
        let file = read.program.module(class.module).file;
        let source = read.tree.file(file);
        if source.role != Role::Migration || &*read.program.class_def(id).name != "Migration" {
            continue;
        }
        let Some(app) = app_of_path(apps, &source.path) else {
            continue;
        };
        found.push(one(read, id, app, user));
    }
    found.sort_by(|a, b| (&a.app_label, &a.name).cmp(&(&b.app_label, &b.name)));
    for (at, migration) in found.iter_mut().enumerate() {
        migration.id = MigrationId(at as u32);
    }
    found
}

fn one(read: &Read<'_>, class: ClassId, app: &App, user: &str) -> Migration {
    let program = read.program;
    let module = program.class(class).module;
    let file = program.module(module).file;
    let scope = read.class_scope(class);
    let value = |name: &str| match program.own_attribute(class, name)?.kind {
        AttributeKind::Value(value) => Some(value),
        _ => None,
    };
    let pairs = |name: &str| -> Vec<(Arc<str>, Arc<str>)> {
        let items = value(name).and_then(Expr::elements).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| match item.elements()? {
                [app, name] => Some((app.as_str()?.into(), name.as_str()?.into())),
                _ => None,
            })
            .collect()
    };
    let mut open = None;
    let operations = match value("operations") {
        Some(list) => match list.elements() {
            Some(items) => items
                .iter()
                .map(|item| operation(read, scope, item, user, MAX_DEPTH))
                .collect(),
            None => {
                open = Some("its operations are not a literal list".into());
                Vec::new()
            }
        },
        None => Vec::new(),
    };
    let flag = |name: &str| value(name).and_then(|value| truth(&program.eval(scope, value)));
    let name = read.tree.file(file).name().trim_end_matches(".py").into();
    let imports = program
        .body(module)
        .iter()
        .filter_map(|statement| match &statement.kind {
            StmtKind::ImportFrom(import)
                if import.level == 0 && program.find_module(&import.module).is_some() =>
            {
                Some((Arc::clone(&import.module), read.place(module, import.span)))
            }
            _ => None,
        })
        .collect();
    Migration {
        id: MigrationId(0),
        app: app.id,
        app_label: Arc::clone(&app.label),
        name,
        file,
        initial: flag("initial"),
        dependencies: pairs("dependencies"),
        run_before: pairs("run_before"),
        replaces: pairs("replaces"),
        atomic: flag("atomic") != Some(false),
        operations,
        imports,
        open,
        place: read.class_place(class),
    }
}

fn operation(read: &Read<'_>, scope: Scope, expr: &Expr, user: &str, depth: u32) -> Operation {
    let (callee, args) = expr.as_call().unwrap_or((expr, &[]));
    let class = read.class_ref(scope, callee);
    let kind: Arc<str> = class.name().into();
    let text = |expr: Option<&Expr>| {
        expr.and_then(|e| as_str(&read.program.eval(scope, e)).map(Into::into))
    };
    let first = positional(args, 0);
    let on_model =
        keyword(args, "model_name").or_else(|| if takes_model_name(&kind) { first } else { None });
    let named = keyword(args, "name").or_else(|| {
        if takes_model_name(&kind) {
            positional(args, 1)
        } else {
            first
        }
    });
    let field_expr = keyword(args, "field").or_else(|| positional(args, 2));
    let takes_field = matches!(&*kind, "AddField" | "AlterField");
    let fields = match keyword(args, "fields")
        .or_else(|| positional(args, 1))
        .filter(|_| &*kind == "CreateModel")
    {
        Some(list) => list
            .elements()
            .unwrap_or_default()
            .iter()
            .filter_map(|pair| match pair.elements()? {
                [name, value] => field(read, scope, name.as_str()?, value, user),
                _ => None,
            })
            .collect(),
        None => Vec::new(),
    };
    let code = keyword(args, "code")
        .or(first)
        .filter(|_| &*kind == "RunPython");
    let reverse = match &*kind {
        "RunPython" => keyword(args, "reverse_code").or_else(|| positional(args, 1)),
        "RunSQL" => keyword(args, "reverse_sql").or_else(|| positional(args, 1)),
        _ => None,
    };
    let nested = keyword(args, "state_operations")
        .and_then(Expr::elements)
        .filter(|_| depth > 0)
        .unwrap_or_default()
        .iter()
        .map(|item| operation(read, scope, item, user, depth - 1))
        .collect();
    let name = text(named);
    Operation {
        model: text(on_model),
        field: field_expr
            .filter(|_| takes_field)
            .and_then(|value| field(read, scope, name.as_deref().unwrap_or(""), value, user))
            .map(|field| without_one_off_default(read, scope, args, field)),
        name,
        fields,
        kwargs: kwargs(read, scope, args),
        code: code.map(|code| read.program.resolve(scope, code)),
        reversible: matches!(&*kind, "RunPython" | "RunSQL").then_some(reverse.is_some()),
        state_operations: nested,
        place: read.place(scope.module, expr.span),
        kind,
        class,
    }
}

/// `preserve_default=False`: the default was for the existing rows only.
fn without_one_off_default(
    read: &Read<'_>,
    scope: Scope,
    args: &[Arg],
    mut field: MigrationField,
) -> MigrationField {
    let preserve = keyword(args, "preserve_default").map(|value| read.program.eval(scope, value));
    if preserve.as_ref().and_then(truth) == Some(false) {
        field.kwargs.items.retain(|kwarg| &*kwarg.name != "default");
    }
    field
}

/// Operations whose first argument is the model's name and whose second is the thing's.
fn takes_model_name(kind: &str) -> bool {
    matches!(
        kind,
        "AddField"
            | "AlterField"
            | "RemoveField"
            | "RenameField"
            | "AddIndex"
            | "RemoveIndex"
            | "RenameIndex"
            | "AddConstraint"
            | "RemoveConstraint"
            | "AlterConstraint"
    )
}

fn field(
    read: &Read<'_>,
    scope: Scope,
    name: &str,
    value: &Expr,
    user: &str,
) -> Option<MigrationField> {
    let (callee, args) = value.as_call()?;
    let class = read.class_ref(scope, callee);
    let base: Arc<str> = match &class {
        ClassRef::External(fq)
            if fq.starts_with("django.db.models") || fq.starts_with("django.contrib.postgres") =>
        {
            class.name().into()
        }
        _ => "".into(),
    };
    let kind = match &*base {
        "ForeignKey" => FieldKind::ForeignKey,
        "OneToOneField" => FieldKind::OneToOne,
        "ManyToManyField" => FieldKind::ManyToMany,
        _ => FieldKind::Scalar,
    };
    let to = keyword(args, "to")
        .or_else(|| positional(args, 0))
        .filter(|_| kind != FieldKind::Scalar)
        .and_then(|to| match as_str(&read.program.eval(scope, to)) {
            Some(text) => Some(text.to_lowercase().into()),
            None => to
                .dotted()
                .filter(|dotted| dotted.ends_with("AUTH_USER_MODEL"))
                .map(|_| user.into()),
        });
    Some(MigrationField {
        name: name.into(),
        class,
        base,
        kind,
        to,
        kwargs: kwargs(read, scope, args),
        place: read.place(scope.module, value.span),
    })
}

fn kwargs(read: &Read<'_>, scope: Scope, args: &[Arg]) -> Kwargs {
    let mut found = Kwargs::default();
    for arg in args {
        match &arg.kind {
            ArgKind::Keyword(name) => found.items.push(Kwarg {
                name: Arc::clone(name),
                val: match &arg.value.kind {
                    // Constraints and indexes are looked at by name and fields only.
                    ExprKind::Call { args, .. } if matches!(&**name, "index" | "constraint") => {
                        let inner = kwargs(read, scope, args);
                        let items = inner.items.into_iter().filter_map(|item| {
                            Some((
                                Val::Known(crate::python::Literal::Str(item.name)),
                                item.val,
                                item.place?,
                            ))
                        });
                        Val::Map(items.collect())
                    }
                    _ => read.program.eval(scope, &arg.value),
                },
                text: read.expr_text(scope.module, &arg.value),
                place: Some(read.place(scope.module, arg.value.span)),
            }),
            ArgKind::DoubleStar => found.open = true,
            ArgKind::Positional | ArgKind::Star => {}
        }
    }
    found
}
