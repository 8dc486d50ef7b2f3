//! Analyses each review in a process of its own: the snapshot goes in on stdin, the analysis comes
//! out on stdout, and what goes wrong in there costs one review.
//!
//! Wall clock is watched here; address space and CPU time are limits of the kernel that the child
//! sets for itself, and it shuts itself off from files and network before it reads a byte
//! ([`super::cell`]). A death is told as ours and never as the candidate's, and the input is kept, if
//! there is a folder for it, so that a developer can replay it (`takehome replay FILE`).

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use takehome_checks::Analysis;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::review::{Analysable, Analyser, AnalysisFailed};
use crate::web::metrics::Metrics;

use super::cell::{Cell, Report};
use super::wire;

/// Name of the hidden command that the child runs.
pub const COMMAND: &str = "analyse-worker";

/// Largest answer: a finding has some hundred bytes, an analysis some thousand findings at most.
const MAX_ANSWER_BYTES: u64 = 64 << 20;

/// How much of what a dying child says on stderr is looked at.
const MAX_LAST_WORDS: u64 = 16 << 10;

/// Inputs kept for replay; the oldest goes first.
const MAX_KEPT: usize = 10;

/// What one analysis may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall clock, and CPU time of each thread together.
    pub time: Duration,
    /// Bytes of address space.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_mins(2),
            memory: 4 << 30,
        }
    }
}

/// How an analysis process died. For operators; candidates are told "could not be analysed".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisDeath {
    #[error("it took longer than {} s and was killed", .0.as_secs())]
    Time(Duration),
    #[error("it wanted more than {} MiB of address space", .0 >> 20)]
    Memory(u64),
    #[error("it was ended by signal {0}")]
    Signal(i32),
    #[error("it ended with code {0}")]
    Exit(i32),
    #[error("its answer cannot be read: {0}")]
    Answer(String),
    #[error("it could not be started: {0}")]
    Start(String),
}

impl AnalysisDeath {
    /// One word for the metrics.
    fn word(&self) -> &'static str {
        match self {
            Self::Time(_) => "time",
            Self::Memory(_) => "memory",
            Self::Signal(_) => "signal",
            Self::Exit(_) => "exit",
            Self::Answer(_) => "answer",
            Self::Start(_) => "start",
        }
    }
}

/// Analyses in a process of its own.
#[derive(Clone, Debug)]
pub struct SeparateProcess {
    program: PathBuf,
    limits: Limits,
    metrics: Arc<Metrics>,
    /// Where inputs that killed an analysis are kept.
    keep: Option<PathBuf>,
}

impl SeparateProcess {
    /// Analyses with this very program.
    pub fn new(limits: Limits, metrics: Arc<Metrics>) -> Self {
        // On Linux this is the running program even after its file was replaced by an upgrade.
        let program = if cfg!(target_os = "linux") {
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe().unwrap_or_else(|_| PathBuf::from("takehome"))
        };
        Self {
            program,
            limits,
            metrics,
            keep: None,
        }
    }

    /// Analyses with another build of this program.
    pub fn with_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Keeps the inputs of analyses that died in this folder, at most ten.
    pub fn keeping(mut self, folder: impl Into<PathBuf>) -> Self {
        self.keep = Some(folder.into());
        self
    }

    /// Analyses nothing, to see what the kernel holds the child to and to try what must not be
    /// possible there; sentences for operators about what does not hold.
    pub async fn probe(&self) -> Result<Vec<String>, AnalysisDeath> {
        let nothing = wire::encode(&Analysable::default());
        let (_, cell) = self.run(&nothing, true).await?;
        Ok(cell.missing())
    }

    /// Analyses two trees in a process of its own.
    pub async fn analyse_in_process(&self, work: &Analysable) -> Result<Analysis, AnalysisDeath> {
        self.analyse_encoded(&wire::encode(work)).await
    }

    /// The same for an input that was kept.
    pub async fn analyse_encoded(&self, input: &[u8]) -> Result<Analysis, AnalysisDeath> {
        let result = self.run(input, false).await;
        match result {
            Ok((analysis, _)) => Ok(analysis),
            Err(death) => {
                self.metrics.analysis_died(death.word());
                let kept = self.keep(input).await;
                tracing::error!(
                    death = %death,
                    kept = kept.as_ref().map(|path| path.display().to_string()),
                    "an analysis died"
                );
                Err(death)
            }
        }
    }

    async fn run(&self, input: &[u8], probe: bool) -> Result<(Analysis, Cell), AnalysisDeath> {
        let mut child = self.spawn(probe)?;
        let talked = tokio::time::timeout(self.limits.time, talk(&mut child, input)).await;
        let Ok(talked) = talked else {
            let _ = child.kill().await;
            return Err(AnalysisDeath::Time(self.limits.time));
        };
        let (answer, last_words) = talked?;
        let waited = tokio::time::timeout(Duration::from_secs(5), child.wait()).await;
        let status = match waited {
            Ok(status) => status.map_err(|error| AnalysisDeath::Start(error.to_string()))?,
            Err(_) => {
                let _ = child.kill().await;
                return Err(AnalysisDeath::Time(self.limits.time));
            }
        };
        if !status.success() {
            return Err(self.death(status, &last_words));
        }
        let report: Report = serde_json::from_slice(&answer)
            .map_err(|error| AnalysisDeath::Answer(error.to_string()))?;
        Ok((report.analysis, report.cell))
    }

    fn spawn(&self, probe: bool) -> Result<Child, AnalysisDeath> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Command::new(&self.program)
            .arg(COMMAND)
            .arg(format!("--memory={}", self.limits.memory))
            .arg(format!(
                "--cpu-seconds={}",
                self.limits.time.as_secs().saturating_mul(threads as u64)
            ))
            .arg(format!("--threads={threads}"))
            .args(probe.then_some("--probe"))
            // The environment holds secrets.
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| AnalysisDeath::Start(error.to_string()))
    }

    fn death(&self, status: std::process::ExitStatus, last_words: &str) -> AnalysisDeath {
        // Rust's allocation error handler; a buffer that could not grow; a thread without a stack.
        const HUNGRY: [&str; 4] = [
            "memory allocation of",
            "out of memory",
            "Cannot allocate",
            "Resource temporarily unavailable",
        ];
        if HUNGRY.iter().any(|words| last_words.contains(words)) {
            return AnalysisDeath::Memory(self.limits.memory);
        }
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
            // SIGXCPU: the kernel's limit of CPU time.
            if signal == 24 {
                return AnalysisDeath::Time(self.limits.time);
            }
            return AnalysisDeath::Signal(signal);
        }
        AnalysisDeath::Exit(status.code().unwrap_or(-1))
    }

    /// Keeps an input; `None` where there is no folder or it cannot be written.
    async fn keep(&self, input: &[u8]) -> Option<PathBuf> {
        let folder = self.keep.clone()?;
        let input = input.to_vec();
        let kept = tokio::task::spawn_blocking(move || keep(&folder, &input)).await;
        match kept {
            Ok(Ok(path)) => Some(path),
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "the input of a dead analysis was not kept");
                None
            }
            Err(_) => None,
        }
    }
}

impl Analyser for SeparateProcess {
    fn analyse(&self, work: Analysable) -> BoxFuture<'_, Result<Analysis, AnalysisFailed>> {
        Box::pin(async move {
            self.analyse_in_process(&work)
                .await
                .map_err(|death| AnalysisFailed(death.to_string()))
        })
    }
}

/// Writes the input while reading the answer, for either may fill its pipe.
async fn talk(child: &mut Child, input: &[u8]) -> Result<(Vec<u8>, String), AnalysisDeath> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(AnalysisDeath::Start("it has no pipes".to_owned()));
    };
    let write = async move {
        // A child that dies early closes its end; its death is told by its status.
        let _ = stdin.write_all(input).await;
        let _ = stdin.shutdown().await;
    };
    let ((), answer, last_words) = tokio::join!(
        write,
        read(stdout, MAX_ANSWER_BYTES),
        read(stderr, MAX_LAST_WORDS)
    );
    let answer = answer.map_err(AnalysisDeath::Answer)?;
    let last_words = last_words.unwrap_or_default();
    Ok((answer, String::from_utf8_lossy(&last_words).into_owned()))
}

/// Reads to the end, keeping at most so much; more is an error for answers and cut for words.
async fn read(mut from: impl AsyncRead + Unpin, at_most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    (&mut from)
        .take(at_most)
        .read_to_end(&mut bytes)
        .await
        .map_err(|error| error.to_string())?;
    let more = tokio::io::copy(&mut from, &mut tokio::io::sink())
        .await
        .unwrap_or_default();
    if more > 0 && at_most == MAX_ANSWER_BYTES {
        return Err(format!("it has more than {at_most} bytes"));
    }
    Ok(bytes)
}

/// One file per input, named by its content; never a candidate's file as such.
fn keep(folder: &Path, input: &[u8]) -> std::io::Result<PathBuf> {
    use sha1::Digest as _;
    std::fs::create_dir_all(folder)?;
    let name = format!(
        "{}.{}",
        hex::encode(sha1::Sha1::digest(input)),
        wire::EXTENSION
    );
    let path = folder.join(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(&path)?, input)?;
    let mut kept: Vec<(std::time::SystemTime, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_ours = entry
            .path()
            .extension()
            .is_some_and(|ext| ext == wire::EXTENSION);
        if is_ours {
            kept.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    kept.sort();
    let surplus = kept.len().saturating_sub(MAX_KEPT);
    for (_, old) in kept.into_iter().take(surplus) {
        std::fs::remove_file(old)?;
    }
    Ok(path)
}
