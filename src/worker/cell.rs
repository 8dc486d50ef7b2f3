//! The analysis process from within: it shuts itself off, reads its input, analyses, answers.
//!
//! In this order, and before a byte of a candidate's is read:
//! 1. limits of the kernel: address space, CPU time, no core dump, no file grows;
//! 2. Landlock: no path can be opened, no port bound or connected to, nothing outside signalled;
//! 3. seccomp: of the system calls only those that computing needs; a new process, a socket, an
//!    open file are refused for every thread.
//!
//! Where the kernel lacks one of these the answer says so, and the service tells its operator at
//! start. Elsewhere than on Linux only the parent's watch on the time holds.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::{Deserialize, Serialize};
use takehome_checks::{Analysis, AnalysisInput, analyse};

use crate::cli::STACK_BYTES;

use super::wire;

/// What the parent sets.
#[derive(Args, Clone, Copy, Debug)]
pub struct CellArgs {
    /// Bytes of address space
    #[arg(long)]
    memory: u64,
    /// Seconds of CPU time of all threads together
    #[arg(long)]
    cpu_seconds: u64,
    #[arg(long)]
    threads: usize,
    /// Try what must not be possible, and tell what was
    #[arg(long)]
    probe: bool,
}

/// What holds the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Why limits are not set, if they are not.
    pub limits: Option<String>,
    pub landlock: Option<String>,
    pub seccomp: Option<String>,
    /// What was tried and should not have been possible; only when probed.
    pub leaks: Vec<String>,
}

impl Cell {
    /// What does not hold, in sentences for operators.
    pub fn missing(&self) -> Vec<String> {
        [
            (
                "memory and CPU time of an analysis are not limited",
                &self.limits,
            ),
            (
                "Landlock does not shut an analysis off from files and network",
                &self.landlock,
            ),
            (
                "seccomp does not hold an analysis to the system calls it needs",
                &self.seccomp,
            ),
        ]
        .into_iter()
        .filter_map(|(what, why)| Some(format!("{what}: {}", why.as_ref()?)))
        .chain(
            self.leaks
                .iter()
                .map(|leak| format!("an analysis can {leak}")),
        )
        .collect()
    }
}

/// What the process answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) cell: Cell,
    pub(super) analysis: Analysis,
}

/// Runs the process. Must be called before any other thread is made than the caller's and its
/// parent, which waits.
pub fn main(args: CellArgs) -> ExitCode {
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(crate::cli::INTERNAL_ERROR)
        }
    }
}

fn run(args: CellArgs) -> Result<(), Box<dyn std::error::Error>> {
    let mut cell = shut_off(args);
    if args.probe {
        cell.leaks = leaks();
    }
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input)?;
    let work = wire::decode(&input)?;
    drop(input);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads.max(1))
        .stack_size(STACK_BYTES)
        .build()?;
    let analysis = pool.install(|| {
        analyse(&AnalysisInput {
            head: Arc::new(work.head.into_tree()),
            base: work.base.map(|base| Arc::new(base.into_tree())),
            rules: work.rules,
        })
    });
    let answer = serde_json::to_vec(&Report { cell, analysis })?;
    let mut out = std::io::stdout().lock();
    out.write_all(&answer)?;
    out.flush()?;
    Ok(())
}

/// Tries what must not be possible. Anything but a refusal by the kernel counts, so a file that does
/// not exist or a port where nobody listens is no excuse.
fn leaks() -> Vec<String> {
    let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
    let program = std::path::Path::new("/proc/self/exe");
    let tries = [
        ("read files", std::fs::File::open(program).err()),
        ("read folders", std::fs::read_dir("/").err()),
        (
            "connect to the network",
            std::net::TcpStream::connect(("127.0.0.1", 9)).err(),
        ),
        (
            "listen on the network",
            std::net::TcpListener::bind(("127.0.0.1", 0)).err(),
        ),
        (
            "start programs",
            std::process::Command::new(program).spawn().err(),
        ),
    ];
    tries
        .into_iter()
        .filter(|(_, error)| !error.as_ref().is_some_and(refused))
        .map(|(what, _)| what.to_owned())
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn shut_off(_: CellArgs) -> Cell {
    let why = || Some("this operating system has none of it".to_owned());
    Cell {
        limits: why(),
        landlock: why(),
        seccomp: why(),
        leaks: Vec::new(),
    }
}

#[cfg(target_os = "linux")]
fn shut_off(args: CellArgs) -> Cell {
    Cell {
        limits: linux::limit(args).err().map(|error| error.to_string()),
        landlock: linux::landlock(),
        seccomp: linux::seccomp().err(),
        leaks: Vec::new(),
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
    use rustix::process::{Resource, Rlimit, setrlimit};
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };

    use super::CellArgs;

    pub(super) fn limit(args: CellArgs) -> rustix::io::Result<()> {
        let at = |most| Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        setrlimit(Resource::Core, at(0))?;
        setrlimit(Resource::Fsize, at(0))?;
        setrlimit(Resource::Cpu, at(args.cpu_seconds.max(1)))?;
        setrlimit(Resource::As, at(args.memory))
    }

    /// No rule is added to the set: what it handles is denied throughout. `None`: it holds.
    pub(super) fn landlock() -> Option<String> {
        let restricted = Ruleset::default()
            .handle_access(AccessFs::from_all(ABI::V5))
            .and_then(|set| set.handle_access(AccessNet::from_all(ABI::V5)))
            .and_then(|set| set.scope(Scope::from_all(ABI::V6)))
            .and_then(Ruleset::create)
            .and_then(landlock::RulesetCreated::restrict_self);
        match restricted {
            Ok(status) => match status.ruleset {
                RulesetStatus::FullyEnforced => None,
                RulesetStatus::PartiallyEnforced => {
                    Some("this kernel knows only a part of it".to_owned())
                }
                RulesetStatus::NotEnforced => Some("this kernel does not have it".to_owned()),
            },
            Err(error) => Some(error.to_string()),
        }
    }

    /// What a program needs that computes in threads, reads a pipe and writes a pipe.
    const CALLS: &[libc::c_long] = &[
        libc::SYS_brk,
        libc::SYS_clock_gettime,
        libc::SYS_clock_nanosleep,
        libc::SYS_clone3,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_fstat,
        libc::SYS_futex,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_gettid,
        libc::SYS_gettimeofday,
        libc::SYS_lseek,
        libc::SYS_madvise,
        libc::SYS_membarrier,
        libc::SYS_mmap,
        libc::SYS_mprotect,
        libc::SYS_mremap,
        libc::SYS_munmap,
        libc::SYS_nanosleep,
        libc::SYS_ppoll,
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_restart_syscall,
        libc::SYS_rseq,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_getaffinity,
        libc::SYS_sched_yield,
        libc::SYS_seccomp,
        libc::SYS_set_robust_list,
        libc::SYS_sigaltstack,
        libc::SYS_write,
        libc::SYS_writev,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_arch_prctl,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
    ];

    pub(super) fn seccomp() -> Result<(), String> {
        let told = |error: seccompiler::Error| error.to_string();
        let arch = std::env::consts::ARCH
            .try_into()
            .map_err(|error: seccompiler::BackendError| error.to_string())?;
        let compile = |rules, otherwise, then| -> Result<BpfProgram, String> {
            SeccompFilter::new(rules, otherwise, then, arch)
                .and_then(TryInto::try_into)
                .map_err(|error: seccompiler::BackendError| error.to_string())
        };
        let errno = |code: i32| SeccompAction::Errno(code.unsigned_abs());
        // The flags of `clone3` lie in memory, where no filter sees them; glibc falls back to
        // `clone`, whose flags are looked at below.
        let no_clone3 = compile(
            BTreeMap::from([(libc::SYS_clone3, Vec::new())]),
            SeccompAction::Allow,
            errno(libc::ENOSYS),
        )?;
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            CALLS.iter().map(|call| (*call, Vec::new())).collect();
        let when = |argument, operator, value| -> Result<Vec<SeccompRule>, String> {
            let condition =
                SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value);
            condition
                .and_then(|condition| SeccompRule::new(vec![condition]))
                .map(|rule| vec![rule])
                .map_err(|error| error.to_string())
        };
        // Threads, no processes.
        let thread = u64::try_from(libc::CLONE_THREAD).unwrap_or_default();
        rules.insert(
            libc::SYS_clone,
            when(0, SeccompCmpOp::MaskedEq(thread), thread)?,
        );
        // Names of threads.
        let set_name = u64::try_from(libc::PR_SET_NAME).unwrap_or_default();
        rules.insert(libc::SYS_prctl, when(0, SeccompCmpOp::Eq, set_name)?);
        // Asking for limits, not setting them.
        rules.insert(libc::SYS_prlimit64, when(2, SeccompCmpOp::Eq, 0)?);
        // `abort` signals its own process.
        let own = u64::from(std::process::id());
        rules.insert(libc::SYS_tgkill, when(0, SeccompCmpOp::Eq, own)?);
        let allowed = compile(rules, errno(libc::EPERM), SeccompAction::Allow)?;
        seccompiler::apply_filter_all_threads(&no_clone3).map_err(told)?;
        seccompiler::apply_filter_all_threads(&allowed).map_err(told)
    }
}
