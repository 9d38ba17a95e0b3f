//! What the project claims, each with its number, its limit and its check.
//!
//! After the form of Firecracker's specification: a claim stands here only if a
//! command measures it and a test fails when it does not hold. The summary for
//! readers has what a processor said besides, which nothing limits.

use super::figures::{Comparison, Pair};
use super::native::Timings;
use super::programs::{self, Average};
use super::results::{Found, Results};
use super::smp::{self, Run};
use super::{curve, footprint, noise, rows};

/// The trial that runs the quick set with its limits.
const TRIAL: &str = "`costs::the_quick_set_keeps_its_limits`";

/// A claim of one line.
struct Claim {
    what: &'static str,
    none: String,
    mpk: String,
    limit: String,
    unit: &'static str,
    table: &'static str,
    /// What fails when it does not hold, beside the command.
    check: &'static str,
}

/// All claims, numbered.
pub(super) fn table(results: &Results) -> String {
    let lines = claims(results).into_iter().enumerate();
    let cells = lines.map(|(index, claim)| {
        vec![
            (index + 1).to_string(),
            claim.what.to_owned(),
            claim.none,
            claim.mpk,
            claim.limit,
            claim.unit.to_owned(),
            format!("`cargo cloister bench {} --check`", claim.table),
            claim.check.to_owned(),
        ]
    });
    let header = [
        "#", "claim", "none", "mpk", "limit", "unit", "command", "check",
    ];
    rows::table(&header, 8, cells)
}

/// The claims that a reader wants first.
pub(super) fn summary(found: &Found) -> String {
    let Found {
        results, native, ..
    } = found;
    let of_gate = |name| value(results.gate.find(name).and_then(|pair| pair.mpk));
    let null_call = |name| format!("{} instructions", of_gate(name));
    let mut rows: Vec<[String; 3]> = results.programs.averages.iter().map(average).collect();
    rows.push([
        "What walls add to `write_bytes`, at any size".to_owned(),
        format!("{} instructions", results.write_bytes.added()),
        curve::in_paper(),
    ]);
    for (what, name) in [
        ("A null call into the safe kernel", "call-app-to-safe"),
        ("A null call into a cell", "call-safe-to-cell"),
        ("Boot to `main`", "boot-to-main"),
    ] {
        rows.push([what.to_owned(), null_call(name), String::new()]);
    }
    rows.extend(native.iter().flat_map(Timings::summary));
    let header = ["", "here", "the paper"];
    rows::table(&header, 3, rows.into_iter().map(|row| row.to_vec()))
}

/// What walls add to the paper's programs of a class.
fn average(average: &Average) -> [String; 3] {
    let programs = match average.programs {
        10 => "The paper's ten programs".to_owned(),
        some => format!("{some} of the paper's programs"),
    };
    [
        format!("{programs}, class {}, on average", average.class),
        format!(
            "{} more instructions; at most {} with WRPKRU as modelled",
            rows::percent(average.instructions),
            rows::percent(average.most())
        ),
        "0.6 % of the time".to_owned(),
    ]
}

fn claims(results: &Results) -> Vec<Claim> {
    let mut claims = of_programs(results);
    claims.extend(of_figures(&results.gate, "gate", &GATE));
    claims.push(Claim {
        what: "What walls add to `write_bytes` through the drivers' gate, at any size",
        none: "–".to_owned(),
        mpk: results.write_bytes.added(),
        limit: rows::number(curve::LIMIT),
        unit: "instructions",
        table: "write-bytes",
        check: TRIAL,
    });
    claims.extend(of_figures(&results.std, "std", &STD));
    claims.extend(of_figures(&results.files, "files", &FILES));
    claims.extend(of_scaling(&results.smp.runs));
    claims.push(Claim {
        what: "What a computation loses to interruptions while nothing else runs",
        none: results.noise.lost_alone("none"),
        mpk: results.noise.lost_alone("mpk"),
        limit: rows::percent(noise::LIMIT),
        unit: "of all instructions",
        table: "noise",
        check: TRIAL,
    });
    claims.extend(of_footprint(results));
    claims
}

fn of_programs(results: &Results) -> Vec<Claim> {
    let claim = |average: &Average| {
        let (what, table, check) = match average.class.as_str() {
            "S" => (
                "What walls add to the paper's programs on average, class S",
                "macro",
                TRIAL,
            ),
            "W" => ("The same, class W", "macro --full", "the command"),
            _ => (
                "The same, class A, of those that have it",
                "macro --full",
                "the command",
            ),
        };
        let shares = [average.instructions, average.most()].map(rows::percent);
        Claim {
            what,
            none: "–".to_owned(),
            mpk: shares.join("; "),
            limit: rows::percent(programs::LIMIT),
            unit: "counted; with WRPKRU, the most that the model allows",
            table,
            check,
        }
    };
    results.programs.averages.iter().map(claim).collect()
}

/// Claims by the names of figures.
type Named = (&'static str, &'static str);

const GATE: [Named; 13] = [
    (
        "call-app-to-safe",
        "A null call from the application to the safe kernel, from CALL to its return",
    ),
    (
        "call-safe-to-cell",
        "A null call from the safe kernel to a cell",
    ),
    (
        "core-call-by-safe",
        "The same null call by SYSCALL, the control: by the safe kernel",
    ),
    ("core-call-by-cell", "The control by a cell"),
    ("core-call-by-app", "The control by the application"),
    (
        "publish-nothing",
        "A core call by a driver to publish a queue in which nothing is new",
    ),
    (
        "publish-request",
        "The same with a new request of one descriptor",
    ),
    ("publish-completion", "The same with a completion"),
    (
        "publish-next-descriptor",
        "What each further request of one descriptor adds",
    ),
    (
        "publish-next-completion",
        "What each further completion adds",
    ),
    ("yield-alone", "`yield` with nobody else to run"),
    ("switch", "A switch from one thread to another by `yield`"),
    (
        "boot-to-main",
        "Boot, from the kernel's first instruction to `main`",
    ),
];

const STD: [Named; 6] = [
    (
        "spawn-and-join",
        "Spawn a thread that does nothing, and join it",
    ),
    (
        "mutex-uncontended",
        "Lock and unlock a `Mutex` that nobody else wants",
    ),
    (
        "condvar-round-trip",
        "A `Condvar` between two threads, from one's turn to its next",
    ),
    (
        "sync-channel-0-message",
        "A message through `sync_channel(0)`",
    ),
    ("instant-now", "`Instant::now`"),
    ("box-64-bytes", "A box of 64 bytes, made and dropped"),
];

const FILES: [Named; 6] = [
    (
        "memory-read-KiB",
        "Read a KiB of a file in memory, beyond the copy",
    ),
    (
        "memory-write-KiB",
        "Write a KiB of a file in memory, beyond the copy",
    ),
    ("9p-read-KiB", "Read a KiB by 9P, beyond the copy"),
    ("9p-write-KiB", "Write a KiB by 9P, beyond the copy"),
    (
        "stream-read-KiB",
        "Read a KiB of standard input, beyond the copy",
    ),
    (
        "stream-write-KiB",
        "Write a KiB of standard output, beyond the copy",
    ),
];

fn of_figures(figures: &Comparison, table: &'static str, named: &[Named]) -> Vec<Claim> {
    let claim = |(name, what): &Named| {
        let pair = figures.find(name);
        let of = |part: &dyn Fn(&Pair) -> Option<f64>| value(pair.and_then(part));
        Claim {
            what,
            none: of(&|pair| pair.none),
            mpk: of(&|pair| pair.mpk),
            limit: of(&|pair| pair.budget),
            unit: "instructions",
            table,
            check: TRIAL,
        }
    };
    named.iter().map(claim).collect()
}

fn of_scaling(runs: &[Run]) -> Vec<Claim> {
    const WORKS: [Named; 3] = [
        (
            "threads",
            "Efficiency of pi on 4 CPUs, divided by std's threads",
        ),
        ("rayon", "The same, divided by rayon"),
        (
            "ep",
            "Efficiency of NPB EP, class S, on 4 CPUs, divided by rayon",
        ),
    ];
    let efficiency = |work: &str, isolation: &str| {
        let run = runs
            .iter()
            .find(|run| run.work == work && run.isolation == isolation && run.cpus == 4);
        let efficiency = run.and_then(|run| run.efficiency);
        efficiency.map_or("–".to_owned(), |it| format!("{it:.3}"))
    };
    let claim = |(work, what): &Named| Claim {
        what,
        none: efficiency(work, "none"),
        mpk: efficiency(work, "mpk"),
        limit: format!("≥ {}", smp::EFFICIENCY),
        unit: "of the ideal",
        table: "smp",
        check: TRIAL,
    };
    WORKS.iter().map(claim).collect()
}

fn of_footprint(results: &Results) -> [Claim; 2] {
    let images = &results.footprint.images;
    let bytes = |isolation: &str| {
        let image = images
            .iter()
            .find(|image| image.program == "hello" && image.isolation == isolation);
        image.map_or("–".to_owned(), |image| rows::whole(image.file))
    };
    let memory = &results.footprint.memory;
    let kib = |isolation: &str| {
        let least = memory
            .iter()
            .find(|least| least.program == "hello" && least.isolation == isolation);
        least.map_or("–".to_owned(), |least| rows::whole(least.kib))
    };
    [
        Claim {
            what: "An optimised, packed, stripped `hello`",
            none: bytes("none"),
            mpk: bytes("mpk"),
            limit: rows::whole(footprint::IMAGE_BYTES),
            unit: "bytes",
            table: "footprint",
            check: TRIAL,
        },
        Claim {
            what: "The least memory in which it runs",
            none: kib("none"),
            mpk: kib("mpk"),
            limit: rows::whole(footprint::MEMORY_KIB),
            unit: "KiB",
            table: "footprint",
            check: TRIAL,
        },
    ]
}

fn value(number: Option<f64>) -> String {
    rows::optional(number)
}
