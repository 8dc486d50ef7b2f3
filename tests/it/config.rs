//! The rules of an organisation, through the public door: what people are told about their files,
//! which value wins, and that no file can do harm.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use proptest::prelude::*;
use takehome::config::{
    FailOn, Layer, Loaded, Profile, Rules, Source, Weight, load, render, schema,
};
use takehome_checks::evidence::{Competency, Severity};

fn organisation(text: &str) -> Loaded {
    load(
        Some(&Source::new("acme/.github:takehome.yml", text)),
        None,
        None,
    )
}

fn both(organisation: &str, repository: &str) -> Loaded {
    load(
        Some(&Source::new("acme/.github:takehome.yml", organisation)),
        Some(&Source::new("acme/task:.github/takehome.yml", repository)),
        None,
    )
}

/// What `takehome config check` would show, without the warnings: those about ids of checks depend on
/// which checks there are today.
fn told(text: &str) -> String {
    let source = Source::new("takehome.yml", text);
    let mut problems = load(Some(&source), None, None).problems;
    problems.retain(|problem| problem.weight == Weight::Error);
    render(&problems, &[&source], false)
}

fn lines(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

fn config_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

#[test]
fn nothing_given_is_the_built_in_rules() {
    let loaded = load(None, None, None);
    assert_eq!(loaded.rules, Rules::default());
    assert_eq!(lines(&loaded), Vec::<String>::new());
    assert_eq!(loaded.rules.rubric.competencies.len(), 24);
    for (competency, rules) in &loaded.rules.rubric.competencies {
        let levels: Vec<u8> = rules.levels.keys().copied().collect();
        assert_eq!(levels, [0, 1, 2, 3, 4], "{competency}");
    }
    assert_eq!(loaded.rules.publish.fail_on, FailOn::Never);
    assert!(
        loaded
            .sources
            .values()
            .all(|source| source.layer == Layer::Default)
    );
}

#[test]
fn the_profiles_are_those_of_the_specification() {
    let rules = Rules::default();
    let bonus: Vec<&str> = Competency::ALL
        .into_iter()
        .filter(|c| rules.profile(*c) == Profile::Bonus)
        .map(Competency::code)
        .collect();
    assert_eq!(
        bonus,
        [
            "C04", "C06", "C09", "C11", "C12", "C15", "C22", "C23", "C24"
        ]
    );
}

/// A rubric in which a higher level asks for less would confuse people, although it cannot make
/// levels go the wrong way.
#[test]
fn every_level_of_the_built_in_rubric_asks_for_more_than_the_one_below() {
    for (competency, rules) in Rules::default().rubric.competencies {
        let limit = |level: u8, severity: Severity| {
            let rule = &rules.levels[&level];
            // "Or worse": a limit on low gaps limits high ones too.
            rule.gaps_at_most
                .range(..=severity)
                .map(|(_, most)| *most)
                .min()
                .unwrap_or(u32::MAX)
        };
        for level in 1..4 {
            for severity in [
                Severity::Critical,
                Severity::High,
                Severity::Medium,
                Severity::Low,
            ] {
                assert!(
                    limit(level + 1, severity) <= limit(level, severity),
                    "{competency} level {} against {level}: {severity:?}",
                    level + 1
                );
            }
            let (this, above) = (&rules.levels[&level], &rules.levels[&(level + 1)]);
            assert!(
                above.strengths_at_least >= this.strengths_at_least,
                "{competency}"
            );
            assert_ne!(
                (&this.gaps_at_most, this.strengths_at_least),
                (&above.gaps_at_most, above.strengths_at_least),
                "{competency}"
            );
        }
    }
}

#[test]
fn all_problems_are_told_at_once_with_their_lines() {
    assert_snapshot!(told(
        "version: 1
rubrik:
  weights: 3
checks:
  off: DRF101
  severity:
    not-a-check: hihg
    DRF702: high
    DRF101: hihg
publish:
  candidate_comment: yes
  max_annotations: 050
  fail_on: hihg
fail_on: high
assignment:
  time_box: four hours
  protected: [/tests/**, 'a/[b', ok/**]
locked: [publsh.labels]
"
    ), @r"
    error: `rubrik` is not a key of a rules file
     --> takehome.yml:2:1
      |
    2 | rubrik:
      | ^^^^^^
      |
      = note: expected one of `version`, `rubric`, `checks`, `assignment`, `publish`, `contract`, `schema` or `locked`
      = help: did you mean `rubric`?

    error: `checks.off` is not a list
     --> takehome.yml:5:8
      |
    5 |   off: DRF101
      |        ^^^^^^
      |
      = note: put each value on its own line after `- `: expected a value such as `DRF631`

    error: `not-a-check` is not the id of a check
     --> takehome.yml:7:5
      |
    7 |     not-a-check: hihg
      |     ^^^^^^^^^^^
      |
      = note: expected an id such as `DRF631`

    error: `DRF702` never weighs more than `low`
     --> takehome.yml:8:13
      |
    8 |     DRF702: high
      |             ^^^^
      |
      = note: it is about wording and habits, which say little about skill
      = help: did you mean `low`?

    error: `hihg` is not a value of `checks.severity.DRF101`
     --> takehome.yml:9:13
      |
    9 |     DRF101: hihg
      |             ^^^^
      |
      = note: expected `info`, `low`, `medium`, `high` or `critical`
      = help: did you mean `high`?

    error: `yes` is not a boolean
      --> takehome.yml:11:22
       |
    11 |   candidate_comment: yes
       |                      ^^^
       |
       = note: expected `true` or `false`
       = help: did you mean `true`?

    error: `050` is not a whole number
      --> takehome.yml:12:20
       |
    12 |   max_annotations: 050
       |                    ^^^
       |
       = note: expected a whole number from 0 to 1000

    error: `hihg` is not a value of `publish.fail_on`
      --> takehome.yml:13:12
       |
    13 |   fail_on: hihg
       |            ^^^^
       |
       = note: expected `never`, `critical`, `high`, `medium` or `low`
       = help: did you mean `high`?

    error: `fail_on` is not a key of a rules file
      --> takehome.yml:14:1
       |
    14 | fail_on: high
       | ^^^^^^^
       |
       = note: the key is `publish.fail_on`

    error: `four hours` is not a value of `assignment.time_box`
      --> takehome.yml:16:13
       |
    16 |   time_box: four hours
       |             ^^^^^^^^^^
       |
       = note: expected a value such as `90m`, `4h` or `2d`

    error: the path `/tests/**` begins with `/`
      --> takehome.yml:17:15
       |
    17 |   protected: [/tests/**, 'a/[b', ok/**]
       |               ^^^^^^^^^
       |
       = note: paths begin at the root of the repository and are written with `/`
       = help: did you mean `tests/**`?

    error: `a/[b` is not a glob: unclosed character class; missing ']'
      --> takehome.yml:17:26
       |
    17 |   protected: [/tests/**, 'a/[b', ok/**]
       |                          ^^^^^^
       |
       = note: expected a pattern such as `tests/contract/**` or `*/migrations/*.py`

    error: there is no key `publsh.labels` to lock
      --> takehome.yml:18:10
       |
    18 | locked: [publsh.labels]
       |          ^^^^^^^^^^^^^
       |
       = note: expected a path such as `publish` or `rubric.competencies.*.weight`
       = help: did you mean `publish.labels`?
    ");
}

#[test]
fn a_check_that_was_named_is_known_by_its_id() {
    let Some(check) = takehome_checks::catalog::all().first().copied() else {
        return;
    };
    let by_name = organisation(&format!("checks: {{ off: [{}] }}\n", check.name));
    assert_eq!(by_name.problems[0].suggestion.as_deref(), Some(check.id));
    let unknown = organisation("checks: { off: [DRF000] }\n");
    assert_eq!(unknown.problems[0].weight, Weight::Warning);
    assert_eq!(unknown.rules.checks.off, ["DRF000"]);
}

#[test]
fn what_is_good_in_a_broken_file_is_used_where_no_better_version_is_known() {
    let loaded = organisation("publish: { fail_on: high, candidate_scores: yes }\n");
    assert_eq!(loaded.rules.publish.fail_on, FailOn::High);
    assert!(!loaded.rules.publish.candidate_scores);
    assert_eq!(loaded.problems.len(), 1);
    assert!(!loaded.used_last_good);
}

#[test]
fn a_broken_organisation_file_gives_way_to_its_last_good_version() {
    let broken = Source::new("acme/.github:takehome.yml", "publish:\n  fail_on: hihg\n");
    let good = "publish:\n  fail_on: critical\nlocked: [publish]\n";
    let repository = Source::new("acme/task", "publish:\n  fail_on: low\n");
    let loaded = load(Some(&broken), Some(&repository), Some(good));
    assert!(loaded.used_last_good);
    assert_eq!(loaded.rules.publish.fail_on, FailOn::Critical);
    assert_snapshot!(lines(&loaded).join("\n"), @r"
    acme/.github:takehome.yml:2:12: `hihg` is not a value of `publish.fail_on`; expected `never`, `critical`, `high`, `medium` or `low`; did you mean `high`?
    acme/task:2:3: `publish.fail_on` is locked by the organisation; the organisation's value is used (`locked` holds `publish`); remove the key
    ");
    assert_eq!(
        loaded.sources["publish.fail_on"].file,
        "acme/.github:takehome.yml (last good version)"
    );

    let fine = Source::new("acme/.github:takehome.yml", "publish:\n  fail_on: high\n");
    let loaded = load(Some(&fine), None, Some(good));
    assert!(!loaded.used_last_good);
    assert_eq!(loaded.rules.publish.fail_on, FailOn::High);
}

#[test]
fn the_repository_refines_and_the_organisation_locks() {
    let loaded = both(
        "version: 1
rubric:
  competencies:
    C03: { weight: 20, profile: expected }
checks: { severity: { DRF101: low } }
locked:
  - rubric.competencies.*.weight
  - publish
",
        "version: 1
rubric:
  competencies:
    C03: { weight: 1, profile: bonus }
checks: { off: [DRF999], severity: { DRF103: low } }
publish:
  candidate_scores: true
  labels: { reviewed: looked at }
locked: [checks]
",
    );
    let c03 = &loaded.rules.rubric.competencies[&Competency::C03];
    assert_eq!((c03.weight, c03.profile), (20, Profile::Bonus));
    assert!(!loaded.rules.publish.candidate_scores);
    assert_eq!(loaded.rules.publish.labels.reviewed, None);
    assert_eq!(
        loaded.rules.locked,
        ["rubric.competencies.*.weight", "publish"]
    );
    assert_eq!(loaded.rules.checks.severity.len(), 2);
    let told: Vec<String> = lines(&loaded)
        .into_iter()
        .filter(|line| !line.contains("has no check"))
        .collect();
    assert_snapshot!(told.join("\n"), @r"
    acme/task:.github/takehome.yml:4:12: `rubric.competencies.C03.weight` is locked by the organisation; the organisation's value is used (`locked` holds `rubric.competencies.*.weight`); remove the key
    acme/task:.github/takehome.yml:7:3: `publish.candidate_scores` is locked by the organisation; the organisation's value is used (`locked` holds `publish`); remove the key
    acme/task:.github/takehome.yml:8:13: `publish.labels.reviewed` is locked by the organisation; the organisation's value is used (`locked` holds `publish`); remove the key
    acme/task:.github/takehome.yml:9:1: `locked` belongs in the organisation's file; a repository cannot lock keys; remove the key
    ");
    let source = &loaded.sources["rubric.competencies.C03.profile"];
    assert_eq!(
        (source.layer, source.line, source.column),
        (Layer::Repository, 4, 32)
    );
    let source = &loaded.sources["rubric.competencies.C03.weight"];
    assert_eq!(
        (source.layer, source.line, source.column),
        (Layer::Organisation, 4, 20)
    );
}

#[test]
fn words_that_yaml_once_took_for_booleans_stay_words() {
    let loaded =
        organisation("assignment: { title: no, time_box: 4h }\nschema: { django: 4.10 }\n");
    assert_eq!(lines(&loaded), Vec::<String>::new());
    assert_eq!(loaded.rules.assignment.title.as_deref(), Some("no"));
    assert_eq!(loaded.rules.schema.django.as_deref(), Some("4.10"));
    for word in [
        "no", "on", "yes", "off", "y", "True", "FALSE", "1", "'true'",
    ] {
        let loaded = organisation(&format!("publish: {{ candidate_comment: {word} }}\n"));
        assert_eq!(loaded.problems.len(), 1, "{word}");
        assert!(loaded.rules.publish.candidate_comment, "{word}");
    }
    // A key that stands there without a value, as after commenting out everything below it.
    let loaded = organisation("version: 1\nchecks:\npublish:\n  # fail_on: high\n");
    assert_eq!(lines(&loaded), Vec::<String>::new());
}

#[test]
fn another_version_is_not_guessed_at() {
    let loaded = organisation("version: 2\npublish: { fail_on: low, new_key: 1 }\n");
    assert_eq!(loaded.rules, Rules::default());
    assert_snapshot!(lines(&loaded).join("\n"), @"acme/.github:takehome.yml:1:10: `2` is not a value of `version`; expected `1`: this takehome knows no other");
}

#[test]
fn files_that_are_no_yaml_are_told_by_place() {
    for text in [
        "version: 1\n\tchecks: 2\n",
        "publish: [\n",
        "a: 'open\n",
        "- just\n- a list\n",
        "word",
    ] {
        let loaded = organisation(text);
        assert_eq!(loaded.rules, Rules::default(), "{text}");
        assert_eq!(loaded.problems.len(), 1, "{text}: {:?}", lines(&loaded));
    }
    assert_snapshot!(told("publish:\n  fail_on: [high\nversion: 1\n"), @r"
    error: this is not YAML: illegal placement of ':' indicator
     --> takehome.yml:3:8
      |
    3 | version: 1
      |        ^^^
      |
      = note: the whole file is left out until it can be read
    ");
    let latin = Source::new(
        "takehome.yml",
        b"version: 1\nassignment: { title: Pr\xfcfung }\n".to_vec(),
    );
    assert_snapshot!(lines(&load(Some(&latin), None, None)).join("\n"), @"takehome.yml:2:24: the file is not UTF-8; save it as UTF-8; the whole file is left out until then");
    for nothing in ["", "\n\n", "# only a remark\n", "---\n", "{}", "~"] {
        assert_eq!(
            lines(&organisation(nothing)),
            Vec::<String>::new(),
            "{nothing:?}"
        );
    }
}

#[test]
fn nothing_in_a_file_can_steer_a_terminal_or_turn_its_text() {
    for text in [
        "publish:\n  \u{202e}on_fail: high\n",
        "publish:\n  fail_on: \"\\e[31mhigh\"\n",
        "publish: \u{1b}[31m\n",
        "assignment: { protected: [\"/a\\e[0m\\u202e\"] }\n",
        "locked: [\"publsh.\\e[0m\"]\n",
    ] {
        let shown = told(text);
        let source = Source::new("takehome.yml", text);
        let all = shown + &lines(&load(Some(&source), None, None)).join("\n");
        assert!(all.contains("takehome.yml:"), "{all:?}");
        assert!(!all.contains(['\u{1b}', '\u{202e}']), "{all:?}");
    }
}

#[test]
fn bombs_are_bounded() {
    let mut laughs = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for n in 0..20 {
        let (this, last) = ((b'b' + n) as char, (b'a' + n) as char);
        let refs = vec![format!("*{last}"); 9].join(", ");
        laughs.push_str(&format!("{this}: &{this} [{refs}]\n"));
    }
    let deep = "[".repeat(100_000);
    let nested: Vec<String> = (0..700).map(|n| " ".repeat(n) + "a:\n").collect();
    let nested = nested.concat();
    let long = format!("assignment: {{ title: {} }}\n", "x".repeat(200_000));
    let large = "a".repeat(10_000_000);
    let many: Vec<String> = (0..15_000).map(|n| format!("k{n}: 1\n")).collect();
    let many = many.concat();
    let globs = format!("assignment: {{ protected: ['{}'] }}\n", "{a,".repeat(120));
    for text in [laughs, deep, nested, long, large, many, globs] {
        let start = std::time::Instant::now();
        let loaded = organisation(&text);
        assert!(!loaded.problems.is_empty());
        assert!(loaded.problems.len() <= 101);
        assert_eq!(loaded.rules, Rules::default());
        assert!(start.elapsed().as_secs() < 5, "{}", lines(&loaded)[0]);
    }
}

#[test]
fn the_hash_follows_the_meaning_and_not_the_wording() {
    let plain = organisation("publish: { fail_on: high }\n").hash;
    let wordy = organisation("# why\nversion: 1\npublish:\n  fail_on: \"high\"\n").hash;
    assert_eq!(plain, wordy);
    assert_eq!(plain.len(), 64);
    assert_ne!(plain, load(None, None, None).hash);
}

#[test]
fn the_analysis_obeys_profile_and_flags() {
    let rules = organisation(
        "rubric: { competencies: { C01: { profile: out_of_scope } } }
checks: { off: [DRF402], severity: { DRF161: high } }
assignment: { auth: none }
",
    )
    .rules;
    let obeyed = rules.check_rules();
    for check in takehome_checks::catalog::all() {
        let gap = check.polarity == takehome_checks::evidence::Polarity::Gap;
        let expected = match rules.profile(check.competency) {
            Profile::Expected => check.id == "DRF402",
            Profile::Bonus => gap,
            Profile::OutOfScope => true,
        };
        assert_eq!(
            obeyed.off.iter().any(|id| id == check.id),
            expected,
            "{}",
            check.id
        );
    }
    // What the organisation says outright wins over what follows from a flag.
    assert_eq!(obeyed.severity["DRF161"], Severity::High);
    assert_eq!(obeyed.severity["DRF162"], Severity::Info);
}

#[test]
fn globs_stay_within_folders_unless_they_say_otherwise() {
    let rules = organisation(
        "assignment: { protected: [tests/contract/**, '*.toml'], starter: { paths: [vendor/**] } }\n",
    )
    .rules;
    let protected = rules.protected();
    assert!(protected.is_match("tests/contract/a/b.py"));
    assert!(protected.is_match("pyproject.toml"));
    assert!(!protected.is_match("app/pyproject.toml"));
    assert!(rules.starter_paths().is_match("vendor/x.py"));
}

#[test]
fn the_json_schema_in_config_is_current() {
    let path = config_dir().join("takehome.schema.json");
    let text = format!("{:#}\n", schema::of_file());
    if std::env::var_os("TAKEHOME_UPDATE_SCHEMA").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stored == text,
        "config/takehome.schema.json is not what the types say: run this test with TAKEHOME_UPDATE_SCHEMA=1"
    );
}

/// Every file that we hand out, read by the schema's own rules and by ours.
#[test]
fn the_worked_examples_are_free_of_problems() {
    let validator = jsonschema::validator_for(&schema::of_file()).unwrap();
    let mut files: Vec<PathBuf> = fs::read_dir(config_dir().join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.extend([
        config_dir().join("takehome.yml"),
        config_dir().join("rubric.yaml"),
    ]);
    assert!(files.len() >= 5);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("# yaml-language-server: $schema="),
            "{}",
            file.display()
        );
        let loaded = organisation(&text);
        let errors: Vec<String> = loaded
            .problems
            .iter()
            .filter(|problem| problem.weight == Weight::Error)
            .map(ToString::to_string)
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", file.display());
        let options = serde_saphyr::options! { strict_booleans: true };
        let value: serde_json::Value = serde_saphyr::from_str_with_options(&text, options).unwrap();
        let value = without_null(&value);
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", file.display());
    }
}

/// A key with nothing but remarks below it is a mapping that says nothing.
fn without_null(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_null(value)))
            .collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn no_bytes_can_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let source = Source::new("takehome.yml", bytes);
        let loaded = load(Some(&source), Some(&source), None);
        render(&loaded.problems, &[&source], false);
    }

    /// Bits and pieces of rules files, put together at random.
    #[test]
    fn no_file_can_make_it_panic(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "version: 1\n", "rubric:\n", "  competencies:\n", "    C03: ", "{ weight: 3 }\n",
                "checks: { off: [", "DRF101", ", ", "] }\n", "publish:\n", "  fail_on: high\n", "? ",
                "- ", "&a ", "*a", "!!str ", "'", "\"", "|\n", ">-\n", "\t", "\u{feff}", "\u{202e}",
                "é", "---\n", "...\n", "locked: [a.b, '*']\n", "#", "\n", "  ", "<<: ", "0x1f", "~",
                "assignment:\n  seeded_defects:\n    - check: DRF1\n", "%YAML 1.1\n", "\r\n", "{", "}",
            ]),
            0..40,
        )
    ) {
        let text = pieces.concat();
        let source = Source::new("takehome.yml", text.clone());
        let loaded = load(Some(&source), Some(&source), Some(&text));
        for problem in &loaded.problems {
            prop_assert!(problem.line >= 1 && problem.column >= 1);
            prop_assert!(problem.span.start <= problem.span.end && problem.span.end <= text.len());
        }
        render(&loaded.problems, &[&source], false);
        let same = load(Some(&source), Some(&source), Some(&text));
        prop_assert_eq!(loaded, same);
    }
}
