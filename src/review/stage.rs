//! The stages of a review, each with its duration in the metrics and a span in the traces.

use std::time::Instant;

use tracing::Instrument as _;

use crate::web::metrics::Metrics;

/// A part of a review, for those who ask where the time goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stage {
    /// What is to be reviewed, and under which rules; the check run is opened.
    Plan,
    /// Two trees are read.
    Snapshot,
    Analysis,
    /// Everything that is written at the end.
    Publish,
}

impl Stage {
    fn word(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Snapshot => "snapshot",
            Self::Analysis => "analysis",
            Self::Publish => "publish",
        }
    }

    /// Does this work as this stage, whether it comes to a good end or not.
    pub(super) async fn of<T>(self, metrics: &Metrics, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let span = tracing::info_span!("stage", stage = self.word());
        let done = work.instrument(span).await;
        metrics.stage(self.word(), began.elapsed());
        done
    }
}
