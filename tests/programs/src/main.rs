//! Crates from crates.io, unmodified, with answers that are known.
//!
//! One program, so that they build once: the argument chooses the crate, `all`
//! goes through them. One line a check; the status is 0 only if all passed.
//! The command line itself is a check, of `clap`. Nothing here knows of
//! Cloister.

mod compression;
mod dates;
mod digests;
mod parallel;
mod queues;
mod random;
mod store;
mod store_file;
mod text;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

/// Checks that crates work, by answers that are known.
#[derive(Parser)]
#[command(name = "programs", version)]
struct Line {
    /// The crate
    what: What,
    /// How many CPUs there should be
    #[arg(long, value_name = "N", default_value_t = 1)]
    cpus: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    All,
    Blake3,
    Chrono,
    Clap,
    Crossbeam,
    Flate2,
    Rand,
    Rayon,
    Redb,
    Regex,
    SerdeJson,
    Sha2,
    Time,
}

/// A check: of which crate, what it shows, and what does it. It panics,
/// which ends all, or returns false, if something is wrong.
type Check = (What, &'static str, fn(&Line) -> bool);

const CHECKS: [Check; 26] = [
    (What::Blake3, "vectors", |_| digests::blake3_vectors()),
    (What::Chrono, "calendar", |_| dates::chrono_calendar()),
    (What::Chrono, "now", |_| dates::chrono_now()),
    (What::Clap, "errors and help", |_| command_line()),
    (What::Crossbeam, "channels", |_| queues::channels()),
    (What::Crossbeam, "select", |_| queues::select()),
    (What::Crossbeam, "scoped threads", |_| {
        queues::scoped_threads()
    }),
    (What::Crossbeam, "deques", |_| queues::deques()),
    (What::Crossbeam, "epochs", |_| queues::epochs()),
    (What::Crossbeam, "queues", |_| queues::queues()),
    (What::Flate2, "a file of gzip's", |_| {
        compression::foreign_file()
    }),
    (What::Flate2, "there and back", |_| {
        compression::there_and_back()
    }),
    (What::Rand, "vectors", |_| random::vectors()),
    (What::Rand, "the system's entropy", |_| random::entropy()),
    (What::Rayon, "one thread a CPU", |line| {
        parallel::pool(line.cpus)
    }),
    (What::Rayon, "sums and primes", |_| parallel::iterators()),
    (What::Rayon, "sorting", |_| parallel::sorting()),
    (What::Rayon, "recursion", |_| parallel::recursion()),
    (What::Redb, "transactions", |_| store::transactions()),
    (What::Redb, "two thousand keys", |_| store::many_keys()),
    (What::Redb, "a file", |_| store_file::persistence()),
    (What::Regex, "captures", |_| text::captures()),
    (What::SerdeJson, "there and back", |_| text::json()),
    (What::SerdeJson, "errors have places", |_| {
        text::json_errors()
    }),
    (What::Sha2, "vectors", |_| digests::sha2_vectors()),
    (What::Time, "calendar", |_| dates::time_calendar()),
];

fn main() -> ExitCode {
    let line = Line::parse();
    let chosen = |check: &&Check| line.what == What::All || line.what == check.0;
    let failed = CHECKS
        .iter()
        .filter(chosen)
        .filter(|check| !passes(check, &line));
    match failed.count() {
        0 => {
            println!("programs: all passed");
            ExitCode::SUCCESS
        }
        failed => {
            println!("programs: {failed} failed");
            ExitCode::FAILURE
        }
    }
}

fn passes(&(what, name, check): &Check, line: &Line) -> bool {
    let value = what.to_possible_value();
    let what = value.as_ref().map_or("", |value| value.get_name());
    print!("{what}: {name}: ");
    // A check that hangs should say which it was.
    let _ = io::stdout().flush();
    let passed = check(line);
    println!("{}", if passed { "passed" } else { "FAILED" });
    passed
}

/// What is no crate, and no number, is refused with what would have been right.
fn command_line() -> bool {
    let refused = |words: &[&str], expected: &str| match Line::try_parse_from(words) {
        Ok(_) => false,
        Err(error) => error.exit_code() == 2 && error.to_string().contains(expected),
    };
    let help = Line::try_parse_from(["programs", "--help"]).err();
    let right = Line::try_parse_from(["programs", "--cpus=4", "serde-json"]);
    refused(&["programs"], "Usage: programs")
        && refused(&["programs", "--cpus", "many", "all"], "invalid digit")
        && refused(&["programs", "raion"], "similar value exists: 'rayon'")
        && help.is_some_and(|help| help.exit_code() == 0 && !help.use_stderr())
        && right.is_ok_and(|line| line.cpus == 4 && line.what == What::SerdeJson)
}
