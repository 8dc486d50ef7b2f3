//! A server of one test: answers by a function, breaks connections on purpose, remembers requests.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use base64::Engine as _;
use takehome::github::{
    App, Installation, InstallationId, RepoId, Repository, Settings, Timing, private_key,
    system_clock,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A token that no error, log or foreign host may ever see.
pub(super) const TOKEN: &str = "ghs_canary_0123456789";

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// With query.
    pub(super) path: String,
    /// Names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.split('?').next() == Some(path)
    }

    pub(super) fn authorization(&self) -> Option<&str> {
        self.headers.get("authorization").map(String::as_str)
    }
}

#[derive(Clone, Debug)]
pub(super) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// The connection ends without an answer.
    Close,
    /// The answer claims more than it sends.
    Broken(Vec<u8>),
    /// No answer for a long time.
    Hang,
}

pub(super) fn json(status: u16, body: &str) -> Reply {
    Reply::Answer {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
    }
}

impl Reply {
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

type Rule = dyn Fn(&Request, usize) -> Reply + Send + Sync;

pub(super) struct Script {
    pub(super) address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Script {
    /// The rule gets each request, and how many like it (method and path) came before.
    pub(super) async fn start(
        rule: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let rule: Arc<Rule> = Arc::new(rule);
        let log = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (rule, log) = (Arc::clone(&rule), Arc::clone(&log));
                tokio::spawn(serve(stream, rule, log));
            }
        });
        Self { address, seen }
    }

    pub(super) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn count(&self, method: &str, path: &str) -> usize {
        self.seen().iter().filter(|r| r.is(method, path)).count()
    }

    pub(super) fn app_below(&self, path: &str, timing: Timing) -> Arc<App> {
        let settings = Settings {
            api_url: format!("http://{}{path}", self.address).parse().unwrap(),
            app_id: 7,
            private_key: private_key(&PEM).unwrap(),
            timing,
        };
        App::new(settings, system_clock()).unwrap()
    }

    pub(super) fn installation(&self) -> Arc<Installation> {
        self.app_below("", QUICK).installation(InstallationId(5))
    }

    pub(super) fn repository(&self) -> Repository {
        self.installation().repository(RepoId(1), "acme", "shop")
    }
}

pub(super) const QUICK: Timing = Timing {
    connect: Duration::from_secs(2),
    deadline: Duration::from_secs(5),
    between_writes: Duration::from_millis(1),
    backoff: Duration::from_millis(2),
    wait_in_place: Duration::from_secs(2),
};

/// A whole App and repository around a rule: tokens that last an hour, and nothing else.
pub(super) fn with_tokens(
    rule: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
) -> impl Fn(&Request, usize) -> Reply + Send + Sync + 'static {
    move |request, before| {
        if request.is("POST", "/app/installations/5/access_tokens") {
            return token(Duration::from_hours(1));
        }
        rule(request, before)
    }
}

pub(super) fn token(lasts: Duration) -> Reply {
    let expires = jiff::Timestamp::now() + lasts;
    json(
        201,
        &format!(r#"{{"token": "{TOKEN}", "expires_at": "{expires}"}}"#),
    )
}

/// A pull request of `acme/shop`.
pub(super) const PULL: &str = r#"{
    "number": 1, "state": "open",
    "head": {"sha": "1111111111111111111111111111111111111111", "ref": "work", "repo": null},
    "base": {"sha": "2222222222222222222222222222222222222222", "ref": "main",
             "repo": {"id": 1, "full_name": "acme/shop"}}
}"#;

pub(crate) static PEM: LazyLock<String> = LazyLock::new(|| {
    use aws_lc_rs::encoding::AsDer;
    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let packed = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = packed
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
});

async fn serve(mut stream: TcpStream, rule: Arc<Rule>, log: Arc<Mutex<Vec<Request>>>) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    let before = {
        let mut log = log.lock().unwrap();
        let path = request.path.split('?').next().unwrap_or_default();
        let before = log.iter().filter(|r| r.is(&request.method, path)).count();
        log.push(request.clone());
        before
    };
    let (status, headers, body, claimed) = match rule(&request, before) {
        Reply::Close => return,
        Reply::Hang => return tokio::time::sleep(Duration::from_mins(1)).await,
        Reply::Broken(body) => (200, Vec::new(), body.clone(), body.len() + 100),
        Reply::Answer {
            status,
            headers,
            body,
        } => {
            let length = body.len();
            (status, headers, body, length)
        }
    };
    let mut answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {claimed}\r\n");
    for (name, value) in headers {
        answer.push_str(&format!("{name}: {value}\r\n"));
    }
    answer.push_str("connection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.write_all(&body).await;
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&part[..count]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let mut headers = BTreeMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let double = headers.insert(name.to_lowercase(), value.to_owned());
        assert!(double.is_none(), "{name} was sent twice");
    }
    let length: usize = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.ok().filter(|n| *n > 0)?;
        body.extend_from_slice(&part[..count]);
    }
    Some(Request {
        method,
        path,
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
