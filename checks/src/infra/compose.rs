//! Compose files: services with image, build, command, environment.

use super::yaml::{self, Yaml};
use crate::source::FileId;

#[derive(Debug)]
pub struct ComposeFile {
    pub file: FileId,
    pub services: Vec<ComposeService>,
}

#[derive(Debug)]
pub struct ComposeService {
    pub name: String,
    /// From 1.
    pub line: u32,
    pub image: Option<String>,
    /// Folder of the build, as written.
    pub build: Option<String>,
    /// `build.dockerfile`
    pub dockerfile: Option<String>,
    /// Command and entrypoint as one line of shell.
    pub command: Option<String>,
    pub command_line: u32,
    pub environment: Vec<(String, Option<String>)>,
    pub env_files: Vec<String>,
    pub depends_on: Vec<String>,
    pub profiles: Vec<String>,
    pub replicas: Option<u32>,
    pub has_healthcheck: bool,
    /// A dependency is waited for by condition.
    pub waits_for_health: bool,
    /// `mem_limit`, `cpus` or `deploy.resources.limits`.
    pub has_limits: bool,
}

pub(super) fn is_compose(name: &str) -> bool {
    let is_yaml = name
        .rsplit_once('.')
        .is_some_and(|(_, e)| matches!(e, "yml" | "yaml"));
    is_yaml && (name.starts_with("docker-compose") || name.starts_with("compose"))
}

pub(super) fn read(file: FileId, text: &str) -> Result<ComposeFile, String> {
    let document = yaml::read(text)?;
    let services = Yaml::root(&document)
        .get("services")
        .entries()
        .map(|(name, line, service)| read_service(name, line, service))
        .collect();
    Ok(ComposeFile { file, services })
}

fn read_service(name: String, line: u32, service: Yaml<'_>) -> ComposeService {
    let shell = |node: Yaml<'_>| {
        let words = node.words();
        (!words.is_empty()).then(|| words.join(" "))
    };
    let build = service.get("build");
    let command: Vec<String> = [
        shell(service.get("entrypoint")),
        shell(service.get("command")),
    ]
    .into_iter()
    .flatten()
    .collect();
    let limits = service.get("deploy").get("resources").get("limits");
    ComposeService {
        name,
        line,
        image: service.get("image").text(),
        build: build.text().or(build.get("context").text()),
        dockerfile: build.get("dockerfile").text(),
        command: (!command.is_empty()).then(|| command.join(" ")),
        command_line: service.get("command").line().max(line),
        environment: service.get("environment").environment(),
        env_files: service
            .get("env_file")
            .items()
            .filter_map(|item| item.text().or(item.get("path").text()))
            .chain(service.get("env_file").text())
            .collect(),
        depends_on: service.get("depends_on").words(),
        profiles: service.get("profiles").words(),
        replicas: service
            .get("deploy")
            .get("replicas")
            .text()
            .and_then(|t| t.parse().ok()),
        has_healthcheck: service.get("healthcheck").exists(),
        waits_for_health: service.get("depends_on").entries().any(|(_, _, d)| {
            d.get("condition")
                .text()
                .is_some_and(|c| c != "service_started")
        }),
        has_limits: limits.exists()
            || service.get("mem_limit").exists()
            || service.get("cpus").exists(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services() {
        let text = "services:\n  db:\n    image: postgres:16\n    environment:\n      - POSTGRES_PASSWORD=x\n    healthcheck: {test: [CMD, pg_isready]}\n  web:\n    build: .\n    command: [gunicorn, core.wsgi]\n    env_file: .env\n    depends_on:\n      db: {condition: service_healthy}\n";
        let file = read(FileId(0), text).unwrap();
        let [db, web] = &file.services[..] else {
            panic!("two services")
        };
        assert!(db.has_healthcheck && web.waits_for_health);
        assert_eq!(
            db.environment,
            [("POSTGRES_PASSWORD".to_owned(), Some("x".to_owned()))]
        );
        assert_eq!(web.command.as_deref(), Some("gunicorn core.wsgi"));
        assert_eq!(
            (web.env_files.as_slice(), web.depends_on.as_slice()),
            (&[".env".to_owned()][..], &["db".to_owned()][..])
        );
        assert_eq!(web.line, 7);
    }
}
