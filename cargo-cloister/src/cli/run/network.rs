//! The network of a run: its options, and what holds without them.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use domains::Cell;
use domains::network::Setting;

use crate::cli::defaults::Defaults;
use crate::cli::failure::Failure;
use crate::cli::run::plan::in_manifest;
use crate::cli::subject::Ready;
use crate::vm::{
    self, Backend, Given, HostName, MTU_LEAST, MTU_MOST, Network, NetworkError, Prefixed,
    Publish,
};

/// How the guest takes part in a network.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Network")]
pub(super) struct NetworkOptions {
    /// Where the guest's network card leads to: `user`, a network that QEMU plays, from which
    /// the program reaches what this machine reaches; `tap:IF`, the interface IF of this
    /// machine; `dgram:PATH`, the UNIX socket of whoever plays the network, a frame in each
    /// datagram; `none`, and it has no card. Tests, runs with --icount and benchmarks have
    /// none, so that all are alike, unless another option of these asks for one; nor has an
    /// image that was built --without net [default: user]
    #[arg(long, value_name = "user|tap:IF|dgram:PATH|none")]
    pub(super) net: Option<Backend>,
    /// Have a port of this machine lead to one of the guest, for user networking; without an
    /// address it is for this machine alone, and 0 as HOST has one chosen
    #[arg(long, value_name = "[IP:]HOST:GUEST[/udp]")]
    pub(super) publish: Vec<Publish>,
    /// The guest's own address, of IPv4 and of IPv6 once each [default: by DHCP, and by what
    /// routers say]
    #[arg(long, value_name = "ADDR/PREFIX")]
    pub(super) ip: Vec<Prefixed>,
    /// The guest's router in the network of its address [default: with --net user the one
    /// that QEMU plays, else none]
    #[arg(long, value_name = "ADDR")]
    pub(super) gateway: Vec<IpAddr>,
    /// A server of names, up to three [default: what DHCP says]
    #[arg(long, value_name = "ADDR")]
    pub(super) dns: Vec<IpAddr>,
    /// What the guest is called, perhaps with its domain [default: as the program]
    #[arg(long, value_name = "NAME[.DOMAIN]")]
    pub(super) hostname: Option<HostName>,
    /// How long a packet may be, if the card is to say so
    #[arg(long, value_name = "BYTES", value_parser = mtu)]
    pub(super) mtu: Option<u16>,
    /// Record what the guest sends and receives, for wireshark or tcpdump
    #[arg(long, value_name = "FILE")]
    pub(super) pcap: Option<PathBuf>,
}

/// How alike runs are to be where nobody asks for a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Occasion {
    /// A program is used.
    #[default]
    Use,
    /// It is counted or tested: the host is to have no part in it.
    Measured,
}

/// What the command line and the package want of the network.
struct Wishes {
    net: Option<Backend>,
    network: Network,
    given: Given,
}

impl NetworkOptions {
    /// Makes every choice: the network, and what the guest is told of it.
    pub(super) fn plan(
        &self,
        ready: &Ready,
        occasion: Occasion,
    ) -> Result<(Network, Setting), Failure> {
        let wishes = self.wishes(&ready.defaults, &ready.program)?;
        let asked = wishes.first();
        let has_cells = [Cell::Nic, Cell::Net]
            .iter()
            .all(|cell| ready.cells.has(*cell));
        let backend = match (&wishes.net, asked) {
            (Some(net), _) => net.clone(),
            (None, Some(_)) => Backend::User,
            (None, None) if occasion == Occasion::Use && has_cells => Backend::User,
            (None, None) => Backend::None,
        };
        match (&backend, asked) {
            (Backend::None, Some(option)) => {
                return Err(refused(NetworkError::NoNetwork(option)));
            }
            (Backend::None, None) => {}
            (_, option) if !has_cells => {
                return Err(refused(NetworkError::LeftOut(option.unwrap_or("--net"))));
            }
            _ => {}
        }
        let setting = wishes.given.setting(&backend).map_err(refused)?;
        let chosen = wishes.network.publish.iter().map(|publish| {
            let chosen = publish.chosen();
            chosen.map_err(|error| refused(publish.refused(error)))
        });
        let network = Network {
            publish: chosen.collect::<Result<_, _>>()?,
            backend,
            ..wishes.network
        };
        network.check_choices().map_err(refused)?;
        Ok((network, setting))
    }

    /// Finds out before a build what cannot be, as far as the package has no say in it.
    pub(super) fn look_ahead(&self) -> Result<(), Failure> {
        let wishes = self.wishes(&Defaults::default(), "")?;
        let network = match (&wishes.net, wishes.first()) {
            (Some(Backend::None), Some(option)) => {
                return Err(refused(NetworkError::NoNetwork(option)));
            }
            (Some(net), _) => Network {
                backend: net.clone(),
                ..wishes.network
            },
            (None, _) => Network {
                backend: Backend::User,
                mtu: None,
                ..wishes.network
            },
        };
        network.check().map_err(refused)
    }

    /// The command line's wishes, and where it has none the package's.
    fn wishes(&self, defaults: &Defaults, program: &str) -> Result<Wishes, Failure> {
        let own = defaults;
        let hostname = or(&self.hostname, own.hostname.as_deref(), "hostname")?;
        Ok(Wishes {
            net: or(&self.net, own.net.as_deref(), "net")?,
            network: Network {
                backend: Backend::None,
                publish: all_or(&self.publish, &own.publish, "publish")?,
                capture: self.pcap.clone(),
                mtu: match (self.mtu, own.mtu) {
                    (None, Some(bytes)) => {
                        Some(mtu(&bytes.to_string()).map_err(in_manifest("mtu"))?)
                    }
                    (given, _) => given,
                },
            },
            given: Given {
                addresses: all_or(&self.ip, &own.ip, "ip")?,
                routers: all_or(&self.gateway, &own.gateway, "gateway")?,
                servers: all_or(&self.dns, &own.dns, "dns")?,
                host: hostname.unwrap_or_else(|| HostName::of_program(program)),
            },
        })
    }
}

impl Wishes {
    /// The first of the options that make sense with a network only.
    fn first(&self) -> Option<&'static str> {
        let (network, given) = (&self.network, &self.given);
        let options = [
            ("--publish", !network.publish.is_empty()),
            ("--ip", !given.addresses.is_empty()),
            ("--gateway", !given.routers.is_empty()),
            ("--dns", !given.servers.is_empty()),
            ("--pcap", network.capture.is_some()),
            ("--mtu", network.mtu.is_some()),
        ];
        let given = options.into_iter().find(|(_, is_given)| *is_given);
        given.map(|(option, _)| option)
    }
}

fn refused(error: NetworkError) -> Failure {
    vm::Error::from(error).into()
}

/// What the command line says, or the package by this key.
fn or<T>(given: &Option<T>, own: Option<&str>, key: &str) -> Result<Option<T>, Failure>
where
    T: Clone + std::str::FromStr<Err: std::fmt::Display>,
{
    match (given, own) {
        (None, Some(text)) => text.parse().map(Some).map_err(in_manifest(key)),
        (given, _) => Ok(given.clone()),
    }
}

/// The same for what can be said several times.
fn all_or<T>(given: &[T], own: &[String], key: &str) -> Result<Vec<T>, Failure>
where
    T: Clone + std::str::FromStr<Err: std::fmt::Display>,
{
    match given {
        [] => {
            let parsed = own.iter().map(|text| text.parse());
            parsed.collect::<Result<_, _>>().map_err(in_manifest(key))
        }
        given => Ok(given.to_vec()),
    }
}

/// How long a packet may be.
fn mtu(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(bytes) if (MTU_LEAST..=MTU_MOST).contains(&bytes) => Ok(bytes),
        _ => Err(format!(
            "not a number of bytes from {MTU_LEAST} to {MTU_MOST}"
        )),
    }
}

#[cfg(test)]
mod tests;
