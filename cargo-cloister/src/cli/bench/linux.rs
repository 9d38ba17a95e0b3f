//! A Linux in the same QEMU as a yardstick: what a request costs here and there.
//!
//! Both run the same servers, both are asked by the same client, and of both the
//! same plugin counts, between two moments while they run. Time is the host's, not
//! counted in instructions: a guest that waits halts as it does anywhere, and how
//! often it does is the host's choice, so that stands beside each figure.

mod archive;
mod boots;
mod bulk;
mod client;
mod guest;
mod kernel;
mod kinds;
mod limits;
mod memory;
mod meter;
mod ours;
mod place;
mod series;
mod spread;
mod theirs;
mod yardstick;

use std::time::Duration;

use clap::Args;
use domains::Isolation;

use super::How;
use super::Set;
use super::all::made_with;
use super::program::{Benchmark, Kernels, counter};
use crate::build;
use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::outlet::tell;
use guest::{System, Way};
use place::Place;
use theirs::{Mitigations, Theirs};
use yardstick::{About, LINUX, LINUX_OFF, MPK, NONE};
pub(super) use yardstick::{Column, Yardstick};

/// Flags of this table.
#[derive(Args, Debug)]
pub(super) struct Flags {
    #[command(flatten)]
    how: How,
    /// One connection and one boot: neither memory nor bulk
    #[arg(long, conflicts_with = "adopt")]
    quick: bool,
    /// These guests alone, as in `linux` or `none,mpk`
    #[arg(long, value_name = "GUESTS", value_delimiter = ',')]
    only: Vec<Only>,
    /// Send bulk over this interface, too, which must have the address 10.0.2.2/24
    #[arg(long, value_name = "INTERFACE")]
    tap: Option<String>,
    /// Make what is found the committed figures: with documents. Those of guests that
    /// are not measured stay
    #[arg(long)]
    adopt: bool,
}

/// A guest that somebody is interested in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Only {
    Linux,
    None,
    Mpk,
}

/// A guest by its name.
type Named = (String, System);

impl Flags {
    /// Prints what there is to be had here; the status.
    pub(super) fn run(&self) -> Result<u8, Failure> {
        let place = self.adopt.then(Place::find).transpose()?;
        let found = self.measure()?;
        let status = self.how.print(&found)?;
        if let Some(place) = place {
            place.adopt(found)?;
        }
        Ok(status)
    }

    fn measure(&self) -> Result<Yardstick, Failure> {
        let progress = Progress::start(false);
        let say = |what: &str| progress.say(what);
        place::allow_many_connections();
        let (linux, mut systems) = self.linux(&say)?;
        systems.extend(self.ours()?);
        let way = Way {
            services: &[],
            memory: "256M".parse().expect("a size of memory"),
            plugin: Some(counter()?),
            tap: None,
            patience: Duration::from_secs(self.how.timeout(Set::Full)),
        };
        let boots = if self.quick { 1 } else { 3 };
        let (serving, guests) = self.requests(systems, &way, boots, &say);
        let mut found = Yardstick {
            made_with: made_with()?,
            linux,
            boots,
            guests,
            bulk: Vec::new(),
        };
        if !self.quick {
            self.machines(&mut found, &serving, &way, &say);
        }
        Ok(found)
    }

    /// Instructions of requests, of each guest that serves, and those guests. Of one
    /// that does not, it is told why.
    fn requests(
        &self,
        systems: Vec<Named>,
        way: &Way,
        boots: u32,
        say: &dyn Fn(&str),
    ) -> (Vec<Named>, Vec<boots::Measurements>) {
        let all = series::all(self.quick);
        let (mut serving, mut guests) = (Vec::new(), Vec::new());
        for named in systems {
            match boots::measure(&named, &all, way, boots, say) {
                Ok(measurements) => {
                    guests.push(measurements);
                    serving.push(named);
                }
                Err(why) => tell(format_args!("{} is not measured: {why}", named.0)),
            }
        }
        (serving, guests)
    }

    /// The least memory and the speed of bulk, of guests that serve.
    fn machines(
        &self,
        found: &mut Yardstick,
        serving: &[Named],
        way: &Way,
        say: &dyn Fn(&str),
    ) {
        for ((name, system), guest) in serving.iter().zip(&mut found.guests) {
            say(&format!("{name}: the least memory"));
            guest.least_kib = memory::least_kib(system, way);
        }
        say("bulk over QEMU's network");
        found.bulk = bulk::measure(serving, way, found.boots);
        if let Some(tap) = &self.tap {
            say("bulk over the tap");
            let way = Way {
                tap: Some(tap.clone()),
                ..way.clone()
            };
            found.bulk.extend(bulk::measure(serving, &way, found.boots));
        }
    }

    /// The Linux, with mitigations and without; none where no kernel is to be had,
    /// which is told.
    fn linux(&self, say: &dyn Fn(&str)) -> Result<(Option<About>, Vec<Named>), Failure> {
        if !self.wants(Only::Linux) {
            return Ok((None, Vec::new()));
        }
        let kernel = match kernel::find(say) {
            Ok(kernel) => kernel,
            Err(why) => {
                tell(format_args!("no Linux to compare with: {why}"));
                return Ok((None, Vec::new()));
            }
        };
        let programs = build::linux_programs(say).map_err(Failure::build)?;
        let about = About {
            kernel: kernel.package.clone(),
            programs: programs.target.to_owned(),
        };
        let kinds = [(LINUX, Mitigations::Default), (LINUX_OFF, Mitigations::Off)];
        let system = |(name, mitigations): (&str, Mitigations)| {
            let theirs = Theirs::new(&kernel, &programs, mitigations);
            let theirs = theirs.map_err(|why| place::unwritten(&why))?;
            Ok((name.to_owned(), System::Linux(theirs)))
        };
        let wanted = kinds.into_iter().take(if self.quick { 1 } else { 2 });
        let systems = wanted.map(system).collect::<Result<_, Failure>>()?;
        Ok((Some(about), systems))
    }

    /// Ours, without walls and with.
    fn ours(&self) -> Result<Vec<Named>, Failure> {
        let benchmark = Benchmark::find(None, "network", Kernels::Plain)?;
        let kinds = [
            (NONE, Isolation::None, Only::None),
            (MPK, Isolation::Mpk, Only::Mpk),
        ];
        let wanted = kinds.into_iter().filter(|(.., only)| self.wants(*only));
        let built = wanted.map(|(name, isolation, _)| {
            let spec = benchmark.build(isolation, self.how.timeout(Set::Full))?;
            Ok((name.to_owned(), System::Ours(Box::new(spec))))
        });
        built.collect()
    }

    fn wants(&self, guest: Only) -> bool {
        self.only.is_empty() || self.only.contains(&guest)
    }
}
