//! What the sweep and the reconciliation ask of GitHub.

use jiff::Timestamp;
use takehome::worker::GitHubRecovery;

use super::bench::{Answers, run};

#[test]
fn lost_deliveries_open_pull_requests_and_the_app_are_found() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench.open();
        let github: &dyn GitHubRecovery = &bench.app;
        // Nobody listens: every delivery has failed.
        assert!(
            bench
                .github
                .settled(std::time::Duration::from_secs(20))
                .await
        );
        let attempts = github
            .deliveries_since(Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        let opened = attempts
            .iter()
            .find(|a| a.event == "pull_request" && a.action.as_deref() == Some("opened"))
            .unwrap();
        assert!(!opened.is_ok() && !opened.redelivery);
        assert!(attempts.is_sorted_by(|a, b| a.delivered_at >= b.delivered_at));
        github.redeliver(opened.id).await.unwrap();
        assert!(
            bench
                .github
                .settled(std::time::Duration::from_secs(20))
                .await
        );
        let again = github
            .deliveries_since(Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        assert_eq!(again.len(), attempts.len() + 1);
        assert!(again.iter().any(|a| a.redelivery && a.guid == opened.guid));
        let later = Timestamp::now() + jiff::SignedDuration::from_hours(1);
        assert_eq!(github.deliveries_since(later).await.unwrap(), []);

        let installations = github.installations().await.unwrap();
        assert_eq!(installations.len(), 1);
        assert_eq!(installations[0].account, "acme");
        assert!(!installations[0].suspended);

        let open = github.open_pull_requests(bench.installation).await.unwrap();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].head_sha, bench.head(pull));
        assert_eq!(open[0].base_ref, bench.repo.default_branch);
        assert_eq!(open[0].pull.repository_id, bench.repo.id);
        assert_eq!(open[0].pull.repository, "orders");
        bench.github.close(bench.repo.id, pull).unwrap();
        assert_eq!(
            github.open_pull_requests(bench.installation).await.unwrap(),
            []
        );

        let identity = github.identity().await.unwrap();
        assert_eq!(identity.id, bench.github.app().id);
        assert_eq!(identity.permissions["checks"], "write");
        assert!(identity.clock_ahead_seconds.unwrap().abs() <= 2);
        bench.github.suspend(bench.installation).unwrap();
        assert!(github.installations().await.unwrap()[0].suspended);
    });
}
