//! Cells that fail again and again, under work that is checked to the byte.
//!
//! The kernels' memory is compared, too: the guest measures when a part of the work
//! is done and when all is, and ends with an error if anything is missing. An
//! ordinary run has little work and some dozens of failures; `CLOISTER_FULL=1` has
//! more than a thousand, while 10,000 files are copied, or 10 MB are said back.

mod trees;

use domains::{Cell, Isolation};
use libtest_mimic::Trial;
use tests::boot::{Boot, Outcome};

use self::trees::Sizes;
use crate::images::{TOOL, image};
use crate::restarts::{UNLIMITED, restarts};
use crate::trial::is_full;
use crate::{Verdict, ensure, long, trial};

/// How many CPUs there are.
const CPUS: [&str; 2] = ["1", "4"];
/// No boot here takes as long, in seconds, on a busy host either.
const TIMEOUT: [&str; 2] = ["--timeout", "1200"];

/// After how many calls into `console` one fails.
const CONSOLE_EVERY: &str = "3";

/// How much work there is, and how often a cell fails beside it.
struct Amount {
    trees: Sizes,
    /// After how many calls into `hostfs` one fails, as it is said to the tool.
    hostfs_every: &'static str,
    /// Bytes of input, and of them so many first.
    input: usize,
    first_input: usize,
    /// The least failures.
    failures: usize,
}

/// What takes seconds.
const LITTLE: Amount = Amount {
    trees: Sizes {
        folders: 2,
        files: 4,
    },
    hostfs_every: "200",
    input: 400_000,
    first_input: 100_000,
    failures: 40,
};

/// What takes minutes.
const ALL: Amount = Amount {
    trees: Sizes {
        folders: 10,
        files: 125,
    },
    hostfs_every: "800",
    input: 10_000_000,
    first_input: 500_000,
    failures: 1100,
};

pub(crate) fn trials() -> Vec<Trial> {
    let of_cpus = |cpus| {
        let input = move || console(cpus);
        [
            trial(format!("soak::console_on_{cpus}"), input),
            copied("9p", cpus, "copy"),
        ]
    };
    CPUS.into_iter().flat_map(of_cpus).collect()
}

pub(crate) fn by_virtiofs() -> Vec<Trial> {
    let copied = |cpus| long(copied("virtiofs", cpus, "copy-unsure"));
    CPUS.into_iter().map(copied).collect()
}

/// The part of all that this run does.
fn amount() -> &'static Amount {
    if is_full() { &ALL } else { &LITTLE }
}

/// What comes in goes out, by whichever console.
fn console(cpus: &str) -> Verdict {
    let amount = amount();
    let input = trees::letters(amount.input);
    let first = amount.first_input.to_string();
    let outcome = boot(
        Cell::Console,
        CONSOLE_EVERY,
        cpus,
        &[],
        &["echo", &first],
        &input,
    );
    has_lasted(&outcome, Cell::Console)?;
    let is_whole = outcome.stdout.as_bytes() == input;
    ensure(is_whole, "the input, as it was", &outcome.stdout.len())?;
    let said = format!("{} bytes, digest {}", input.len(), trees::digest(&input));
    ensure(outcome.stderr.contains(&said), &said, &outcome.stderr)
}

/// Threads copy a tree of files, and nobody notices what its cell does meanwhile.
/// Where names may be made or not, the program makes them again.
fn copied(driver: &'static str, cpus: &'static str, work: &'static str) -> Trial {
    trial(format!("soak::hostfs_by_{driver}_on_{cpus}"), move || {
        let amount = amount();
        let folder = trees::make(&format!("{driver}-{cpus}"), &amount.trees)?;
        let volume = format!("{}:/data", folder.display());
        let server = ["--volume-driver", driver, "--volume", &volume];
        let flags = [&server[..], &TIMEOUT].concat();
        let (every, work) = (amount.hostfs_every, [work, "/data"]);
        let outcome = boot(Cell::Hostfs, every, cpus, &flags, &work, b"");
        has_lasted(&outcome, Cell::Hostfs)?;
        let said = trees::compare(&folder)?;
        ensure(outcome.stdout.contains(&said), &said, &outcome.stdout)
    })
}

/// Boots the guest, whose calls into a cell fail now and then.
fn boot(
    cell: Cell,
    every: &str,
    cpus: &str,
    flags: &[&str],
    work: &[&str],
    input: &[u8],
) -> Outcome {
    let fault = format!("{cell}=write:safe,every={every}");
    let failing = ["-c", cpus, "--inject", &fault];
    let boot = Boot {
        flags: &[&failing[..], &UNLIMITED, flags].concat(),
        arguments: &[&["soak"][..], work].concat(),
        input,
        ..Boot::default()
    };
    TOOL.boot(&image("tests/guests", Isolation::Mpk), &boot)
}

/// The guest found its memory as it was, and the cell has failed often enough.
fn has_lasted(outcome: &Outcome, cell: Cell) -> Verdict {
    let count = restarts(outcome, cell);
    println!("{cell} was started anew {count} times");
    let holds = outcome.status == 0 && count >= amount().failures;
    let last = outcome.stdout.lines().last();
    let said = (outcome.status, count, &outcome.stderr, last);
    ensure(holds, "the same memory, after many failures", &said)
}
