//! The archive host, `codeload.github.com`: gives the archive behind a link that the API handed out.
//! Asks for no credentials, and none must be sent to it.

use crate::{
    faults::{Fault, archives},
    git::Git,
    http::{Answer, Request},
    shared::Shared,
};

/// Answers a request to the archive host.
pub(crate) fn answer(shared: &Shared, request: &Request, fault: Option<Fault>) -> Answer {
    let segments = request.segments();
    let [_, _, kind, ..] = segments.as_slice() else {
        return missing();
    };
    if kind != "legacy.tar.gz" || request.method != "GET" {
        return missing();
    }
    let found = {
        let world = shared.world();
        let link = request
            .parameter("token")
            .and_then(|token| world.archive_links.get(token));
        link.filter(|link| link.expires_at > world.now())
            .and_then(|link| {
                let repository = world.repositories.get(&link.repository)?;
                let name = format!("{}-{}", world.login(repository.owner), repository.name);
                Some((repository.git.clone(), name, link.commit.clone()))
            })
    };
    let Some((git, name, commit)) = found else {
        return missing();
    };
    let top = format!("{name}-{}", commit.get(..7).unwrap_or_default());
    let made = match fault {
        Some(Fault::BombArchive { bytes }) => Ok(archives::bomb(&commit, &top, bytes)),
        Some(Fault::TraversalArchive) => Ok(archives::traversal(&commit, &top)),
        Some(Fault::WrongCommitArchive) => other_commit(&git, &commit).and_then(|other| {
            git.archive(
                &other,
                &format!("{name}-{}", other.get(..7).unwrap_or_default()),
            )
        }),
        _ => git.archive(&commit, &top),
    };
    match made {
        Ok(mut bytes) => {
            if fault == Some(Fault::TruncatedArchive) {
                bytes.truncate(bytes.len() / 2);
            }
            let mut answer = Answer::new(200, "application/x-gzip", bytes)
                .with(
                    "content-disposition",
                    format!("attachment; filename={top}.tar.gz"),
                )
                .with("etag", format!("W/\"{commit}\""))
                .with("cache-control", "max-age=0, private, must-revalidate");
            answer.chunked = true;
            answer
        }
        Err(error) => Answer::new(
            500,
            "text/plain; charset=utf-8",
            error.to_string().into_bytes(),
        ),
    }
}

/// Another commit: the first parent, and for a root the same files in a commit of another message.
fn other_commit(git: &Git, commit: &str) -> crate::Result<String> {
    let facts = git
        .commit_facts(commit)?
        .ok_or_else(|| crate::error::not_found(format!("commit {commit}")))?;
    match facts.parents.into_iter().next() {
        Some(parent) => Ok(parent),
        None => git.commit(&crate::git::NewCommit {
            reference: "refs/simulator/other",
            parents: &[commit.to_owned()],
            message: "Another commit\n",
            author: crate::git::Author {
                name: facts.name,
                email: facts.email,
                at: facts.at + 1,
            },
            changes: &crate::Files::new(),
        }),
    }
}

fn missing() -> Answer {
    Answer::new(404, "text/plain; charset=utf-8", b"404: Not Found".to_vec())
}
