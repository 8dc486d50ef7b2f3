//! The `Link` header: where the next page is. Only our own GitHub's pages are followed.

use http::{HeaderMap, Uri};

/// Path and query of the next page; `None` at the last. A link to another host is an error: our
/// credentials must not go there.
pub(super) fn next(headers: &HeaderMap, base: &Uri) -> Result<Option<String>, String> {
    let links = headers
        .get_all(http::header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok());
    for link in links.flat_map(|value| value.split(',')) {
        let Some((target, parameters)) = link.split_once(';') else {
            continue;
        };
        let is_next = parameters
            .split(';')
            .any(|parameter| matches!(parameter.trim(), r#"rel="next""# | "rel=next"));
        if !is_next {
            continue;
        }
        let target = target.trim().trim_start_matches('<').trim_end_matches('>');
        let uri: Uri = target
            .parse()
            .map_err(|_| "the link to the next page is no address".to_owned())?;
        if uri
            .authority()
            .is_some_and(|host| Some(host) != base.authority())
        {
            return Err("the link to the next page leads to another host".to_owned());
        }
        return Ok(uri.path_and_query().map(ToString::to_string));
    }
    Ok(None)
}

/// Path and query of where something has moved to on our own GitHub.
pub(super) fn moved(headers: &HeaderMap, base: &Uri) -> Option<String> {
    let uri: Uri = headers
        .get(http::header::LOCATION)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    let ours = uri
        .authority()
        .is_none_or(|host| Some(host) == base.authority());
    uri.path_and_query()
        .filter(|_| ours)
        .map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_pages_of_our_own_host_only() {
        let base = Uri::from_static("https://github.example.org/api/v3");
        let link = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::LINK, http::HeaderValue::from_static(value));
            next(&headers, &base)
        };
        let github = "<https://github.example.org/api/v3/repositories/1/issues?page=1>; rel=\"prev\", \
                      <https://github.example.org/api/v3/repositories/1/issues?page=3>; rel=\"next\"";
        assert_eq!(
            link(github),
            Ok(Some("/api/v3/repositories/1/issues?page=3".to_owned()))
        );
        assert_eq!(
            link("<https://github.example.org/x>; rel=\"last\""),
            Ok(None)
        );
        assert!(link("<https://evil.example.org/x>; rel=\"next\"").is_err());
        assert_eq!(next(&HeaderMap::new(), &base), Ok(None));
    }
}
