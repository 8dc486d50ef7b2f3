//! The demo as a person meets it: two reviews in the terminal, pages in a real browser, Ctrl-C.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The demo, stopped however the test ends.
struct Demo {
    child: Child,
    said: String,
}

impl Demo {
    /// Starts it and reads until it says how to end it.
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_takehome"))
            .args(["demo", "--port", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !said.contains("Ctrl-C ends the demo.") {
            let line = lines.next().expect("the demo ended early").unwrap();
            said.push_str(&line);
            said.push('\n');
        }
        Self { child, said }
    }

    /// Addresses it printed, in order.
    fn addresses(&self) -> Vec<String> {
        let (_, addresses) = self.said.split_once("Look at it in a browser:").unwrap();
        addresses
            .split_whitespace()
            .filter(|word| word.starts_with("http://127.0.0.1:"))
            .map(str::to_owned)
            .collect()
    }

    /// Ctrl-C, and the exit code.
    fn interrupt(mut self) -> Option<i32> {
        let asked = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(asked.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| {
            Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
}

/// Opens a page and saves what is seen. Pictures stay in `target/tmp/screenshots`.
fn photograph(browser: &str, url: &str, file: &Path, profile: &Path) {
    let _ = std::fs::remove_file(file);
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args([
            "--hide-scrollbars",
            "--window-size=1280,2400",
            "--virtual-time-budget=3000",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--screenshot={}", file.display()))
        .arg(url)
        .output()
        .unwrap();
    let picture = std::fs::read(file).unwrap_or_else(|_| {
        panic!(
            "no picture of {url}: {}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    assert!(picture.starts_with(b"\x89PNG"), "{url}");
    // A page without content is a few kilobytes of white.
    assert!(
        picture.len() > 20_000,
        "{url} looks empty: {} bytes",
        picture.len()
    );
}

async fn get(url: &str) -> (reqwest::StatusCode, String) {
    let answer = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_demo_reviews_two_candidates_and_shows_where_to_look() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let demo = tokio::task::spawn_blocking(Demo::start).await.unwrap();
    for expected in [
        "kestrel-goods/orders-assignment#1 Orders: place, list, cancel (rosa-candidate)",
        "kestrel-goods/orders-assignment#2 Take-home solution (tom-candidate)",
        "[DRF161]",
        "Overall ",
        "beside the code",
    ] {
        assert!(
            demo.said.contains(expected),
            "{expected} is missing in {}",
            demo.said
        );
    }
    assert!(!demo.said.contains("sk_test_51"), "a secret was quoted");

    let addresses = demo.addresses();
    assert_eq!(addresses.len(), 7, "{addresses:?}");
    for url in &addresses {
        let (status, page) = get(url).await;
        assert!(status.is_success(), "{url}: {status}");
        assert!(
            !page.contains("sk_test_51") || url.contains("/pull/"),
            "{url} quotes a secret"
        );
    }
    let (_, pull) = get(&addresses[2]).await;
    for expected in ["Take-home solution", "Notes on your pull request", "DRF161"] {
        assert!(
            pull.contains(expected),
            "{expected} is missing on {}",
            addresses[2]
        );
    }

    match browser() {
        None => println!("no browser is installed: screenshots are skipped"),
        Some(browser) => {
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
            std::fs::create_dir_all(&folder).unwrap();
            let profile = tempfile::tempdir().unwrap();
            for (url, name) in
                addresses
                    .iter()
                    .zip(["good-pull", "good-review", "weak-pull", "weak-review"])
            {
                photograph(
                    browser,
                    url,
                    &folder.join(format!("{name}.png")),
                    profile.path(),
                );
            }
        }
    }
    assert_eq!(demo.interrupt(), Some(0));
}
