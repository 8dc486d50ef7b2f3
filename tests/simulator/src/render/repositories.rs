//! Repositories and labels.

use serde_json::{Value, json};

use super::{View, node_id};
use crate::world::{AccountKind, Label, Repository};

impl View<'_> {
    /// Address of a repository in the API.
    pub(crate) fn repo_url(&self, repository: &Repository) -> String {
        format!(
            "{}/repos/{}",
            self.urls.api,
            self.world.full_name(repository)
        )
    }

    /// Address of a repository for people.
    pub(crate) fn repo_html(&self, repository: &Repository) -> String {
        format!("{}/{}", self.urls.web, self.world.full_name(repository))
    }

    /// `repository`, which holds all that `minimal-repository` asks for.
    pub(crate) fn repository(&self, repository: &Repository) -> Value {
        let world = self.world;
        let url = self.repo_url(repository);
        let html = self.repo_html(repository);
        let full_name = world.full_name(repository);
        let forks = world
            .repositories
            .values()
            .filter(|other| other.fork_of == Some(repository.id) && !other.deleted)
            .count();
        let issues = world
            .pulls_of(repository.id)
            .filter(|pull| pull.open)
            .count();
        let mut value = json!({
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": repository.name,
            "full_name": full_name,
            "private": repository.private,
            "owner": self.user(Some(repository.owner)),
            "html_url": html,
            "description": null,
            "fork": repository.fork_of.is_some(),
            "url": url,
        });
        let more = json!({
            "created_at": self.iso(repository.created_at),
            "updated_at": self.iso(repository.pushed_at),
            "pushed_at": self.iso(repository.pushed_at),
            "git_url": format!("git://localhost/{full_name}.git"),
            "ssh_url": format!("git@localhost:{full_name}.git"),
            "clone_url": format!("{html}.git"),
            "svn_url": html,
            "homepage": null,
            "size": 1,
            "stargazers_count": 0,
            "watchers_count": 0,
            "language": "Python",
            "has_issues": true,
            "has_projects": false,
            "has_downloads": false,
            "has_wiki": false,
            "has_pages": false,
            "has_discussions": false,
            "forks_count": forks,
            "mirror_url": null,
            "archived": repository.archived,
            "disabled": false,
            "open_issues_count": issues,
            "license": null,
            "allow_forking": true,
            "is_template": false,
            "web_commit_signoff_required": false,
            "topics": [],
            "custom_properties": {},
            "visibility": if repository.private { "private" } else { "public" },
            "forks": forks,
            "open_issues": issues,
            "watchers": 0,
            "default_branch": repository.default_branch,
        });
        if let Some(into) = value.as_object_mut() {
            for (key, path) in TEMPLATES {
                into.insert((*key).to_owned(), Value::String(format!("{url}{path}")));
            }
            if let Value::Object(more) = more {
                into.extend(more);
            }
        }
        value
    }

    /// `full-repository`.
    pub(crate) fn full_repository(&self, repository: &Repository) -> Value {
        let mut value = self.repository(repository);
        let owner = self.world.accounts.get(&repository.owner);
        if let Some(into) = value.as_object_mut() {
            into.insert("subscribers_count".into(), json!(0));
            into.insert("network_count".into(), json!(0));
            if owner.is_some_and(|owner| owner.kind == AccountKind::Organization) {
                into.insert("organization".into(), self.user(Some(repository.owner)));
            }
            if let Some(parent) = repository
                .fork_of
                .and_then(|id| self.world.repositories.get(&id))
            {
                into.insert("parent".into(), self.repository(parent));
                into.insert("source".into(), self.repository(parent));
            }
        }
        value
    }

    /// A repository as `push` carries it: with times as numbers and the owner's name.
    pub(crate) fn repository_in_push(&self, repository: &Repository) -> Value {
        let mut value = self.repository(repository);
        let login = self.world.login(repository.owner);
        if let Some(into) = value.as_object_mut() {
            let clock = self.world.clock;
            into.insert(
                "created_at".into(),
                json!(clock.unix(repository.created_at)),
            );
            into.insert("pushed_at".into(), json!(clock.unix(repository.pushed_at)));
            into.insert("stargazers".into(), json!(0));
            into.insert("master_branch".into(), json!(repository.default_branch));
            if let Some(Value::Object(owner)) = into.get_mut("owner") {
                owner.insert("name".into(), json!(login));
                owner.insert("email".into(), Value::Null);
            }
        }
        value
    }

    /// A repository as `installation` events carry it.
    pub(crate) fn repository_stub(&self, repository: &Repository) -> Value {
        json!({
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": repository.name,
            "full_name": self.world.full_name(repository),
            "private": repository.private,
        })
    }

    /// `label`.
    pub(crate) fn label(&self, repository: &Repository, label: &Label) -> Value {
        json!({
            "id": label.id,
            "node_id": node_id("Label", label.id),
            "url": format!("{}/labels/{}", self.repo_url(repository), crate::http::uri::encode(&label.name)),
            "name": label.name,
            "color": label.color,
            "default": false,
            "description": label.description,
        })
    }

    /// Labels by name, in the order given.
    pub(crate) fn labels(&self, repository: &Repository, names: &[String]) -> Value {
        names
            .iter()
            .filter_map(|name| repository.labels.get(&name.to_lowercase()))
            .map(|label| self.label(repository, label))
            .collect()
    }
}

/// URL templates that every repository carries.
const TEMPLATES: &[(&str, &str)] = &[
    ("forks_url", "/forks"),
    ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("teams_url", "/teams"),
    ("hooks_url", "/hooks"),
    ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"),
    ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"),
    ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"),
    ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"),
    ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"),
    ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("labels_url", "/labels{/name}"),
    ("releases_url", "/releases{/id}"),
    ("deployments_url", "/deployments"),
];
