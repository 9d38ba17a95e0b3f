//! The benchmarks' own tests, on the host.
//!
//! They are no members of the workspace, because some are built for the guest;
//! so each is tested by a cargo of its own, into a folder that they share.

use std::process::Command;

use tests::sources;

/// Those that have tests. The whole programs are slow unless optimised.
const PACKAGES: [&str; 6] = [
    "counter",
    "linux-init",
    "macro",
    "native",
    "network",
    "services",
];

#[test]
fn benchmarks_pass_their_own_tests() {
    let root = sources::root();
    for package in PACKAGES {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["test", "--release", "--manifest-path"])
            .arg(root.join("eval").join(package).join("Cargo.toml"))
            .arg("--target-dir")
            .arg(root.join("target/benchmarks"))
            .output()
            .expect("cargo runs");
        let said = String::from_utf8_lossy(&output.stdout);
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{package}:\n{said}\n{why}");
        assert!(said.contains("... ok"), "{package} has no tests");
    }
}
