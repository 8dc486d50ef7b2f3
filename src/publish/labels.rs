//! Labels that the organisation's rules ask for. Only labels named there are ever touched.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::{Place, PublishError, Publisher, unless_cancelled};
use crate::config::Labels;
use crate::github::types::Label;

impl Publisher {
    /// Puts the labels of a finished review on the pull request, and takes "limited" away where it
    /// no longer holds. `standing` is what the pull request had when it was read.
    pub async fn labels(
        &self,
        place: &Place,
        rules: &Labels,
        standing: &[Label],
        limited: bool,
        cancel: &CancellationToken,
    ) -> Result<(), PublishError> {
        // GitHub compares labels without regard to case.
        let standing: BTreeSet<String> = standing.iter().map(|l| l.name.to_lowercase()).collect();
        let stands = |label: &str| standing.contains(&label.to_lowercase());
        let limited_label = rules.limited.as_deref();
        let missing: Vec<&str> = [rules.reviewed.as_deref(), limited_label.filter(|_| limited)]
            .into_iter()
            .flatten()
            .filter(|label| !stands(label))
            .collect();
        if !missing.is_empty() {
            unless_cancelled(cancel)?;
            place.repository.add_labels(place.pull, &missing).await?;
        }
        let stale = limited_label
            .filter(|label| !limited && stands(label) && rules.reviewed.as_deref() != Some(*label));
        if let Some(label) = stale {
            unless_cancelled(cancel)?;
            place.repository.remove_label(place.pull, label).await?;
        }
        Ok(())
    }
}
