//! What the project claims, each with its number, its limit and its check.
//!
//! After the form of Firecracker's specification: a claim stands here only if a
//! command measures it and a test fails when it does not hold.

use super::figures::{Comparison, Pair};
use super::results::Results;
use super::rows;
use super::smp::Run;

/// The trial that runs the quick set with its limits.
const CHECK: &str = "`costs::the_quick_set_keeps_its_limits`";

/// A claim of one line.
struct Claim {
    what: &'static str,
    none: String,
    mpk: String,
    limit: String,
    unit: &'static str,
    table: &'static str,
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
            format!("`cargo cloister bench {}`", claim.table),
            CHECK.to_owned(),
        ]
    });
    let header = [
        "#", "claim", "none", "mpk", "limit", "unit", "command", "check",
    ];
    rows::table(&header, 8, cells)
}

/// The claims that a reader wants first.
pub(super) fn summary(results: &Results) -> String {
    let of_gate = |name| value(results.gate.find(name).and_then(|pair| pair.mpk));
    let average = results.programs.averages.last();
    let share = average.map_or("–".to_owned(), |it| rows::percent(it.instructions));
    let most = average.map_or("–".to_owned(), |it| rows::percent(it.most()));
    let class = average.map_or("–", |it| it.class.as_str());
    let added = results.write_bytes.added();
    let lines = [
        format!(
            "| The paper's ten programs, of class {class}, on average | {share} more \
             instructions; at most {most} with WRPKRU as modelled | 0.6 % in time |"
        ),
        format!(
            "| A null call into the safe kernel | {} instructions | |",
            of_gate("call-app-to-safe")
        ),
        format!(
            "| A null call into the drivers | {} instructions | |",
            of_gate("call-safe-to-unsafe")
        ),
        format!(
            "| What walls add to `write_bytes`, at any size | {added} instructions | \
             441 % at 1 byte, 6 % at 4 KiB |"
        ),
        format!(
            "| Boot to `main` | {} instructions | |",
            of_gate("boot-to-main")
        ),
    ];
    format!(
        "| | here | the paper |\n|---|---|---|\n{}",
        lines.join("\n")
    )
}

fn claims(results: &Results) -> Vec<Claim> {
    let mut claims = of_programs(results);
    claims.extend(of_figures(&results.gate, "gate", &GATE));
    claims.push(Claim {
        what: "What walls add to `write_bytes` through the drivers' gate, at any size",
        none: "–".to_owned(),
        mpk: results.write_bytes.added(),
        limit: "56".to_owned(),
        unit: "instructions",
        table: "write-bytes",
    });
    claims.extend(of_figures(&results.std, "std", &STD));
    claims.extend(of_figures(&results.files, "files", &FILES));
    claims.extend(of_scaling(&results.smp.runs));
    claims.push(Claim {
        what: "What a computation loses to interruptions while nothing else runs",
        none: results.noise.lost_alone("none"),
        mpk: results.noise.lost_alone("mpk"),
        limit: "0.01 %".to_owned(),
        unit: "of all instructions",
        table: "noise",
    });
    claims.extend(of_footprint(results));
    claims
}

fn of_programs(results: &Results) -> Vec<Claim> {
    let average = |average: &super::programs::Average| Claim {
        what: match average.class.as_str() {
            "S" => "What walls add to the paper's programs on average, class S",
            "W" => "The same, class W",
            _ => "The same, class A, of those that have it",
        },
        none: "–".to_owned(),
        mpk: format!(
            "{}; {}",
            rows::percent(average.instructions),
            rows::percent(average.most())
        ),
        limit: "0.30 %".to_owned(),
        unit: "counted; with WRPKRU, the most that the model allows",
        table: match average.class.as_str() {
            "S" => "macro",
            _ => "macro --full",
        },
    };
    results.programs.averages.iter().map(average).collect()
}

/// Claims by the names of figures.
type Named = (&'static str, &'static str);

const GATE: [Named; 8] = [
    (
        "call-app-to-safe",
        "A null call from the application to the safe kernel, from CALL to its return",
    ),
    (
        "call-safe-to-unsafe",
        "A null call from the safe kernel to the unsafe kernel",
    ),
    (
        "core-call-by-safe",
        "The same null call by SYSCALL, the control: by the safe kernel",
    ),
    ("core-call-by-unsafe", "by the unsafe kernel"),
    ("core-call-by-app", "by the application"),
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

const FILES: [Named; 4] = [
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
        limit: "≥ 0.95".to_owned(),
        unit: "of the ideal",
        table: "smp",
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
            limit: "598,000".to_owned(),
            unit: "bytes",
            table: "footprint",
        },
        Claim {
            what: "The least memory in which it runs",
            none: kib("none"),
            mpk: kib("mpk"),
            limit: "10,240".to_owned(),
            unit: "KiB",
            table: "footprint",
        },
    ]
}

fn value(number: Option<f64>) -> String {
    rows::optional(number)
}
