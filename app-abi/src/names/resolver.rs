//! Where names are looked up: a file, what is known still, servers.
//!
//! The file comes first, and what it says of a name is all that is told. What can go
//! wrong is told by the codes of `getaddrinfo`, as they are elsewhere: that there is no
//! such name, that it has no such addresses, that nobody could be asked now, or that those who
//! were asked will not answer.

use arrayvec::ArrayVec;
use domains::network::Setting;
use hermit_abi::{EAI_AGAIN, EAI_FAIL, EAI_NODATA, EAI_NONAME};

use super::cache::Shared;
use super::dns::{Failure, Kind, Known};
use super::families::{Addresses, Families, add};
use super::host::Host;
use super::settings::Settings;
use super::system::System;
use super::{hosts, order, search, servers};

const SECOND: u64 = 1_000_000_000;
/// How long is waited for a network that is still being set up.
const NETWORK_LIMIT: u64 = 10 * SECOND;
/// How long a name is looked for at most, whatever the settings say.
const LIMIT: u64 = 60 * SECOND;

/// The addresses of a name, in the order in which they should be tried.
///
/// # Errors
///
/// One of the EAI codes.
pub(super) fn look_up<S: System>(
    system: &S,
    cache: &Shared,
    name: &str,
    wanted: Families,
) -> Result<Addresses, i32> {
    let (name, is_whole) = match name.strip_suffix('.') {
        Some(name) => (name, true),
        None => (name, false),
    };
    if !name.is_ascii() || name.is_empty() {
        return Err(EAI_NONAME);
    }
    let mut found = in_file(system, name, wanted);
    if found.is_empty() {
        let host = Host::new(name).ok_or(EAI_NONAME)?;
        found = in_network(system, cache, (&host, is_whole), wanted)?;
    }
    if found.len() > 1 {
        order::sort(&mut found, &system.setting(0).unwrap_or_default());
    }
    Ok(found)
}

fn in_file<S: System>(system: &S, name: &str, wanted: Families) -> Addresses {
    let file = system.file(c"/etc/hosts").unwrap_or_default();
    hosts::look_up(&file, name, wanted)
}

fn in_network<S: System>(
    system: &S,
    cache: &Shared,
    (host, is_whole): (&Host, bool),
    wanted: Families,
) -> Result<Addresses, i32> {
    let network = network(system)?;
    let file = system.file(c"/etc/resolv.conf");
    let settings = Settings::new(file.as_deref(), &network);
    let look_up = Looking {
        system,
        cache,
        settings: &settings,
        wanted,
        deadline: system.now().saturating_add(LIMIT),
    };
    let mut worst = EAI_NONAME;
    for name in search::names(host, is_whole, &settings) {
        match look_up.host(&name) {
            Ok(found) => return Ok(found),
            Err(Miss::NoName) => (),
            Err(Miss::NoData) => worst = EAI_NODATA,
            Err(Miss::Failure(Failure::Failed)) if worst == EAI_NONAME => worst = EAI_AGAIN,
            Err(Miss::Failure(Failure::Failed)) => (),
            Err(Miss::Failure(Failure::Silent)) => return Err(EAI_AGAIN),
            Err(Miss::Failure(Failure::Refused)) => return Err(EAI_FAIL),
        }
    }
    Err(worst)
}

/// The network, waited for if it is of no use yet.
fn network<S: System>(system: &S) -> Result<Setting, i32> {
    let is_of_use = |network: &Setting| {
        let has_address = network.address_v4 != [0; 4] || network.address_v6 != [0; 16];
        has_address && network.servers.iter().any(|server| *server != [0; 16])
    };
    let now = system.setting(0).map_err(|_| EAI_AGAIN)?;
    if is_of_use(&now) {
        return Ok(now);
    }
    system.setting(NETWORK_LIMIT).map_err(|_| EAI_AGAIN)
}

/// Why there is no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Miss {
    NoName,
    NoData,
    Failure(Failure),
}

/// How a host is looked up.
struct Looking<'a, S> {
    system: &'a S,
    cache: &'a Shared,
    settings: &'a Settings,
    wanted: Families,
    deadline: u64,
}

impl<S: System> Looking<'_, S> {
    /// The addresses of one host, of all kinds that are wanted.
    fn host(&self, host: &Host) -> Result<Addresses, Miss> {
        let (mut all, mut missing) = (ArrayVec::<_, 2>::new(), ArrayVec::<_, 2>::new());
        for kind in Kind::ALL {
            if !kind.is_of(self.wanted) {
                continue;
            }
            match self.cache.lock().find(host, kind, self.system.now()) {
                Some(known) => all.push(Ok(known)),
                None => missing.push(kind),
            }
        }
        if !missing.is_empty() {
            all.extend(self.ask(host, &missing));
        }
        together(&all)
    }

    /// Asks servers, and keeps what they say.
    fn ask(&self, host: &Host, kinds: &[Kind]) -> ArrayVec<Result<Known, Failure>, 2> {
        let about = (host, kinds);
        let outcomes = servers::ask(self.system, self.settings, about, self.deadline);
        let outcomes = outcomes.into_iter().map(|(kind, outcome)| {
            let answer = outcome?;
            let now = self.system.now();
            self.cache.lock().keep(host, kind, &answer, now);
            Ok(answer.known)
        });
        outcomes.collect()
    }
}

/// What all that is known of a host comes to.
fn together(all: &[Result<Known, Failure>]) -> Result<Addresses, Miss> {
    let mut addresses = Addresses::new();
    let mut miss = None;
    for known in all {
        match known {
            Ok(Known::Addresses(found)) => {
                found
                    .iter()
                    .for_each(|address| add(&mut addresses, *address));
            }
            Ok(Known::NoName) => miss = Some(Miss::NoName),
            Ok(Known::NoData) => miss = miss.or(Some(Miss::NoData)),
            Err(failure) => match miss {
                Some(Miss::NoName) => (),
                _ => miss = Some(Miss::Failure(*failure)),
            },
        }
    }
    if addresses.is_empty() {
        return Err(miss.unwrap_or(Miss::Failure(Failure::Silent)));
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests;
