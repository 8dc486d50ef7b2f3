//! Two trees to an analysis: the seam to whoever runs it.

use std::sync::Arc;

use futures::future::BoxFuture;
use takehome_checks::engine::CheckRules;
use takehome_checks::{Analysis, AnalysisInput, analyse};

use crate::cli::STACK_BYTES;
use crate::snapshot::Snapshot;

/// What to analyse, before it is decoded.
#[derive(Clone, Debug, Default)]
pub struct Analysable {
    pub head: Snapshot,
    /// Without it, everything counts as the candidate's.
    pub base: Option<Snapshot>,
    pub rules: CheckRules,
}

/// The analysis died. Our own fault or the machine's, never the candidate's; the text is for
/// operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the analysis failed: {0}")]
pub struct AnalysisFailed(pub String);

/// Runs the analysis somewhere.
pub trait Analyser: Send + Sync + 'static {
    fn analyse(&self, work: Analysable) -> BoxFuture<'_, Result<Analysis, AnalysisFailed>>;
}

/// On a thread of this process: for tests and small installations. Nothing bounds its memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct InProcess;

impl Analyser for InProcess {
    fn analyse(&self, work: Analysable) -> BoxFuture<'_, Result<Analysis, AnalysisFailed>> {
        Box::pin(async move {
            let (answer, done) = tokio::sync::oneshot::channel();
            std::thread::Builder::new()
                .name("analysis".to_owned())
                .stack_size(STACK_BYTES)
                .spawn(move || {
                    let input = AnalysisInput {
                        head: Arc::new(work.head.into_tree()),
                        base: work.base.map(|base| Arc::new(base.into_tree())),
                        rules: work.rules,
                    };
                    let _ = answer.send(analyse(&input));
                })
                .map_err(|error| AnalysisFailed(error.to_string()))?;
            done.await
                .map_err(|_| AnalysisFailed("the analysis panicked".to_owned()))
        })
    }
}
