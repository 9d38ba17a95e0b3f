//! The host tool, where the tests find it.

fn main() -> std::process::ExitCode {
    cargo_cloister::cli::main()
}
