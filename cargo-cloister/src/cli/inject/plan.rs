//! Which faults a campaign has, whatever the image.

use super::fault::{self, Choice, Kind};
use super::record::Campaign;
use super::side::Side;
use crate::cli::failure::Failure;

/// A domain that executes fewer instructions is not one that a program uses.
const USED: u64 = 1000;

/// Which faults there are, whatever the image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Plan {
    seed: u64,
    pub(super) domains: Vec<String>,
    kinds: Vec<Kind>,
}

impl Plan {
    /// About these domains, or all that the program uses on some side.
    pub(super) fn of(
        sides: &[Side],
        wanted: &[String],
        kinds: &[Kind],
        seed: u64,
    ) -> Result<Plan, Failure> {
        let known: Vec<&str> = sides
            .first()
            .map(|side| side.trial.places.domains())
            .unwrap_or_default();
        for domain in wanted {
            if !known.contains(&domain.as_str()) {
                let message = format!("the image has no domain `{domain}`");
                return Err(Failure::usage(
                    message,
                    format!("it has {}", known.join(", ")),
                ));
            }
        }
        let is_used = |domain: &&str| {
            let counts = sides.iter().filter_map(|side| side.counts.get(*domain));
            *domain != "safe" && counts.max().is_some_and(|count| *count >= USED)
        };
        let domains: Vec<String> = match wanted {
            [] => known
                .into_iter()
                .filter(is_used)
                .map(str::to_owned)
                .collect(),
            wanted => wanted.to_vec(),
        };
        if domains.is_empty() {
            let message = format!("no domain executes {USED} instructions or more");
            return Err(Failure::usage(message, "choose some with `--domain`"));
        }
        Ok(Plan {
            seed,
            domains,
            kinds: kinds.to_vec(),
        })
    }

    /// The domains that have faults, in turn.
    pub(super) fn domains(&self) -> &[String] {
        &self.domains
    }

    pub(super) fn choose(&self, run: u64) -> Choice {
        fault::choose(self.seed, run, self.domains.len(), &self.kinds)
    }

    /// What is kept of it, but for what the command line says.
    pub(super) fn campaign(&self, sides: &[Side]) -> Campaign {
        let by_isolation = |side: &Side| side.isolation.name().to_owned();
        let instructions = sides.iter();
        Campaign {
            program: sides
                .first()
                .map_or_else(String::new, |it| it.program.clone()),
            arguments: Vec::new(),
            client: None,
            ignored: Vec::new(),
            seed: self.seed,
            domains: self.domains.clone(),
            kinds: self.kinds.clone(),
            instructions: instructions
                .map(|side| (by_isolation(side), side.counts.clone()))
                .collect(),
            builds: sides
                .iter()
                .map(|side| (by_isolation(side), side.build_id.clone()))
                .collect(),
        }
    }
}
