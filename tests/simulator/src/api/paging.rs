//! Pages of a list and the `Link` header as GitHub writes it: `prev`, `next`, `last`, `first`, with
//! `/repositories/{id}/…` where the list is of a repository.
//! Source: recorded traffic, `paginate-issues` of @octokit/fixtures.

use super::Call;
use crate::{http::Answer, http::uri};

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    link: Option<String>,
}

impl<T> Page<T> {
    pub(crate) fn link(self, answer: Answer) -> Answer {
        match self.link {
            Some(link) => answer.with("link", link),
            None => answer,
        }
    }
}

impl Call<'_> {
    /// `per_page` of the request: 30 where it says nothing, 100 at most.
    pub(crate) fn per_page(&self) -> usize {
        self.request
            .parameter("per_page")
            .and_then(|text| text.parse::<usize>().ok())
            .filter(|wanted| *wanted > 0)
            .unwrap_or(30)
            .min(100)
    }

    /// The page number of the request, from 1.
    pub(crate) fn page_number(&self) -> usize {
        self.request
            .parameter("page")
            .and_then(|text| text.parse::<usize>().ok())
            .filter(|wanted| *wanted > 0)
            .unwrap_or(1)
    }

    /// Cuts the wanted page out of a whole list.
    pub(crate) fn page<T>(&self, repository: Option<u64>, all: Vec<T>) -> Page<T> {
        let (size, number) = (self.per_page(), self.page_number());
        let last = all.len().div_ceil(size).max(1);
        let mut relations = Vec::new();
        if number > 1 {
            relations.push(("prev", number.saturating_sub(1).min(last)));
        }
        if number < last {
            relations.push(("next", number + 1));
            relations.push(("last", last));
        }
        if number > 1 {
            relations.push(("first", 1));
        }
        let link = relations
            .into_iter()
            .map(|(relation, page)| {
                let url = self.url_with(repository, "page", &page.to_string());
                format!("<{url}>; rel=\"{relation}\"")
            })
            .collect::<Vec<_>>()
            .join(", ");
        let items = all
            .into_iter()
            .skip((number - 1).saturating_mul(size))
            .take(size)
            .collect();
        Page {
            items,
            link: Some(link).filter(|link| !link.is_empty()),
        }
    }

    /// The address of this request with one parameter set.
    pub(crate) fn url_with(&self, repository: Option<u64>, name: &str, value: &str) -> String {
        let path = match repository {
            Some(id) if self.request.path.starts_with("/repos/") => {
                let rest = self.request.path.splitn(5, '/').nth(4).unwrap_or_default();
                format!("/repositories/{id}/{rest}")
            }
            _ => self.request.path.clone(),
        };
        let mut query: Vec<String> = self
            .request
            .query
            .iter()
            .filter(|(key, _)| key != name)
            .map(|(key, value)| format!("{}={}", uri::encode(key), uri::encode(value)))
            .collect();
        query.push(format!("{name}={}", uri::encode(value)));
        format!("{}{path}?{}", self.shared.urls.api, query.join("&"))
    }
}
