//! The lists: organisations, repositories, their pull requests, files.

use super::{code, html::Html};
use crate::{
    http::uri,
    world::{AccountKind, Pull, Repository, World},
};

/// A page around its content.
pub(crate) fn page(title: &str, trail: &[(String, String)], content: &Html) -> String {
    let mut page = Html::new();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>")
        .text(title)
        .raw("</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .raw("<link rel=\"stylesheet\" href=\"/_simulator/style.css\"></head><body><div class=\"top\">")
        .raw("<a href=\"/\"><b>GitHub simulator</b></a>");
    for (to, text) in trail {
        page.raw(" / ").link(to, text);
    }
    page.raw("</div><main>")
        .add(content)
        .raw("</main></body></html>\n");
    page.into_string()
}

/// A box with a heading and a list.
fn list(heading: &str, items: Vec<Html>, empty: &'static str) -> Html {
    let mut out = Html::new();
    out.raw("<section class=\"box\"><header><b>")
        .text(heading)
        .raw("</b></header>");
    if items.is_empty() {
        out.raw("<div class=\"in soft\">").raw(empty).raw("</div>");
    }
    out.raw("<ul>");
    for item in items {
        out.raw("<li>").add(&item).raw("</li>");
    }
    out.raw("</ul></section>");
    out
}

/// A badge that says whether a pull request is open.
pub(crate) fn state(pull: &Pull) -> Html {
    let mut out = Html::new();
    match (pull.open, pull.merged, pull.draft) {
        (true, _, true) => out.raw("<span class=\"badge\">Draft</span>"),
        (true, ..) => out.raw("<span class=\"badge open\">Open</span>"),
        (false, true, _) => out.raw("<span class=\"badge merged\">Merged</span>"),
        (false, ..) => out.raw("<span class=\"badge closed\">Closed</span>"),
    };
    out
}

fn pull_line(world: &World, repository: &Repository, pull: &Pull) -> Html {
    let mut out = state(pull);
    let to = format!("/{}/pull/{}", world.full_name(repository), pull.number);
    out.raw(" ")
        .link(&to, &pull.title)
        .raw(" <span class=\"soft\">#")
        .number(pull.number)
        .raw(" by ")
        .text(pull.author.map_or("ghost", |id| world.login(id)))
        .raw("</span>");
    for label in &pull.labels {
        out.raw(" <span class=\"label\">")
            .text(label)
            .raw("</span>");
    }
    out
}

fn repository_line(world: &World, repository: &Repository) -> Html {
    let mut out = Html::new();
    let name = world.full_name(repository);
    let open = world
        .pulls_of(repository.id)
        .filter(|pull| pull.open)
        .count();
    out.link(&format!("/{name}"), &name)
        .raw(" <span class=\"badge\">")
        .raw(if repository.private {
            "Private"
        } else {
            "Public"
        })
        .raw("</span> <span class=\"soft\">")
        .number(open as u64)
        .raw(if open == 1 {
            " open pull request"
        } else {
            " open pull requests"
        });
    if let Some(parent) = repository
        .fork_of
        .and_then(|id| world.repositories.get(&id))
    {
        out.raw(", forked from ").text(&world.full_name(parent));
    }
    out.raw("</span>");
    out
}

/// Organisations, repositories and open pull requests.
pub(crate) fn index(world: &World) -> String {
    let mut content = Html::new();
    content.raw("<h1>What stands here</h1>");
    let mut pulls = Vec::new();
    for repository in world
        .repositories
        .values()
        .filter(|repository| !repository.deleted)
    {
        for pull in world
            .pulls_of(repository.id)
            .filter(|pull| pull.open)
            .take(200)
        {
            let mut line = Html::new();
            line.raw("<span class=\"soft\">")
                .text(&world.full_name(repository))
                .raw("</span> ");
            line.add(&pull_line(world, repository, pull));
            pulls.push(line);
        }
    }
    content.add(&list("Open pull requests", pulls, "None yet."));
    let organisations = world
        .accounts
        .values()
        .filter(|account| {
            account.kind == AccountKind::Organization && account.id != world.app.owner
        })
        .map(|account| {
            let mut line = Html::new();
            line.link(&format!("/{}", account.login), &account.login);
            if let Some(installation) = world
                .installations
                .values()
                .find(|i| i.account == account.id)
            {
                line.raw(" <span class=\"badge\">");
                line.raw(if installation.suspended_at.is_some() {
                    "App suspended"
                } else {
                    "App installed"
                });
                line.raw("</span>");
            }
            line
        })
        .collect();
    content.add(&list("Organisations", organisations, "None yet."));
    let repositories = world
        .repositories
        .values()
        .filter(|repository| !repository.deleted)
        .take(500)
        .map(|repository| repository_line(world, repository))
        .collect();
    content.add(&list("Repositories", repositories, "None yet."));
    page("GitHub simulator", &[], &content)
}

/// An account and its repositories.
pub(crate) fn account(world: &World, login: &str) -> Option<String> {
    let account = world.account(login)?;
    let mut content = Html::new();
    content.raw("<h1>").text(&account.login).raw("</h1>");
    let repositories = world
        .repositories
        .values()
        .filter(|repository| repository.owner == account.id && !repository.deleted)
        .map(|repository| repository_line(world, repository))
        .collect();
    content.add(&list("Repositories", repositories, "None."));
    Some(page(&account.login, &[], &content))
}

/// The way to a repository.
pub(crate) fn trail(world: &World, repository: &Repository) -> Vec<(String, String)> {
    let owner = world.login(repository.owner);
    vec![
        (format!("/{owner}"), owner.to_owned()),
        (
            format!("/{owner}/{}", repository.name),
            repository.name.clone(),
        ),
    ]
}

/// A repository: its pull requests and the files of its default branch.
pub(crate) fn repository(world: &World, repository: &Repository) -> String {
    let mut content = Html::new();
    let name = world.full_name(repository);
    content.raw("<h1>").text(&name).raw("</h1>");
    let pulls = world
        .pulls_of(repository.id)
        .take(500)
        .map(|pull| pull_line(world, repository, pull))
        .collect();
    content.add(&list("Pull requests", pulls, "None yet."));
    let branch = &repository.default_branch;
    let entries = repository
        .git
        .resolve(&format!("{}{branch}", repository.branches))
        .and_then(|commit| repository.git.tree(&commit, true).ok())
        .unwrap_or_default();
    let files = entries
        .iter()
        .filter(|entry| entry.kind == "blob")
        .take(500)
        .map(|entry| {
            let mut line = Html::new();
            let to = format!(
                "/{name}/blob/{}/{}",
                uri::encode(branch),
                uri::encode_path(&entry.path)
            );
            line.raw("<span class=\"code\">")
                .link(&to, &entry.path)
                .raw("</span>");
            line
        })
        .collect();
    content.add(&list(&format!("Files of {branch}"), files, "None."));
    page(&name, &trail(world, repository), &content)
}

/// A file of a commit.
pub(crate) fn blob(
    world: &World,
    repository: &Repository,
    reference: &str,
    path: &str,
    text: &str,
) -> String {
    let mut content = Html::new();
    content
        .raw("<h1 class=\"code\">")
        .text(path)
        .raw("</h1><p class=\"soft\">at <code>")
        .text(reference)
        .raw("</code></p><div class=\"box\"><table class=\"code\">");
    for (at, line) in code::lines(path, text).iter().enumerate() {
        let number = at + 1;
        content
            .raw("<tr")
            .attribute("id", &format!("L{number}"))
            .raw("><td class=\"at\">")
            .number(number as u64)
            .raw("</td><td>")
            .add(line)
            .raw("</td></tr>");
    }
    content.raw("</table></div>");
    page(path, &trail(world, repository), &content)
}
