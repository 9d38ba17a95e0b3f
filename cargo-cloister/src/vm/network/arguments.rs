//! The guest's network, as QEMU is told.

use std::ffi::OsString;

use domains::network::Setting;

use super::neighbours::Neighbours;
use super::prefixed::Prefixed;
use super::{Backend, Network, Socket, given};
use crate::vm::Machine;
use crate::vm::command::escaped;

/// How many packets each queue of the card holds: as many as a driver's table.
const QUEUE_SIZE: u16 = domains::device::QUEUE_SIZE_MAX;

/// What QEMU is told of a network.
pub(in crate::vm) struct Arguments {
    /// The value of `-netdev`.
    pub(in crate::vm) backend: OsString,
    /// The properties of the card.
    pub(in crate::vm) card: String,
    /// The value of `-object` for what is recorded.
    pub(in crate::vm) capture: Option<OsString>,
}

/// What QEMU is told of `network` on this machine; none if there is none.
pub(in crate::vm) fn arguments(
    network: &Network,
    setting: &Setting,
    machine: Machine,
) -> Option<Arguments> {
    let backend = match &network.backend {
        Backend::None => return None,
        Backend::User => user(network, setting).into(),
        Backend::Tap(tap) => {
            let mut value = OsString::from("tap,id=net,ifname=");
            value.push(escaped(tap.interface.as_ref()));
            value.push(",script=no,downscript=no");
            value
        }
        Backend::Socket(socket) => datagrams(socket),
    };
    Some(Arguments {
        backend,
        card: card(network, machine),
        capture: network.capture.as_ref().map(|file| {
            let mut value = OsString::from("filter-dump,id=capture,netdev=net,file=");
            value.push(escaped(file));
            value
        }),
    })
}

/// Frames by datagrams, one each.
fn datagrams(socket: &Socket) -> OsString {
    let mut value = OsString::from("dgram,id=net");
    for (end, path) in [("local", socket.guest()), ("remote", socket.peer.clone())] {
        value.push(format!(",{end}.type=unix,{end}.path="));
        value.push(escaped(&path));
    }
    value
}

/// QEMU's own network: where everybody is in it, and which ports lead there.
fn user(network: &Network, setting: &Setting) -> String {
    let mut value = "user,id=net".to_owned();
    if let Some((own, router)) = given::v4(setting) {
        let Neighbours { router, server } = Neighbours::of(own, Some(router));
        let (net, address) = (net(own), own.address());
        value.push_str(&format!(
            ",net={net},host={router},dns={server},dhcpstart={address}"
        ));
    }
    if let Some((own, router)) = given::v6(setting) {
        let Neighbours { router, server } = Neighbours::of(own, Some(router));
        let net = net(own);
        value.push_str(&format!(
            ",ipv6-net={net},ipv6-host={router},ipv6-dns={server}"
        ));
    }
    for publish in &network.publish {
        let rule = publish.forward_rule(given::address_v4(setting));
        value.push_str(&format!(",hostfwd={rule}"));
    }
    value
}

fn net(own: Prefixed) -> String {
    format!("{}/{}", own.host(0), own.prefix())
}

/// The card's properties. One pair of queues: what the driver knows.
fn card(network: &Network, machine: Machine) -> String {
    let mut value =
        format!("netdev=net,mq=off,rx_queue_size={QUEUE_SIZE},tx_queue_size={QUEUE_SIZE}");
    if let Some(card) = network.backend.card() {
        let bytes = card.map(|byte| format!("{byte:02x}"));
        value.push_str(&format!(",mac={}", bytes.join(":")));
    }
    if let Some(mtu) = network.mtu {
        value.push_str(&format!(",host_mtu={mtu}"));
    }
    if machine == Machine::Q35 {
        // Nobody boots from it.
        value.push_str(",romfile=");
    }
    value
}

#[cfg(test)]
mod with_qemu;
