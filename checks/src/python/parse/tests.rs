//! What the parser makes of source, ordinary and hostile.

use super::super::syntax::*;
use super::parse;

/// A tree in short, so that tests read.
fn show(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(show).collect::<Vec<_>>().join(" ");
    let opt = |e: &Option<Box<Expr>>| e.as_ref().map_or("_".to_owned(), |e| show(e));
    match &expr.kind {
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Attribute { value, attr } => format!("{}.{attr}", show(value)),
        ExprKind::Call { func, args } => {
            let args: Vec<String> = args
                .iter()
                .map(|arg| match &arg.kind {
                    ArgKind::Positional => show(&arg.value),
                    ArgKind::Keyword(name) => format!("{name}={}", show(&arg.value)),
                    ArgKind::Star => format!("*{}", show(&arg.value)),
                    ArgKind::DoubleStar => format!("**{}", show(&arg.value)),
                })
                .collect();
            format!("{}({})", show(func), args.join(", "))
        }
        ExprKind::Subscript { value, index } => format!("{}[{}]", show(value), show(index)),
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Bytes => "b".into(),
        ExprKind::FString(parts) => parts
            .iter()
            .map(|part| match part {
                FPart::Text(text) => text.to_string(),
                FPart::Hole(hole) => format!("{{{}}}", show(hole)),
            })
            .collect(),
        ExprKind::Int(value) => value.map_or("huge".into(), |v| v.to_string()),
        ExprKind::Float(text) => text.to_string(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::None => "None".into(),
        ExprKind::Ellipsis => "...".into(),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Tuple(items) => format!("({})", list(items)),
        ExprKind::Set(items) => format!("{{{}}}", list(items)),
        ExprKind::Dict(items) => items
            .iter()
            .map(|item| match item {
                DictItem::Pair { key, value } => format!("{}:{};", show(key), show(value)),
                DictItem::Spread(value) => format!("**{};", show(value)),
            })
            .collect(),
        ExprKind::BinOp { left, op, right } => format!("({} {op} {})", show(left), show(right)),
        ExprKind::UnaryOp { op, operand } => format!("({op} {})", show(operand)),
        ExprKind::BoolOp { op, values } => format!("({op} {})", list(values)),
        ExprKind::Compare { left, rest } => rest
            .iter()
            .fold(show(left), |out, (op, e)| format!("{out} {op} {}", show(e))),
        ExprKind::IfExp { test, body, orelse } => {
            format!("({} if {} else {})", show(body), show(test), show(orelse))
        }
        ExprKind::Lambda { params, body } => {
            let names: Vec<&str> = params.iter().map(|p| &*p.name).collect();
            format!("lambda {}: {}", names.join(" "), show(body))
        }
        ExprKind::Comprehension(c) => {
            let mut out = format!("{:?} {}", c.kind, show(&c.element));
            if let Some(value) = &c.value {
                out += &format!(": {}", show(value));
            }
            for clause in &c.clauses {
                out += &format!(" for {} in {}", show(&clause.target), show(&clause.iter));
                for condition in &clause.conditions {
                    out += &format!(" if {}", show(condition));
                }
            }
            out
        }
        ExprKind::Starred(value) => format!("*{}", show(value)),
        ExprKind::Await(value) => format!("await {}", show(value)),
        ExprKind::Yield(value) => format!("yield {}", opt(value)),
        ExprKind::Named { target, value } => format!("({target} := {})", show(value)),
        ExprKind::Slice { lower, upper, step } => {
            format!("{}:{}:{}", opt(lower), opt(upper), opt(step))
        }
        ExprKind::Opaque => "?".into(),
    }
}

fn one(text: &str) -> String {
    let file = parse(text);
    assert!(file.errors.is_empty(), "{text}: {:?}", file.errors);
    match &file.body.first().unwrap().kind {
        StmtKind::Expr(expr) => show(expr),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn expressions() {
    for (text, shown) in [
        ("a.b(c, *d, e=1, **f)[0]", "a.b(c, *d, e=1, **f)[0]"),
        ("f(x for x in y)", "f(Generator x for x in y)"),
        ("(a)", "a"),
        ("a, b", "(a b)"),
        ("a,", "(a)"),
        ("(a,)", "(a)"),
        ("()", "()"),
        ("[1, *a]", "[1 *a]"),
        ("{1, 2}", "{1 2}"),
        ("{'a': 1, **b}", "\"a\":1;**b;"),
        ("a or b or (c or d)", "(or a b (or c d))"),
        ("a and b or c and not d", "(or (and a b) (and c (not d)))"),
        ("a < b not in c is not d", "a < b not in c is not d"),
        ("-a + ~b ** 2", "((- a) + (~ (b ** 2)))"),
        ("a if b else c if d else e", "(a if b else (c if d else e))"),
        ("lambda x, *y, z=1: x", "lambda x y z: x"),
        (
            "[x for x in y if x if z for w in x]",
            "List x for x in y if x if z for w in x",
        ),
        (
            "{k: v for k, v in d.items()}",
            "Dict k: v for (k v) in d.items()",
        ),
        ("x[1:2, ::3]", "x[(1:2:_ _:_:3)]"),
        ("x[1:]", "x[1:_:_]"),
        ("(y := f(x))", "(y := f(x))"),
        ("await f()", "await f()"),
        ("...", "..."),
        ("1_000.5e3 + 0xFF", "(1_000.5e3 + 255)"),
        ("print", "print"),
        ("match", "match"),
        ("type(x)", "type(x)"),
        ("a @ b", "(a @ b)"),
        ("(yield x)", "yield x"),
        ("(# why\n a # that\n)", "a"),
    ] {
        assert_eq!(one(text), shown, "{text}");
    }
}

#[test]
fn strings() {
    for (text, shown) in [
        (r"'a\n\x41'", r#""a\nA""#),
        (r"r'a\n'", r#""a\\n""#),
        ("'a' \"b\" '''c'''", r#""abc""#),
        ("('a'  # why\n 'b')", r#""ab""#),
        ("b'a'", "b"),
        ("u'a'", r#""a""#),
        ("''", r#""""#),
        ("f'plain'", r#""plain""#),
        ("f'{{x}}'", r#""{x}""#),
        ("f'a{b.c}d{e!r}'", "a{b.c}d{repr(e)}"),
        ("f'{a:>{w}}'", "{format(a, >{w})}"),
        ("f'{a:02d}'", r#"{format(a, "02d")}"#),
        ("f'{a=}'", "a={repr(a)}"),
        ("'x' f'{a}' r'\\d'", "x{a}\\d"),
        ("f'{d['k']}'", r#"{d["k"]}"#),
        ("f'''\n{a}\n'''", "\n{a}\n"),
    ] {
        assert_eq!(one(text), shown, "{text}");
    }
}

/// The kinds of statements with their spans' text, indented by nesting.
fn outline(body: &[Stmt], depth: usize, out: &mut String) {
    for stmt in body {
        let (name, blocks): (String, Vec<&[Stmt]>) = match &stmt.kind {
            StmtKind::If { test, body, orelse } => {
                (format!("if {}", show(test)), vec![body, orelse])
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                is_async,
            } => (
                format!("for {} in {} async={is_async}", show(target), show(iter)),
                vec![body, orelse],
            ),
            StmtKind::While { test, body, orelse } => {
                (format!("while {}", show(test)), vec![body, orelse])
            }
            StmtKind::With { items, body, .. } => (
                items.iter().fold("with".into(), |out, item| {
                    let target = item.target.as_ref().map_or("_".into(), show);
                    format!("{out} {} as {target}", show(&item.context))
                }),
                vec![body],
            ),
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
            } => {
                let mut blocks: Vec<&[Stmt]> = vec![body];
                blocks.extend(handlers.iter().map(|h| h.body.as_slice()));
                blocks.extend([orelse.as_slice(), finally.as_slice()]);
                let name = handlers.iter().fold("try".into(), |out, h| {
                    let types = h.types.as_ref().map_or("_".into(), show);
                    format!("{out} except {types} as {:?}", h.name)
                });
                (name, blocks)
            }
            StmtKind::Match { subject, cases } => {
                let name = cases
                    .iter()
                    .fold(format!("match {}", show(subject)), |out, case| {
                        let values: Vec<String> = case.values.iter().map(show).collect();
                        format!("{out} case {values:?} wildcard={}", case.is_wildcard)
                    });
                (name, cases.iter().map(|c| c.body.as_slice()).collect())
            }
            StmtKind::Function(def) => {
                let params: Vec<String> = def
                    .params
                    .iter()
                    .map(|p| {
                        let mut out = format!("{}:{:?}", p.name, p.kind);
                        if let Some(annotation) = &p.annotation {
                            out += &format!(": {}", show(annotation));
                        }
                        if let Some(default) = &p.default {
                            out += &format!(" = {}", show(default));
                        }
                        out
                    })
                    .collect();
                let decorators: Vec<String> = def.decorators.iter().map(show).collect();
                (
                    format!(
                        "def {} async={} @{decorators:?} {params:?} -> {}",
                        def.name,
                        def.is_async,
                        def.returns.as_ref().map_or("_".into(), show)
                    ),
                    vec![&def.body],
                )
            }
            StmtKind::Class(def) => {
                let args: Vec<String> = def.args.iter().map(|a| show(&a.value)).collect();
                let decorators: Vec<String> = def.decorators.iter().map(show).collect();
                (
                    format!("class {} @{decorators:?} {args:?}", def.name),
                    vec![&def.body],
                )
            }
            StmtKind::Assign { targets, value } => (
                targets
                    .iter()
                    .fold(String::new(), |out, t| format!("{out}{} = ", show(t)))
                    + &show(value),
                vec![],
            ),
            StmtKind::AugAssign { target, op, value } => {
                (format!("{} {op}= {}", show(target), show(value)), vec![])
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
            } => (
                format!(
                    "{}: {} = {}",
                    show(target),
                    show(annotation),
                    value.as_ref().map_or("_".into(), |v| show(v))
                ),
                vec![],
            ),
            StmtKind::Import(names) => (
                names.iter().fold("import".into(), |out, n| {
                    format!("{out} {} as {:?}", n.path, n.alias)
                }),
                vec![],
            ),
            StmtKind::ImportFrom(from) => (
                from.names.iter().fold(
                    format!("from {} {} star={}", from.level, from.module, from.star),
                    |out, n| format!("{out} {} as {:?}", n.path, n.alias),
                ),
                vec![],
            ),
            StmtKind::Expr(expr) => (show(expr), vec![]),
            StmtKind::Return(value) => (
                format!("return {}", value.as_ref().map_or("_".into(), show)),
                vec![],
            ),
            StmtKind::Delete(targets) => (
                targets
                    .iter()
                    .fold("del".into(), |out, t| format!("{out} {}", show(t))),
                vec![],
            ),
            StmtKind::Raise { exc, cause } => (
                format!(
                    "raise {} from {}",
                    exc.as_ref().map_or("_".into(), show),
                    cause.as_ref().map_or("_".into(), show)
                ),
                vec![],
            ),
            StmtKind::Assert { test, message } => (
                format!(
                    "assert {} {}",
                    show(test),
                    message.as_ref().map_or("_".into(), show)
                ),
                vec![],
            ),
            StmtKind::TypeAlias { name, value } => {
                (format!("type {} = {}", show(name), show(value)), vec![])
            }
            other => (format!("{other:?}"), vec![]),
        };
        let indent = "  ".repeat(depth);
        let name = name.replace('\n', "\\n");
        out.push_str(&format!("{indent}{name}\n"));
        for block in blocks {
            outline(block, depth + 1, out);
        }
    }
}

fn outlined(text: &str) -> String {
    let mut out = String::new();
    outline(&parse(text).body, 0, &mut out);
    out
}

#[test]
fn statements() {
    let text = r#"
from __future__ import annotations
import os, a.b as c
from . import x
from ...pkg.mod import (
    y as z,  # why
    w,
)
from q import *
a = b = 1, 2
a, (b, *c) = d
x.y: list[int] = []
z: ClassVar[tuple["A", ...] | None]
a += 1
a //= 2
del a, b[0]
if a:
    pass
elif b:
    break
elif c:
    continue
else:
    raise E("x") from e
async def f(a, b: int = 1, /, *args: str, c=2, **kw) -> dict[str, int]:
    async for i in x:
        yield i
    else:
        return
    async with a as b, c:
        return 1, 2
    with (open(a) as x, open(b)):
        pass
@decorator
@other(x=1)
class A(B, metaclass=M):
    @property
    def x(self): return 1
try:
    pass
except (A, B) as e:
    a()
except C:
    b()
except:
    c()
else:
    d()
finally:
    e()
match x.y:
    case "a" | 1 | -2 | None:
        pass
    case Status.A as s:
        pass
    case [1, *rest]:
        pass
    case {"k": 1}:
        pass
    case P(x=1):
        pass
    case other if other:
        pass
    case _:
        pass
type X[T] = list[T]
class G[T: int](Base[T]): ...
def g[T](x: T) -> T: ...
while (n := next(it)) is not None: print(n); break
assert a, "b"
global_ = lambda: 0
"#;
    insta::assert_snapshot!(outlined(text), @r###"
from 0 __future__ star=false annotations as None
import os as None a.b as Some("c")
from 1  star=false x as None
from 3 pkg.mod star=false y as Some("z") w as None
from 0 q star=true
a = b = (1 2)
(a (b *c)) = d
x.y: list[int] = []
z: ClassVar[(tuple[("A" ...)] | None)] = _
a += 1
a //= 2
del a b[0]
if a
  Pass
  if b
    Break
    if c
      Continue
      raise E("x") from e
def f async=true @[] ["a:Normal", "b:Normal: int = 1", "args:Star: str", "c:KeywordOnly = 2", "kw:DoubleStar"] -> dict[(str int)]
  for i in x async=true
    yield i
    return _
  with a as b c as _
    return (1 2)
  with open(a) as x open(b) as _
    Pass
class A @["decorator", "other(x=1)"] ["B", "M"]
  def x async=false @["property"] ["self:Normal"] -> _
    return 1
try except (A B) as Some("e") except C as None except _ as None
  Pass
  a()
  b()
  c()
  d()
  e()
match x.y case ["\"a\"", "1", "(- 2)", "None"] wildcard=false case ["Status.A"] wildcard=false case [] wildcard=false case [] wildcard=false case [] wildcard=false case [] wildcard=false case [] wildcard=true
  Pass
  Pass
  Pass
  Pass
  Pass
  Pass
  Pass
type X[T] = list[T]
class G @[] ["Base[T]"]
  ...
def g async=false @[] ["x:Normal: T"] -> T
  ...
while (n := next(it)) is not None
  print(n)
  Break
assert a "b"
global_ = lambda : 0
"###);
    let file = parse(text);
    assert_eq!(file.comments.len(), 1);
    assert_eq!(&*file.comments[0].text, "# why");
    assert!(file.errors.is_empty());
}

#[test]
fn python_2() {
    insta::assert_snapshot!(outlined("print \"a\", b\nprint >>f, x\nexec code\ntry:\n    pass\nexcept E, e:\n    raise E, 'x'\nx = 0777 <> 10L\n"), @r###"
print("a", b)
print(file=f, x)
exec(code)
try except E as Some("e")
  Pass
  raise (E "x") from _
x = 511 <> 10
"###);
}

#[test]
fn what_does_not_parse_leaves_the_rest() {
    let text = "\
class A(models.Model):
    name = models.CharField(max_length=

    def f(self):
        return 1

class B:
    x = 1

def g(:
    pass

class C:
    y = 2
";
    insta::assert_snapshot!(outlined(text), @r###"
Opaque
class A @[] ["models.Model"]
  return 1
class B @[] []
  x = 1
def g async=false @[] [] -> _
  Pass
class C @[] []
  y = 2
"###);
    assert!(!parse(text).errors.is_empty());
}

#[test]
fn spans_are_those_of_the_text() {
    let text = "@d\ndef é(x):\n    return (x.y)  # c\n";
    let file = parse(text);
    let StmtKind::Function(def) = &file.body[0].kind else {
        panic!()
    };
    let at = |span: Span| text.get(span.start as usize..span.end as usize).unwrap();
    assert_eq!(at(def.span), "@d\ndef é(x):\n    return (x.y)");
    assert_eq!(at(def.name_span), "é");
    let StmtKind::Return(Some(value)) = &def.body[0].kind else {
        panic!()
    };
    assert_eq!(at(value.span), "x.y");
    assert_eq!(at(def.body[0].span), "return (x.y)");
    assert_eq!(at(file.comments[0].span), "# c");
}

/// On a thread with the stack of a rayon worker.
fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn hostile_depth_neither_overflows_nor_takes_long() {
    let n = 100_000;
    let cases = [
        "(".repeat(n) + &")".repeat(n),
        "(".repeat(n),
        "a".to_owned() + &"()".repeat(n),
        "a".to_owned() + &".b".repeat(n),
        "a".to_owned() + &"[0]".repeat(n),
        "[".repeat(n) + &"]".repeat(n),
        "{1:".repeat(n),
        "a".to_owned() + &" + a".repeat(n),
        "a".to_owned() + &" or a".repeat(n),
        "not ".repeat(n) + "a",
        "-".repeat(n) + "a",
        "a = ".repeat(n) + "1",
        "lambda: ".repeat(n) + "1",
        "f'{".repeat(20_000),
        "x = 1 if a else ".repeat(n),
        format!("if a:\n    pass\n{}", "elif b:\n    pass\n".repeat(n / 10)),
        (0..1000)
            .map(|i| " ".repeat(i) + "if a:\n")
            .collect::<String>(),
        "@a\n".repeat(n) + "def f(): pass",
        "await ".repeat(n) + "a",
        "a.b().c(d)[e]".to_string() + &".f(g.h(i))".repeat(n / 4),
    ];
    on_small_stack(move || {
        for text in cases {
            let started = std::time::Instant::now();
            let file = parse(&text);
            let head: String = text.chars().take(20).collect();
            // Generous: a debug build on a busy machine. Quadratic would be minutes.
            assert!(started.elapsed().as_secs() < 20, "{head}");
            drop(file);
        }
    });
}

#[test]
fn deep_source_says_that_it_was_cut() {
    let file = parse(&("[".repeat(500) + &"]".repeat(500)));
    assert!(file.truncated.is_some());
    let file = parse(&("(".repeat(500) + &")".repeat(500)));
    assert!(file.truncated.is_none(), "parentheses leave nothing behind");
    let file = parse(&("a".to_owned() + &" or a".repeat(500)));
    assert!(file.truncated.is_none(), "a flat chain");
}

proptest::proptest! {
    #[test]
    fn never_fails_and_spans_stay_within(text in "[ -~\n\té]{0,200}") {
        let file = parse(&text);
        for stmt in &file.body {
            proptest::prop_assert!(stmt.span.start <= stmt.span.end);
            proptest::prop_assert!(text.get(stmt.span.start as usize..stmt.span.end as usize).is_some());
        }
    }

    #[test]
    fn never_fails_on_tokens(tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..60)) {
        let text: String = tokens.concat();
        let _ = parse(&text);
    }
}

const TOKENS: &[&str] = &[
    "class ", "def ", "x", " ", "\n", "\n    ", "(", ")", "[", "]", "{", "}", ":", ",", "=", "'",
    "\"", "f'", "'''", "if ", "else", "elif ", "for ", "in ", "import ", "from ", ".", "*", "**",
    "@", "lambda ", "match ", "case ", "with ", "as ", "try:", "except ", "1", "not ", "and ",
    "await ", "yield ", "#", "\\", ":=", "->", "é", "print ", "type ",
];
