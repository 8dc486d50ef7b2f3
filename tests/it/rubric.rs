//! The rubric through its public door: levels that explain themselves, and what they may never do.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use insta::assert_snapshot;
use proptest::prelude::*;
use takehome::config::{Counting, MediumConfidence, Profile, Rules, Source, load};
use takehome::rubric::{CompetencyResult, NotAssessed, RubricResult, SeededState, assess};
use takehome_checks::Analysis;
use takehome_checks::evidence::{
    CheckOutcome, CheckState, Competency, Confidence, Finding, Origin, Polarity, Severity,
    UnknownSubject,
};

use Competency::{C01, C03, C10, C11, C14, C17};
use Severity::{Critical, High, Info, Low, Medium};

/// A finding with a fingerprint of its own.
fn finding(competency: Competency, check: &str, polarity: Polarity, severity: Severity) -> Finding {
    let nth = NEXT.fetch_add(1, Ordering::Relaxed);
    Finding {
        check: check.to_owned(),
        name: format!("name-of-{}", check.to_lowercase()),
        polarity,
        severity,
        confidence: Confidence::High,
        competency,
        message: "What was found.".to_owned(),
        question: "Why?".to_owned(),
        file: format!("app/file{}.py", nth % 7),
        line: nth,
        end_line: nth,
        column: None,
        symbol: "app.views.OrderViewSet".to_owned(),
        related: Vec::new(),
        origin: Origin::Introduced,
        fingerprint: format!("{nth:016x}"),
    }
}

static NEXT: AtomicU32 = AtomicU32::new(1);

fn gap(competency: Competency, check: &str, severity: Severity) -> Finding {
    finding(competency, check, Polarity::Gap, severity)
}

fn strength(competency: Competency, check: &str) -> Finding {
    finding(competency, check, Polarity::Strength, Info)
}

fn outcome(
    competency: Competency,
    check: &str,
    polarity: Polarity,
    state: CheckState,
) -> CheckOutcome {
    CheckOutcome {
        check: check.to_owned(),
        name: format!("name-of-{}", check.to_lowercase()),
        competency,
        polarity,
        state,
        subjects: 3,
        unknown: Vec::new(),
    }
}

/// An analysis in which each competency has one quiet check for gaps and three for strengths.
fn analysis(findings: Vec<Finding>) -> Analysis {
    let outcomes = Competency::ALL
        .into_iter()
        .flat_map(|c| {
            let n = &c.code()[1..];
            let quiet = |id: String, polarity| outcome(c, &id, polarity, CheckState::Quiet);
            [
                quiet(format!("GAP{n}"), Polarity::Gap),
                quiet(format!("STA{n}"), Polarity::Strength),
                quiet(format!("STB{n}"), Polarity::Strength),
                quiet(format!("STC{n}"), Polarity::Strength),
            ]
        })
        .collect();
    Analysis {
        findings,
        outcomes,
        ..Analysis::default()
    }
}

fn rules(text: &str) -> Rules {
    let loaded = load(Some(&Source::new("takehome.yml", text)), None, None);
    let told: Vec<String> = loaded
        .problems
        .iter()
        .map(ToString::to_string)
        .filter(|line| !line.contains("has no check"))
        .collect();
    assert_eq!(told, Vec::<String>::new());
    loaded.rules
}

fn of(result: &RubricResult, competency: Competency) -> &CompetencyResult {
    result
        .competencies
        .iter()
        .find(|one| one.competency == competency)
        .unwrap()
}

fn level(findings: Vec<Finding>, competency: Competency) -> Option<u8> {
    of(&assess(&analysis(findings), &Rules::default()), competency).level
}

#[test]
fn the_built_in_rubric_gives_the_levels_that_a_reviewer_would_give() {
    let c03 = |findings| level(findings, C03);
    assert_eq!(c03(vec![]), Some(2), "nothing found is not yet a strength");
    assert_eq!(
        c03(vec![
            gap(C03, "A", Critical),
            strength(C03, "S"),
            strength(C03, "T")
        ]),
        Some(1)
    );
    assert_eq!(
        c03(vec![gap(C03, "A", Critical), gap(C03, "B", Critical)]),
        Some(0)
    );
    assert_eq!(c03(vec![gap(C03, "A", High)]), Some(2));
    assert_eq!(c03(vec![gap(C03, "A", High), gap(C03, "B", High)]), Some(1));
    assert_eq!(
        c03(vec![gap(C03, "A", Medium), strength(C03, "S")]),
        Some(3)
    );
    assert_eq!(
        c03(vec![
            gap(C03, "A", Low),
            strength(C03, "S"),
            strength(C03, "T")
        ]),
        Some(4)
    );
    // No tests at all is the lowest level, whatever else is found.
    assert_eq!(
        level(vec![gap(C10, "DRF413", High), strength(C10, "S")], C10),
        Some(0)
    );
    assert_eq!(
        level(vec![gap(C14, "A", High), strength(C14, "S")], C14),
        Some(2)
    );
    assert_eq!(level(vec![strength(C14, "S")], C14), Some(4));
}

#[test]
fn a_level_says_why_and_what_would_make_the_next() {
    let analysis = analysis(vec![
        gap(C03, "A", High),
        gap(C03, "B", High),
        gap(C03, "B", Low),
        strength(C03, "S"),
        gap(C01, "C", Medium),
        gap(C10, "DRF413", High),
        strength(C14, "S"),
        gap(C17, "R", Critical),
        strength(C11, "S"),
    ]);
    let result = assess(&analysis, &Rules::default());
    let told: Vec<String> = [C01, C03, C10, C11, C14, C17]
        .map(|c| format!("{c} {}", of(&result, c).explanation))
        .into_iter()
        .chain([result.overall.explanation.clone()])
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    C01 Level 2: 1 medium gap and no strength. A strength would make level 3.
    C03 Level 1: 2 high gaps, 1 low gap and 1 strength. Level 2 allows 1 gap of severity high or worse.
    C10 Level 0: 1 high gap and no strength. Level 1 is not given with DRF413.
    C11 Level 3: no gap and 1 strength. One more strength would make level 4.
    C14 Level 4: no gap and 1 strength.
    C17 Level 1: 1 critical gap and no strength. Level 2 allows no critical gap.
    The weighted mean over all that is expected. Raised by the bonus of C11.
    ");
}

#[test]
fn evidence_stands_with_the_level_that_it_moved() {
    let result = assess(
        &analysis(vec![
            gap(C01, "A", Low),
            gap(C01, "B", High),
            gap(C01, "B", High),
            gap(C01, "B", High),
            gap(C01, "D", Info),
        ]),
        &Rules::default(),
    );
    let c01 = of(&result, C01);
    let shown: Vec<(&str, Severity, bool)> = c01
        .gaps
        .iter()
        .map(|line| (line.check.as_str(), line.severity, line.counted))
        .collect();
    // The third of a habit is shown and not counted; a remark moves nothing.
    assert_eq!(
        shown,
        [
            ("B", High, true),
            ("B", High, true),
            ("B", High, false),
            ("A", Low, true),
            ("D", Info, false),
        ]
    );
    assert_eq!(c01.level, Some(1));
    assert_eq!(
        c01.description.as_deref(),
        Some(
            Rules::default().rubric.competencies[&C01].levels[&1]
                .description
                .as_str()
        )
    );
}

#[test]
fn a_gap_of_medium_confidence_counts_as_one_of_the_next_lower_severity() {
    let doubtful = |severity| Finding {
        confidence: Confidence::Medium,
        ..gap(C03, "A", severity)
    };
    assert_eq!(
        level(vec![doubtful(Critical)], C03),
        level(vec![gap(C03, "A", High)], C03)
    );
    let full = rules("rubric: { counting: { medium_confidence: full } }\n");
    let result = assess(&analysis(vec![doubtful(Critical)]), &full);
    assert_eq!(of(&result, C03).level, Some(1));
    let ignored = rules("rubric: { counting: { medium_confidence: ignored } }\n");
    let result = assess(&analysis(vec![doubtful(Critical)]), &ignored);
    assert_eq!(
        (of(&result, C03).level, of(&result, C03).gaps.len()),
        (Some(2), 1)
    );
}

#[test]
fn what_was_there_before_never_scores() {
    let before = Finding {
        origin: Origin::Preexisting,
        ..gap(C03, "A", Critical)
    };
    let praised = Finding {
        origin: Origin::Preexisting,
        ..strength(C03, "S")
    };
    let result = assess(&analysis(vec![before, praised]), &Rules::default());
    let c03 = of(&result, C03);
    assert_eq!(
        (c03.level, c03.gaps.len(), c03.strengths.len()),
        (Some(2), 0, 0)
    );
}

#[test]
fn nothing_to_judge_is_not_assessed_and_never_zero() {
    let with = |states: Vec<(Polarity, CheckState)>| {
        let mut analysis = analysis(vec![]);
        analysis.outcomes.retain(|o| o.competency != C01);
        analysis.outcomes.extend(
            states
                .into_iter()
                .map(|(polarity, state)| outcome(C01, "X", polarity, state)),
        );
        let result = assess(&analysis, &Rules::default());
        let c01 = of(&result, C01);
        (c01.level, c01.not_assessed, c01.explanation.clone())
    };
    let unknown = || CheckState::Unknown("dynamic".into());
    let none = || CheckState::NotApplicable("no serializers".into());
    let cases = [
        with(vec![]),
        with(vec![(Polarity::Gap, CheckState::Off)]),
        with(vec![(Polarity::Gap, none()), (Polarity::Strength, none())]),
        with(vec![(Polarity::Gap, unknown()), (Polarity::Gap, none())]),
        with(vec![(Polarity::Strength, CheckState::Quiet)]),
    ];
    for (level, why, _) in &cases {
        assert!(level.is_none() && why.is_some());
    }
    let told: Vec<String> = cases
        .map(|(_, why, text)| format!("{:?}: {text}", why.unwrap()))
        .into();
    assert_snapshot!(told.join("\n"), @r"
    NoChecks: No check of this version looks at it.
    NoChecks: All checks that look at it are switched off.
    NothingToJudge: The project has nothing that could be judged here.
    OnlyUnknown: Nothing could be decided from the source (1 check tried).
    NothingToJudge: Only checks for strengths had something to look at, and the absence of a strength is not a gap.
    ");
    let quiet = with(vec![
        (Polarity::Gap, CheckState::Quiet),
        (Polarity::Gap, unknown()),
    ]);
    assert_eq!(quiet.0, Some(2));
}

#[test]
fn limited_coverage_withholds_what_rests_on_routes() {
    let mut analysis = analysis(vec![gap(C03, "A", Critical), strength(C03, "S")]);
    analysis.coverage.limited = true;
    let result = assess(&analysis, &Rules::default());
    let c03 = of(&result, C03);
    assert_eq!(
        (c03.level, c03.not_assessed),
        (None, Some(NotAssessed::LimitedCoverage))
    );
    assert_eq!(
        (c03.gaps.len(), c03.strengths.len()),
        (1, 1),
        "the evidence is still shown"
    );
    assert_eq!(of(&result, Competency::C20).level, Some(2));
    assert_eq!(result.overall.level, None);
    assert_snapshot!(result.overall.explanation, @"No overall level: 33 % of the expected weight could be assessed; 50 % are needed.");
}

#[test]
fn a_bonus_can_only_raise() {
    let rules = Rules::default();
    let plain = assess(&analysis(vec![]), &rules);
    assert_eq!(
        of(&plain, C11).not_assessed,
        Some(NotAssessed::BonusWithoutStrength)
    );
    assert_eq!(plain.overall.level, Some(2.0));
    let mut unseen = analysis(vec![]);
    unseen.outcomes.retain(|outcome| outcome.competency != C11);
    let unseen = assess(&unseen, &rules);
    assert_eq!(of(&unseen, C11).not_assessed, Some(NotAssessed::NoChecks));
    let praised = assess(
        &analysis(vec![strength(C11, "S"), strength(C11, "T")]),
        &rules,
    );
    assert_eq!(of(&praised, C11).level, Some(4));
    assert_eq!(praised.overall.level, Some(2.08));
    assert_eq!(praised.overall.raised_by, [C11]);
    // Gaps of a bonus are neither shown nor counted.
    let both = assess(
        &analysis(vec![
            strength(C11, "S"),
            strength(C11, "T"),
            gap(C11, "A", Critical),
        ]),
        &rules,
    );
    assert_eq!(both.overall, praised.overall);
    assert!(of(&both, C11).gaps.is_empty());
    // Where the rest is better, the bonus stays out of the mean.
    let mut findings = Vec::new();
    for competency in Competency::ALL {
        if rules.profile(competency) == Profile::Expected {
            findings.extend([strength(competency, "S"), strength(competency, "T")]);
        }
    }
    findings.push(strength(C11, "S"));
    let best = assess(&analysis(findings), &rules);
    assert_eq!(of(&best, C11).level, Some(3));
    assert_eq!(
        (best.overall.level, best.overall.raised_by.len()),
        (Some(4.0), 0)
    );
}

#[test]
fn out_of_scope_shows_nothing() {
    let rules = rules("rubric: { competencies: { C03: { profile: out_of_scope } } }\n");
    let result = assess(
        &analysis(vec![gap(C03, "A", Critical), strength(C03, "S")]),
        &rules,
    );
    let c03 = of(&result, C03);
    assert_eq!(c03.not_assessed, Some(NotAssessed::OutOfScope));
    assert!(c03.gaps.is_empty() && c03.strengths.is_empty());
}

#[test]
fn a_seeded_defect_is_a_strength_once_fixed_and_a_gap_while_left() {
    let rules = rules(
        "assignment:
  seeded_defects:
    - { check: DRF631, subject: stock.reserve, note: The race }
",
    );
    let with = |state: CheckState, finding: Option<Finding>| {
        let mut analysis = analysis(finding.into_iter().collect());
        analysis
            .outcomes
            .push(outcome(C17, "DRF631", Polarity::Gap, state));
        assess(&analysis, &rules)
    };
    let left = Finding {
        origin: Origin::Preexisting,
        symbol: "stock.reserve".into(),
        ..gap(C17, "DRF631", Critical)
    };
    let elsewhere = Finding {
        symbol: "stock.other".into(),
        ..left.clone()
    };

    let result = with(CheckState::Found, Some(left));
    assert_eq!(result.seeded[0].state, SeededState::Left);
    assert_eq!(of(&result, C17).level, Some(1));

    let result = with(CheckState::Found, Some(elsewhere));
    assert_eq!(result.seeded[0].state, SeededState::Fixed);
    assert_eq!(of(&result, C17).level, Some(4));
    assert_snapshot!(of(&result, C17).explanation, @"Level 4: no gap, no strength and 1 seeded defect fixed.");

    for state in [
        CheckState::Off,
        CheckState::Unknown("dynamic".into()),
        CheckState::NotApplicable("no models".into()),
    ] {
        let result = with(state, None);
        assert_eq!(result.seeded[0].state, SeededState::Undecided);
        assert_eq!(of(&result, C17).level, Some(2));
    }
    let mut unresolved = analysis(vec![]);
    unresolved.outcomes.push(CheckOutcome {
        unknown: vec![UnknownSubject {
            subject: "stock.reserve".into(),
            reason: "dynamic".into(),
        }],
        ..outcome(C17, "DRF631", Polarity::Gap, CheckState::Quiet)
    });
    assert_eq!(
        assess(&unresolved, &rules).seeded[0].state,
        SeededState::Undecided
    );
}

#[test]
fn when_somebody_committed_is_never_scored() {
    let cadence = Finding {
        check: "DRF836".into(),
        ..strength(Competency::C23, "S")
    };
    let rules = rules("rubric: { competencies: { C23: { profile: expected } } }\n");
    let result = assess(&analysis(vec![cadence]), &rules);
    let c23 = of(&result, Competency::C23);
    assert_eq!(c23.level, Some(2));
    assert!(!c23.strengths[0].counted);
}

#[test]
fn the_result_survives_json() {
    let result = assess(
        &analysis(vec![gap(C01, "A", High), strength(C03, "S")]),
        &Rules::default(),
    );
    let text = serde_json::to_string(&result).unwrap();
    assert_eq!(serde_json::from_str::<RubricResult>(&text).unwrap(), result);
}

const COMPETENCIES: [Competency; 4] = [C01, C03, C10, C11];

prop_compose! {
    fn any_finding()(
        competency in proptest::sample::select(&COMPETENCIES[..]),
        check in 0..4u8,
        is_gap in any::<bool>(),
        severity in proptest::sample::select(vec![Info, Low, Medium, High, Critical]),
        confidence in proptest::sample::select(vec![
            Confidence::Medium, Confidence::High, Confidence::Certain,
        ]),
        introduced in proptest::bool::weighted(0.9),
    ) -> Finding {
        let polarity = if is_gap { Polarity::Gap } else { Polarity::Strength };
        let kind = if is_gap { 'G' } else { 'S' };
        Finding {
            confidence,
            origin: if introduced { Origin::Introduced } else { Origin::Preexisting },
            ..finding(competency, &format!("{kind}{check}"), polarity, severity)
        }
    }
}

prop_compose! {
    /// Rules as an organisation might write them, wise or not.
    fn any_rules()(
        limits in proptest::collection::vec((0..4u32, 0..4u32, 0..4u32, 0..3u32, 0..5u8), 16),
        gaps_per_check in 1..4u32,
        strengths_per_check in 1..3u32,
        medium_confidence in proptest::sample::select(vec![
            MediumConfidence::Full, MediumConfidence::OneLower, MediumConfidence::Ignored,
        ]),
        profile in proptest::sample::select(vec![Profile::Expected, Profile::Bonus]),
    ) -> Rules {
        let mut rules = BUILT_IN.clone();
        rules.rubric.overall_needs = 0;
        rules.rubric.counting = Counting { gaps_per_check, strengths_per_check, medium_confidence };
        let mut limits = limits.into_iter();
        for competency in COMPETENCIES {
            let own = rules.rubric.competencies.get_mut(&competency).unwrap();
            own.profile = profile;
            for (_, rule) in own.levels.iter_mut().filter(|(level, _)| **level > 0) {
                let (high, medium, low, strengths, never) = limits.next().unwrap();
                rule.gaps_at_most = [(High, high), (Medium, medium), (Low, low)].into();
                rule.strengths_at_least = strengths;
                if never == 0 {
                    rule.never_with = vec!["G1".to_owned()];
                }
            }
        }
        rules
    }
}

/// Read once: the properties ask for it thousands of times.
static BUILT_IN: LazyLock<Rules> = LazyLock::new(Rules::default);

fn levels(result: &RubricResult) -> Vec<Option<u8>> {
    result.competencies.iter().map(|one| one.level).collect()
}

/// Where both have a level, the second is at most the first.
fn never_raised(before: &RubricResult, after: &RubricResult) -> bool {
    levels(before)
        .into_iter()
        .zip(levels(after))
        .all(|pair| !matches!(pair, (Some(a), Some(b)) if b > a))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn one_more_gap_never_raises_and_one_more_strength_never_lowers(
        findings in proptest::collection::vec(any_finding(), 0..25),
        more in any_finding(),
        rules in any_rules(),
    ) {
        let before = assess(&analysis(findings.clone()), &rules);
        let mut longer = findings;
        let polarity = more.polarity;
        longer.push(more);
        let after = assess(&analysis(longer), &rules);
        match polarity {
            Polarity::Gap => prop_assert!(never_raised(&before, &after)),
            Polarity::Strength => {
                prop_assert!(never_raised(&after, &before));
                for (a, b) in levels(&before).into_iter().zip(levels(&after)) {
                    prop_assert!(a.is_none() || b.is_some(), "a strength took a level away");
                }
            }
        }
    }

    #[test]
    fn a_worse_gap_never_raises(
        findings in proptest::collection::vec(any_finding(), 1..25),
        index in any::<proptest::sample::Index>(),
        rules in any_rules(),
    ) {
        let before = assess(&analysis(findings.clone()), &rules);
        let mut worse = findings;
        let one = index.get_mut(&mut worse[..]);
        one.severity = Critical;
        one.confidence = Confidence::Certain;
        let is_gap = one.polarity == Polarity::Gap;
        let after = assess(&analysis(worse), &rules);
        if is_gap {
            prop_assert!(never_raised(&before, &after));
        } else {
            prop_assert_eq!(levels(&before), levels(&after));
        }
    }

    #[test]
    fn order_repeats_and_file_names_play_no_part(
        (findings, shuffled) in proptest::collection::vec(any_finding(), 0..20)
            .prop_flat_map(|f| (Just(f.clone()), Just(f).prop_shuffle())),
        rules in any_rules(),
    ) {
        let result = assess(&analysis(findings.clone()), &rules);
        prop_assert_eq!(&assess(&analysis(shuffled.clone()), &rules), &result);

        let twice: Vec<Finding> = findings.iter().chain(&shuffled).cloned().collect();
        prop_assert_eq!(&assess(&analysis(twice), &rules), &result);

        let mut renamed = findings;
        for (n, finding) in renamed.iter_mut().enumerate() {
            finding.file = format!("z{}/other.py", n % 3);
            finding.line = 1;
        }
        let other = assess(&analysis(renamed), &rules);
        prop_assert_eq!(&other.overall, &result.overall);
        for (a, b) in other.competencies.iter().zip(&result.competencies) {
            prop_assert_eq!((a.level, &a.explanation), (b.level, &b.explanation));
        }
    }

    #[test]
    fn what_is_unknown_never_lowers(
        findings in proptest::collection::vec(any_finding(), 0..20),
        unknown in proptest::collection::vec(any::<bool>(), 96),
        rules in any_rules(),
    ) {
        let before = analysis(findings);
        let mut after = before.clone();
        for (outcome, flip) in after.outcomes.iter_mut().zip(unknown) {
            if flip {
                outcome.state = CheckState::Unknown("dynamic".into());
            }
        }
        let (before, after) = (assess(&before, &rules), assess(&after, &rules));
        for (a, b) in levels(&before).into_iter().zip(levels(&after)) {
            prop_assert!(b.is_none() || a == b);
        }
    }
}
