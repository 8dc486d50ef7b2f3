//! Pull requests, comments, reviews.

use serde_json::{Value, json};

use super::{Figures, View, node_id};
use crate::world::{Comment, Mergeable, Pull, Reaction, Repository, Review, Writer};

impl View<'_> {
    /// `pull-request-simple`.
    pub(crate) fn pull_simple(&self, pull: &Pull) -> Value {
        let Some(base) = self.world.repositories.get(&pull.repository) else {
            return Value::Null;
        };
        let url = format!("{}/pulls/{}", self.repo_url(base), pull.number);
        let issue = format!("{}/issues/{}", self.repo_url(base), pull.number);
        let html = format!("{}/pull/{}", self.repo_html(base), pull.number);
        let statuses = format!("{}/statuses/{}", self.repo_url(base), pull.head_sha);
        let head = pull
            .head_repository
            .and_then(|id| self.world.repositories.get(&id))
            .filter(|head| !head.deleted);
        // Source for "unknown": pull requests of deleted forks on github.com.
        let owner = match (head, pull.head_owner) {
            (None, _) | (_, None) => "unknown",
            (Some(_), Some(owner)) => self.world.login(owner),
        };
        json!({
            "url": url,
            "id": pull.id,
            "node_id": node_id("PullRequest", pull.id),
            "html_url": html,
            "diff_url": format!("{html}.diff"),
            "patch_url": format!("{html}.patch"),
            "issue_url": issue,
            "commits_url": format!("{url}/commits"),
            "review_comments_url": format!("{url}/comments"),
            "review_comment_url": format!("{}/pulls/comments{{/number}}", self.repo_url(base)),
            "comments_url": format!("{issue}/comments"),
            "statuses_url": statuses,
            "number": pull.number,
            "state": if pull.open { "open" } else { "closed" },
            "locked": false,
            "title": pull.title,
            "user": self.user(pull.author),
            "body": if pull.body.is_empty() { Value::Null } else { json!(pull.body) },
            "created_at": self.iso(pull.created_at),
            "updated_at": self.iso(pull.updated_at),
            "closed_at": pull.closed_at.map(|at| self.iso(at)),
            "merged_at": pull.closed_at.filter(|_| pull.merged).map(|at| self.iso(at)),
            "merge_commit_sha": null,
            "assignee": null,
            "assignees": [],
            "requested_reviewers": pull.reviewers.iter().map(|id| self.user(Some(*id))).collect::<Value>(),
            "requested_teams": [],
            "labels": self.labels(base, &pull.labels),
            "milestone": null,
            "draft": pull.draft,
            "head": {
                "label": format!("{owner}:{}", pull.head_branch),
                "ref": pull.head_branch,
                "sha": pull.head_sha,
                "user": self.user(head.and(pull.head_owner)),
                "repo": head.map(|head| self.repository(head)),
            },
            "base": {
                "label": format!("{}:{}", self.world.login(base.owner), pull.base_branch),
                "ref": pull.base_branch,
                "sha": pull.base_sha,
                "user": self.user(Some(base.owner)),
                "repo": self.repository(base),
            },
            "_links": {
                "self": {"href": url},
                "html": {"href": html},
                "issue": {"href": issue},
                "comments": {"href": format!("{issue}/comments")},
                "review_comments": {"href": format!("{url}/comments")},
                "review_comment": {"href": format!("{}/pulls/comments{{/number}}", self.repo_url(base))},
                "commits": {"href": format!("{url}/commits")},
                "statuses": {"href": statuses},
            },
            "author_association": self.world.association(base, pull.author),
            "auto_merge": null,
            "active_lock_reason": null,
        })
    }

    /// `pull-request`.
    pub(crate) fn pull(&self, pull: &Pull, figures: Figures) -> Value {
        let mut value = self.pull_simple(pull);
        let comments = self.world.comments_of(pull.repository, pull.number).count();
        let (mergeable, state) = match pull.mergeable {
            Mergeable::Unknown => (Value::Null, "unknown"),
            Mergeable::Known(true) if pull.draft => (json!(true), "draft"),
            Mergeable::Known(true) => (json!(true), "clean"),
            Mergeable::Known(false) => (json!(false), "dirty"),
        };
        let more = json!({
            "merged": pull.merged,
            "mergeable": mergeable,
            "rebaseable": mergeable,
            "mergeable_state": state,
            "merged_by": null,
            "comments": comments,
            "review_comments": 0,
            "maintainer_can_modify": pull.head_repository != Some(pull.repository),
            "commits": figures.commits,
            "additions": figures.additions,
            "deletions": figures.deletions,
            "changed_files": figures.files,
        });
        if let (Some(into), Value::Object(more)) = (value.as_object_mut(), more) {
            into.extend(more);
        }
        value
    }

    /// A pull request as the issue that `issue_comment` carries.
    pub(crate) fn issue(&self, pull: &Pull) -> Value {
        let Some(base) = self.world.repositories.get(&pull.repository) else {
            return Value::Null;
        };
        let repo = self.repo_url(base);
        let url = format!("{repo}/issues/{}", pull.number);
        let html = format!("{}/pull/{}", self.repo_html(base), pull.number);
        json!({
            "url": url,
            "repository_url": repo,
            "labels_url": format!("{url}/labels{{/name}}"),
            "comments_url": format!("{url}/comments"),
            "events_url": format!("{url}/events"),
            "html_url": html,
            "id": pull.id + 1_000_000,
            "node_id": node_id("Issue", pull.id),
            "number": pull.number,
            "title": pull.title,
            "user": self.user(pull.author),
            "labels": self.labels(base, &pull.labels),
            "state": if pull.open { "open" } else { "closed" },
            "state_reason": null,
            "locked": false,
            "assignee": null,
            "assignees": [],
            "milestone": null,
            "comments": self.world.comments_of(pull.repository, pull.number).count(),
            "created_at": self.iso(pull.created_at),
            "updated_at": self.iso(pull.updated_at),
            "closed_at": pull.closed_at.map(|at| self.iso(at)),
            "author_association": self.world.association(base, pull.author),
            "active_lock_reason": null,
            "draft": pull.draft,
            "pull_request": {
                "url": format!("{repo}/pulls/{}", pull.number),
                "html_url": html,
                "diff_url": format!("{html}.diff"),
                "patch_url": format!("{html}.patch"),
                "merged_at": null,
            },
            "body": if pull.body.is_empty() { Value::Null } else { json!(pull.body) },
            "reactions": Self::reactions(&url, &[]),
            "timeline_url": format!("{url}/timeline"),
            "performed_via_github_app": null,
        })
    }

    /// Who wrote a comment, as an account.
    pub(crate) fn writer(&self, writer: Writer) -> Value {
        match writer {
            Writer::App => self.user(Some(self.world.app.bot)),
            Writer::User(id) => self.user(Some(id)),
            Writer::Nobody => Value::Null,
        }
    }

    /// `issue-comment`.
    pub(crate) fn comment(&self, comment: &Comment) -> Value {
        let Some(repository) = self.world.repositories.get(&comment.repository) else {
            return Value::Null;
        };
        let url = format!(
            "{}/issues/comments/{}",
            self.repo_url(repository),
            comment.id
        );
        let reactions: Vec<&Reaction> = self
            .world
            .reactions
            .values()
            .filter(|reaction| reaction.comment == comment.id)
            .collect();
        let author = match comment.writer {
            Writer::User(id) => Some(id),
            Writer::App | Writer::Nobody => None,
        };
        json!({
            "url": url,
            "html_url": format!(
                "{}/pull/{}#issuecomment-{}",
                self.repo_html(repository), comment.number, comment.id
            ),
            "issue_url": format!("{}/issues/{}", self.repo_url(repository), comment.number),
            "id": comment.id,
            "node_id": node_id("IssueComment", comment.id),
            "user": self.writer(comment.writer),
            "created_at": self.iso(comment.created_at),
            "updated_at": self.iso(comment.updated_at),
            "body": comment.body,
            "author_association": self.world.association(repository, author),
            "reactions": Self::reactions(&url, &reactions),
            "performed_via_github_app": if comment.writer == Writer::App { self.app() } else { Value::Null },
        })
    }

    fn reactions(url: &str, reactions: &[&Reaction]) -> Value {
        let count = |content: &str| reactions.iter().filter(|r| r.content == content).count();
        json!({
            "url": format!("{url}/reactions"),
            "total_count": reactions.len(),
            "+1": count("+1"),
            "-1": count("-1"),
            "laugh": count("laugh"),
            "hooray": count("hooray"),
            "confused": count("confused"),
            "heart": count("heart"),
            "rocket": count("rocket"),
            "eyes": count("eyes"),
        })
    }

    /// `reaction`.
    pub(crate) fn reaction(&self, reaction: &Reaction) -> Value {
        json!({
            "id": reaction.id,
            "node_id": node_id("Reaction", reaction.id),
            "user": self.user(Some(self.world.app.bot)),
            "content": reaction.content,
            "created_at": self.iso(reaction.at),
        })
    }

    /// `pull-request-review`.
    pub(crate) fn review(&self, repository: &Repository, review: &Review) -> Value {
        let pull = format!("{}/pulls/{}", self.repo_url(repository), review.number);
        let html = format!(
            "{}/pull/{}#pullrequestreview-{}",
            self.repo_html(repository),
            review.number,
            review.id
        );
        json!({
            "id": review.id,
            "node_id": node_id("PullRequestReview", review.id),
            "user": self.user(Some(self.world.app.bot)),
            "body": review.body,
            "state": review.state,
            "html_url": html,
            "pull_request_url": pull,
            "author_association": "NONE",
            "_links": {"html": {"href": html}, "pull_request": {"href": pull}},
            "submitted_at": self.iso(review.at),
            "commit_id": review.commit,
        })
    }
}
