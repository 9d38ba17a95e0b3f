//! Embeds the components' sources, for a tool that is installed without them.
//!
//! The workspace's manifest is carried along with its members cut down to the
//! components and what their manifests name: the tool and the tests are not built
//! from a cache. The programs that measure are no members, but go with what they measure.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What the components are built from, and what measures them.
const FOLDERS: [&str; 22] = [
    "app-abi",
    "domains",
    "eval/counter",
    "eval/gate",
    "eval/injector",
    "eval/linux-init",
    "eval/macro",
    "eval/native",
    "eval/network",
    "eval/noise",
    "eval/parallel",
    "eval/plugin",
    "eval/results",
    "eval/services",
    "eval/std",
    "examples/hello",
    "gate",
    "kernel-safe",
    "kernel-unsafe",
    "linker-scripts",
    "tests/models",
    "trusted-core",
];
/// The folders that are packages of the workspace.
const MEMBERS: [&str; 9] = [
    "app-abi",
    "domains",
    "gate",
    "gate/page",
    "kernel-safe",
    "kernel-safe/net",
    "kernel-unsafe/*",
    "tests/models",
    "trusted-core",
];

fn main() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    for folder in FOLDERS {
        println!(
            "cargo:rerun-if-changed={}",
            workspace.join(folder).display()
        );
        collect(&workspace, Path::new(folder), &mut files);
    }
    files.sort();

    let manifest = workspace.join("Cargo.toml");
    println!("cargo:rerun-if-changed={}", manifest.display());
    let text = fs::read_to_string(&manifest).expect("the workspace has a manifest");
    fs::write(out.join("Cargo.toml"), components_only(&text)).expect("OUT_DIR is writable");

    let mut list = String::from("&[\n");
    embed(&mut list, "Cargo.toml", &out.join("Cargo.toml"));
    let lock = workspace.join("Cargo.lock");
    println!("cargo:rerun-if-changed={}", lock.display());
    if lock.is_file() {
        embed(&mut list, "Cargo.lock", &lock);
    }
    for file in &files {
        embed(&mut list, &file.to_string_lossy(), &workspace.join(file));
    }
    list.push(']');
    fs::write(out.join("sources.rs"), list).expect("OUT_DIR is writable");
}

fn collect(workspace: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(workspace.join(folder)) else {
        return;
    };
    for entry in entries.flatten() {
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            if entry.file_name() != "target" {
                collect(workspace, &path, files);
            }
        } else {
            files.push(path);
        }
    }
}

fn embed(list: &mut String, name: &str, file: &Path) {
    let file = file.canonicalize().expect("the file was just listed");
    writeln!(list, "({name:?}, include_bytes!({file:?})),").expect("a string takes everything");
}

/// The manifest with only the components as members.
fn components_only(manifest: &str) -> String {
    let members: Vec<String> = MEMBERS
        .iter()
        .map(|member| format!("    {member:?},"))
        .collect();
    let mut lines = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        let starts = line.starts_with("members") || line.starts_with("default-members");
        if line.starts_with("members") {
            lines.push(format!("members = [\n{}\n]", members.join("\n")));
        }
        let excludes = line.starts_with("exclude");
        if !inside && !starts && !excludes {
            lines.push(line.to_owned());
        }
        inside = (inside || starts) && !line.trim_end().ends_with(']');
    }
    lines.join("\n") + "\n"
}
