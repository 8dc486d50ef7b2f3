//! The pages for people, through the router, over a real store.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use secrecy::SecretString;
use takehome::report::{Links, Review};
use takehome::store::{NewReview, QueueRules, ReviewKey, Store, SystemClock};
use takehome::web::pages::{Pages, ReviewAccess, routes};
use takehome::{config, rubric};
use takehome_checks::source::Tree;
use takehome_checks::{AnalysisInput, analyse};
use tower::ServiceExt as _;

struct Site {
    _folder: tempfile::TempDir,
    store: Store,
    reviews: ReviewAccess,
}

impl Site {
    async fn new(reviews: ReviewAccess) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("takehome.db").display());
        let store = Store::connect(&url, QueueRules::default(), Arc::new(SystemClock))
            .await
            .unwrap();
        Self {
            _folder: folder,
            store,
            reviews,
        }
    }

    /// Saves a review of the weak candidate, and its number.
    async fn with_review(&self) -> i64 {
        let weak = takehome::demo::CANDIDATES[1];
        let analysis = analyse(&AnalysisInput {
            head: Arc::new(Tree::of_texts(weak.files.iter().copied())),
            ..AnalysisInput::default()
        });
        let loaded = config::load(None, None, None);
        let review = Review {
            title: Some("<b>Orders</b>".to_owned()),
            head: Some("3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001".to_owned()),
            base: None,
            rubric: rubric::assess(&analysis, &loaded.rules),
            analysis,
            rules_hash: loaded.hash,
            version: "0.1.0".to_owned(),
            notes: Vec::new(),
            links: Links::default(),
        };
        let key = ReviewKey {
            repository_id: 7,
            pull_number: 3,
            head_sha: review.head.clone().unwrap(),
            merge_base: String::new(),
            rules_hash: review.rules_hash.clone(),
            engine_version: review.version.clone(),
        };
        let result = serde_json::to_string(&review).unwrap();
        self.store
            .save_review(&NewReview { key, result })
            .await
            .unwrap()
    }

    /// Status, headers that matter and body of an answer.
    async fn get(&self, path: &str, authorization: Option<&str>) -> (StatusCode, String) {
        let mut request = Request::get(path);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let router = routes(Pages {
            store: self.store.clone(),
            reviews: self.reviews.clone(),
        });
        let answer = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let headers = answer.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), 1 << 24)
            .await
            .unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(
            !body.contains("<script") && !body.contains(" style="),
            "{path}"
        );
        (status, body)
    }
}

#[tokio::test]
async fn every_check_has_a_page() {
    let site = Site::new(ReviewAccess::Off).await;
    let (status, list) = site.get("/checks", None).await;
    assert_eq!(status, StatusCode::OK);
    for check in takehome_checks::catalog::all() {
        assert!(
            list.contains(&format!("/checks/{}\"", check.id)),
            "{}",
            check.id
        );
        let (status, page) = site.get(&format!("/checks/{}", check.id), None).await;
        assert_eq!(status, StatusCode::OK, "{}", check.id);
        assert!(page.contains("What it finds") && page.contains("<pre><code>"));
    }
    let (status, page) = site.get("/checks/%3Cscript%3E", None).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("There is no check with this id."));
}

#[tokio::test]
async fn reviews_do_not_exist_until_the_operator_decides() {
    let site = Site::new(ReviewAccess::Off).await;
    let id = site.with_review().await;
    for path in ["/reviews", &format!("/reviews/{id}")] {
        let (status, page) = site.get(path, None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(!page.contains("DRF"));
    }
    let (_, front) = site.get("/", None).await;
    assert!(!front.contains("/reviews"));
}

#[tokio::test]
async fn reviews_open_to_the_password_only() {
    let site = Site::new(ReviewAccess::Password(SecretString::from("open sesame"))).await;
    let id = site.with_review().await;
    let path = format!("/reviews/{id}");
    let (status, page) = site.get(&path, None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(!page.contains("DRF"));
    // `printf 'anna:open sesame' | base64`
    let right = Some("Basic YW5uYTpvcGVuIHNlc2FtZQ==");
    let (status, page) = site.get(&path, right).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("DRF731") && page.contains("&#60;b&#62;Orders"),
        "{page}"
    );
    let (_, list) = site.get("/reviews", right).await;
    assert!(list.contains(&format!("href=\"{path}\"")) && list.contains("repository 7#3"));
}

#[tokio::test]
async fn a_review_that_is_not_there_is_not_found() {
    let site = Site::new(ReviewAccess::Open).await;
    for path in [
        "/reviews/99",
        "/reviews/abc",
        "/reviews/-1",
        "/reviews/99999999999999999999",
    ] {
        assert_eq!(
            site.get(path, None).await.0,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert!(
        site.get("/reviews", None)
            .await
            .1
            .contains("No pull request has been reviewed yet.")
    );
}
