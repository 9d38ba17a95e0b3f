//! Tidy checks: what the house style can be asked of a machine.
//!
//! They keep honest people honest. What must hold against everyone else is
//! checked on the image, by its verifier.

use tests::sources::{self, Source};

/// Where assembly may stand: the gates, the core, and what measures or attacks
/// them.
const ASSEMBLY: [&str; 4] = ["gate/", "trusted-core/", "tests/", "eval/"];

/// Fails with a line for each finding.
#[track_caller]
fn expect_none(what: &str, findings: Vec<String>) {
    assert!(findings.is_empty(), "{what}:\n  {}", findings.join("\n  "));
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// Lines of code, without comments, that hold one of `words`.
fn code_with(source: &Source, words: &[&str]) -> Vec<String> {
    source
        .lines()
        .filter(|(_, line)| !is_comment(line) && words.iter().any(|word| line.contains(word)))
        .map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim()))
        .collect()
}

#[test]
fn safe_crates_forbid_unsafe_code() {
    for path in [
        "domains/src/lib.rs",
        "kernel-safe/src/lib.rs",
        "tests/src/lib.rs",
    ] {
        let text = sources::file(path);
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{path} does not forbid unsafe code"
        );
    }
}

#[test]
fn assembly_stands_only_in_gate_and_core() {
    let words = [
        "asm!(",
        "naked_asm",
        "unsafe(naked)",
        "static mut ",
        "allow(unsafe_code)",
    ];
    let findings = sources::rust()
        .iter()
        .filter(|source| !source.is_in(&ASSEMBLY))
        .flat_map(|source| code_with(source, &words))
        // A reference that lasts is no variable.
        .filter(|line| {
            let line = line.replace("&'static mut ", "");
            words.iter().any(|word| line.contains(word))
        })
        .collect();
    expect_none(
        "assembly, or a way round the lints, outside gate and core",
        findings,
    );
}

#[test]
fn one_file_of_ring_3_code_writes_pkru() {
    let writers: Vec<String> = sources::rust()
        .iter()
        .filter(|source| {
            !source.is_in(&["trusted-core/", "tests/", "eval/", "cargo-cloister/"])
        })
        .filter(|source| !code_with(source, &["\"wrpkru\""]).is_empty())
        .map(|source| source.path.clone())
        .collect();
    assert_eq!(writers, ["gate/page/src/bin/mpk.rs"]);
}

#[test]
fn files_open_with_a_short_head() {
    let findings = sources::rust()
        .iter()
        .filter_map(|source| {
            let first = source.text.lines().next().unwrap_or("");
            let fits = first.starts_with("//! ") && first.chars().count() <= 84;
            (!fits).then(|| format!("{}: {first}", source.path))
        })
        .collect();
    expect_none(
        "a file opens with //! and a tagline of at most 80 characters",
        findings,
    );
}

#[test]
fn files_and_functions_stay_short() {
    const FILE: usize = 600;
    const FUNCTION: usize = 60;
    let mut findings = Vec::new();
    for source in sources::rust() {
        let lines = source.text.lines().count();
        if lines > FILE {
            findings.push(format!("{}: {lines} lines, split it", source.path));
        }
        for (name, start, length) in functions(&source) {
            if length > FUNCTION {
                findings.push(format!(
                    "{}:{start}: {name} has {length} lines",
                    source.path
                ));
            }
        }
    }
    expect_none("too long", findings);
}

/// Name, first line and length of each function, by the indentation of its end.
fn functions(source: &Source) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String, usize)> = None;
    for (number, line) in source.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if let Some(name) = function_name(line) {
            open = Some((format!("{indent}}}"), name, number));
        }
        if let Some((end, name, start)) = open.take_if(|(end, ..)| line == end) {
            debug_assert_eq!(line, end);
            found.push((name, start, number - start + 1));
        }
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    if is_comment(line) {
        return None;
    }
    let (before, after) = line.split_once("fn ")?;
    let modifier = |word: &str| {
        word.starts_with("pub")
            || word.starts_with('"')
            || word.ends_with(')')
            || ["const", "unsafe", "async", "extern", "safe"].contains(&word)
    };
    let is_item = before.split_whitespace().all(modifier);
    let name: String = after
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (is_item && !name.is_empty()).then_some(name)
}

#[test]
fn comments_name_items_and_not_files() {
    let endings = [".rs", ".ld", ".toml"];
    let names_a_path = |line: &str| {
        line.split_whitespace().any(|word| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
            word.contains('/') && endings.iter().any(|ending| word.ends_with(ending))
        })
    };
    let findings = sources::rust()
        .iter()
        .flat_map(|source| {
            source
                .lines()
                .filter(|(_, line)| is_comment(line) && names_a_path(line))
                .map(|(number, line)| format!("{}:{number}: {}", source.path, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    expect_none("paths in comments rot; name the item", findings);
}

#[test]
fn nothing_is_left_unfinished() {
    let words = ["todo!(", "unimplemented!(", "dbg!("];
    let findings = sources::rust()
        .iter()
        .filter(|source| source.path != "tests/tests/tidy.rs")
        .flat_map(|source| code_with(source, &words))
        .collect();
    expect_none("unfinished", findings);
}

#[test]
fn the_security_document_quotes_the_access_matrix() {
    let matrix = domains::table::Matrix.to_string();
    let text = sources::file("SECURITY.md");
    assert!(
        text.contains(&matrix),
        "SECURITY.md must quote this table:\n\n{matrix}"
    );
}

#[test]
fn the_architecture_fits_in_one_sitting() {
    let lines = sources::file("ARCHITECTURE.md").lines().count();
    assert!(
        lines <= 200,
        "ARCHITECTURE.md has {lines} lines; at most 200"
    );
}

#[test]
fn every_dependency_has_a_reason() {
    let reasons = sources::file("docs/dependencies.md");
    let own = [
        "app-abi",
        "cell-net",
        "domains",
        "gate",
        "cargo-cloister",
        "tests",
        "kernel-safe",
        "kernel-unsafe",
        "trusted-core",
        "models",
        "qemu-plugin",
    ];
    let findings = sources::with_endings(&["Cargo.toml"])
        .iter()
        .flat_map(|manifest| dependencies(&manifest.text))
        .filter(|name| !own.contains(&name.as_str()))
        .filter(|name| !reasons.contains(&format!("`{name}`")))
        .collect();
    expect_none("docs/dependencies.md gives no reason for", findings);
}

/// The names in the dependency sections of a manifest.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim_end_matches(']').ends_with("dependencies");
        } else if let (true, Some((name, _))) = (inside, line.split_once('=')) {
            let name = name.trim().trim_end_matches(".workspace");
            if !name.is_empty() && !name.starts_with('#') && !line.starts_with(' ') {
                names.push(name.to_owned());
            }
        }
    }
    names
}

#[test]
fn the_readme_lists_every_folder() {
    let readme = sources::file("README.md");
    let findings = std::fs::read_dir(sources::root())
        .expect("the root is readable")
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && name != "target")
        .filter(|name| !readme.contains(&format!("`{name}/`")))
        .collect();
    expect_none("README.md does not say what is in", findings);
}
