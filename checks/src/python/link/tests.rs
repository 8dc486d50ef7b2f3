//! How names resolve across files.
#![allow(
    clippy::format_collect,
    reason = "source for tests, written for reading"
)]

use super::super::syntax::{Expr, StmtKind};
use super::*;

fn program(files: &[(&str, &str)]) -> Program {
    Program::of(&Tree::of_texts(files.iter().copied()))
}

/// What the last expression statement of a file names.
fn last(program: &Program, module: &str) -> String {
    let id = program
        .find_module(module)
        .unwrap_or_else(|| panic!("no module {module}"));
    let scope = Scope::of_module(id);
    let body = program.body(id);
    let expr = body
        .iter()
        .rev()
        .find_map(|stmt| match &stmt.kind {
            StmtKind::Expr(expr) => Some(expr),
            _ => None,
        })
        .unwrap();
    describe(program, scope, expr)
}

fn describe(program: &Program, scope: Scope, expr: &Expr) -> String {
    show(program, &program.resolve(scope, expr))
}

fn show(program: &Program, symbol: &Symbol) -> String {
    let fq = program.fq(symbol);
    let name = fq.as_deref().unwrap_or("");
    match symbol {
        Symbol::Module(_) => format!("module {name}"),
        Symbol::Class(_) => format!("class {name}"),
        Symbol::Func(_) => format!("def {name}"),
        Symbol::Variable(..) => format!("variable {name}"),
        Symbol::External(_) => format!("external {name}"),
        Symbol::Unknown(reason) => format!("unknown: {reason}"),
    }
}

/// Resolves the last expression of `a.py` beside other files.
fn resolved(text: &str, others: &[(&str, &str)]) -> String {
    let mut files = vec![("manage.py", ""), ("a.py", text)];
    files.extend(others);
    last(&program(&files), "a")
}

#[test]
fn imports_and_aliases() {
    let shop = [
        (
            "shop/__init__.py",
            "from .models import Order as Exported\n",
        ),
        (
            "shop/models.py",
            "class Order: pass\nclass Item: pass\nlimit = 3\ndef f(): pass\n",
        ),
    ];
    for (text, expected) in [
        ("import os\nos.path.join", "external os.path.join"),
        ("import os.path as p\np.join", "external os.path.join"),
        (
            "import shop.models\nshop.models.Order",
            "class shop.models.Order",
        ),
        ("import shop.models as m\nm.f", "def shop.models.f"),
        (
            "from shop import models\nmodels.limit",
            "variable shop.models.limit",
        ),
        (
            "from shop import Exported\nExported",
            "class shop.models.Order",
        ),
        (
            "from shop.models import Order as O\nX = O\nY = X\nY",
            "class shop.models.Order",
        ),
        ("from shop.models import *\nItem", "class shop.models.Item"),
        ("from shop.missing import X\nX", "external shop.missing.X"),
        ("from .shop import models as m\nm", "module shop.models"),
        (
            "from shop.models import Nothing\nNothing",
            "unknown: `shop.models` does not define `Nothing`",
        ),
        (
            "from rest_framework import viewsets\nviewsets.ModelViewSet",
            "external rest_framework.viewsets.ModelViewSet",
        ),
        (
            "from django.conf import settings\nsettings.AUTH_USER_MODEL",
            "external django.conf.settings.AUTH_USER_MODEL",
        ),
        (
            "from rest_framework.permissions import *\nIsAdminUser",
            "external rest_framework.permissions.IsAdminUser",
        ),
        (
            "from x import *\nfrom y import *\nZ",
            "unknown: `Z` comes from one of several star imports of other packages",
        ),
        ("int", "external builtins.int"),
        ("nothing", "unknown: `nothing` is not defined there"),
        (
            "from importlib import import_module\nm = import_module('shop.models')\nm.Order",
            "class shop.models.Order",
        ),
        ("X = 1\nX", "variable a.X"),
        ("X = 1\nX.y", "unknown: `y` is an attribute of a value"),
        (
            "class A:\n    class Meta:\n        x = 1\n    def f(self): pass\nA.Meta.x",
            "variable a.A.Meta.x",
        ),
        (
            "class A:\n    def f(self): pass\nclass B(A): pass\nB.f",
            "def a.A.f",
        ),
    ] {
        assert_eq!(resolved(text, &shop), expected, "{text}");
    }
}

#[test]
fn branches_and_order() {
    for (text, expected) in [
        (
            "try:\n    from x import A\nexcept ImportError:\n    from y import A\nA",
            "external x.A",
        ),
        (
            "try:\n    import x\nexcept ImportError:\n    x = None\nx",
            "external x",
        ),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from x import A\nelse:\n    from y import A\nA",
            "external y.A",
        ),
        ("if TYPE_CHECKING:\n    from x import A\nA", "external x.A"),
        (
            "if c:\n    class A: pass\nelse:\n    class A: pass\nA",
            "unknown: `A` is defined twice by a condition",
        ),
        ("class A: pass\nclass A: x = 1\nA.x", "variable a.A.x"),
        ("from x import A\nA\nfrom y import A", "external x.A"),
        (
            "if c:\n    from x import A\nelse:\n    raise E\nA",
            "external x.A",
        ),
        (
            "from x import A\nif c:\n    from y import A\nelif d:\n    from z import A\nelse:\n    from w import A\nA",
            "unknown: `A` is defined twice by a condition",
        ),
        ("from x import A\ndel A\nA", "unknown: `A` is deleted"),
        ("for A in x: pass\nA", "variable a.A"),
        ("A, B = x.C, y.D\nB", "variable a.B"),
        ("import x, y\nA, B = x.C, y.D\nB", "external y.D"),
    ] {
        assert_eq!(resolved(text, &[]), expected, "{text}");
    }
}

#[test]
fn all_limits_what_a_star_takes() {
    let others = [(
        "b.py",
        "__all__ = ['X']\nclass X: pass\nclass Y: pass\nclass _Z: pass",
    )];
    assert_eq!(resolved("from b import *\nX", &others), "class b.X");
    assert_eq!(
        resolved("from b import *\nY", &others),
        "unknown: `Y` is not defined there"
    );
}

#[test]
fn functions_see_locals_then_the_module_but_not_the_class() {
    let text = "\
from x import Model
class View:
    Model = 1
    def get(self, request):
        from y import Local
        Alias = Local
        Model
        Alias
        request
        self.helper
        super().get
        later
    def helper(self): pass
class Child(View):
    def get(self, request):
        super().get
def later(): pass
";
    let program = program(&[("a.py", text)]);
    let shown: Vec<String> = program
        .functions()
        .flat_map(|(id, _)| {
            let scope = program.scope_of_func(id);
            let program = &program;
            program
                .func_def(id)
                .body
                .iter()
                .filter_map(move |stmt| match &stmt.kind {
                    StmtKind::Expr(expr) => Some(describe(program, scope, expr)),
                    _ => None,
                })
        })
        .collect();
    assert_eq!(
        shown,
        [
            "external x.Model",
            "external y.Local",
            "unknown: `request` is a parameter",
            "def a.View.helper",
            "unknown: `get` is not defined by the project's classes",
            "def a.later",
            "def a.View.get",
        ]
    );
}

#[test]
fn source_roots() {
    // Two projects with modules of the same name, one with `apps` on the path.
    let program = program(&[
        ("one/manage.py", ""),
        ("one/core/__init__.py", ""),
        ("one/core/models.py", "class A: pass"),
        ("one/core/views.py", "from core.models import A\nA"),
        ("two/manage.py", ""),
        ("two/core/models.py", "class A: pass"),
        ("two/core/views.py", "from core.models import A\nA"),
        (
            "two/core/settings.py",
            "import sys\nsys.path.insert(0, str(BASE_DIR / 'apps'))",
        ),
        ("two/apps/orders/__init__.py", ""),
        ("two/apps/orders/models.py", "class O: pass"),
        (
            "two/apps/orders/views.py",
            "from orders.models import O\nfrom apps.orders.models import O as P\nO\nP",
        ),
    ]);
    let names: Vec<&str> = program.modules().map(|(_, m)| &*m.name).collect();
    assert_eq!(
        names,
        [
            "core",
            "core.models",
            "core.views",
            "manage",
            "orders",
            "orders.models",
            "orders.views",
            "core.models",
            "core.settings",
            "core.views",
            "manage",
        ]
    );
    let mut answers = Vec::new();
    for (id, module) in program.modules() {
        for stmt in program.body(id) {
            if let StmtKind::Expr(expr) = &stmt.kind
                && expr.as_name().is_some()
                && let Symbol::Class(class) = program.resolve(Scope::of_module(id), expr)
            {
                let target = program.module(program.class(class).module);
                answers.push(format!("{:?} -> {:?}", module.file.0, target.file.0));
            }
        }
    }
    assert_eq!(answers, ["2 -> 1", "6 -> 5", "6 -> 5", "9 -> 7"]);
}

#[test]
fn src_layout_and_packages_without_a_project() {
    let program = program(&[
        ("pyproject.toml", ""),
        ("src/shop/__init__.py", ""),
        ("src/shop/views.py", "from shop import models\nmodels.A"),
        ("src/shop/models.py", "class A: pass"),
        ("backend/other/__init__.py", ""),
        ("backend/other/x.py", "class B: pass"),
    ]);
    assert_eq!(last(&program, "shop.views"), "class shop.models.A");
    assert!(program.find_module("other.x").is_some());
}

#[test]
fn mro_and_attributes() {
    let text = "\
from rest_framework import serializers, viewsets
from typing import Generic, TypeVar
T = TypeVar('T')
class Mixin(object):
    permission_classes: 'ClassVar' = [1]
    a, b = 1, 2
class Base(Mixin, Generic[T], viewsets.GenericViewSet):
    def get_queryset(self): pass
    get_queryset = decorate(get_queryset)
    x: int
class View(Base['X'], viewsets.ModelViewSet):
    if DEBUG:
        page = 1
    else:
        page = 2
    class Meta:
        fields = ['a']
class Circle(Circle2): pass
class Circle2(Circle): pass
class Bad(View, Mixin, View): pass
class Dynamic(make()): pass
";
    let program = program(&[("a.py", text)]);
    let class = |name: &str| {
        program
            .classes()
            .find(|(_, c)| *c.fq == format!("a.{name}"))
            .unwrap()
            .0
    };
    let mro = |name: &str| {
        let mro = program.mro(class(name));
        let entries: Vec<String> = mro
            .entries
            .iter()
            .map(|base| match base {
                Base::Project(id) => program.class(*id).fq.to_string(),
                Base::External(name) => name.to_string(),
            })
            .collect();
        (entries.join(" "), mro.open.clone())
    };
    assert_eq!(
        mro("View"),
        (
            "a.View a.Base a.Mixin typing.Generic rest_framework.viewsets.GenericViewSet \
             rest_framework.viewsets.ModelViewSet"
                .into(),
            None
        )
    );
    assert_eq!(
        mro("Bad").1.as_deref(),
        Some("its bases have no consistent order")
    );
    assert_eq!(
        mro("Dynamic").1.as_deref(),
        Some("its base `a base` is not resolved: is the result of a call")
    );
    assert!(mro("Circle2").1.is_some());
    let view = class("View");
    assert_eq!(program.inherits(view, "a.Mixin"), Some(true));
    assert_eq!(program.inherits(view, "x.Y"), Some(false));
    assert_eq!(program.inherits(class("Dynamic"), "x.Y"), None);
    let at = |name: &str| program.attribute(view, name);
    assert!(matches!(
        at("permission_classes").unwrap().kind,
        AttributeKind::Value(_)
    ));
    assert!(
        matches!(at("b").unwrap().kind, AttributeKind::Value(e) if matches!(e.kind, super::super::syntax::ExprKind::Int(Some(2))))
    );
    assert!(
        matches!(at("get_queryset").unwrap().kind, AttributeKind::Value(_)),
        "the last binding wins"
    );
    assert!(matches!(at("Meta").unwrap().kind, AttributeKind::Class(_)));
    assert!(at("x").is_none(), "an annotation alone is no attribute");
    assert_eq!(program.own_attributes(view, "page").len(), 2);
    let names: Vec<Arc<str>> = program
        .own_attribute_names(view)
        .into_iter()
        .map(|(n, _)| n)
        .collect();
    assert_eq!(
        names.iter().map(|n| &**n).collect::<Vec<_>>(),
        ["page", "Meta"]
    );
}

#[test]
fn managers_from_querysets() {
    let text = "\
from django.db import models
class OrderQuerySet(models.QuerySet):
    def open(self): pass
OrderManager = models.Manager.from_queryset(OrderQuerySet)
class M(OrderManager): pass
class N(models.Manager.from_queryset(OrderQuerySet)): pass
A = B.from_queryset(x)
B = A.from_queryset(x)
class C(A): pass
";
    let program = program(&[("a.py", text)]);
    for name in ["a.M", "a.N"] {
        let (id, _) = program.classes().find(|(_, c)| &*c.fq == name).unwrap();
        assert_eq!(program.mro(id).open, None);
        assert!(program.attribute(id, "open").is_some());
        assert_eq!(program.inherits(id, "django.db.models.Manager"), Some(true));
    }
}

#[test]
fn a_module_named_like_a_package_means_the_package() {
    let program = program(&[
        ("proj/celery.py", "from celery import Celery\nCelery"),
        ("proj/manage.py", ""),
    ]);
    assert_eq!(last(&program, "celery"), "external celery.Celery");
}

#[test]
fn circles_end() {
    let program = program(&[
        (
            "a.py",
            "from b import X\nfrom b import *\nfrom a import Y\nX\nclass A(X): pass",
        ),
        ("b.py", "from a import X\nfrom a import *\nclass B(X): pass"),
        ("p/__init__.py", "from . import q\nfrom .q import z"),
        ("p/q.py", "from . import q\nfrom p import z\nq"),
    ]);
    assert!(last(&program, "a").starts_with("unknown"));
    assert_eq!(last(&program, "p.q"), "module p.q");
    for (id, _) in program.classes() {
        assert!(program.mro(id).open.is_some());
    }
}

#[test]
fn dotted_strings() {
    let program = program(&[
        ("shop/__init__.py", "from .models import Order"),
        ("shop/models.py", "class Order:\n    class Meta: pass"),
        ("plain/views.py", "class V: pass"),
    ]);
    for (dotted, expected) in [
        ("shop.models.Order", "class shop.models.Order"),
        ("shop.Order.Meta", "class shop.models.Order.Meta"),
        ("shop.models", "module shop.models"),
        ("plain.views.V", "class plain.views.V"),
        (
            "rest_framework.permissions.IsAuthenticated",
            "external rest_framework.permissions.IsAuthenticated",
        ),
        ("", "external "),
        ("...", "external ..."),
    ] {
        assert_eq!(
            show(&program, &program.resolve_dotted(dotted)),
            expected,
            "{dotted}"
        );
    }
}

#[test]
fn nested_definitions_have_their_names_and_scopes() {
    let program = program(&[(
        "a.py",
        "def outer():\n    from x import Y\n    class Local(Y):\n        def m(self):\n            def inner(): pass\nclass A:\n    class B:\n        def f(self): pass",
    )]);
    let classes: Vec<&str> = program.classes().map(|(_, c)| &*c.fq).collect();
    assert_eq!(classes, ["a.outer.Local", "a.A", "a.A.B"]);
    let functions: Vec<&str> = program.functions().map(|(_, f)| &*f.fq).collect();
    assert_eq!(
        functions,
        [
            "a.outer",
            "a.outer.Local.m",
            "a.outer.Local.m.inner",
            "a.A.B.f"
        ]
    );
    let (local, _) = program.classes().next().unwrap();
    assert_eq!(program.inherits(local, "x.Y"), Some(true));
    let (a, _) = program.classes().nth(1).unwrap();
    assert_eq!(program.methods(a).count(), 0);
}

#[test]
fn hostile_graphs_take_no_time() {
    // Every module star-imports every other, and every class inherits from the next.
    let files: Vec<(String, String)> = (0..60)
        .map(|i| {
            let stars: String = (0..60)
                .filter(|j| *j != i)
                .map(|j| format!("from m{j} import *\n"))
                .collect();
            (
                format!("m{i}.py"),
                format!("{stars}class C{i}(C{}): pass\nMissing\n", (i + 1) % 60),
            )
        })
        .collect();
    let tree = Tree::of_texts(files.iter().map(|(p, t)| (p.as_str(), t.as_str())));
    let program = Program::of(&tree);
    assert!(last(&program, "m7").starts_with("unknown"));
    // A hierarchy as deep as a file is long.
    let deep: String = (0..5000)
        .map(|i| format!("class C{}(C{i}): pass\n", i + 1))
        .collect();
    let program = Program::of(&Tree::of_texts([("a.py", deep.as_str())]));
    let (last, _) = program.classes().last().unwrap();
    assert!(program.mro(last).open.is_some());
}
