//! Events: what GitHub tells the App when something changes. Every payload is written from the state
//! after the change; whether it is sent at all follows from the installation.

use serde_json::{Map, Value, json};

use crate::{
    render::{Figures, Urls, View},
    world::World,
};

/// GitHub sends nothing at all for a larger payload.
/// Source: "Webhook events and payloads", GitHub's documentation.
const LARGEST: usize = 25 * 1024 * 1024;

/// What an installation must hold to hear of an event.
fn permission(event: &str) -> Option<&'static str> {
    match event {
        "pull_request" | "pull_request_review" => Some("pull_requests"),
        "issue_comment" => Some("issues"),
        "check_run" | "check_suite" => Some("checks"),
        "push" => Some("contents"),
        "repository" => Some("metadata"),
        _ => None,
    }
}

impl World {
    /// Tells the App of a change in a repository, where it is installed, not suspended and subscribed.
    pub(crate) fn tell(
        &mut self,
        urls: &Urls,
        repository: u64,
        event: &str,
        action: Option<&str>,
        sender: u64,
        extra: Value,
    ) {
        if !self.app.echo && sender == self.app.bot {
            return;
        }
        let Some(repository) = self.repositories.get(&repository) else {
            return;
        };
        let Some(installation) = self.installation_for(repository) else {
            return;
        };
        // Check events reach an App with `checks: write` without a subscription.
        let subscribed =
            installation.events.contains(event) || matches!(event, "check_run" | "check_suite");
        let permitted =
            permission(event).is_none_or(|name| installation.permissions.contains_key(name));
        if installation.suspended_at.is_some() || !subscribed || !permitted {
            return;
        }
        let (installation, owner, id) = (installation.id, repository.owner, repository.id);
        let view = View::new(self, urls);
        let mut payload = Map::new();
        if let Some(action) = action {
            payload.insert("action".into(), json!(action));
        }
        if let Value::Object(extra) = extra {
            payload.extend(extra);
        }
        let written = match event {
            "push" => view.repository_in_push(repository),
            _ => view.repository(repository),
        };
        payload.insert("repository".into(), written);
        let organization = view.organization(owner);
        if !organization.is_null() {
            payload.insert("organization".into(), organization);
        }
        payload.insert("sender".into(), view.user(Some(sender)));
        payload.insert(
            "installation".into(),
            json!({"id": installation, "node_id": format!("MDIzOkludGVncmF0aW9u{installation}")}),
        );
        self.send(
            event,
            action,
            Some(installation),
            Some(id),
            &Value::Object(payload),
        );
    }

    /// Tells the App of a change in an installation; these need no subscription.
    pub(crate) fn tell_installation(
        &mut self,
        urls: &Urls,
        installation: u64,
        event: &str,
        action: &str,
        sender: u64,
        extra: Value,
    ) {
        let Some(record) = self.installations.get(&installation) else {
            return;
        };
        let view = View::new(self, urls);
        let mut payload = Map::new();
        payload.insert("action".into(), json!(action));
        payload.insert("installation".into(), view.installation(record));
        if let Value::Object(extra) = extra {
            payload.extend(extra);
        }
        payload.insert("sender".into(), view.user(Some(sender)));
        self.send(
            event,
            Some(action),
            Some(installation),
            None,
            &Value::Object(payload),
        );
    }

    fn send(
        &mut self,
        event: &str,
        action: Option<&str>,
        installation: Option<u64>,
        repository: Option<u64>,
        payload: &Value,
    ) {
        let body = payload.to_string().into_bytes();
        if body.len() <= LARGEST {
            self.post(event, action, installation, repository, body);
        }
    }

    /// `pull_request`.
    pub(crate) fn tell_pull(
        &mut self,
        urls: &Urls,
        repository: u64,
        number: u64,
        action: &str,
        sender: u64,
        extra: Value,
    ) {
        let Some(pull) = self.pulls.get(&(repository, number)).cloned() else {
            return;
        };
        let mut body = Map::new();
        body.insert("number".into(), json!(number));
        let figures = Figures::of(self, &pull);
        body.insert(
            "pull_request".into(),
            View::new(self, urls).pull(&pull, figures),
        );
        if let Value::Object(extra) = extra {
            body.extend(extra);
        }
        self.tell(
            urls,
            repository,
            "pull_request",
            Some(action),
            sender,
            Value::Object(body),
        );
    }

    /// `issue_comment`.
    pub(crate) fn tell_comment(
        &mut self,
        urls: &Urls,
        comment: u64,
        action: &str,
        sender: u64,
        extra: Value,
    ) {
        let Some(record) = self.comments.get(&comment) else {
            return;
        };
        let repository = record.repository;
        let Some(pull) = self.pulls.get(&(repository, record.number)) else {
            return;
        };
        let view = View::new(self, urls);
        let mut body = json!({"issue": view.issue(pull), "comment": view.comment(record)});
        if let (Some(body), Value::Object(extra)) = (body.as_object_mut(), extra) {
            body.extend(extra);
        }
        self.tell(
            urls,
            repository,
            "issue_comment",
            Some(action),
            sender,
            body,
        );
    }

    /// `check_run`.
    pub(crate) fn tell_run(
        &mut self,
        urls: &Urls,
        run: u64,
        action: &str,
        sender: u64,
        extra: Value,
    ) {
        let Some(record) = self.runs.get(&run) else {
            return;
        };
        let Some(repository) = self.repositories.get(&record.repository) else {
            return;
        };
        let id = repository.id;
        let mut body = json!({"check_run": View::new(self, urls).run_in_event(repository, record)});
        if let (Some(body), Value::Object(extra)) = (body.as_object_mut(), extra) {
            body.extend(extra);
        }
        self.tell(urls, id, "check_run", Some(action), sender, body);
    }

    /// `check_suite`.
    pub(crate) fn tell_suite(&mut self, urls: &Urls, suite: u64, action: &str, sender: u64) {
        let Some(record) = self.suites.get(&suite) else {
            return;
        };
        let Some(repository) = self.repositories.get(&record.repository) else {
            return;
        };
        let id = repository.id;
        let body = json!({"check_suite": View::new(self, urls).suite_in_event(repository, record)});
        self.tell(urls, id, "check_suite", Some(action), sender, body);
    }
}
