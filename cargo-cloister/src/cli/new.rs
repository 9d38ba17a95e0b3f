//! `cargo cloister new`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use super::failure::{Failure, report};

/// What is added to the manifest that cargo writes.
const METADATA: &str = "
# How `cargo cloister run` boots this package, unless told otherwise.
[package.metadata.cloister]
isolation = \"mpk\"
memory = \"64M\"
";

/// Make a package that runs in a cloister.
///
/// The package is an ordinary one: `cargo run` runs the same program here.
#[derive(Args, Debug)]
pub(super) struct New {
    /// Where to make it
    path: PathBuf,
    /// The package's name [default: the directory's]
    #[arg(long)]
    name: Option<String>,
}

impl New {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let mut cargo =
            Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["new", "--bin", "--quiet"]).arg(&self.path);
        if let Some(name) = &self.name {
            cargo.args(["--name", name]);
        }
        let made = cargo.status().map_err(cannot("start cargo"))?;
        if !made.success() {
            let help = "what cargo printed stands above";
            return Err(Failure::build(report("cargo made no package", help)));
        }
        describe(&self.path).map_err(cannot("write the package's manifest"))?;
        let path = self.path.display();
        eprintln!("made {path}; run it with `cargo cloister run {path}`");
        Ok(0)
    }
}

fn describe(package: &Path) -> io::Result<()> {
    let mut manifest = fs::OpenOptions::new()
        .append(true)
        .open(package.join("Cargo.toml"))?;
    manifest.write_all(METADATA.as_bytes())
}

fn cannot(what: &str) -> impl Fn(io::Error) -> Failure {
    move |error| {
        Failure::build(report(
            format!("cannot {what}: {error}"),
            "see `cargo cloister doctor`",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_is_one_that_we_read() {
        let (_, table) = METADATA
            .split_once("[package.metadata.cloister]")
            .expect("a table");
        let keys: Vec<&str> = table
            .lines()
            .filter_map(|line| line.split_once(" = "))
            .map(|pair| pair.0)
            .collect();
        assert_eq!(keys, ["isolation", "memory"]);
    }
}
