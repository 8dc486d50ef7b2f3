//! The analysis process: the same answer as in this process, shut off, and its deaths.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use takehome::review::{Analysable, Analyser, InProcess};
use takehome::snapshot::Snapshot;
use takehome::web::metrics::Metrics;
use takehome::worker::process::{AnalysisDeath, Limits, SeparateProcess};
use takehome_checks::source::{Entry, EntryKind};

fn snapshot(files: &[(&str, &[u8])]) -> Snapshot {
    Snapshot {
        entries: files
            .iter()
            .map(|(path, bytes)| Entry {
                path: (*path).to_owned(),
                kind: EntryKind::File,
                bytes: Some((*bytes).into()),
            })
            .collect(),
        ..Snapshot::default()
    }
}

fn work() -> Analysable {
    Analysable {
        head: snapshot(&[
            ("manage.py", b"#!/usr/bin/env python\n"),
            ("shop/models.py", b"from django.db import models\n\nclass Order(models.Model):\n    total = models.FloatField()\n"),
            ("shop/serializers.py", b"from rest_framework import serializers\nfrom .models import Order\n\nclass OrderSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Order\n        fields = '__all__'\n"),
            ("broken.py", b"def (:\n"),
            ("logo.png", &[0x89, b'P', b'N', b'G', 0, 0xff]),
        ]),
        base: Some(snapshot(&[("manage.py", b"#!/usr/bin/env python\n")])),
        rules: takehome_checks::engine::CheckRules::default(),
    }
}

fn process(limits: Limits) -> (SeparateProcess, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::default());
    let process = SeparateProcess::new(limits, Arc::clone(&metrics))
        .with_program(env!("CARGO_BIN_EXE_takehome"));
    (process, metrics)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_what_this_process_would() {
    let (process, _) = process(Limits::default());
    let apart = process.analyse_in_process(&work()).await.unwrap();
    let here = InProcess.analyse(work()).await.unwrap();
    assert_eq!(apart, here);
    assert!(!apart.outcomes.is_empty());
}

/// It is not believed but tried from within: files, folders, network, programs.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn it_is_shut_off() {
    let (process, _) = process(Limits::default());
    let missing = process.probe().await.unwrap();
    assert!(
        !missing.iter().any(|what| what.contains("an analysis can")),
        "{missing:?}"
    );
    assert!(
        !missing
            .iter()
            .any(|what| what.contains("seccomp") || what.contains("limited")),
        "{missing:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn too_long_is_a_death_and_its_input_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (process, metrics) = process(Limits {
        time: Duration::from_millis(1),
        ..Limits::default()
    });
    let process = process.keeping(folder.path().join("deaths"));
    let death = process.analyse_in_process(&work()).await.unwrap_err();
    assert_eq!(death, AnalysisDeath::Time(Duration::from_millis(1)));
    assert!(
        metrics
            .text()
            .unwrap()
            .contains("takehome_analysis_deaths_total{how=\"time\"} 1")
    );
    let kept: Vec<_> = std::fs::read_dir(folder.path().join("deaths"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(kept.len(), 1);
    // A developer replays it, with the time it needs.
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_takehome"))
        .arg("replay")
        .arg(&kept[0])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let replayed: takehome_checks::Analysis = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(replayed, InProcess.analyse(work()).await.unwrap());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn too_much_memory_is_a_death() {
    // 200 MiB of input in 128 MiB of address space.
    let (process, metrics) = process(Limits {
        time: Duration::from_mins(1),
        memory: 128 << 20,
    });
    let big = vec![b'#'; 200 << 20];
    let work = Analysable {
        head: snapshot(&[("big.py", &big)]),
        ..Analysable::default()
    };
    let death = process.analyse_in_process(&work).await.unwrap_err();
    assert_eq!(death, AnalysisDeath::Memory(128 << 20));
    assert!(
        metrics
            .text()
            .unwrap()
            .contains("takehome_analysis_deaths_total{how=\"memory\"} 1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn other_deaths_have_their_names() {
    let (process, _) = process(Limits::default());
    let wrong = process.analyse_encoded(b"no input of ours").await;
    assert_eq!(wrong.unwrap_err(), AnalysisDeath::Exit(3));
    let nowhere = process.clone().with_program("/nowhere/takehome");
    assert!(matches!(
        nowhere.analyse_in_process(&work()).await,
        Err(AnalysisDeath::Start(_))
    ));
    if Path::new("/bin/true").exists() {
        let silent = process.with_program("/bin/true");
        assert!(matches!(
            silent.analyse_in_process(&work()).await,
            Err(AnalysisDeath::Answer(_))
        ));
    }
}
