//! DRF731: nobody can tell from the repository what this is and how it is started.

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF731",
    name: "readme-absent-or-template",
    competency: Competency::C20,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("readme_absent_or_template.md"),
    yields_to: &[],
    run,
};

/// Words of prose, headings and commands below which a README says nothing of its own.
const MIN_WORDS: usize = 60;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(project) = cx.head.project_anchor() else {
        return;
    };
    out.looked();
    let Some(readme) = cx.head.infra.readme(&cx.head.tree) else {
        let message = "There is no README: nothing says what this is, how it is started and how it is tested.";
        out.found(Evidence::new("README", project, message));
        return;
    };
    let file = cx.head.tree.file(readme.file);
    let anchor = Anchor::line(readme.file, 1);
    let own = cx.base.and_then(|base| base.tree.get(&file.path));
    let unchanged = own.is_some_and(|before| before.blob == file.blob);
    let others = cx.head.infra.markdown.iter().any(|doc| {
        doc.file != readme.file
            && doc.words >= MIN_WORDS
            && cx.changes.touches_file(&cx.head.tree.file(doc.file).path)
    });
    if unchanged && !others {
        let message = format!(
            "`{}` is still the text of the assignment: nothing in it speaks of this solution.",
            file.path
        );
        // The lines are not the candidate's, the omission is: it stands at the project.
        out.found(
            Evidence::new("README", project, message).also(anchor.note("unchanged since the base")),
        );
        return;
    }
    let commands: usize = readme
        .blocks
        .iter()
        .map(|block| block.text.split_whitespace().count())
        .sum();
    let words = readme.words + commands;
    if words < MIN_WORDS && !others {
        let message = format!(
            "`{}` has {words} words: too few to say what this is, how it is started and how it is tested.",
            file.path
        );
        out.found(Evidence::new("README", anchor, message));
    }
}
