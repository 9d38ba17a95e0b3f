//! `cargo cloister new`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use super::failure::{Failure, report};
use crate::outlet::tell;

/// What is added to the manifest that cargo writes.
const METADATA: &str = "
# How `cargo cloister run` boots this package, unless told otherwise.
[package.metadata.cloister]
isolation = \"mpk\"
memory = \"64M\"
";

/// What is added if there is a manifest above.
const OF_ITS_OWN: &str = "
# A program of its own, not a member of the workspace around it.
[workspace]
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
        let path = self.path.display();
        if self.path.exists() {
            let message = format!("`{path}` is there already");
            return Err(Failure::build(report(message, "choose another directory")));
        }
        // Made elsewhere and copied: inside of a workspace, `cargo new` would
        // edit the workspace's manifest.
        let elsewhere = tempfile::tempdir().map_err(cannot("make a temporary directory"))?;
        let made = self.by_cargo(elsewhere.path())?;
        install(&made, &self.path).map_err(cannot(&format!("make `{path}`")))?;
        tell(format_args!(
            "made {path}; run it with `cargo cloister run {path}`"
        ));
        Ok(0)
    }

    /// Lets cargo make the package, with its own checks and its own edition.
    fn by_cargo(&self, directory: &Path) -> Result<PathBuf, Failure> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => self
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
        };
        let made = directory.join("package");
        let mut cargo =
            Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(["new", "--bin", "--quiet", "--vcs", "none", "--name", &name])
            .arg(&made);
        let output = cargo.output().map_err(cannot("start cargo"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let message = said.trim().trim_start_matches("error: ").to_owned();
            return Err(Failure::build(report(
                message,
                "give another name with `--name`",
            )));
        }
        Ok(made)
    }
}

fn install(made: &Path, to: &Path) -> io::Result<()> {
    let mut manifest = fs::read_to_string(made.join("Cargo.toml"))?;
    manifest.push_str(METADATA);
    fs::create_dir_all(to.join("src"))?;
    if has_manifest_above(&to.canonicalize()?) {
        manifest.push_str(OF_ITS_OWN);
    }
    fs::write(to.join("Cargo.toml"), manifest)?;
    fs::write(to.join(".gitignore"), "/target\n")?;
    fs::copy(made.join("src/main.rs"), to.join("src/main.rs")).map(drop)
}

fn has_manifest_above(package: &Path) -> bool {
    package
        .ancestors()
        .skip(1)
        .any(|directory| directory.join("Cargo.toml").exists())
}

fn cannot(what: &str) -> impl Fn(io::Error) -> Failure {
    move |error| {
        let help = "is cargo installed, and may you write there?";
        Failure::build(report(format!("cannot {what}: {error}"), help))
    }
}
