//! Pages for people: the front page, the catalogue of checks, and the reviewers' page of each saved
//! review. They only read; no script runs in them, and nothing that a candidate wrote is rendered.

mod access;
mod catalogue;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

pub use access::ReviewAccess;

use crate::report::{self, Review, words};
use crate::store::{Store, StoredReview};

/// Reviews on the list.
const MAX_LISTED: u32 = 200;

/// What the pages read from, and who may read reviews.
#[derive(Clone, Debug)]
pub struct Pages {
    pub store: Store,
    pub reviews: ReviewAccess,
}

/// `/`, `/checks`, `/checks/{id}`, `/reviews`, `/reviews/{id}`.
pub fn routes(pages: Pages) -> Router {
    Router::new()
        .route("/", get(front))
        .route("/checks", get(catalogue::list))
        .route("/checks/{id}", get(catalogue::page))
        .route("/reviews", get(list))
        .route("/reviews/{id}", get(review))
        .layer(middleware::from_fn(guarded))
        .with_state(pages)
}

/// What every page carries: no scripts, no frames, no guessing of types, no address handed on.
async fn guarded(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = format!("{}; frame-ancestors 'none'", report::html::policy());
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page that could not be made: told without detail to the reader, in full to the operator.
#[derive(Debug)]
enum PageError {
    NotFound(&'static str),
    /// Reviews are behind a password.
    Locked,
    Internal(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for PageError {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

#[derive(Template)]
#[template(path = "web/pages/message.html")]
struct Message {
    title: &'static str,
    text: &'static str,
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let (status, title, text) = match self {
            Self::NotFound(text) => (StatusCode::NOT_FOUND, "Nothing here", text),
            Self::Locked => (
                StatusCode::UNAUTHORIZED,
                "For reviewers",
                "Reviews are shown to those who have the reviewers' password.",
            ),
            Self::Internal(error) => {
                tracing::error!(error = format!("{error:#}"), "a page could not be made");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Not now",
                    "This page could not be made. The log of the service says why.",
                )
            }
        };
        let page = Message { title, text }.render().unwrap_or_default();
        let mut response = (status, Html(page)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"takehome reviews\", charset=\"UTF-8\""),
            );
        }
        response
    }
}

type Page = Result<Response, PageError>;

#[derive(Template)]
#[template(path = "web/pages/front.html")]
struct Front {
    checks: String,
    reviews: bool,
    version: &'static str,
}

async fn front(State(pages): State<Pages>) -> Page {
    let checks = takehome_checks::catalog::all().len();
    let page = Front {
        checks: words::count(checks, "check", "checks"),
        reviews: pages.reviews.is_on(),
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(Html(page.render()?).into_response())
}

#[derive(Template)]
#[template(path = "web/pages/reviews.html")]
struct List {
    rows: Vec<Row>,
}

struct Row {
    id: i64,
    repository: String,
    number: u64,
    commit: String,
    title: String,
    strengths: usize,
    gaps: usize,
    level: String,
    at: String,
}

async fn list(State(pages): State<Pages>, headers: HeaderMap) -> Page {
    pages.reviews.admit(&headers)?;
    let mut rows = Vec::new();
    for stored in pages.store.latest_reviews(MAX_LISTED).await? {
        rows.push(row(&pages.store, &stored).await?);
    }
    private(List { rows }.render()?)
}

async fn row(store: &Store, stored: &StoredReview) -> Result<Row, PageError> {
    let review: Review = serde_json::from_str(&stored.result)?;
    let key = &stored.key;
    let repository = store.repository(key.repository_id).await?.map_or_else(
        || format!("repository {}", key.repository_id),
        |known| format!("{}/{}", known.owner, known.name),
    );
    Ok(Row {
        id: stored.id,
        repository,
        number: key.pull_number,
        commit: review.short_head().unwrap_or_default().to_owned(),
        title: review.title.clone().unwrap_or_default(),
        strengths: review.strengths().len(),
        gaps: review.gaps().len(),
        level: review
            .rubric
            .overall
            .level
            .map_or("none".to_owned(), |level| format!("{level:.2} of 4")),
        at: jiff::Timestamp::from_millisecond(stored.created_at)
            .map(|time| time.strftime("%Y-%m-%d %H:%M UTC").to_string())
            .unwrap_or_default(),
    })
}

async fn review(State(pages): State<Pages>, Path(id): Path<String>, headers: HeaderMap) -> Page {
    pages.reviews.admit(&headers)?;
    let unknown = PageError::NotFound("There is no review with this number.");
    let Ok(id) = id.parse::<i64>() else {
        return Err(unknown);
    };
    let Some(stored) = pages.store.review(id).await? else {
        return Err(unknown);
    };
    let review: Review = serde_json::from_str(&stored.result)?;
    private(report::html::html(&review)?)
}

/// A page that no cache may keep.
fn private(page: String) -> Page {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((no_store, Html(page)).into_response())
}
