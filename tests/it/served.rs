//! The real binary as a child process: `takehome serve` on a free port, its log, its end by SIGTERM
//! or SIGKILL.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running `takehome serve`.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
    log: Arc<Mutex<String>>,
}

/// The program with no settings but its data folder.
pub(crate) fn takehome(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_takehome"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("TAKEHOME_") || name.starts_with("OTEL_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .env("TAKEHOME_DATA_DIR", folder)
        .stdin(Stdio::null());
    command
}

impl Served {
    /// Starts it and waits until it serves.
    pub(crate) async fn start(mut command: Command) -> Self {
        let mut child = command
            .env("TAKEHOME_LISTEN", "127.0.0.1:0")
            .env("TAKEHOME_LOG_FORMAT", "json")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let writer = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut log = writer.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut served = Self {
            child,
            url: String::new(),
            log,
        };
        let began = Instant::now();
        loop {
            let address = served.log().lines().find_map(|line| {
                let line: Value = serde_json::from_str(line).ok()?;
                (line["message"] == "takehome serves")
                    .then(|| line["address"].as_str().unwrap().to_owned())
            });
            if let Some(address) = address {
                served.url = format!("http://{address}");
                return served;
            }
            assert!(
                began.elapsed() < Duration::from_mins(1)
                    && served.child.try_wait().unwrap().is_none(),
                "{}",
                served.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it wrote to stderr so far: a JSON object per line.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// A figure of `/metrics`, by its name with labels.
    pub(crate) async fn figure(&self, name: &str) -> Option<f64> {
        let (_, figures) = self.get("/metrics").await;
        figures.lines().find_map(|line| {
            let (of, value) = line.rsplit_once(' ')?;
            (of == name).then(|| value.parse().unwrap())
        })
    }

    /// SIGTERM, then its exit code.
    pub(crate) async fn terminate(&mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "it does not stop"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// SIGKILL; it is gone when this returns.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.kill();
    }
}
