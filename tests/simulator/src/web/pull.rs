//! The pages of a pull request: the talk with its checks, and the changed files with annotations in
//! their places, as a person sees them on GitHub.

use std::collections::BTreeMap;

use super::{
    code,
    html::Html,
    markdown,
    pages::{page, state, trail},
};
use crate::{
    http::uri,
    world::{Annotation, CheckRun, Comment, Pull, Repository, World, Writer},
};

/// Lines of code shown before and after an annotation.
const AROUND: u64 = 3;
/// Annotations shown on one page.
const MOST_SHOWN: usize = 500;

fn header(world: &World, repository: &Repository, pull: &Pull, here: &str) -> Html {
    let mut out = Html::new();
    let path = format!("/{}/pull/{}", world.full_name(repository), pull.number);
    let head = match (pull.head_repository, pull.head_owner) {
        (Some(_), Some(owner)) => format!("{}:{}", world.login(owner), pull.head_branch),
        _ => format!("unknown:{}", pull.head_branch),
    };
    out.raw("<h1>")
        .text(&pull.title)
        .raw(" <span class=\"soft\">#")
        .number(pull.number)
        .raw("</span></h1><p>")
        .add(&state(pull))
        .raw(" <b>")
        .text(pull.author.map_or("ghost", |id| world.login(id)))
        .raw("</b> wants to merge into <code>")
        .text(&pull.base_branch)
        .raw("</code> from <code>")
        .text(&head)
        .raw("</code> <span class=\"soft code\">")
        .text(short(&pull.head_sha))
        .raw("</span>");
    for label in &pull.labels {
        out.raw(" <span class=\"label\">")
            .text(label)
            .raw("</span>");
    }
    out.raw("</p><nav class=\"tabs\">");
    for (name, to) in [
        ("Conversation", path.clone()),
        ("Files changed", format!("{path}/files")),
    ] {
        out.raw("<a").attribute("href", &to);
        if name == here {
            out.raw(" class=\"here\"");
        }
        out.raw(">").text(name).raw("</a>");
    }
    out.raw("</nav>");
    out
}

fn short(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

/// The conversation: description, checks, comments.
pub(crate) fn conversation(world: &World, repository: &Repository, pull: &Pull) -> String {
    let mut content = header(world, repository, pull, "Conversation");
    let back = format!("/{}/pull/{}", world.full_name(repository), pull.number);
    content.raw("<section class=\"box\"><header><b>");
    content.text(pull.author.map_or("ghost", |id| world.login(id)));
    content.raw("</b> <span class=\"soft\">described</span></header><div class=\"in\">");
    if pull.body.is_empty() {
        content.raw("<p class=\"soft\"><i>No description provided.</i></p>");
    }
    content
        .add(&markdown::render(&pull.body, true))
        .raw("</div></section>");

    content.raw("<h2 id=\"checks\">Checks</h2>");
    let runs = latest(world, repository.id, &pull.head_sha);
    if runs.is_empty() {
        content.raw("<p class=\"soft\">No check has run on this commit.</p>");
    }
    for run in runs {
        content.add(&check_run(world, repository, run, &back));
    }

    content.raw("<h2 id=\"comments\">Comments</h2>");
    let mut none = true;
    for comment in world.comments_of(repository.id, pull.number) {
        none = false;
        content.add(&comment_box(world, comment));
    }
    for review in world
        .reviews
        .values()
        .filter(|review| review.repository == repository.id && review.number == pull.number)
    {
        none = false;
        content
            .raw("<section class=\"box\"><header><b>")
            .text(world.login(world.app.bot))
            .raw("</b> <span class=\"badge\">")
            .text(&review.state)
            .raw("</span></header><div class=\"in\">")
            .add(&markdown::render(&review.body, true));
        for comment in &review.comments {
            content
                .raw("<p class=\"code\">")
                .text(&format!("{}:{}", comment.path, comment.line))
                .raw("</p>")
                .add(&markdown::render(&comment.body, true));
        }
        content.raw("</div></section>");
    }
    if none {
        content.raw("<p class=\"soft\">Nobody has commented.</p>");
    }
    content.add(&comment_form(world, repository, pull, &back));
    page(&pull.title, &trail(world, repository), &content)
}

/// The newest run of each name on a commit.
fn latest<'w>(world: &'w World, repository: u64, sha: &str) -> Vec<&'w CheckRun> {
    let mut by_name: BTreeMap<&str, &CheckRun> = BTreeMap::new();
    for run in world
        .runs
        .values()
        .filter(|run| run.repository == repository && run.head_sha == sha)
    {
        by_name.insert(&run.name, run);
    }
    by_name.into_values().collect()
}

fn comment_box(world: &World, comment: &Comment) -> Html {
    let mut out = Html::new();
    let author = match comment.writer {
        Writer::App => world.login(world.app.bot),
        Writer::User(id) => world.login(id),
        Writer::Nobody => "ghost",
    };
    out.raw("<section class=\"box\"")
        .attribute("id", &format!("issuecomment-{}", comment.id))
        .raw("><header><b>")
        .text(author)
        .raw("</b>");
    if comment.writer == Writer::App {
        out.raw(" <span class=\"bot\">bot</span>");
    }
    out.raw(" <span class=\"soft\">commented on ")
        .text(&world.clock.iso(comment.created_at));
    if comment.updated_at != comment.created_at {
        out.raw(", edited");
    }
    out.raw("</span></header><div class=\"in\">")
        .add(&markdown::render(&comment.body, true));
    for reaction in world
        .reactions
        .values()
        .filter(|reaction| reaction.comment == comment.id)
    {
        let sign = match reaction.content.as_str() {
            "+1" => "👍",
            "-1" => "👎",
            "laugh" => "😄",
            "confused" => "😕",
            "heart" => "❤️",
            "hooray" => "🎉",
            "rocket" => "🚀",
            _ => "👀",
        };
        out.raw("<span class=\"label\">")
            .raw(sign)
            .raw(" 1</span> ");
    }
    out.raw("</div></section>");
    out
}

/// A form for a comment as one of the people who may see the repository.
fn comment_form(world: &World, repository: &Repository, pull: &Pull, back: &str) -> Html {
    let mut out = Html::new();
    out.raw("<form class=\"wide\" method=\"post\" action=\"/_simulator/comments\"><input type=\"hidden\" name=\"repo\"")
        .attribute("value", &world.full_name(repository))
        .raw("><input type=\"hidden\" name=\"number\"")
        .attribute("value", &pull.number.to_string())
        .raw("><input type=\"hidden\" name=\"back\"")
        .attribute("value", back)
        .raw("><textarea name=\"body\" placeholder=\"Leave a comment, for instance /takehome review\" required></textarea><span>as ");
    out.add(&people(world, repository, pull))
        .raw(" <button>Comment</button></span></form>");
    out
}

/// A choice of the people around a pull request: who acts for the owner, collaborators, the author.
fn people(world: &World, repository: &Repository, pull: &Pull) -> Html {
    let mut out = Html::new();
    out.raw("<select name=\"user\" aria-label=\"as whom\">");
    let mut logins = vec![world.login(world.admin_of(repository.owner))];
    logins.extend(repository.collaborators.keys().map(|id| world.login(*id)));
    logins.extend(pull.author.map(|id| world.login(id)));
    for login in logins {
        out.raw("<option>").text(login).raw("</option>");
    }
    out.raw("</select>");
    out
}

/// A check run as its page shows it.
fn check_run(world: &World, repository: &Repository, run: &CheckRun, back: &str) -> Html {
    let mut out = Html::new();
    let word = run.conclusion.as_deref().unwrap_or(&run.status);
    out.raw("<section class=\"box\"")
        .attribute("id", &format!("run-{}", run.id))
        .raw("><header><span")
        .attribute("class", &format!("badge {word}"))
        .raw(">")
        .text(word)
        .raw("</span> ");
    let to = format!("/{}/runs/{}", world.full_name(repository), run.id);
    out.raw("<b>")
        .link(&to, &run.name)
        .raw("</b> <span class=\"soft grow\">");
    out.text(run.title.as_deref().unwrap_or_default())
        .raw("</span>");
    if let Some(details) = run
        .details_url
        .as_deref()
        .filter(|url| url.starts_with("http"))
    {
        out.raw("<a rel=\"nofollow\"")
            .attribute("href", details)
            .raw(">Details</a>");
    }
    out.add(&button(
        world,
        repository,
        run,
        "rerequest",
        "Re-run",
        None,
        back,
    ));
    if run.status == "completed" {
        for action in &run.actions {
            out.add(&button(
                world,
                repository,
                run,
                "request-action",
                &action.label,
                Some(&action.identifier),
                back,
            ));
        }
    }
    out.raw("</header><div class=\"in\">");
    if let Some(title) = &run.title {
        out.raw("<h3>").text(title).raw("</h3>");
    }
    for text in [&run.summary, &run.text].into_iter().flatten() {
        out.add(&markdown::render(text, false));
    }
    if !run.annotations.is_empty() {
        out.raw("<h3>Annotations (")
            .number(run.annotations.len() as u64)
            .raw(")</h3>");
    }
    let mut sources: BTreeMap<&str, Vec<Html>> = BTreeMap::new();
    for annotation in run.annotations.iter().take(MOST_SHOWN) {
        let lines = sources
            .entry(&annotation.path)
            .or_insert_with(|| source(repository, &run.head_sha, &annotation.path));
        out.add(&in_context(world, repository, run, annotation, lines));
    }
    out.raw("</div></section>");
    out
}

fn button(
    world: &World,
    repository: &Repository,
    run: &CheckRun,
    what: &'static str,
    label: &str,
    identifier: Option<&str>,
    back: &str,
) -> Html {
    let mut out = Html::new();
    out.raw("<form method=\"post\"")
        .attribute("action", &format!("/_simulator/{what}"))
        .raw("><input type=\"hidden\" name=\"run\"")
        .attribute("value", &run.id.to_string())
        .raw("><input type=\"hidden\" name=\"user\"")
        .attribute("value", world.login(world.admin_of(repository.owner)))
        .raw("><input type=\"hidden\" name=\"back\"")
        .attribute("value", back)
        .raw(">");
    if let Some(identifier) = identifier {
        out.raw("<input type=\"hidden\" name=\"identifier\"")
            .attribute("value", identifier)
            .raw(">");
    }
    out.raw("<button>").text(label).raw("</button></form>");
    out
}

/// Lines of a file at a commit; none where it is not there or not text.
fn source(repository: &Repository, sha: &str, path: &str) -> Vec<Html> {
    let text = repository
        .git
        .entry(sha, path)
        .ok()
        .flatten()
        .filter(|entry| entry.kind == "blob" && entry.size.is_some_and(|size| size < 2_000_000))
        .and_then(|entry| repository.git.blob(&entry.sha).ok());
    text.map(|bytes| code::lines(path, &String::from_utf8_lossy(&bytes)))
        .unwrap_or_default()
}

fn note(annotation: &Annotation) -> Html {
    let mut out = Html::new();
    out.raw("<div")
        .attribute("class", &format!("note {}", annotation.annotation_level))
        .raw("><b>")
        .text(annotation.title.as_deref().unwrap_or("Annotation"))
        .raw(" <span class=\"soft\">")
        .text(&annotation.annotation_level)
        .raw("</span></b><p>")
        .text(&annotation.message)
        .raw("</p>");
    if let Some(details) = &annotation.raw_details {
        out.raw("<details><summary>Raw output</summary><pre>")
            .text(details)
            .raw("</pre></details>");
    }
    out.raw("</div>");
    out
}

/// An annotation with the lines around it.
fn in_context(
    world: &World,
    repository: &Repository,
    run: &CheckRun,
    annotation: &Annotation,
    lines: &[Html],
) -> Html {
    let mut out = Html::new();
    let to = format!(
        "/{}/blob/{}/{}#L{}",
        world.full_name(repository),
        run.head_sha,
        uri::encode_path(&annotation.path),
        annotation.start_line
    );
    let place = format!("{}:{}", annotation.path, annotation.start_line);
    out.raw("<div class=\"box\"><header class=\"code\">")
        .link(&to, &place)
        .raw("</header><table class=\"code\">");
    let first = annotation.start_line.saturating_sub(AROUND).max(1);
    let last = annotation.end_line.saturating_add(AROUND);
    let mut noted = false;
    for (number, line) in (1_u64..)
        .zip(lines)
        .skip_while(|(number, _)| *number < first)
    {
        if number > last {
            break;
        }
        let here = number >= annotation.start_line && number <= annotation.end_line;
        out.raw(if here {
            "<tr class=\"here\"><td class=\"at\">"
        } else {
            "<tr><td class=\"at\">"
        })
        .number(number)
        .raw("</td><td>")
        .add(line)
        .raw("</td></tr>");
        if number == annotation.end_line {
            noted = true;
            out.raw("<tr><td class=\"at\"></td><td class=\"wide\">")
                .add(&note(annotation))
                .raw("</td></tr>");
        }
    }
    if !noted {
        out.raw("<tr><td class=\"wide\"><span class=\"soft\">This line is not in the file at this commit.</span>")
            .add(&note(annotation))
            .raw("</td></tr>");
    }
    out.raw("</table></div>");
    out
}

/// The page of one check run.
pub(crate) fn run(world: &World, repository: &Repository, run: &CheckRun) -> String {
    let mut content = Html::new();
    let back = format!("/{}/runs/{}", world.full_name(repository), run.id);
    content
        .raw("<h1>")
        .text(&run.name)
        .raw("</h1><p class=\"soft\">on <code>");
    content.text(&run.head_sha).raw("</code></p>");
    let pulls: Vec<&Pull> = world
        .pulls_of(repository.id)
        .filter(|p| p.head_sha == run.head_sha)
        .collect();
    for pull in pulls {
        let to = format!("/{}/pull/{}", world.full_name(repository), pull.number);
        content
            .raw("<p>")
            .link(&to, &format!("{} #{}", pull.title, pull.number))
            .raw("</p>");
    }
    content.add(&check_run(world, repository, run, &back));
    page(&run.name, &trail(world, repository), &content)
}

/// The changed files, with annotations below their lines.
pub(crate) fn files(world: &World, repository: &Repository, pull: &Pull) -> String {
    let mut content = header(world, repository, pull, "Files changed");
    let base = repository
        .git
        .merge_base(&pull.base_sha, &pull.head_sha)
        .unwrap_or_else(|| pull.base_sha.clone());
    let entries = repository
        .git
        .diff(&base, &pull.head_sha)
        .unwrap_or_default();
    let mut notes: BTreeMap<(&str, u64), Vec<&Annotation>> = BTreeMap::new();
    for annotation in latest(world, repository.id, &pull.head_sha)
        .into_iter()
        .flat_map(|run| &run.annotations)
        .take(MOST_SHOWN)
    {
        notes
            .entry((&annotation.path, annotation.end_line))
            .or_default()
            .push(annotation);
    }
    content
        .raw("<p class=\"soft\">")
        .number(entries.len() as u64)
        .raw(" changed files</p>");
    for entry in entries.iter().take(300) {
        content
            .raw("<section class=\"box\"><header class=\"code\">")
            .text(&entry.path);
        content
            .raw(" <span class=\"soft\">")
            .raw(entry.status)
            .raw(", +")
            .number(entry.additions)
            .raw(" −")
            .number(entry.deletions)
            .raw("</span></header><table class=\"code\">");
        let (mut old, mut new) = (0_u64, 0_u64);
        let patch = entry.patch.as_deref().unwrap_or_default();
        let coloured = code::lines(&entry.path, &bodies(patch));
        for (line, coloured) in patch.lines().zip(&coloured) {
            let sign = line.chars().next().unwrap_or(' ');
            match sign {
                '@' => {
                    (old, new) = starts(line);
                    content
                        .raw("<tr class=\"hunk\"><td class=\"at\"></td><td class=\"at\"></td><td>");
                    content.text(line).raw("</td></tr>");
                    continue;
                }
                '\\' => continue,
                '+' => {
                    content
                        .raw("<tr class=\"plus\"><td class=\"at\"></td><td class=\"at\">")
                        .number(new);
                }
                '-' => {
                    content
                        .raw("<tr class=\"minus\"><td class=\"at\">")
                        .number(old)
                        .raw("</td><td class=\"at\">");
                }
                _ => {
                    content
                        .raw("<tr><td class=\"at\">")
                        .number(old)
                        .raw("</td><td class=\"at\">")
                        .number(new);
                }
            }
            content.raw("</td><td>").add(coloured).raw("</td></tr>");
            if sign != '-' {
                for annotation in notes.get(&(entry.path.as_str(), new)).into_iter().flatten() {
                    content
                        .raw("<tr><td class=\"at\"></td><td class=\"at\"></td><td class=\"wide\">");
                    content.add(&note(annotation)).raw("</td></tr>");
                }
                new += 1;
            }
            if sign != '+' {
                old += 1;
            }
        }
        content.raw("</table></section>");
    }
    page(&pull.title, &trail(world, repository), &content)
}

/// The lines of a patch without their signs, so that they can be coloured.
fn bodies(patch: &str) -> String {
    let mut out = String::new();
    for line in patch.lines() {
        if line.starts_with(['+', '-', ' ']) {
            out.push_str(line.get(1..).unwrap_or_default());
        }
        out.push('\n');
    }
    out
}

/// First lines of a hunk, old and new.
fn starts(hunk: &str) -> (u64, u64) {
    let number = |sign: char| {
        hunk.split(' ')
            .find_map(|part| part.strip_prefix(sign))
            .and_then(|part| part.split(',').next()?.parse().ok())
            .unwrap_or(1)
    };
    (number('-'), number('+'))
}
