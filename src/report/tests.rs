//! What people read, as snapshots; what must hold for every review, as properties.

use proptest::prelude::*;
use takehome_checks::evidence::{Competency, Finding, Place, Severity};

use super::sample::{gap, review, rubric};
use super::{Review, check_run, comment, html, json, markdown, sarif, text};
use crate::config::{FailOn, Labels, Publish};

fn publish() -> Publish {
    Publish {
        fail_on: FailOn::Never,
        candidate_comment: true,
        candidate_scores: false,
        max_annotations: 200,
        labels: Labels::default(),
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// A review with so many gaps.
fn huge(count: usize) -> Review {
    let mut review = review();
    review.analysis.findings = (0..count)
        .map(|at| Finding {
            fingerprint: format!("{at:016x}"),
            line: at as u32 + 1,
            end_line: at as u32 + 1,
            message: format!("`Order{at}` {}", "is a long story about stock. ".repeat(40)),
            related: (0..20)
                .map(|line| Place {
                    file: format!("{}/views.py", "deep/".repeat(30)),
                    line,
                    message: "here too".to_owned(),
                })
                .collect(),
            ..gap(
                "DRF631",
                "lost-update-race",
                Competency::C17,
                Severity::High,
            )
        })
        .collect();
    review.rubric = rubric(&review.analysis.findings);
    review
}

#[test]
fn the_candidate_reads_a_kind_comment_without_levels() {
    insta::assert_snapshot!(comment::comment(&review(), false), @r#"
        ### Notes on your pull request: Orders &amp; stock

        Thank you for the time you put into this. takehome has read commit `3f2a9c1d4e`; it did not run it. These notes help the people who review your work, and they decide. A note can be wrong: say so in a reply, and it will be read.

        #### What stands out

        **API testing**
        - [`orders/tests/test_api.py:12`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/tests/test_api.py#L12) Anonymous and foreign users are tested for (`test_foreign_order_is_404`). · Denial tests DRF444

        **Transactions, concurrency and data integrity**
        - [`orders/services.py:12`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/services.py#L12) `cancel_order` changes order and stock in one transaction. · Atomic service DRF661

        #### What to look at again

        **Worth a first look**
        - [`orders/views.py:41`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/views.py#L41-L43) `StockItem.quantity` is read, changed in Python and saved without a lock. (see also [`orders/urls.py:8`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/urls.py#L8)) · Lost update race DRF631

        **Also worth a look**
        - ``a`b](http:/x|@acme.py:1`` `</code><img src=x onerror=alert(1)>` ignores @&#8203;acme/hiring, see #&#8203;1 and &lt;b&gt;. · Serializer fields all DRF101

        **Smaller things**
        - [`README.md:3`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/README.md#L3) The README says nothing about running the tests. · README without tests DRF834

        <details><summary>Not assessed: 20 of 24 topics</summary>

        - Could not be decided from the source alone: Authentication, permissions and throttling
        - The project has nothing to judge: ViewSets, routers and generic views; Versioning and backward compatibility; Pagination, filtering and ordering; API documentation and schema; Tokens, sessions, secrets and secure settings; Input validation and sanitisation; Audit logging and traceability; CI/CD, packaging and containers; Modular boundaries and layered design; Caching, N+1 and performance; Async tasks, WebSockets and events; ORM and indexes; Migrations, seeding and data lifecycle; Review discipline and decisions; Service levels and error budgets; Delivery and developer velocity; Cost and footprint
        - A bonus, and nothing there that would count: Monitoring, metrics and tracing
        - Not part of this assignment: Stakeholder alignment and backlog

        </details>

        #### How much could be read

        - 30 of 31 files read as text
        - 22 Python files parsed, 1 with syntax errors
        - 7 of 8 routes resolved
        - 5 of 5 serializers resolved
        - 40 of 41 settings resolved
        - 12 of 12 tests resolved
        - 1 check left 1 subject undecided; nothing undecided was scored
        - `orders/broken.py` has a syntax error on line 3.

        ---
        <sub>commit `3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001` · rules `0123456789ab` · takehome 0.1.0 · `takehome explain ID` says more about a note</sub>
        "#);
}

#[test]
fn levels_are_in_the_comment_where_the_organisation_shows_them() {
    let with = comment::comment(&review(), true);
    let without = comment::comment(&review(), false);
    assert!(with.contains("#### Levels"));
    assert!(with.contains("2 of 4"));
    assert!(!without.contains(" of 4 |") && !without.contains("Overall"));
}

#[test]
fn the_comment_asks_no_interview_question() {
    assert!(!comment::comment(&review(), true).contains("What happens?"));
    let run = check_run::check_run(&review(), &publish());
    assert!(!format!("{run:?}").contains("What happens?"));
}

#[test]
fn the_check_run_tells_the_same_in_short() {
    let run = check_run::check_run(&review(), &publish());
    insta::assert_snapshot!(run.title, @"2 strengths, 3 points to look at again");
    insta::assert_snapshot!(run.summary, @r#"
        In what this pull request adds: 2 strengths, 3 points to look at again (1 high, 1 medium, 1 low). The code was read, not run. What the program could not resolve is counted below and never scored; people decide.

        <details><summary>Not assessed: 20 of 24 topics</summary>

        - Could not be decided from the source alone: Authentication, permissions and throttling
        - The project has nothing to judge: ViewSets, routers and generic views; Versioning and backward compatibility; Pagination, filtering and ordering; API documentation and schema; Tokens, sessions, secrets and secure settings; Input validation and sanitisation; Audit logging and traceability; CI/CD, packaging and containers; Modular boundaries and layered design; Caching, N+1 and performance; Async tasks, WebSockets and events; ORM and indexes; Migrations, seeding and data lifecycle; Review discipline and decisions; Service levels and error budgets; Delivery and developer velocity; Cost and footprint
        - A bonus, and nothing there that would count: Monitoring, metrics and tracing
        - Not part of this assignment: Stakeholder alignment and backlog

        </details>

        #### How much could be read

        - 30 of 31 files read as text
        - 22 Python files parsed, 1 with syntax errors
        - 7 of 8 routes resolved
        - 5 of 5 serializers resolved
        - 40 of 41 settings resolved
        - 12 of 12 tests resolved
        - 1 check left 1 subject undecided; nothing undecided was scored
        - `orders/broken.py` has a syntax error on line 3.

        ---
        <sub>commit `3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001` · rules `0123456789ab` · takehome 0.1.0 · `takehome explain ID` says more about a note</sub>
        "#);
    insta::assert_snapshot!(run.text, @r#"
        ### What stands out

        **API testing**
        - [`orders/tests/test_api.py:12`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/tests/test_api.py#L12) Anonymous and foreign users are tested for (`test_foreign_order_is_404`). · Denial tests DRF444

        **Transactions, concurrency and data integrity**
        - [`orders/services.py:12`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/services.py#L12) `cancel_order` changes order and stock in one transaction. · Atomic service DRF661

        ### What to look at again

        **Serializers and validators**
        - ``a`b](http:/x|@acme.py:1`` `</code><img src=x onerror=alert(1)>` ignores @&#8203;acme/hiring, see #&#8203;1 and &lt;b&gt;. · Serializer fields all DRF101

        **Transactions, concurrency and data integrity**
        - [`orders/views.py:41`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/views.py#L41-L43) `StockItem.quantity` is read, changed in Python and saved without a lock. (see also [`orders/urls.py:8`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/urls.py#L8)) · Lost update race DRF631

        **Documentation**
        - [`README.md:3`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/README.md#L3) The README says nothing about running the tests. · README without tests DRF834
        "#);
    insta::assert_json_snapshot!(run.annotations, @r#"
        [
          {
            "path": "orders/views.py",
            "start_line": 41,
            "end_line": 43,
            "annotation_level": "warning",
            "title": "Lost update race (DRF631)",
            "message": "`StockItem.quantity` is read, changed in Python and saved without a lock.\n\nMore: takehome explain DRF631",
            "raw_details": "orders/urls.py:8: `POST /api/orders/` leads there"
          },
          {
            "path": "a`b](http:/x|@acme.py",
            "start_line": 1,
            "end_line": 1,
            "annotation_level": "warning",
            "title": "Serializer fields all (DRF101)",
            "message": "`</code><img src=x onerror=alert(1)>` ignores @acme/hiring, see #1 and <b>.\n\nMore: takehome explain DRF101"
          },
          {
            "path": "README.md",
            "start_line": 3,
            "end_line": 3,
            "annotation_level": "notice",
            "title": "README without tests (DRF834)",
            "message": "The README says nothing about running the tests.\n\nMore: takehome explain DRF834"
          }
        ]
        "#);
}

#[test]
fn red_annotations_are_those_that_fail_the_run() {
    let run = check_run::check_run(
        &review(),
        &Publish {
            fail_on: FailOn::High,
            ..publish()
        },
    );
    let levels: Vec<_> = run.annotations.iter().map(|a| a.annotation_level).collect();
    assert_eq!(
        levels,
        [
            check_run::AnnotationLevel::Failure,
            check_run::AnnotationLevel::Warning,
            check_run::AnnotationLevel::Notice
        ]
    );
}

#[test]
fn reviewers_read_everything_in_markdown() {
    insta::assert_snapshot!(markdown::markdown(&review()), @r#"
        # Orders &amp; stock

        2 strengths · 3 gaps (1 high, 1 medium, 1 low)

        ## Levels

        | Competency | Level | Weight | Strengths | Gaps |
        |---|---|---|---|---|
        | C01 Serializers and validators | 2 of 4 | 5 | 0 | 1 |
        | C10 API testing | 2 of 4 | 5 | 1 | 0 |
        | C17 Transactions, concurrency and data integrity | 2 of 4 | 5 | 1 | 1 |
        | C20 Documentation | 2 of 4 | 5 | 0 | 1 |

        Overall: 2.25 of 4. 15 of 100 points of weight were assessed.

        ## C01 Serializers and validators: level 2 of 4

        _Does it hold under load?_

        Level 2: one gap of severity high; level 3 allows none.

        **Gaps**

        - ``a`b](http:/x|@acme.py:1`` `</code><img src=x onerror=alert(1)>` ignores @&#8203;acme/hiring, see #&#8203;1 and &lt;b&gt;. · Serializer fields all DRF101 (medium, high confidence)
          - Ask: Two orders for the last item arrive at once. What happens?

        ## C10 API testing: level 2 of 4

        _Does it hold under load?_

        Level 2: one gap of severity high; level 3 allows none.

        **Strengths**

        - [`orders/tests/test_api.py:12`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/tests/test_api.py#L12) Anonymous and foreign users are tested for (`test_foreign_order_is_404`). · Denial tests DRF444 (info, high confidence)

        ## C17 Transactions, concurrency and data integrity: level 2 of 4

        _Does it hold under load?_

        Level 2: one gap of severity high; level 3 allows none.

        **Strengths**

        - [`orders/services.py:12`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/services.py#L12) `cancel_order` changes order and stock in one transaction. · Atomic service DRF661 (info, high confidence)

        **Gaps**

        - [`orders/views.py:41`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/views.py#L41-L43) `StockItem.quantity` is read, changed in Python and saved without a lock. (see also [`orders/urls.py:8`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/urls.py#L8)) · Lost update race DRF631 (high, high confidence)
          - Ask: Two orders for the last item arrive at once. What happens?

        ## C20 Documentation: level 2 of 4

        _Does it hold under load?_

        Level 2: one gap of severity high; level 3 allows none.

        **Gaps**

        - [`README.md:3`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/README.md#L3) The README says nothing about running the tests. · README without tests DRF834 (low, high confidence)
          - Ask: Two orders for the last item arrive at once. What happens?

        ## Defects of the starter

        - **fixed** DRF542 `orders.models.Order.status`: `orders.models.Order.status` has an index now.

        ## Endpoints

        | Method | Path | View | Permission | Serializer | Tests |
        |---|---|---|---|---|---|
        | GET | `/api/orders/{pk}/` | `orders.views.OrderViewSet.retrieve` | `IsAuthenticated \| IsOwner` | `OrderSerializer` | 1 |

        ## Changes of the API

        1 breaking change, 0 warnings, 1 addition (from `inferred`).

        - **error** removed the property `total` from the response [`orders/serializers.py:9`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/orders/serializers.py#L9) (`GET /api/orders/`) `response-property-removed`
        - **info** endpoint added (`POST /api/orders/`) `endpoint-added`

        ## There before

        Gaps that the candidate did not write; none counts.

        - [`config/settings.py:41`](https://github.com/acme/orders/blob/3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001/config/settings.py#L41-L43) `DEBUG` is on in the only settings. · Debug in production DRF302

        ## Not assessed

        - Could not be decided from the source alone: Authentication, permissions and throttling
        - The project has nothing to judge: ViewSets, routers and generic views; Versioning and backward compatibility; Pagination, filtering and ordering; API documentation and schema; Tokens, sessions, secrets and secure settings; Input validation and sanitisation; Audit logging and traceability; CI/CD, packaging and containers; Modular boundaries and layered design; Caching, N+1 and performance; Async tasks, WebSockets and events; ORM and indexes; Migrations, seeding and data lifecycle; Review discipline and decisions; Service levels and error budgets; Delivery and developer velocity; Cost and footprint
        - A bonus, and nothing there that would count: Monitoring, metrics and tracing
        - Not part of this assignment: Stakeholder alignment and backlog

        ## How much could be read

        - 30 of 31 files read as text
        - 22 Python files parsed, 1 with syntax errors
        - 7 of 8 routes resolved
        - 5 of 5 serializers resolved
        - 40 of 41 settings resolved
        - 12 of 12 tests resolved
        - 1 check left 1 subject undecided; nothing undecided was scored
        - `orders/broken.py` has a syntax error on line 3.

        ## Notes for reviewers

        - acme/.github:takehome.yml:&#8203;3:&#8203;5: unknown key `chekcs`; did you mean `checks`?

        ---
        <sub>commit `3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001` · rules `0123456789ab` · takehome 0.1.0 · `takehome explain ID` says more about a note</sub>
        "#);
}

#[test]
fn the_terminal_shows_lines_and_masks_secrets() {
    let tree = takehome_checks::source::Tree::of_texts([(
        "orders/views.py",
        &*format!(
            "{}    item = StockItem.objects.get(pk=pk)\n    item.quantity -= 1\n    token = 'hunter2'\n",
            "\n".repeat(40)
        ),
    )]);
    let shown = plain(&text::text(&review(), Some(&tree)));
    assert!(!shown.contains("hunter2"));
    insta::assert_snapshot!(shown, @r#"
        What stands out
          C10 API testing
            + Anonymous and foreign users are tested for (`test_foreign_order_is_404`). orders/tests/test_api.py:12 DRF444
          C17 Transactions, concurrency and data integrity
            + `cancel_order` changes order and stock in one transaction. orders/services.py:12 DRF661

        Gaps

        high[DRF631]: `StockItem.quantity` is read, changed in Python and saved without a lock.
          --> orders/views.py:41:5
           |
        41 |     item = StockItem.objects.get(pk=pk)
           |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
           |
           = see: orders/urls.py:8: `POST /api/orders/` leads there
           = ask: Two orders for the last item arrive at once. What happens?

        medium[DRF101]: `</code><img src=x onerror=alert(1)>` ignores @acme/hiring, see #1 and <b>.
        --> a`b](http:/x|@acme.py:1:1
         = ask: Two orders for the last item arrive at once. What happens?

        low[DRF834]: The README says nothing about running the tests.
        --> README.md:3:1
         = ask: Two orders for the last item arrive at once. What happens?

        There before (not the candidate's, not counted)
          high `DEBUG` is on in the only settings. config/settings.py:41 DRF302

        Endpoints
          GET    /api/orders/{pk}/  IsAuthenticated | IsOwner  1 test

        Changes of the API
          1 breaking change, 0 warnings, 1 addition (from inferred)
          error   removed the property `total` from the response GET /api/orders/ response-property-removed
          info    endpoint added POST /api/orders/ endpoint-added

        Levels
          C01 Serializers and validators                    ■■□□ 2 of 4  +0 -1
              Level 2: one gap of severity high; level 3 allows none.
          C10 API testing                                   ■■□□ 2 of 4  +1 -0
              Level 2: one gap of severity high; level 3 allows none.
          C17 Transactions, concurrency and data integrity  ■■□□ 2 of 4  +1 -1
              Level 2: one gap of severity high; level 3 allows none.
          C20 Documentation                                 ■■□□ 2 of 4  +0 -1
              Level 2: one gap of severity high; level 3 allows none.
          Overall 2.25 of 4  15 of 100 points of weight were assessed.
          Seeded DRF542 orders.models.Order.status: `orders.models.Order.status` has an index now.

        Not assessed
          Could not be decided from the source alone: Authentication, permissions and throttling
          The project has nothing to judge: ViewSets, routers and generic views; Versioning and backward compatibility; Pagination, filtering and ordering; API documentation and schema; Tokens, sessions, secrets and secure settings; Input validation and sanitisation; Audit logging and traceability; CI/CD, packaging and containers; Modular boundaries and layered design; Caching, N+1 and performance; Async tasks, WebSockets and events; ORM and indexes; Migrations, seeding and data lifecycle; Review discipline and decisions; Service levels and error budgets; Delivery and developer velocity; Cost and footprint
          A bonus, and nothing there that would count: Monitoring, metrics and tracing
          Not part of this assignment: Stakeholder alignment and backlog

        How much could be read
          30 of 31 files read as text
          22 Python files parsed, 1 with syntax errors
          7 of 8 routes resolved
          5 of 5 serializers resolved
          40 of 41 settings resolved
          12 of 12 tests resolved
          1 check left 1 subject undecided; nothing undecided was scored
          `orders/broken.py` has a syntax error on line 3.
        note: acme/.github:takehome.yml:3:5: unknown key `chekcs`; did you mean `checks`?

        2 strengths, 3 gaps (1 high, 1 medium, 1 low)
        commit 3f2a9c1d4e · rules 0123456789ab · takehome 0.1.0 · `takehome explain ID` tells more
        "#);
}

#[test]
fn sarif_has_what_the_standard_asks_for() {
    let log: serde_json::Value = serde_json::from_str(&sarif::sarif(&review()).unwrap()).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 6);
    for result in results {
        // SARIF 3.27.6: ruleIndex is the place of the rule with this id.
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        // SARIF 3.27.10: a kind other than `fail` has no level.
        let kind = result["kind"].as_str().unwrap();
        assert_eq!(kind == "pass", result["level"] == "none");
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert!(region["startLine"].as_u64().unwrap() >= 1);
        assert!(region["endLine"].as_u64() >= region["startLine"].as_u64());
        let print = result["partialFingerprints"]["takehome/v1"]
            .as_str()
            .unwrap();
        assert_eq!(print.len(), 16);
    }
    assert_eq!(results[0]["baselineState"], "unchanged");
    assert_eq!(results[1]["relatedLocations"][0]["id"], 1);
    let uri = &results[2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%60b%5D%28http%3A/x%7C%40acme.py");
}

#[test]
fn the_json_keeps_its_promise() {
    let document: serde_json::Value =
        serde_json::from_str(&json::json(&review()).unwrap()).unwrap();
    for key in [
        "version",
        "findings",
        "rubric",
        "schema",
        "endpoints",
        "coverage",
    ] {
        assert!(!document[key].is_null(), "{key}");
    }
    let finding = document["findings"][1].as_object().unwrap();
    let keys: Vec<&str> = finding.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "check",
            "name",
            "polarity",
            "severity",
            "confidence",
            "competency",
            "message",
            "question",
            "file",
            "line",
            "end_line",
            "column",
            "symbol",
            "related",
            "origin",
            "fingerprint"
        ]
    );
    assert_eq!(finding["polarity"], "gap");
    assert_eq!(finding["severity"], "high");
    assert_eq!(finding["confidence"], "high");
    assert_eq!(finding["competency"], "C17");
    assert_eq!(finding["origin"], "introduced");
}

#[test]
fn the_page_escapes_what_the_candidate_wrote() {
    let page = html::html(&review()).unwrap();
    assert!(page.contains("&lt;/code&gt;&lt;img src=x onerror=alert(1)&gt;"));
    assert!(!page.contains("<img"));
    assert!(!page.contains("<script"));
    assert!(page.contains("Orders &#38; stock"));
    assert!(!page.contains('\u{202e}'));
}

#[test]
fn a_huge_review_stays_within_every_limit() {
    for count in [60, 700] {
        let review = huge(count);
        let run = check_run::check_run(&review, &publish());
        assert!(run.title.chars().count() <= check_run::MAX_TITLE_CHARS);
        assert!(run.summary.len() <= 65_535, "{}", run.summary.len());
        assert!(run.text.len() <= 65_535, "{}", run.text.len());
        assert_eq!(run.annotations.len(), count.min(200));
        assert_eq!(
            run.summary.contains(&format!(
                "Showing 200 of {} points",
                super::words::grouped(count)
            )),
            count > 200
        );
        for annotation in &run.annotations {
            assert!(annotation.title.chars().count() <= check_run::MAX_TITLE_CHARS);
            assert!(annotation.message.len() < 64_000);
            assert!(
                annotation
                    .raw_details
                    .as_ref()
                    .is_some_and(|d| d.len() < 64_000)
            );
        }
        let body = comment::comment(&review, true);
        assert!(body.len() <= comment::MAX_BYTES, "{}", body.len());
        assert!(body.ends_with("</sub>\n"), "the end is missing");
    }
}

#[test]
fn the_barest_form_says_how_much_is_left_out() {
    let mut review = huge(1000);
    for finding in &mut review.analysis.findings {
        finding.file = "ü".repeat(4000);
    }
    let body = comment::comment(&review, false);
    assert!(body.len() <= comment::MAX_BYTES);
    assert!(body.contains(" of 1,000 points."), "{body}");
}

/// Text as a hostile candidate would write it: the dangerous characters, often.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("@acme/team".to_owned()),
        Just("#12".to_owned()),
        Just("GH-7".to_owned()),
        Just("acme/orders#3".to_owned()),
        Just("https://evil.example/x".to_owned()),
        Just("www.evil.example".to_owned()),
        Just("<script>alert(1)</script>".to_owned()),
        Just("<!-- takehome:1 -->".to_owned()),
        Just("</details></sub></code>".to_owned()),
        Just("[x](javascript:alert(1))".to_owned()),
        Just("![x](https://evil.example/p.png)".to_owned()),
        Just("`".to_owned()),
        Just("```\n".to_owned()),
        Just("\n\n# Heading\n\n".to_owned()),
        Just("\n| a | b |\n|---|---|\n".to_owned()),
        Just("\n- [x] done\n1. one\n> quote\n---\n".to_owned()),
        Just("\\".to_owned()),
        Just("&#64;acme &lt;".to_owned()),
        Just("\u{202e}\u{200b}\u{feff}\u{e0041}".to_owned()),
        Just("\u{1b}[31m\u{7}\0".to_owned()),
        Just("a@b.example".to_owned()),
        Just("0123456789abcdef0123456789abcdef01234567".to_owned()),
        Just("$x$ ~~y~~ *z* _w_ :tada:".to_owned()),
        "[ -~]{0,12}",
        "\\PC{0,6}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// A review in which everything that a candidate can write is `text`.
fn poisoned(text: &str) -> Review {
    let mut review = review();
    for finding in &mut review.analysis.findings {
        finding.message = format!("`{text}` is read without a lock. {text}");
        finding.file = text.to_owned();
        finding.symbol = text.to_owned();
        finding.related = vec![Place {
            file: text.to_owned(),
            line: 1,
            message: text.to_owned(),
        }];
    }
    for endpoint in &mut review.analysis.endpoints {
        endpoint.path = text.to_owned();
        endpoint.view = text.to_owned();
        endpoint.action = Some(text.to_owned());
        endpoint.permission = text.to_owned();
        endpoint.serializer = Some(text.to_owned());
    }
    if let Some(schema) = &mut review.analysis.schema {
        schema.source = text.to_owned();
        for change in &mut schema.changes {
            change.text = text.to_owned();
            change.operations = vec![text.to_owned()];
            change.file = Some(text.to_owned());
        }
    }
    review.analysis.coverage.notes = vec![text.to_owned()];
    review.notes = vec![text.to_owned()];
    review.rubric = rubric(&review.analysis.findings);
    review
}

/// What GitHub would make of a text, as far as it can be told without GitHub: elements, and the text
/// outside code and links, in which mentions and references are looked for.
struct Seen {
    html: Vec<String>,
    links: Vec<String>,
    images: usize,
    headings: usize,
    prose: String,
}

fn seen(markdown: &str) -> Seen {
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
    let mut seen = Seen {
        html: Vec::new(),
        links: Vec::new(),
        images: 0,
        headings: 0,
        prose: String::new(),
    };
    let mut code = 0;
    for event in Parser::new_ext(
        markdown,
        Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_FOOTNOTES,
    ) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => seen.html.push(html.to_string()),
            Event::Start(Tag::Link { dest_url, .. }) => seen.links.push(dest_url.to_string()),
            Event::Start(Tag::Image { .. }) => seen.images += 1,
            Event::Start(Tag::Heading { .. }) => seen.headings += 1,
            Event::Start(Tag::CodeBlock(_)) => code += 1,
            Event::End(TagEnd::CodeBlock) => code -= 1,
            Event::Text(text) if code == 0 => seen.prose.push_str(&text),
            Event::Code(_) | Event::SoftBreak | Event::HardBreak | Event::End(_) => {
                seen.prose.push('\n');
            }
            _ => {}
        }
    }
    seen
}

fn assert_harmless(markdown: &str, calm: &Seen) {
    let seen = seen(markdown);
    assert_eq!(seen.html, calm.html, "{markdown}");
    assert_eq!(seen.images, 0, "{markdown}");
    assert_eq!(seen.headings, calm.headings, "{markdown}");
    for link in &seen.links {
        assert!(
            link.starts_with("https://github.com/acme/orders/blob/"),
            "{link} in {markdown}"
        );
    }
    let dangerous =
        regex::Regex::new(r"(?i)@[a-z0-9]|#[0-9]|\bgh-[0-9]|://|\bwww\.|\b[0-9a-f]{7,40}\b")
            .unwrap();
    if let Some(found) = dangerous.find(&seen.prose) {
        panic!("{:?} in {markdown}", found.as_str());
    }
    assert!(
        !markdown.chars().any(|c| (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')),
        "{markdown:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_a_candidate_writes_is_rendered(text in hostile()) {
        let (poisoned, calm) = (poisoned(&text), poisoned("calm"));
        assert_harmless(&comment::comment(&poisoned, true), &seen(&comment::comment(&calm, true)));
        assert_harmless(&markdown::markdown(&poisoned), &seen(&markdown::markdown(&calm)));
        let (run, calm_run) = (
            check_run::check_run(&poisoned, &publish()),
            check_run::check_run(&calm, &publish()),
        );
        assert_harmless(&run.summary, &seen(&calm_run.summary));
        assert_harmless(&run.text, &seen(&calm_run.text));
        for annotation in &run.annotations {
            prop_assert!(!annotation.message.chars().any(|c| c.is_control() && c != '\n'));
        }
        let page = html::html(&poisoned).unwrap();
        let tags = |page: &str| page.matches('<').count();
        prop_assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("javascript:alert(1)\""));
        let calm_page = html::html(&calm).unwrap();
        // Backquotes in the text make names of other pieces; every piece is an element of ours.
        let ours = |page: &str| tags(page) - page.matches("<code>").count() - page.matches("</code>").count();
        prop_assert_eq!(ours(&page), ours(&calm_page));
        let shown = plain(&text::text(&poisoned, None));
        prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{:?}", shown);
    }
}
