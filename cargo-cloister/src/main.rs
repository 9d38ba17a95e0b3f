//! `cargo-cloister`, also called as `cargo cloister`.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    cargo_cloister::cli::main()
}
