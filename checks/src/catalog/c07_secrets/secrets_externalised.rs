//! DRF319: no secret stands in the source, and the names of those that are needed are written down.

use crate::catalog::secret_words::is_secret_name;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF319",
    name: "secrets-externalised",
    competency: Competency::C07,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("secrets_externalised.md"),
    yields_to: &[],
    run,
};
use crate::python::value::{Literal, Val};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(prod) = cx.head.django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    out.looked();
    let Some(key) = prod.get("SECRET_KEY") else {
        return;
    };
    let mut secrets = Vec::new();
    for (name, setting) in prod.values() {
        collect(name, &setting.val, 0, &mut secrets);
    }
    let all_external = secrets.iter().all(|val| is_external(val));
    let committed = cx.head.infra.env_files.iter().any(|file| {
        !file.example
            && file
                .entries
                .iter()
                .any(|entry| is_secret_name(&entry.key) && !entry.value.is_empty())
    });
    let example = cx.head.infra.env_files.iter().find(|file| file.example);
    let ignored = cx.head.infra.gitignore.ignores(".env").is_some();
    if !all_external || committed || !ignored || !is_external(key.val) {
        return;
    }
    let Some(example) = example else { return };
    let example_path = &cx.head.tree.file(example.file).path;
    out.found(
        Evidence::new(
            format!("{}.SECRET_KEY", prod.name),
            cx.anchor(key.place),
            format!("Every secret comes from the environment without a fallback; `{example_path}` names them and git ignores `.env`."),
        )
        .also(crate::catalog::Anchor::line(example.file, 1).note("names the variables")),
    );
}

/// Values under names of secrets, dictionaries included.
fn collect<'a>(name: &str, val: &'a Val, depth: u32, secrets: &mut Vec<&'a Val>) {
    match val {
        Val::Map(items) if depth < 4 => {
            for (key, value, _) in items {
                if let Val::Known(Literal::Str(key)) = key {
                    collect(key, value, depth + 1, secrets);
                }
            }
        }
        _ if is_secret_name(name)
            && !matches!(
                val,
                Val::Known(Literal::None | Literal::Bool(_)) | Val::Seq(_) | Val::Symbol(_)
            ) =>
        {
            secrets.push(val);
        }
        _ => {}
    }
}

/// From the environment, without a literal to fall back to.
fn is_external(val: &Val) -> bool {
    match val {
        Val::Env { default, .. } => default.as_deref().is_none_or(|default| match default {
            Val::Known(Literal::None) => true,
            Val::Known(Literal::Str(text)) => text.is_empty(),
            _ => false,
        }),
        Val::Known(Literal::Str(text)) => text.is_empty(),
        Val::Known(Literal::Int(_)) => true,
        _ => false,
    }
}
