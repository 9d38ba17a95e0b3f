//! Programs that are broken from outside, by `cargo cloister inject`.

use std::path::Path;
use std::process::Output;

use domains::{Isolation, status};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::images::{TOOL, image};
use crate::{Verdict, ensure, trial};

/// How many runs each isolation has here: two of each kind, and one more.
const RUNS: usize = 15;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "campaigns::with_walls_no_fault_in_a_cell_harms_others".into(),
            || campaign(Isolation::Mpk, |harm| harm == 0),
        ),
        trial("campaigns::without_walls_some_do".into(), || {
            campaign(Isolation::None, |harm| harm > 0)
        }),
        trial("campaigns::a_run_is_the_same_alone".into(), alone),
        trial(
            "campaigns::go_on_where_they_were_broken_off".into(),
            resumed,
        ),
        trial("campaigns::refuse_what_cannot_be_broken".into(), refusals),
    ]
}

/// Breaks `hello`, whose one line about time does not count.
fn inject(image: &Path, flags: &[&str]) -> Result<Output, Failed> {
    let mut command = TOOL.command(["inject"]);
    command.arg(image).args(["--ignore", "took"]).args(flags);
    Ok(command.output()?)
}

/// Has faults in a cell, and judges how many did harm.
fn campaign(isolation: Isolation, is_right: fn(usize) -> bool) -> Verdict {
    let file = TOOL.scratch_file(&format!("campaign-{isolation}.jsonl"));
    let file = file.display().to_string();
    let runs = RUNS.to_string();
    let flags = [
        "--domain", "console", "--runs", &runs, "--out", &file, "--output", "json",
    ];
    let output = inject(&image("examples/hello", isolation), &flags)?;
    let records = records(&output.stdout);
    let is_harm = |record: &&Value| {
        let outcome = record["outcome"].as_str().unwrap_or_default();
        ["kernel-failed", "corrupted", "stopped", "hung"].contains(&outcome)
    };
    let harm = records.iter().filter(is_harm).count();
    let is_whole = output.status.success() && records.len() == RUNS;
    ensure(
        is_whole && is_right(harm),
        "as much harm as can be",
        &records,
    )?;
    // Without walls or with, most of them change something that can be seen.
    let has_effect = records
        .iter()
        .any(|record| record["outcome"] != "no-effect");
    ensure(has_effect, "faults that are felt", &records)
}

fn records(output: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(output);
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    lines
        .filter(|event: &Value| event["event"] == "run")
        .collect()
}

/// In the campaign and alone, the same goes wrong at the same place, and with the same end.
fn alone() -> Verdict {
    let image = image("examples/hello", Isolation::Mpk);
    let file = TOOL.scratch_file("campaign-alone.jsonl");
    let file = file.display().to_string();
    let flags = [
        "--runs", "4", "--domain", "app", "--seed", "5", "--out", &file,
    ];
    let all = inject(&image, &[&flags[..], &["--output", "json"]].concat())?;
    let records = records(&all.stdout);
    let last = records.iter().find(|record| record["run"] == 3);
    let last = last.ok_or("there is no such run")?;
    let again = inject(&image, &["--run", "3", "--domain", "app", "--seed", "5"])?;
    let said = String::from_utf8_lossy(&again.stdout);
    let words = [&last["what"], &last["place"]].map(|word| word.as_str().unwrap_or("?"));
    let holds = again.status.success() && words.iter().all(|word| said.contains(word));
    ensure(holds, &format!("{words:?}"), &said)
}

fn resumed() -> Verdict {
    let image = image("examples/hello", Isolation::Mpk);
    let file = TOOL.scratch_file("campaign-resumed.jsonl");
    let file = file.display().to_string();
    let some = |runs: &str, seed: &str| {
        let flags = [
            "--resume", "--domain", "app", "--kind", "skip", "--seed", seed, "--runs", runs,
            "--out", &file, "--output", "json",
        ];
        inject(&image, &flags)
    };
    let first = records(&some("2", "3")?.stdout);
    let more = records(&some("5", "3")?.stdout);
    let numbers = |records: &[Value]| {
        let mut runs: Vec<_> = records.iter().filter_map(|it| it["run"].as_u64()).collect();
        runs.sort_unstable();
        runs
    };
    ensure(numbers(&first) == [0, 1], "two runs", &first)?;
    ensure(numbers(&more) == [2, 3, 4], "three more runs", &more)?;
    let other = some("5", "4")?;
    let said = String::from_utf8_lossy(&other.stderr);
    let holds = other.status.code() == Some(status::USAGE.into()) && said.contains("seed");
    ensure(holds, "the refusal of another campaign", &other)
}

fn refusals() -> Verdict {
    let image = image("examples/hello", Isolation::Mpk);
    for (flags, words) in [
        (&["--domain", "nobody"][..], "there is no domain `nobody`"),
        (&["--accel", "kvm"], "which KVM does without"),
        (&["--client", "true"], "--publish 0:PORT"),
        (&["--cpus", "2"], "`--cpus` makes no sense"),
        (
            &["--on-violation", "core"],
            "`--on-violation` makes no sense",
        ),
        (
            &["--inject", "console=panic,once=1"],
            "`--inject` makes no sense",
        ),
        (&["--kind", "magic"], "magic"),
        (&["--run", "1", "--runs", "2"], "cannot be used with"),
    ] {
        let output = inject(&image, flags)?;
        let said = String::from_utf8_lossy(&output.stderr);
        let holds = !output.status.success() && said.contains(words);
        ensure(holds, words, &(flags, &said))?;
    }
    let copy = TOOL.scratch_file("without-symbols.cloister");
    std::fs::copy(&image, &copy)?;
    let output = inject(&copy, &[])?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure(said.contains("no symbols"), "the lack of symbols", &said)
}
