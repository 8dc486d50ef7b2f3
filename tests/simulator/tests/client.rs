//! A small client: signs the App's JWT, mints tokens, sends requests; and a hook that records what
//! is delivered to it.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use github_simulator::{Options, Repo, Simulator, files};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn message(&self) -> String {
        self.json()["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

pub(crate) struct Client {
    http: reqwest::Client,
    pub(crate) api: String,
    jwt: String,
    pub(crate) token: String,
}

pub(crate) fn jwt(simulator: &Simulator, issued: i64, lives: i64) -> String {
    let app = simulator.app();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = i64::try_from(since.as_secs()).unwrap();
    let claims = json!({"iat": now + issued, "exp": now + issued + lives, "iss": app.id});
    let key = EncodingKey::from_rsa_pem(app.private_key_pem.as_bytes()).unwrap();
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).unwrap()
}

impl Client {
    pub(crate) fn new(simulator: &Simulator) -> Self {
        let http = reqwest::Client::builder()
            .user_agent("test")
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            http,
            api: simulator.api_url().to_owned(),
            jwt: jwt(simulator, -60, 600),
            token: String::new(),
        }
    }

    /// A client with a token of this installation.
    pub(crate) async fn installed(simulator: &Simulator, installation: u64) -> Self {
        let mut client = Self::new(simulator);
        client.mint(installation).await;
        client
    }

    pub(crate) async fn mint(&mut self, installation: u64) {
        let path = format!("/app/installations/{installation}/access_tokens");
        let answer = self.app("POST", &path, json!({})).await;
        assert_eq!(answer.status, 201, "{}", answer.message());
        answer.json()["token"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.token);
    }

    pub(crate) async fn app(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, &self.jwt, body, &[]).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &self.token, Value::Null, &[])
            .await
            .unwrap()
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, &self.token, body, &[])
            .await
            .unwrap()
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        secret: &str,
        body: Value,
        headers: &[(&str, &str)],
    ) -> Result<Answer, reqwest::Error> {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.api)
        };
        let mut request = self
            .http
            .request(Method::from_bytes(method.as_bytes()).unwrap(), url);
        if !secret.is_empty() {
            request = request.bearer_auth(secret);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() && (method != "POST" || body != json!({})) {
            request = request.json(&body);
        }
        let response = request.send().await?;
        Ok(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }
}

/// A hook that answers 202 and keeps what arrives: head in lower case, and body.
#[derive(Clone)]
pub(crate) struct Hook {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Hook {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&received);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let into = Arc::clone(&into);
                tokio::spawn(async move {
                    let mut bytes = Vec::new();
                    let mut piece = [0; 8192];
                    loop {
                        let read = stream.read(&mut piece).await.unwrap_or(0);
                        if read == 0 {
                            return;
                        }
                        bytes.extend_from_slice(&piece[..read]);
                        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
                            continue;
                        };
                        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
                        let length: usize = head
                            .lines()
                            .find_map(|line| line.strip_prefix("content-length: "))
                            .and_then(|text| text.trim().parse().ok())
                            .unwrap();
                        if bytes.len() < end + 4 + length {
                            continue;
                        }
                        let body =
                            serde_json::from_slice(&bytes[end + 4..end + 4 + length]).unwrap();
                        into.lock().unwrap().push((head, body));
                        bytes.clear();
                        let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok";
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        Self { url, received }
    }

    pub(crate) fn received(&self) -> Vec<(String, Value)> {
        self.received.lock().unwrap().clone()
    }

    /// `event.action` of all that arrived.
    pub(crate) fn names(&self) -> Vec<String> {
        self.received()
            .iter()
            .map(|(head, body)| {
                let event = head
                    .lines()
                    .find_map(|line| line.strip_prefix("x-github-event: "))
                    .unwrap();
                match body["action"].as_str() {
                    Some(action) => format!("{event}.{action}"),
                    None => event.to_owned(),
                }
            })
            .collect()
    }
}

/// An organisation with the App installed, a repository and a fork's pull request.
pub(crate) struct Scene {
    pub(crate) github: Simulator,
    pub(crate) installation: u64,
    pub(crate) repo: Repo,
    pub(crate) number: u64,
    pub(crate) head: String,
}

pub(crate) fn scene() -> Scene {
    scene_with(Options::default())
}

pub(crate) fn scene_with(options: Options) -> Scene {
    let github = Simulator::start(options).unwrap();
    github.create_org("acme").unwrap();
    github.create_user("ada").unwrap();
    let installation = github.install("acme").unwrap();
    let starter = files([
        ("README.md", "# Notes\n\nAn assignment.\n"),
        ("manage.py", "print('manage')\n"),
        ("notes/__init__.py", ""),
        ("notes/models.py", "from django.db import models\n"),
    ]);
    let repo = github.create_repo("acme", "notes", starter).unwrap();
    let changes = files([
        (
            "notes/models.py",
            "from django.db import models\n\n\nclass Note(models.Model):\n    text = models.TextField()\n",
        ),
        ("notes/views.py", "from rest_framework import viewsets\n"),
    ]);
    let number = github
        .fork_pull_request(
            repo.id,
            "ada",
            "Add notes",
            "My solution",
            "solution",
            changes,
        )
        .unwrap();
    let head = github.pull_request(repo.id, number).unwrap().head_sha;
    Scene {
        github,
        installation,
        repo,
        number,
        head,
    }
}

/// Nothing may have contradicted the description: neither the requests nor the answers.
pub(crate) fn assert_clean(github: &Simulator) {
    if github.contract().is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "GitHub's OpenAPI description is missing, and this is CI"
        );
        println!("skipped: GitHub's OpenAPI description is not here, nothing was held against it");
    }
    assert_eq!(github.violations(), []);
    assert_eq!(github.response_violations(), []);
}
