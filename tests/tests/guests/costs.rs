//! Figures that the project claims: counted, not timed, so they cannot flake.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use libtest_mimic::Trial;
use serde_json::Value;
use tests::sources;
use walkdir::WalkDir;

use crate::images::TOOL;
use crate::{Verdict, alone, ensure, long, trial};

pub(crate) fn trials() -> Vec<Trial> {
    let tables = TABLES.map(|(name, words, is_long)| {
        let trial = trial(format!("costs::{name}"), move || table(words));
        if is_long { long(trial) } else { trial }
    });
    let others = [
        long(alone(
            "costs::the_quick_set_keeps_its_limits".into(),
            quick_set,
        )),
        long(trial(
            "costs::a_wrong_expectation_gives_no_number".into(),
            wrong_expectation,
        )),
        long(alone(
            "costs::gates_run_natively_or_say_why_not".into(),
            native,
        )),
    ];
    tables.into_iter().chain(others).collect()
}

/// Of the quick set the tables that have a limit, and which of them only a full run
/// makes: every gate is in the first, and what the others build takes a minute.
const TABLES: [(&str, &[&str], bool); 3] = [
    ("gates_keep_their_limits", &["gate"], false),
    ("write_bytes_keeps_its_limits", &["write-bytes"], true),
    (
        "one_program_keeps_the_limit",
        &["macro", "--program", "is"],
        true,
    ),
];

/// One table, with every figure within its limit.
fn table(words: &[&str]) -> Verdict {
    let mut command = TOOL.command(["bench"]);
    let output = command.args(words).arg("--check").output()?;
    println!("{}", String::from_utf8_lossy(&output.stdout));
    ensure(
        output.status.success() && !output.stdout.is_empty(),
        "a table with every figure within its limit",
        &said(&output),
    )
}

/// Every table, with every figure within its limit, and the results kept.
fn quick_set() -> Verdict {
    let folder = TOOL.scratch_file("results");
    let folder = folder.to_string_lossy();
    let output = TOOL
        .command(["bench", "--check", "--results", &folder])
        .output()?;
    println!("{}", String::from_utf8_lossy(&output.stdout));
    ensure(
        output.status.success(),
        "every figure within its limit, and none worse than before",
        &said(&output),
    )?;
    let results = fs::read(Path::new(&*folder).join("quick.json"))?;
    let results: Value = serde_json::from_slice(&results)?;
    let rows = results["programs"]["rows"].as_array().map_or(0, Vec::len);
    ensure(rows >= 16, "all whole programs of class S", &rows)?;
    for figure in [
        "overhead.svg",
        "write-bytes.svg",
        "scaling.svg",
        "noise.svg",
    ] {
        let text = fs::read_to_string(Path::new(&*folder).join(figure))?;
        ensure(text.starts_with("<svg"), "a figure", &(figure, text))?;
    }
    Ok(())
}

/// One digit of one value that the outside world gave is changed.
fn wrong_expectation() -> Verdict {
    const RIGHT: &str = "8.597_177_507_864_8";
    const WRONG: &str = "8.597_178_507_864_8";
    let copy = copy_of("eval/macro")?;
    let kernel = copy.join("src/npb/cg.rs");
    let text = fs::read_to_string(&kernel)?;
    ensure(text.contains(RIGHT), "the value of CG, class S", &kernel)?;
    fs::write(&kernel, text.replace(RIGHT, WRONG))?;
    rename_program(&copy)?;
    let output = TOOL
        .command(["bench", "macro", &copy.to_string_lossy()])
        .output()?;
    let names_it = String::from_utf8_lossy(&output.stderr).contains("cg S: zeta is");
    ensure(
        !output.status.success() && output.stdout.is_empty() && names_it,
        "a failure that names the program, and not one number",
        &said(&output),
    )
}

/// Calls the program otherwise: images go by the names of programs, and another
/// trial may boot the right one now.
fn rename_program(package: &Path) -> std::io::Result<()> {
    let manifest = package.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?;
    let text = text.replace("[package]\n", "[package]\nautobins = false\n");
    let program = "\n[[bin]]\nname = \"wrong-expectation\"\npath = \"src/main.rs\"\n";
    fs::write(&manifest, text + program)
}

/// The benchmark under Linux, which attacks and measures where the processor has
/// the keys, and else says that it has not.
fn native() -> Verdict {
    let output = TOOL.command(["bench", "native"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let cpuinfo = fs::read_to_string("/proc/cpuinfo")?;
    let has_keys = cpuinfo.split_whitespace().any(|flag| flag == "ospke");
    let expected = match has_keys {
        true => "nothing got through",
        false => "skipped",
    };
    ensure(
        output.status.success() && text.contains(expected),
        "an attack and figures, or why there are none",
        &said(&output),
    )
}

/// A copy of a package of the repository, without what was built.
fn copy_of(package: &str) -> std::io::Result<PathBuf> {
    let source = sources::root().join(package);
    let copy = TOOL.scratch_file("changed-package");
    let is_built = |name: &std::ffi::OsStr| name == "target";
    let entries = WalkDir::new(&source)
        .into_iter()
        .filter_entry(|entry| !is_built(entry.file_name()));
    for entry in entries {
        let entry = entry.map_err(std::io::Error::from)?;
        let path = entry.path().strip_prefix(&source).unwrap_or(entry.path());
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(copy.join(path))?,
            false => _ = fs::copy(entry.path(), copy.join(path))?,
        }
    }
    Ok(copy)
}

fn said(output: &Output) -> (String, String) {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
