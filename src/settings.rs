//! The settings of the service: flags, then environment, then a TOML file, each under one name.
//!
//! All mistakes are told at once, each with the name of its setting and what to do. No value of a
//! secret is ever repeated.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use http::Uri;
use jsonwebtoken::EncodingKey;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::webhook::Secrets;

/// Files with a secret are read up to here; the largest is an RSA key of 16384 bits with 13 KB.
const MAX_SECRET_FILE_BYTES: u64 = 64 * 1024;

/// Shorter passwords of reviewers are refused: nothing counts failed tries.
const MIN_PASSWORD_CHARS: usize = 16;

/// Declares every setting once: as flag, environment variable and key of the TOML file.
macro_rules! settings {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $env:literal;
    )*) => {
        /// Settings as they are given; every one is optional here.
        #[derive(Args, Clone, Default)]
        pub struct SettingsArgs {
            /// A TOML file with settings, under the names of the flags with underscores
            #[arg(long = "settings", value_name = "FILE", env = "TAKEHOME_SETTINGS")]
            pub settings_file: Option<PathBuf>,
            $(
                $(#[doc = $doc])+
                #[arg(long, value_name = "VALUE", env = $env, hide_env_values = true)]
                pub $name: Option<String>,
            )*
        }

        /// The same names in a TOML file. Numbers and strings are both taken.
        #[derive(Clone, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct FileSettings {
            $( $name: Option<Scalar>, )*
        }

        /// Names in the environment, for messages.
        mod env_name {
            $(
                #[allow(non_upper_case_globals, dead_code, reason = "named like the setting; not all are spoken of")]
                pub(super) const $name: &str = $env;
            )*
        }

        impl SettingsArgs {
            /// What was not given by flag or environment comes from the file. An empty value, as a
            /// compose file makes it of an unset variable, counts as not given.
            fn or(mut self, file: FileSettings) -> Self {
                $(
                    self.$name = self.$name.filter(|value| !value.trim().is_empty())
                        .or(file.$name.map(|value| value.0));
                )*
                self
            }
        }
    };
}

settings! {
    /// Address and port to listen on (127.0.0.1:3000)
    listen = "TAKEHOME_LISTEN";
    /// sqlite:///path/to/file or postgres://user@host/database (a SQLite file in the data folder)
    database_url = "TAKEHOME_DATABASE_URL";
    /// File that holds the database URL
    database_url_file = "TAKEHOME_DATABASE_URL_FILE";
    /// Folder of the embedded database (the platform's data folder)
    data_dir = "TAKEHOME_DATA_DIR";
    /// The App's id: a number, on the App's page at GitHub
    github_app_id = "TAKEHOME_GITHUB_APP_ID";
    /// The App's private key, the content of the .pem file; better a file, which `ps` does not show
    github_private_key = "TAKEHOME_GITHUB_PRIVATE_KEY";
    /// File that holds the App's private key
    github_private_key_file = "TAKEHOME_GITHUB_PRIVATE_KEY_FILE";
    /// GitHub's API (https://api.github.com), or https://HOST/api/v3 of an Enterprise server
    github_api_url = "TAKEHOME_GITHUB_API_URL";
    /// Pause between two writes of one installation in milliseconds (1000, as GitHub asks)
    github_write_pause_ms = "TAKEHOME_GITHUB_WRITE_PAUSE_MS";
    /// Webhook secrets, comma separated, newest first; better a file
    webhook_secret = "TAKEHOME_WEBHOOK_SECRET";
    /// File that holds the webhook secrets, comma or line separated, newest first
    webhook_secret_file = "TAKEHOME_WEBHOOK_SECRET_FILE";
    /// Name of the organisation's rules repository (.github)
    rules_repository = "TAKEHOME_RULES_REPOSITORY";
    /// Reviews at once (number of cores)
    workers = "TAKEHOME_WORKERS";
    /// Where people reach this service, for links (none)
    public_url = "TAKEHOME_PUBLIC_URL";
    /// Opens the reviewers' pages to whoever knows it (the pages do not exist); better a file
    reviewers_password = "TAKEHOME_REVIEWERS_PASSWORD";
    /// File that holds the reviewers' password
    reviewers_password_file = "TAKEHOME_REVIEWERS_PASSWORD_FILE";
    /// What to log: a level or a filter such as `info,takehome=debug` (info)
    log = "TAKEHOME_LOG";
    /// `text` or `json` (text)
    log_format = "TAKEHOME_LOG_FORMAT";
    /// Seconds for running reviews to end after SIGTERM (20)
    drain_seconds = "TAKEHOME_DRAIN_SECONDS";
    /// Seconds after which a dead process's reviews are taken over (60)
    lease_seconds = "TAKEHOME_LEASE_SECONDS";
    /// Seconds between the starts of two reviews of one pull request in a burst of pushes (3)
    burst_seconds = "TAKEHOME_BURST_SECONDS";
    /// Attempts before a review is given up (6)
    max_attempts = "TAKEHOME_MAX_ATTEMPTS";
    /// Seconds between sweeps of GitHub's failed deliveries (300)
    sweep_seconds = "TAKEHOME_SWEEP_SECONDS";
    /// Seconds between reconciliations of open pull requests (1800)
    reconcile_seconds = "TAKEHOME_RECONCILE_SECONDS";
    /// Seconds the analysis of one review may take (120)
    analysis_seconds = "TAKEHOME_ANALYSIS_SECONDS";
    /// Address space of the analysis of one review in MiB (4096)
    analysis_memory_mib = "TAKEHOME_ANALYSIS_MEMORY_MIB";
}

impl fmt::Debug for SettingsArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsArgs")
            .field("settings_file", &self.settings_file)
            .finish_non_exhaustive()
    }
}

/// A string, or a number written as such.
#[derive(Clone)]
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a whole number")
            }

            fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar(value.to_owned()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(value.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// What to log, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// In the language of `tracing_subscriber::EnvFilter`.
    pub filter: String,
    pub format: LogFormat,
}

/// Everything the service needs, checked.
#[derive(Clone)]
pub struct Settings {
    /// `host:port`; port 0 takes a free one.
    pub listen: String,
    pub database_url: SecretString,
    pub app_id: u64,
    pub private_key: EncodingKey,
    pub api_url: Uri,
    pub write_pause: Duration,
    /// Newest first.
    pub webhook_secrets: Vec<SecretString>,
    pub rules_repository: String,
    pub workers: usize,
    /// Without a slash at its end.
    pub public_url: Option<String>,
    /// Without it there are no reviewers' pages.
    pub reviewers_password: Option<SecretString>,
    pub log: LogSettings,
    pub drain: Duration,
    pub lease: Duration,
    pub burst_spacing: Duration,
    pub max_attempts: u32,
    pub sweep_every: Duration,
    pub reconcile_every: Duration,
    pub analysis_time: Duration,
    /// Bytes of address space.
    pub analysis_memory: u64,
    /// Where inputs that killed an analysis are kept, if there is a data folder.
    pub deaths: Option<PathBuf>,
    /// Another build of this program to analyse with, for tests.
    pub analysis_program: Option<PathBuf>,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("app_id", &self.app_id)
            .field("api_url", &self.api_url)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

/// All mistakes in the settings, each a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(pub Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "the settings are not right: {one}"),
            many => {
                write!(f, "{} of the settings are not right:", many.len())?;
                many.iter().try_for_each(|one| write!(f, "\n  - {one}"))
            }
        }
    }
}

impl std::error::Error for SettingsError {}

impl SettingsArgs {
    /// Adds what the TOML file says.
    ///
    /// # Errors
    /// The file cannot be read or is not right; the message has line and column.
    pub fn with_file(self) -> Result<Self, SettingsError> {
        let file = match &self.settings_file {
            Some(path) => read_toml(path)?,
            None => FileSettings::default(),
        };
        Ok(self.or(file))
    }

    /// Only the database: for commands that work beside the service.
    pub fn database(self) -> Result<SecretString, SettingsError> {
        let args = self.with_file()?;
        let mut problems = Vec::new();
        match (args.database_url(&mut problems), problems.is_empty()) {
            (Some(url), true) => Ok(url),
            _ => Err(SettingsError(problems)),
        }
    }

    /// Only the webhook secrets: for `replay`.
    pub fn secrets(self) -> Result<Vec<SecretString>, SettingsError> {
        let args = self.with_file()?;
        let mut problems = Vec::new();
        match (args.webhook_secrets(&mut problems), problems.is_empty()) {
            (Some(secrets), true) => Ok(secrets),
            _ => Err(SettingsError(problems)),
        }
    }

    /// What to log.
    pub fn log(&self, problems: &mut Vec<String>) -> LogSettings {
        let filter = self.log.clone().unwrap_or_else(|| "info".to_owned());
        if let Err(error) = filter.parse::<tracing_subscriber::EnvFilter>() {
            problems.push(format!("{} is no filter: {error}", env_name::log));
        }
        let format = match self.log_format.as_deref().unwrap_or("text") {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            other => {
                problems.push(format!(
                    "{} is `{other}`; it must be `text` or `json`",
                    env_name::log_format
                ));
                LogFormat::Text
            }
        };
        LogSettings { filter, format }
    }

    /// Everything, checked.
    ///
    /// # Errors
    /// All that is wrong or missing.
    pub fn resolve(self) -> Result<Settings, SettingsError> {
        let args = self.with_file()?;
        let mut problems = Vec::new();
        let p = &mut problems;
        let listen = args
            .listen
            .clone()
            .unwrap_or_else(|| "127.0.0.1:3000".to_owned());
        let port = listen.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(_))) {
            p.push(format!(
                "{} is `{listen}`; it must be address:port, as 127.0.0.1:3000 or [::]:8080",
                env_name::listen
            ));
        }
        let database_url = args.database_url(p);
        let app_id = args.app_id(p);
        let private_key = args.private_key(p);
        let api_url = args.api_url(p);
        let webhook_secrets = args.webhook_secrets(p);
        let public_url = args.public_url(p);
        let reviewers_password = args.reviewers_password(p);
        let log = args.log(p);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let number = |value: &Option<String>, name, default, range, p: &mut Vec<String>| {
            number(value.as_deref(), name, default, range, p)
        };
        let workers = number(&args.workers, env_name::workers, cores as u64, 1..=256, p);
        let seconds = |value: &Option<String>, name, default, range, p: &mut Vec<String>| {
            Duration::from_secs(number(value, name, default, range, p))
        };
        let drain = seconds(
            &args.drain_seconds,
            env_name::drain_seconds,
            20,
            0..=3600,
            p,
        );
        let lease = seconds(
            &args.lease_seconds,
            env_name::lease_seconds,
            60,
            2..=3600,
            p,
        );
        let burst_spacing = seconds(&args.burst_seconds, env_name::burst_seconds, 3, 0..=600, p);
        let max_attempts = number(&args.max_attempts, env_name::max_attempts, 6, 1..=100, p);
        let day = 86_400;
        let sweep_every = seconds(
            &args.sweep_seconds,
            env_name::sweep_seconds,
            300,
            1..=day,
            p,
        );
        let reconcile_every = seconds(
            &args.reconcile_seconds,
            env_name::reconcile_seconds,
            1800,
            1..=day,
            p,
        );
        let analysis_time = seconds(
            &args.analysis_seconds,
            env_name::analysis_seconds,
            120,
            1..=3600,
            p,
        );
        let analysis_memory = number(
            &args.analysis_memory_mib,
            env_name::analysis_memory_mib,
            4096,
            256..=1_048_576,
            p,
        ) << 20;
        let write_pause = Duration::from_millis(number(
            &args.github_write_pause_ms,
            env_name::github_write_pause_ms,
            1000,
            0..=60_000,
            p,
        ));
        let rules_repository = args
            .rules_repository
            .clone()
            .unwrap_or_else(|| ".github".to_owned());
        match (
            database_url,
            app_id,
            private_key,
            api_url,
            webhook_secrets,
            problems.is_empty(),
        ) {
            (
                Some(database_url),
                Some(app_id),
                Some(private_key),
                Some(api_url),
                Some(webhook_secrets),
                true,
            ) => Ok(Settings {
                listen,
                database_url,
                app_id,
                private_key,
                api_url,
                write_pause,
                webhook_secrets,
                rules_repository,
                workers: usize::try_from(workers).unwrap_or(cores),
                public_url,
                reviewers_password,
                log,
                drain,
                lease,
                burst_spacing,
                max_attempts: u32::try_from(max_attempts).unwrap_or(u32::MAX),
                sweep_every,
                reconcile_every,
                analysis_time,
                analysis_memory,
                deaths: args.data_folder().map(|folder| folder.join("deaths")),
                analysis_program: None,
            }),
            _ => Err(SettingsError(problems)),
        }
    }

    fn data_folder(&self) -> Option<PathBuf> {
        self.data_dir
            .as_deref()
            .map(PathBuf::from)
            .or_else(data_folder)
    }

    fn database_url(&self, problems: &mut Vec<String>) -> Option<SecretString> {
        let given = secret(
            self.database_url.as_deref(),
            self.database_url_file.as_deref(),
            env_name::database_url,
            problems,
        );
        match given {
            Given::Value(url) => Some(url),
            Given::Wrong => None,
            Given::Nothing => {
                let Some(folder) = self.data_folder() else {
                    problems.push(format!(
                        "there is no home folder to keep the database in; set {} or {}",
                        env_name::data_dir,
                        env_name::database_url
                    ));
                    return None;
                };
                let file = folder.join("takehome.db");
                // `?`, `#` and `%` are parts of a URL, not of a path in it.
                let path = file
                    .display()
                    .to_string()
                    .replace('%', "%25")
                    .replace('?', "%3F")
                    .replace('#', "%23");
                Some(format!("sqlite://{path}").into())
            }
        }
    }

    fn app_id(&self, problems: &mut Vec<String>) -> Option<u64> {
        let Some(text) = self.github_app_id.as_deref().map(str::trim) else {
            problems.push(format!(
                "{} is missing; it is the number \"App ID\" on the App's page at GitHub",
                env_name::github_app_id
            ));
            return None;
        };
        match text.parse() {
            Ok(id) if id > 0 => Some(id),
            _ => {
                let hint = if text.starts_with("Iv") {
                    " (this looks like the client id)"
                } else {
                    ""
                };
                problems.push(format!(
                    "{} must be a number{hint}; it is called \"App ID\" on the App's page at GitHub",
                    env_name::github_app_id
                ));
                None
            }
        }
    }

    fn private_key(&self, problems: &mut Vec<String>) -> Option<EncodingKey> {
        let name = env_name::github_private_key;
        let given = secret(
            self.github_private_key.as_deref(),
            self.github_private_key_file.as_deref(),
            name,
            problems,
        );
        match given {
            Given::Value(text) => crate::github::private_key(text.expose_secret())
                .map_err(|error| problems.push(format!("{name}: {error}")))
                .ok(),
            Given::Wrong => None,
            Given::Nothing => {
                problems.push(format!(
                    "{name} is missing; make a key under \"Private keys\" on the App's page at \
                     GitHub and name its .pem file with {}",
                    env_name::github_private_key_file
                ));
                None
            }
        }
    }

    fn api_url(&self, problems: &mut Vec<String>) -> Option<Uri> {
        let name = env_name::github_api_url;
        let text = self
            .github_api_url
            .as_deref()
            .unwrap_or("https://api.github.com");
        let uri: Option<Uri> = text.trim().trim_end_matches('/').parse().ok();
        let uri = uri.filter(|uri| {
            uri.host().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
        });
        match &uri {
            None => problems.push(format!(
                "{name} is no URL; write https://api.github.com, or https://HOST/api/v3 for an \
                 Enterprise server"
            )),
            Some(uri) if matches!(uri.host(), Some("github.com" | "www.github.com")) => {
                problems.push(format!(
                    "{name} names GitHub's pages; its API is https://api.github.com"
                ));
            }
            Some(_) => {}
        }
        uri
    }

    fn webhook_secrets(&self, problems: &mut Vec<String>) -> Option<Vec<SecretString>> {
        let name = env_name::webhook_secret;
        let given = secret(
            self.webhook_secret.as_deref(),
            self.webhook_secret_file.as_deref(),
            name,
            problems,
        );
        let text = match given {
            Given::Value(text) => text,
            Given::Wrong => return None,
            Given::Nothing => String::new().into(),
        };
        let text = text.expose_secret().trim();
        let parts: Vec<&str> = if text.is_empty() {
            Vec::new()
        } else {
            text.split([',', '\n']).map(str::trim).collect()
        };
        match Secrets::new(parts.iter().copied()) {
            Ok(_) => Some(parts.into_iter().map(SecretString::from).collect()),
            Err(error) => {
                problems.push(format!("{name}: {error}"));
                None
            }
        }
    }

    fn reviewers_password(&self, problems: &mut Vec<String>) -> Option<SecretString> {
        let name = env_name::reviewers_password;
        let given = secret(
            self.reviewers_password.as_deref(),
            self.reviewers_password_file.as_deref(),
            name,
            problems,
        );
        let Given::Value(text) = given else {
            return None;
        };
        let password = text.expose_secret().trim();
        if password.chars().count() < MIN_PASSWORD_CHARS {
            problems.push(format!(
                "{name} must have {MIN_PASSWORD_CHARS} characters or more, for anybody may try \
                 passwords; `openssl rand -hex 16` makes a good one"
            ));
            return None;
        }
        Some(SecretString::from(password))
    }

    fn public_url(&self, problems: &mut Vec<String>) -> Option<String> {
        let text = self.public_url.as_deref()?.trim().trim_end_matches('/');
        let uri: Option<Uri> = text.parse().ok();
        let is_url = uri.is_some_and(|uri| {
            uri.host().is_some()
                && matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.query().is_none()
        });
        if !is_url {
            problems.push(format!(
                "{} must be a URL such as https://takehome.example.com",
                env_name::public_url
            ));
            return None;
        }
        Some(text.to_owned())
    }
}

enum Given {
    Value(SecretString),
    Nothing,
    /// The problem has been told.
    Wrong,
}

/// A secret from its setting or from the file that is named instead.
fn secret(
    value: Option<&str>,
    file: Option<&str>,
    name: &str,
    problems: &mut Vec<String>,
) -> Given {
    match (value, file) {
        (Some(_), Some(_)) => {
            problems.push(format!("{name} and {name}_FILE are both set; keep one"));
            Given::Wrong
        }
        (Some(value), None) => Given::Value(value.to_owned().into()),
        (None, None) => Given::Nothing,
        (None, Some(path)) => match read_secret(Path::new(path)) {
            Ok(text) => Given::Value(text),
            Err(why) => {
                problems.push(format!("{name}_FILE: {path} {why}"));
                Given::Wrong
            }
        },
    }
}

fn read_secret(path: &Path) -> Result<SecretString, String> {
    let size = std::fs::metadata(path)
        .map_err(|error| format!("cannot be read: {error}"))?
        .len();
    if size > MAX_SECRET_FILE_BYTES {
        return Err(format!("has {size} bytes: that is no secret"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    let text = text.trim_end_matches(['\n', '\r']).to_owned();
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(text.into())
}

fn read_toml(path: &Path) -> Result<FileSettings, SettingsError> {
    let wrong = |why: String| SettingsError(vec![format!("{}: {why}", path.display())]);
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| {
        // The whole message quotes the line, which may hold a secret.
        let place = error.span().map(|span| {
            let before = text.get(..span.start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!("line {line}, column {column}: ")
        });
        wrong(format!("{}{}", place.unwrap_or_default(), error.message()))
    })
}

fn number(
    value: Option<&str>,
    name: &str,
    default: u64,
    range: std::ops::RangeInclusive<u64>,
    problems: &mut Vec<String>,
) -> u64 {
    let Some(text) = value else { return default };
    match text.trim().parse::<u64>() {
        Ok(number) if range.contains(&number) => number,
        _ => {
            problems.push(format!(
                "{name} is `{text}`; it must be a whole number from {} to {}",
                range.start(),
                range.end()
            ));
            default
        }
    }
}

/// Where programs keep their data on this platform.
fn data_folder() -> Option<PathBuf> {
    let var = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = || var("HOME");
    let folder = if cfg!(windows) {
        var("LOCALAPPDATA")?
    } else if cfg!(target_os = "macos") {
        home()?.join("Library/Application Support")
    } else {
        var("XDG_DATA_HOME").or_else(|| Some(home()?.join(".local/share")))?
    };
    Some(folder.join("takehome"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(args: SettingsArgs) -> String {
        args.resolve().unwrap_err().to_string()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        let args = SettingsArgs {
            data_dir: some("/tmp/x"),
            ..Default::default()
        };
        insta::assert_snapshot!(told(args), @r#"
        3 of the settings are not right:
          - TAKEHOME_GITHUB_APP_ID is missing; it is the number "App ID" on the App's page at GitHub
          - TAKEHOME_GITHUB_PRIVATE_KEY is missing; make a key under "Private keys" on the App's page at GitHub and name its .pem file with TAKEHOME_GITHUB_PRIVATE_KEY_FILE
          - TAKEHOME_WEBHOOK_SECRET: no webhook secret is set: anybody could send events; set TAKEHOME_WEBHOOK_SECRET
        "#);
    }

    #[test]
    fn everything_that_is_wrong_has_its_sentence_and_no_secret() {
        let args = SettingsArgs {
            listen: some("3000"),
            database_url: some("postgres://u:hush@h/d"),
            github_app_id: some("Iv1.abcdef"),
            github_private_key: some("-----BEGIN PUBLIC KEY-----\nhush\n-----END PUBLIC KEY-----"),
            github_api_url: some("https://github.com/"),
            webhook_secret: some("hush,"),
            workers: some("many"),
            public_url: some("takehome.example.com"),
            log: some("takehome=loud"),
            log_format: some("xml"),
            ..Default::default()
        };
        let told = told(args);
        insta::assert_snapshot!(told, @r#"
        9 of the settings are not right:
          - TAKEHOME_LISTEN is `3000`; it must be address:port, as 127.0.0.1:3000 or [::]:8080
          - TAKEHOME_GITHUB_APP_ID must be a number (this looks like the client id); it is called "App ID" on the App's page at GitHub
          - TAKEHOME_GITHUB_PRIVATE_KEY: the App's private key is a public key; GitHub signs Apps with an RSA key: use the .pem file that GitHub gave you under "Private keys" of the App
          - TAKEHOME_GITHUB_API_URL names GitHub's pages; its API is https://api.github.com
          - TAKEHOME_WEBHOOK_SECRET: webhook secret number 1 has 4 bytes; at least 16 are needed (make one with `openssl rand -hex 20` and set it at GitHub as well)
          - TAKEHOME_PUBLIC_URL must be a URL such as https://takehome.example.com
          - TAKEHOME_LOG is no filter: error parsing level filter: expected one of "off", "error", "warn", "info", "debug", "trace", or a number 0-5
          - TAKEHOME_LOG_FORMAT is `xml`; it must be `text` or `json`
          - TAKEHOME_WORKERS is `many`; it must be a whole number from 1 to 256
        "#);
        assert!(!told.contains("hush"));
    }

    #[test]
    fn the_file_stands_behind_flags_and_its_mistakes_have_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("takehome.toml");
        let secret = folder.path().join("secret");
        std::fs::write(
            &secret,
            "the first secret of two\nthe second secret of two\n",
        )
        .unwrap();
        std::fs::write(
            &file,
            format!(
                "listen = \"127.0.0.1:1\"\ngithub_app_id = 12\nwebhook_secret_file = '{}'\n",
                secret.display()
            ),
        )
        .unwrap();
        let args = SettingsArgs {
            settings_file: Some(file.clone()),
            listen: some("127.0.0.1:2"),
            public_url: some(" "),
            ..Default::default()
        };
        let merged = args.clone().with_file().unwrap();
        assert_eq!(merged.listen.as_deref(), Some("127.0.0.1:2"));
        assert_eq!(merged.github_app_id.as_deref(), Some("12"));
        assert_eq!(merged.public_url, None);
        assert_eq!(args.clone().secrets().unwrap().len(), 2);

        std::fs::write(&file, "listen = \"x\"\n  lissten = \"hush\"\n").unwrap();
        let told = args.with_file().unwrap_err().to_string();
        assert!(
            told.contains("line 2, column 3: unknown field `lissten`"),
            "{told}"
        );
        assert!(!told.contains("hush"));
    }

    #[test]
    fn a_secret_is_given_once() {
        let args = SettingsArgs {
            webhook_secret: some("the first secret of two"),
            webhook_secret_file: some("/nowhere"),
            ..Default::default()
        };
        let told = args.secrets().unwrap_err().to_string();
        assert_eq!(
            told,
            "the settings are not right: TAKEHOME_WEBHOOK_SECRET and TAKEHOME_WEBHOOK_SECRET_FILE are both set; keep one"
        );
        let args = SettingsArgs {
            webhook_secret_file: some("/nowhere"),
            ..Default::default()
        };
        let told = args.secrets().unwrap_err().to_string();
        assert!(
            told.contains("TAKEHOME_WEBHOOK_SECRET_FILE: /nowhere cannot be read"),
            "{told}"
        );
    }

    #[test]
    fn the_database_lies_in_the_data_folder() {
        let args = SettingsArgs {
            data_dir: some("/var/lib/take home"),
            ..Default::default()
        };
        let url = args.database().unwrap();
        assert_eq!(
            url.expose_secret(),
            "sqlite:///var/lib/take home/takehome.db"
        );
    }
}
