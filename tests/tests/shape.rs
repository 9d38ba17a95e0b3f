//! The shape of the project, read off the sources: arrows, circles, and core
//! calls.

use std::collections::{BTreeMap, BTreeSet};

use domains::core_call::CoreCall;
use tests::{modules, sources};

/// Which packages each package of the project needs.
type Arrows = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_architecture_names_every_arrow_between_packages() {
    let manifests = sources::with_endings(&["Cargo.toml"]);
    let packages: Vec<(String, &str)> = manifests
        .iter()
        .filter_map(|manifest| Some((package(&manifest.text)?, manifest.text.as_str())))
        .collect();
    let names: BTreeSet<&str> = packages.iter().map(|(name, _)| name.as_str()).collect();
    let mut real = Arrows::new();
    for (name, manifest) in &packages {
        let needs: BTreeSet<String> = dependencies(manifest)
            .filter(|needed| names.contains(needed.as_str()))
            .collect();
        if !needs.is_empty() {
            real.insert(name.clone(), needs);
        }
    }
    assert!(real.len() > 8, "the manifests are read: {real:?}");
    assert_eq!(told(&sources::file("ARCHITECTURE.md")), real);
}

/// The name in a manifest; a workspace alone has none.
fn package(manifest: &str) -> Option<String> {
    let (_, rest) = manifest.split_once("[package]\n")?;
    let line = rest.lines().find_map(|line| line.strip_prefix("name = "))?;
    Some(line.trim_matches('"').to_owned())
}

/// What any section of dependencies names.
fn dependencies(manifest: &str) -> impl Iterator<Item = String> {
    let mut inside = false;
    manifest.lines().filter_map(move |line| {
        if line.starts_with('[') {
            inside = line.trim_end_matches(']').ends_with("dependencies");
        }
        let (name, _) = line.split_once('=').filter(|_| inside)?;
        Some(name.trim().trim_end_matches(".workspace").to_owned())
    })
}

/// The arrows that stand in the document, each as `` `from → to, to` ``.
fn told(document: &str) -> Arrows {
    let (_, section) = document
        .split_once("## Dependencies between crates")
        .expect("the section about arrows");
    let section = section.split("\n## ").next().unwrap_or_default();
    let quoted = section.split('`').skip(1).step_by(2);
    let arrow = |text: &str| {
        let (from, to) = text.split_once(" → ")?;
        Some((from.to_owned(), to.split(", ").map(str::to_owned).collect()))
    };
    quoted.filter_map(arrow).collect()
}

/// Whoever reads a module of the safe kernel reads those that it needs first,
/// and comes to an end.
#[test]
fn no_modules_of_the_safe_kernel_need_each_other() {
    let needs = modules::needs("kernel-safe/src");
    let arrows: usize = needs.values().map(BTreeSet::len).sum();
    assert!(arrows > 50, "the paths are read: {needs:?}");
    let circles = modules::circles(needs);
    assert!(
        circles.is_empty(),
        "modules that need each other: {circles:#?}"
    );
}

/// That each is dispatched the compiler sees, as long as no arm takes the rest.
#[test]
fn every_core_call_has_its_arm_and_none_takes_the_rest() {
    let source = sources::file("trusted-core/src/call/mod.rs");
    let (_, perform) = source.split_once("\nfn perform(").expect("the dispatch");
    let perform = perform.split("\n}").next().unwrap_or_default();
    let arms = CoreCall::ALL.map(|call| format!("CoreCall::{call:?}"));
    for arm in &arms {
        assert!(perform.contains(arm), "{arm} has no arm");
    }
    let arms = perform.lines().filter(|line| line.contains(" => "));
    let others: Vec<&str> = arms
        .filter(|line| !line.trim_start().starts_with("CoreCall::"))
        .collect();
    assert!(others.is_empty(), "arms for the rest: {others:?}");
}
