//! A review made by hand for the tests of the renderings, with a hostile candidate in it.

use takehome_checks::evidence::{
    Analysis, CheckOutcome, CheckState, Competency, Confidence, Coverage, Endpoint, Finding,
    Origin, Place, Polarity, SchemaChange, SchemaPart, Severity, Share, UnknownSubject,
};

use super::{Links, Review};
use crate::config::Profile;
use crate::rubric::{
    CheckCount, CompetencyResult, EvidenceLine, NotAssessed, Overall, RubricResult, SeededResult,
    SeededState,
};

pub(super) const HEAD: &str = "3f2a9c1d4e5b6a7980c1d2e3f4a5b6c7d8e9f001";

/// A gap on one line.
pub(super) fn gap(check: &str, name: &str, competency: Competency, severity: Severity) -> Finding {
    Finding {
        check: check.to_owned(),
        name: name.to_owned(),
        polarity: Polarity::Gap,
        severity,
        confidence: Confidence::High,
        competency,
        message: "`StockItem.quantity` is read, changed in Python and saved without a lock."
            .to_owned(),
        question: "Two orders for the last item arrive at once. What happens?".to_owned(),
        file: "orders/views.py".to_owned(),
        line: 41,
        end_line: 43,
        column: None,
        symbol: "orders.views.OrderViewSet.perform_create".to_owned(),
        related: Vec::new(),
        origin: Origin::Introduced,
        fingerprint: format!("{check:0>16}").to_lowercase(),
    }
}

pub(super) fn strength(check: &str, name: &str, competency: Competency) -> Finding {
    Finding {
        polarity: Polarity::Strength,
        message: "`cancel_order` changes order and stock in one transaction.".to_owned(),
        question: String::new(),
        file: "orders/services.py".to_owned(),
        line: 12,
        end_line: 12,
        column: Some(5),
        ..gap(check, name, competency, Severity::Info)
    }
}

/// Two strengths, three gaps (one of them with hostile names), one gap that was there before.
pub(super) fn review() -> Review {
    let race = Finding {
        related: vec![Place {
            file: "orders/urls.py".to_owned(),
            line: 8,
            message: "`POST /api/orders/` leads there".to_owned(),
        }],
        ..gap(
            "DRF631",
            "lost-update-race",
            Competency::C17,
            Severity::High,
        )
    };
    let hostile = Finding {
        message: "`</code><img src=x onerror=alert(1)>` ignores @acme/hiring, see #1 and <b>."
            .to_owned(),
        file: "a`b](http:/x|@acme.py".to_owned(),
        line: 1,
        end_line: 1,
        symbol: "x\u{202e}y".to_owned(),
        ..gap(
            "DRF101",
            "serializer-fields-all",
            Competency::C01,
            Severity::Medium,
        )
    };
    let small = Finding {
        message: "The README says nothing about running the tests.".to_owned(),
        file: "README.md".to_owned(),
        line: 3,
        end_line: 3,
        ..gap(
            "DRF834",
            "readme-without-tests",
            Competency::C20,
            Severity::Low,
        )
    };
    let before = Finding {
        message: "`DEBUG` is on in the only settings.".to_owned(),
        file: "config/settings.py".to_owned(),
        origin: Origin::Preexisting,
        ..gap(
            "DRF302",
            "debug-in-production",
            Competency::C07,
            Severity::High,
        )
    };
    let good = strength("DRF661", "atomic-service", Competency::C17);
    let tests = Finding {
        message: "Anonymous and foreign users are tested for (`test_foreign_order_is_404`)."
            .to_owned(),
        file: "orders/tests/test_api.py".to_owned(),
        ..strength("DRF444", "denial-tests", Competency::C10)
    };
    let findings = vec![before, race, hostile, small, good, tests];
    let rubric = rubric(&findings);
    Review {
        title: Some("Orders & stock".to_owned()),
        head: Some(HEAD.to_owned()),
        base: Some("0000000000000000000000000000000000000001".to_owned()),
        rubric,
        analysis: Analysis {
            findings,
            outcomes: vec![CheckOutcome {
                check: "DRF231".to_owned(),
                name: "object-scope".to_owned(),
                competency: Competency::C03,
                polarity: Polarity::Gap,
                state: CheckState::Unknown("the queryset is made in a call".to_owned()),
                subjects: 1,
                unknown: vec![UnknownSubject {
                    subject: "GET /api/reports/".to_owned(),
                    reason: "the queryset is made in a call".to_owned(),
                }],
            }],
            coverage: Coverage {
                files: 31,
                files_read: 30,
                python_files: 22,
                python_files_with_errors: 1,
                routes: Share { known: 7, all: 8 },
                serializers: Share { known: 5, all: 5 },
                settings: Share { known: 40, all: 41 },
                tests: Share { known: 12, all: 12 },
                notes: vec!["`orders/broken.py` has a syntax error on line 3.".to_owned()],
                limited: false,
            },
            endpoints: vec![Endpoint {
                method: "GET".to_owned(),
                path: "/api/orders/{pk}/".to_owned(),
                view: "orders.views.OrderViewSet".to_owned(),
                action: Some("retrieve".to_owned()),
                permission: "IsAuthenticated | IsOwner".to_owned(),
                serializer: Some("OrderSerializer".to_owned()),
                tests: vec!["orders/tests/test_api.py::TestOrders::test_detail".to_owned()],
                file: "orders/views.py".to_owned(),
                line: 10,
                ..Endpoint::default()
            }],
            schema: Some(SchemaPart {
                source: "inferred".to_owned(),
                breaking: 1,
                warnings: 0,
                additions: 1,
                changes: vec![
                    SchemaChange {
                        id: "response-property-removed".to_owned(),
                        level: "error".to_owned(),
                        text: "removed the property `total` from the response".to_owned(),
                        operations: vec!["GET /api/orders/".to_owned()],
                        file: Some("orders/serializers.py".to_owned()),
                        line: Some(9),
                    },
                    SchemaChange {
                        id: "endpoint-added".to_owned(),
                        level: "info".to_owned(),
                        text: "endpoint added".to_owned(),
                        operations: vec!["POST /api/orders/".to_owned()],
                        file: None,
                        line: None,
                    },
                ],
            }),
        },
        rules_hash: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_owned(),
        version: "0.1.0".to_owned(),
        notes: vec![
            "acme/.github:takehome.yml:3:5: unknown key `chekcs`; did you mean `checks`?"
                .to_owned(),
        ],
        links: Links {
            repository: Some("https://github.com/acme/orders".to_owned()),
            service: None,
        },
    }
}

/// What the rubric might say about these findings.
pub(super) fn rubric(findings: &[Finding]) -> RubricResult {
    let lines = |competency: Competency, polarity: Polarity| -> Vec<EvidenceLine> {
        findings
            .iter()
            .filter(|f| {
                f.competency == competency
                    && f.polarity == polarity
                    && f.origin == Origin::Introduced
            })
            .map(|finding| EvidenceLine {
                fingerprint: finding.fingerprint.clone(),
                check: finding.check.clone(),
                name: finding.name.clone(),
                severity: finding.severity,
                confidence: finding.confidence,
                message: finding.message.clone(),
                file: finding.file.clone(),
                line: finding.line,
                counted: true,
            })
            .collect()
    };
    let competencies = Competency::ALL
        .into_iter()
        .map(|competency| {
            let (strengths, gaps) = (
                lines(competency, Polarity::Strength),
                lines(competency, Polarity::Gap),
            );
            let silent = strengths.is_empty() && gaps.is_empty();
            let why = match competency {
                Competency::C21 => NotAssessed::OutOfScope,
                Competency::C12 => NotAssessed::BonusWithoutStrength,
                Competency::C03 => NotAssessed::OnlyUnknown,
                _ => NotAssessed::NothingToJudge,
            };
            CompetencyResult {
                competency,
                title: competency.title().to_owned(),
                question: "Does it hold under load?".to_owned(),
                profile: Profile::Expected,
                weight: 5,
                level: (!silent).then_some(2),
                reachable: 4,
                not_assessed: silent.then_some(why),
                description: (!silent).then(|| "Knows the tools and misses a case.".to_owned()),
                explanation: if silent {
                    "Nothing to judge.".to_owned()
                } else {
                    "Level 2: one gap of severity high; level 3 allows none.".to_owned()
                },
                strengths,
                gaps,
                checks: CheckCount::default(),
            }
        })
        .collect();
    RubricResult {
        overall: Overall {
            level: Some(2.25),
            assessed_weight: 15,
            expected_weight: 100,
            raised_by: Vec::new(),
            explanation: "15 of 100 points of weight were assessed.".to_owned(),
        },
        competencies,
        seeded: vec![SeededResult {
            check: "DRF542".to_owned(),
            subject: "orders.models.Order.status".to_owned(),
            note: None,
            competency: Some(Competency::C16),
            state: SeededState::Fixed,
            explanation: "`orders.models.Order.status` has an index now.".to_owned(),
        }],
    }
}
