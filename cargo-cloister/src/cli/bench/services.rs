//! What a request costs that comes from outside and goes there again.
//!
//! The servers are started as inetd does it: requests come on standard input,
//! answers go to standard output, byte by byte as this side expects them. The
//! next request is sent when the one before it was answered. Two runs that
//! differ only in how many there are give the cost of one. The host decides when
//! it reads and writes, so runs differ a little.

mod dialogue;
mod requests;

use std::fmt;
use std::path::PathBuf;

use domains::Isolation;
use serde::{Deserialize, Serialize};

use super::counts::{Cost, Counts};
use super::program::{Benchmark, Kernels, counted, counter};
use super::results::Measured;
use super::{Options, rows};
use crate::cli::failure::{Failure, report};
use crate::vm::Spec;
pub(super) use dialogue::talk;
pub(super) use requests::{KINDS, Kind};

/// How many requests the two runs get: multiples of what any kind has under way at once.
const REQUESTS: [u32; 2] = [208, 1232];

/// All kinds of requests.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Services {
    pub(super) rows: Vec<Row>,
}

/// What one request costs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) request: String,
    none: Request,
    mpk: Request,
}

/// Instructions and crossings of one request.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Request {
    instructions: f64,
    calls_safe: f64,
    calls_cells: f64,
    core_exits: f64,
    wrpkru: f64,
}

/// Measures every kind.
pub(super) fn measure(options: &Options) -> Result<Services, Failure> {
    let benchmark = Benchmark::find(options.path.clone(), "services", Kernels::Plain)?;
    let plugin = counter()?;
    let build = |isolation| benchmark.build(isolation, options.timeout());
    let specs = [build(Isolation::None)?, build(Isolation::Mpk)?];
    let bench = Bench { plugin };
    let row = |kind: &Kind| {
        Ok(Row {
            request: kind.name.to_owned(),
            none: bench.request(&specs[0], kind)?,
            mpk: bench.request(&specs[1], kind)?,
        })
    };
    // One after the other: when the host answers depends on what else it does.
    let rows = KINDS.iter().map(row).collect::<Result<_, Failure>>()?;
    Ok(Services { rows })
}

struct Bench {
    plugin: PathBuf,
}

impl Bench {
    fn request(&self, spec: &Spec, kind: &Kind) -> Result<Request, Failure> {
        let [few, many] = REQUESTS.map(|count| self.counts(spec, kind, count));
        let more = many?.cost().without(few?.cost());
        Ok(Request::of(more, REQUESTS[1] - REQUESTS[0]))
    }

    fn counts(&self, spec: &Spec, kind: &Kind, count: u32) -> Result<Counts, Failure> {
        let (is_right, counts) = counted(spec, &self.plugin, |spec| talk(spec, kind, count))?;
        match is_right {
            true => Ok(counts),
            false => Err(wrong(kind, count, spec)),
        }
    }
}

fn wrong(kind: &Kind, count: u32, spec: &Spec) -> Failure {
    let message = format!(
        "the answers to {count} of {} are wrong with isolation {}",
        kind.name, spec.isolation
    );
    let help = format!(
        "`cargo cloister run` the package with `-- {}` and see",
        kind.service
    );
    Failure::new(1, report(message, help))
}

impl Request {
    fn of(cost: Cost, requests: u32) -> Request {
        let each = |count: u64| count as f64 / f64::from(requests);
        Request {
            instructions: each(cost.instructions),
            calls_safe: each(cost.crossings.calls_safe),
            calls_cells: each(cost.crossings.calls_cells),
            core_exits: each(cost.crossings.core_exits),
            wrpkru: each(cost.crossings.wrpkru),
        }
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let (none, mpk) = (self.none, self.mpk);
        vec![
            self.request.clone(),
            rows::number(none.instructions.round()),
            rows::number(mpk.instructions.round()),
            rows::percent(mpk.instructions / none.instructions.max(1.0) - 1.0),
            format!("{:.2}", mpk.calls_safe),
            format!("{:.2}", mpk.calls_cells),
            format!("{:.2}", mpk.core_exits),
            format!("{:.2}", mpk.wrpkru),
        ]
    }
}

impl super::Table for Services {
    fn is_within_limits(&self) -> bool {
        true
    }

    fn measured(&self) -> Vec<Measured> {
        let of = |row: &Row| {
            [("none", row.none), ("mpk", row.mpk)].map(|(isolation, request)| {
                Measured::rough(&[&row.request, isolation], request.instructions)
            })
        };
        self.rows.iter().flat_map(of).collect()
    }
}

impl fmt::Display for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = [
            "a request",
            "none",
            "mpk",
            "counted",
            "calls",
            "drivers",
            "core exits",
            "WRPKRU",
        ];
        f.write_str(&rows::table(&header, 1, self.rows.iter().map(Row::cells)))
    }
}
