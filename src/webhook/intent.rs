//! From a verified event to what it changes. A table of GitHub's events; it asks nobody and decides
//! nothing that needs the store or GitHub.
//!
//! | event | leads to |
//! |---|---|
//! | `pull_request` opened, synchronize, reopened, ready_for_review | a review |
//! | `pull_request` edited, base changed | a review (another merge base) |
//! | `pull_request` closed | open check runs are ended |
//! | `check_run` rerequested, our button pressed; `check_suite` rerequested | a review, if the person may |
//! | `issue_comment` created with `/takehome review` | a review, if the person may |
//! | `push` to the default branch of the rules repository | rules are read again |
//! | `installation` | installed, suspended or removed is noted; jobs cancelled; reconciliation |
//! | `installation_repositories`, `repository` | names and reach are noted; reconciliation |
//! | `ping` | an answer |
//! | all others | noted as ignored, with the reason |

use crate::store::{Change, InstallationState, Millis, NewDelivery, PullState, ReviewRequest};
use crate::worker::{Person, PullRequestRef, RERUN_ACTION, REVIEW_COMMAND, Why};

use super::payload::{self, Account, Envelope, Repository};
use super::signature::VerifiedDelivery;

/// What the plan must know of the service's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanSettings {
    /// The App's id: events of other Apps' check runs are not ours.
    pub app_id: u64,
    /// Name of the organisation's rules repository, or `owner/name`.
    pub rules_repository: String,
}

/// What a delivery means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub delivery: NewDelivery,
    pub changes: Vec<Change>,
    /// Look for open pull requests soon: the App sees more than before.
    pub reconcile: bool,
    /// Forget what is cached about this installation.
    pub forget: Option<u64>,
    /// GitHub only asks whether somebody is there.
    pub ping: bool,
    /// The body is JSON, but not of the shape of its event: kept, so that it can be replayed.
    pub unreadable: bool,
}

/// The body is not JSON at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a JSON object: {0}")]
pub struct NotJson(String);

/// Reads a delivery; `now` stands in where the event has no time.
pub fn intent(
    delivery: &VerifiedDelivery,
    settings: &PlanSettings,
    now: Millis,
) -> Result<Intent, NotJson> {
    let body = delivery.body();
    // serde would take the fields of an array in their order.
    if body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[') {
        return Err(NotJson("it does not begin with `{`".to_owned()));
    }
    let envelope: Envelope = payload::read(body).map_err(NotJson)?;
    let cx = Cx {
        envelope: &envelope,
        body,
        settings,
        now,
    };
    let plan = match delivery.target() {
        Some(app) if app != settings.app_id => {
            Plan::Ignored(format!("it is for App {app}, not for ours"))
        }
        _ => cx.plan(delivery.event()),
    };
    let mut intent = Intent {
        delivery: NewDelivery {
            id: delivery.id().to_owned(),
            event: delivery.event().to_owned(),
            action: envelope.action.clone(),
            installation_id: envelope.installation.as_ref().map(|i| i.id),
            repository_id: envelope.repository.as_ref().map(|r| r.id),
            ignored: None,
            payload: None,
        },
        changes: Vec::new(),
        reconcile: false,
        forget: None,
        ping: delivery.event() == "ping",
        unreadable: false,
    };
    match plan {
        Plan::Change(changes) => {
            intent.changes = changes;
            intent.delivery.payload = Some(body.to_vec());
        }
        Plan::Reach { changes, forget } => {
            intent.changes = changes;
            intent.delivery.payload = Some(body.to_vec());
            intent.forget = forget;
            intent.reconcile = true;
        }
        Plan::Ignored(why) => intent.delivery.ignored = Some(why),
        Plan::Unreadable(why) => {
            intent.delivery.ignored = Some(format!("unreadable: {why}"));
            intent.delivery.payload = Some(body.to_vec());
            intent.unreadable = true;
        }
    }
    Ok(intent)
}

enum Plan {
    Change(Vec<Change>),
    /// The App sees more or less than before.
    Reach {
        changes: Vec<Change>,
        forget: Option<u64>,
    },
    Ignored(String),
    Unreadable(String),
}

impl Plan {
    fn ignored(why: &str) -> Self {
        Self::Ignored(why.to_owned())
    }
}

impl From<String> for Plan {
    fn from(why: String) -> Self {
        Self::Unreadable(why)
    }
}

struct Cx<'a> {
    envelope: &'a Envelope,
    body: &'a [u8],
    settings: &'a PlanSettings,
    now: Millis,
}

impl Cx<'_> {
    fn plan(&self, event: &str) -> Plan {
        let action = self.envelope.action.as_deref().unwrap_or_default();
        let planned = match (event, action) {
            ("ping", _) => Ok(Plan::ignored("a ping")),
            (
                "pull_request",
                "opened" | "synchronize" | "reopened" | "ready_for_review" | "edited" | "closed",
            ) => self.pull_request(action),
            ("check_run", "rerequested" | "requested_action") => self.check_run(action),
            ("check_suite", "rerequested") => self.check_suite(),
            ("issue_comment", "created") => self.issue_comment(),
            ("push", _) => self.push(),
            ("installation", _) => self.installation(action),
            ("installation_repositories", _) => self.installation_repositories(),
            ("repository", _) => self.repository(action),
            ("pull_request" | "check_run" | "check_suite" | "issue_comment", action) => Ok(
                Plan::Ignored(format!("action {} leads to nothing", word(action))),
            ),
            (event, _) => Ok(Plan::Ignored(format!(
                "event {} is not watched",
                word(event)
            ))),
        };
        planned.unwrap_or_else(|plan| plan)
    }

    fn pull_request(&self, action: &str) -> Result<Plan, Plan> {
        let event: payload::PullRequestEvent = payload::read(self.body)?;
        let pull = self.pull(event.pull_request.number)?;
        let state = PullState {
            head_sha: event.pull_request.head.sha,
            base_ref: event.pull_request.base.branch,
            said_at: event
                .pull_request
                .updated_at
                .map_or(self.now, jiff::Timestamp::as_millisecond),
        };
        let why = match action {
            "closed" => return Ok(Plan::Change(vec![Change::Closed { pull, state }])),
            "edited" => {
                let base = event.changes.and_then(|changes| changes.base);
                if base.is_none_or(|base| base.is_null()) {
                    return Ok(Plan::ignored("edited, but not its base"));
                }
                Why::Retargeted
            }
            _ => Why::Pushed,
        };
        Ok(Plan::Change(vec![Change::Review(ReviewRequest {
            pull,
            state: Some(state),
            why,
            asked_by: None,
        })]))
    }

    fn check_run(&self, action: &str) -> Result<Plan, Plan> {
        let event: payload::CheckRunEvent = payload::read(self.body)?;
        if event
            .check_run
            .app
            .is_some_and(|app| app.id != self.settings.app_id)
        {
            return Ok(Plan::ignored("a check run of another App"));
        }
        if action == "requested_action" {
            let pressed = event.requested_action.map(|action| action.identifier);
            if pressed.as_deref() != Some(RERUN_ACTION) {
                return Ok(Plan::ignored("a button that is not ours"));
            }
        }
        let (installation_id, repository) = self.place()?;
        Ok(Plan::Change(vec![Change::ReviewOfCheckRun {
            installation_id,
            repository_id: repository.id,
            owner: repository.owner().to_owned(),
            repository: repository.name.clone(),
            check_run_id: event.check_run.id,
            external_id: event.check_run.external_id.filter(|id| !id.is_empty()),
            head_sha: event.check_run.head_sha,
            asked_by: person(self.envelope.sender.as_ref())?,
        }]))
    }

    fn check_suite(&self) -> Result<Plan, Plan> {
        let event: payload::CheckSuiteEvent = payload::read(self.body)?;
        if event
            .check_suite
            .app
            .is_some_and(|app| app.id != self.settings.app_id)
        {
            return Ok(Plan::ignored("a check suite of another App"));
        }
        let (installation_id, repository) = self.place()?;
        Ok(Plan::Change(vec![Change::ReviewOfHead {
            installation_id,
            repository_id: repository.id,
            owner: repository.owner().to_owned(),
            repository: repository.name.clone(),
            head_sha: event.check_suite.head_sha,
            asked_by: person(self.envelope.sender.as_ref())?,
        }]))
    }

    fn issue_comment(&self) -> Result<Plan, Plan> {
        let event: payload::IssueCommentEvent = payload::read(self.body)?;
        if event.issue.pull_request.is_none() {
            return Ok(Plan::ignored("a comment on an issue"));
        }
        let first = event.comment.body.as_deref().unwrap_or_default();
        let first = first.trim_start().lines().next().unwrap_or_default();
        if !first
            .split_whitespace()
            .eq(REVIEW_COMMAND.split_whitespace())
        {
            return Ok(Plan::ignored("a comment without a command"));
        }
        if event.issue.state.as_deref() == Some("closed") {
            return Ok(Plan::ignored("a command on a closed pull request"));
        }
        let author = event.comment.user.as_ref();
        if author.is_some_and(|user| user.kind.as_deref() == Some("Bot")) {
            return Ok(Plan::ignored("a command of a bot"));
        }
        Ok(Plan::Change(vec![Change::Review(ReviewRequest {
            pull: self.pull(event.issue.number)?,
            state: None,
            why: Why::Commanded,
            asked_by: Some(person(author)?),
        })]))
    }

    fn push(&self) -> Result<Plan, Plan> {
        let Some(repository) = &self.envelope.repository else {
            return Ok(Plan::ignored("a push without a repository"));
        };
        let wanted = &self.settings.rules_repository;
        let is_rules = if wanted.contains('/') {
            repository.full_name.eq_ignore_ascii_case(wanted)
        } else {
            repository.name.eq_ignore_ascii_case(wanted)
        };
        if !is_rules {
            return Ok(Plan::ignored("a push to another than the rules repository"));
        }
        let event: payload::PushEvent = payload::read(self.body)?;
        let branch = event.reference.strip_prefix("refs/heads/");
        if branch.is_none() || branch != repository.default_branch.as_deref() {
            return Ok(Plan::ignored("a push to another than the default branch"));
        }
        let (installation_id, repository) = self.place()?;
        Ok(Plan::Change(vec![Change::ReloadRules {
            installation_id,
            repository_id: repository.id,
            owner: repository.owner().to_owned(),
            repository: repository.name.clone(),
            commit: event.after.filter(|_| !event.deleted),
        }]))
    }

    fn installation(&self, action: &str) -> Result<Plan, Plan> {
        let state = match action {
            "created" | "unsuspend" | "new_permissions_accepted" => InstallationState::Active,
            "suspend" => InstallationState::Suspended,
            "deleted" => InstallationState::Removed,
            other => {
                return Ok(Plan::Ignored(format!(
                    "action {} leads to nothing",
                    word(other)
                )));
            }
        };
        let Some(installation) = &self.envelope.installation else {
            return Err(Plan::Unreadable("no `installation` with an id".to_owned()));
        };
        let change = Change::Installation {
            id: installation.id,
            account: installation
                .account
                .as_ref()
                .map(|account| account.login.clone())
                .unwrap_or_default(),
            state,
        };
        Ok(Plan::Reach {
            changes: vec![change],
            forget: Some(installation.id),
        })
    }

    fn installation_repositories(&self) -> Result<Plan, Plan> {
        let event: payload::InstallationRepositoriesEvent = payload::read(self.body)?;
        let ids: Vec<u64> = event.repositories_removed.iter().map(|r| r.id).collect();
        let changes = if ids.is_empty() {
            Vec::new()
        } else {
            vec![Change::RepositoriesRemoved { ids }]
        };
        Ok(Plan::Reach {
            changes,
            forget: self.envelope.installation.as_ref().map(|i| i.id),
        })
    }

    fn repository(&self, action: &str) -> Result<Plan, Plan> {
        match action {
            "renamed" | "transferred" => {
                let (installation_id, repository) = self.place()?;
                Ok(Plan::Change(vec![Change::Repository {
                    id: repository.id,
                    installation_id,
                    owner: repository.owner().to_owned(),
                    name: repository.name.clone(),
                }]))
            }
            "deleted" => {
                let Some(repository) = &self.envelope.repository else {
                    return Err(Plan::Unreadable("no `repository` with an id".to_owned()));
                };
                Ok(Plan::Change(vec![Change::RepositoriesRemoved {
                    ids: vec![repository.id],
                }]))
            }
            other => Ok(Plan::Ignored(format!(
                "action {} leads to nothing",
                word(other)
            ))),
        }
    }

    /// Installation and repository, which every event that leads to work must name.
    fn place(&self) -> Result<(u64, &Repository), Plan> {
        match (&self.envelope.installation, &self.envelope.repository) {
            (Some(installation), Some(repository)) => Ok((installation.id, repository)),
            (None, _) => Err(Plan::ignored(
                "no installation: a webhook of a repository, not of the App",
            )),
            (_, None) => Err(Plan::Unreadable(
                "no `repository` with id, name and full_name".to_owned(),
            )),
        }
    }

    fn pull(&self, number: u64) -> Result<PullRequestRef, Plan> {
        let (installation_id, repository) = self.place()?;
        Ok(PullRequestRef {
            installation_id,
            repository_id: repository.id,
            owner: repository.owner().to_owned(),
            repository: repository.name.clone(),
            number,
        })
    }
}

fn person(account: Option<&Account>) -> Result<Person, Plan> {
    let account = account.ok_or_else(|| Plan::ignored("nobody is named who asked"))?;
    Ok(Person {
        id: account.id,
        login: account.login.clone(),
    })
}

/// A word of the payload for the log: short and plain, whatever it was.
fn word(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        .take(60)
        .collect();
    format!("`{plain}`")
}
