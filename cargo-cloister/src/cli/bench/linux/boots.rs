//! A guest measured over several boots.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::{self, Connection, Spent};
use super::guest::{Guest, Service, System, Way};
use super::kinds::Kind;
use super::series::Series;
use super::spread::Spread;
use crate::outlet::tell;

/// What a guest needed for what it was asked.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Measurements {
    pub(super) guest: String,
    /// Of a Linux.
    pub(super) mitigations: Option<String>,
    pub(super) series: Vec<Row>,
    /// Instructions from the kernel's first to the first answer.
    pub(super) boot: Spread,
    /// The least memory in KiB in which it serves pages, if it was looked for.
    pub(super) least_kib: Option<u64>,
}

/// What a request of a series needed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Row {
    pub(super) request: String,
    pub(super) connections: u32,
    /// How many of them were used.
    pub(super) used: u32,
    /// At how many of them something was under way at a time.
    pub(super) at_once: u32,
    /// Whether there was a pause of a millisecond before each.
    pub(super) pauses: bool,
    /// How many there were in each boot.
    pub(super) requests: u32,
    pub(super) instructions: Spread,
    /// How often the guest idled.
    pub(super) halts: Spread,
    /// Of ours, crossings into the safe kernel and into cells.
    pub(super) calls_safe: Spread,
    pub(super) calls_cells: Spread,
}

/// What one boot gave: of each series, if it went well.
struct Boot {
    instructions: u64,
    spent: Vec<Option<Spent>>,
}

/// Boots it so often, and measures each series in each boot. Of one that went wrong it
/// is told why, and the others go on.
pub(super) fn measure(
    (name, system): &(String, System),
    all: &[Series],
    way: &Way,
    boots: u32,
    say: &dyn Fn(&str),
) -> Result<Measurements, String> {
    let mut found = Vec::new();
    for boot in 1..=boots {
        let say = |what: &str| say(&format!("{name}, boot {boot} of {boots}: {what}"));
        found.push(once(system, all, way, &say)?);
    }
    // A figure is one only if every boot gave it.
    let rows = all.iter().enumerate().filter_map(|(index, series)| {
        let spent = found.iter().map(|it| it.spent.get(index)?.as_ref());
        Row::of(series, &spent.collect::<Option<Vec<&Spent>>>()?)
    });
    let boot = Spread::of(found.iter().map(|it| it.instructions as f64));
    Ok(Measurements {
        guest: name.clone(),
        mitigations: match system {
            System::Linux(theirs) => Some(theirs.mitigations().name().to_owned()),
            System::Ours(_) => None,
        },
        series: rows.collect(),
        boot: boot.ok_or("there was no boot")?,
        least_kib: None,
    })
}

fn once(
    system: &System,
    all: &[Series],
    way: &Way,
    say: &dyn Fn(&str),
) -> Result<Boot, String> {
    say("booting");
    let mut guest = system.boot(&Way {
        services: &[Service::Echo, Service::Http, Service::Kv],
        ..way.clone()
    })?;
    let instructions = first_answer(&mut guest)?;
    let mut spent = Vec::new();
    for series in all {
        say(&series.to_string());
        let address = guest.address(series.kind.service())?;
        let result = client::drive(address, series, guest.meter()?);
        if let Err(why) = &result {
            tell(format_args!("no figure for {series}: {why}"));
        }
        spent.push(result.ok());
        // Connections that were closed go away before others come.
        std::thread::sleep(SETTLE);
    }
    if let Err(why) = guest.end() {
        tell(format_args!("it did not end well: {why}"));
    }
    Ok(Boot {
        instructions,
        spent,
    })
}

/// How long nothing is asked between two series.
const SETTLE: Duration = Duration::from_millis(50);

/// Instructions from the kernel's first to the first answer.
fn first_answer(guest: &mut Guest) -> Result<u64, String> {
    let address = guest.address(Service::Http)?;
    let first = Connection::open(address, Kind::Http);
    let reading = guest.meter()?.read();
    first.map_err(|why| format!("the first request: {why}"))?;
    let reading = reading.map_err(|why| format!("the plugin: {why}"))?;
    Ok(reading.since_entry())
}

impl Row {
    fn of(series: &Series, spent: &[&Spent]) -> Option<Row> {
        let requests = series.requests();
        let each = |count: fn(&super::meter::Reading) -> u64| {
            let of = move |it: &&Spent| {
                let more = count(&it.after).saturating_sub(count(&it.before));
                more as f64 / f64::from(requests)
            };
            Spread::of(spent.iter().map(of))
        };
        Some(Row {
            request: series.kind.name(),
            connections: series.connections,
            used: series.used,
            at_once: series.drivers,
            pauses: series.pauses,
            requests,
            instructions: each(|it| it.instructions())?,
            halts: each(|it| it.halts)?,
            calls_safe: each(|it| it.calls_safe)?,
            calls_cells: each(|it| it.calls_cells)?,
        })
    }

    /// Whether it is the row of this series.
    pub(super) fn is_of(&self, series: &Series) -> bool {
        self.request == series.kind.name()
            && self.connections == series.connections
            && self.used == series.used
            && self.at_once == series.drivers
            && self.pauses == series.pauses
    }
}
