//! Linux's own stack at the other end of a tap, in a network of the trial's own.
//!
//! A tap passes checksums and segments that are not made yet, which QEMU's user network
//! does not. What went over the card is read from the recording. Where this machine
//! makes no network for a trial, or has no means to spoil a link, the trial says so and
//! counts as ignored.

mod namespace;
mod recording;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use domains::Isolation;
use libtest_mimic::{Completion, Failed, Trial};
use serde_json::Value;

use self::namespace::Namespace;
use self::recording::Recording;
use super::programs::{provided, with_input};
use super::served::Served;
use crate::images::{TOOL, image};
use crate::{Verdict, ensure, long, where_allowed};

const HOST: &str = "192.168.7.1/24";
const GUEST: &str = "192.168.7.2/24";
const GUEST_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 7, 2);
/// Where bytes are said back, and where as many are to be had as one likes.
const ECHO: u16 = 7;
const BULK: u16 = 9;
/// The most that a guest may run, in seconds of the host: a bad link is slow.
const TIME_LIMIT: &str = "900";
/// Bytes each way.
const SIZE: usize = 16 << 20;
/// What `tc` does to packets of a link that nobody wants.
const BAD: &str = "netem loss 2% delay 5ms reorder 10% duplicate 1% corrupt 0.5%";
/// Which packets a firewall loses: so many of all.
const LOST: &str = "-m statistic --mode random --probability 0.01 -j DROP";

/// A link to the guest.
#[derive(Clone, Copy, Debug)]
struct Link {
    name: &'static str,
    /// The longest packet.
    mtu: usize,
    /// The commands that spoil it, behind those that make it.
    spoil: fn() -> Result<String, Failed>,
}

const GOOD: Link = Link {
    name: "good",
    mtu: 1500,
    spoil: || Ok(String::new()),
};
const LONG_PACKETS: Link = Link {
    name: "long-packets",
    mtu: 9000,
    ..GOOD
};
const LOSSY: Link = Link {
    name: "lossy",
    spoil: lose,
    ..GOOD
};
const SPOILED: Link = Link {
    name: "spoiled",
    spoil,
    ..GOOD
};

pub(super) fn trials() -> Vec<Trial> {
    let of_mode = |mode: Isolation| {
        let trial = |what: &str, body: fn(Isolation) -> Result<Completion, Failed>| {
            let name = format!("network::{mode}::tap_{what}");
            long(where_allowed(name, move || body(mode)))
        };
        [
            trial("carries_every_byte_in_large_segments", |mode| {
                on(GOOD, mode, cut_by_the_card)
            }),
            trial("carries_every_byte_in_long_packets", |mode| {
                on(LONG_PACKETS, mode, cut_by_the_card)
            }),
            trial("carries_every_byte_where_packets_are_lost", |mode| {
                on(LOSSY, mode, |_| Ok(()))
            }),
            trial("carries_every_byte_over_a_bad_link", |mode| {
                on(SPOILED, mode, |_| Ok(()))
            }),
        ]
    };
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

/// Has bytes go both ways over `link`, and looks at what went over the card.
fn on(
    link: Link,
    mode: Isolation,
    look: fn(&Recording) -> Verdict,
) -> Result<Completion, Failed> {
    let namespace = match Namespace::new(&script(&link)?)? {
        Ok(namespace) => namespace,
        Err(why) => {
            return Ok(Completion::ignored_with(format!(
                "this machine has no such link for a trial: {why}"
            )));
        }
    };
    let file = TOOL.scratch_file(&format!("{}-{mode}.pcap", link.name));
    let served = served(&namespace, &link, mode, &file)?;
    said_back(&namespace)?;
    given(&namespace)?;
    served.end_well()?;
    let recording = Recording::read(&file, GUEST_ADDRESS)?;
    println!("{}: {recording:?}", link.name);
    look(&recording)?;
    Ok(Completion::Completed)
}

/// What makes the link.
fn script(link: &Link) -> Result<String, Failed> {
    let (ip, mtu) = (provided("ip")?.display().to_string(), link.mtu);
    let script = format!(
        "{ip} link set lo up && {ip} tuntap add dev tap0 mode tap && \
         {ip} address add {HOST} dev tap0 && {ip} link set tap0 mtu {mtu} up"
    );
    Ok(script + &(link.spoil)()?)
}

/// Loses packets either way.
fn lose() -> Result<String, Failed> {
    let iptables = provided("iptables")?.display().to_string();
    Ok(format!(
        " && {iptables} -A INPUT {LOST} && {iptables} -t mangle -A POSTROUTING {LOST}"
    ))
}

/// Loses, delays, doubles, reorders and spoils packets either way. What comes from the
/// guest is spoiled behind a device of its own.
fn spoil() -> Result<String, Failed> {
    let [ip, tc] = [provided("ip")?, provided("tc")?].map(|it| it.display().to_string());
    Ok(format!(
        " && {tc} qdisc add dev tap0 root {BAD} && {ip} link add ifb0 type ifb && \
         {ip} link set ifb0 up && {tc} qdisc add dev ifb0 root {BAD} && \
         {tc} qdisc add dev tap0 handle ffff: ingress && \
         {tc} filter add dev tap0 parent ffff: protocol all u32 match u32 0 0 \
         action mirred egress redirect dev ifb0"
    ))
}

/// A guest at the other end of the tap.
fn served(
    namespace: &Namespace,
    link: &Link,
    mode: Isolation,
    file: &PathBuf,
) -> Result<Served, Failed> {
    let image = image("eval/network", mode);
    let mut command = TOOL.command_behind(&namespace.prefix(), ["run"]);
    command
        .arg(image)
        .args(["--output", "json", "--timeout", TIME_LIMIT]);
    command
        .args(["--net", "tap:tap0", "--ip", GUEST, "--pcap"])
        .arg(file);
    if link.mtu > 1500 {
        command.args(["--mtu", &link.mtu.to_string()]);
    }
    let services = [format!("echo:{ECHO}"), format!("bulk:{BULK}")];
    command.arg("--").args(&services);
    let place = |event: &Value| {
        let is_it = event["event"] == "listening" && event["port"] == BULK;
        is_it.then_some(SocketAddr::from((GUEST_ADDRESS, BULK)))
    };
    Served::until(command, place)
}

/// What `nc` hears at this port for `input`, when it closes its half behind that.
fn heard(namespace: &Namespace, port: u16, input: Vec<u8>) -> Result<Vec<u8>, Failed> {
    let mut nc = namespace.command("nc")?;
    nc.args(["-N", &GUEST_ADDRESS.to_string(), &port.to_string()]);
    Ok(with_input(&mut nc, input)?.stdout)
}

/// Bytes go both ways at once.
fn said_back(namespace: &Namespace) -> Verdict {
    let bytes = bytes();
    let heard = heard(namespace, ECHO, bytes.clone())?;
    ensure(heard == bytes, "what was said", &heard.len())
}

/// Bytes go one way, and then the other.
fn given(namespace: &Namespace) -> Verdict {
    let bytes = bytes();
    let sum: u64 = bytes.iter().copied().map(u64::from).sum();
    let numbers = [SIZE as u64, SIZE as u64].map(u64::to_le_bytes).concat();
    let heard = heard(namespace, BULK, [numbers, bytes].concat())?;
    let given = (0..SIZE).map(|place| place as u8);
    let is_whole =
        heard.starts_with(&sum.to_le_bytes()) && heard[8..].iter().copied().eq(given);
    ensure(is_whole, "every byte", &heard.len())
}

/// Bytes that tell where they belong.
fn bytes() -> Vec<u8> {
    let byte = |place: u32| (place.wrapping_mul(0x9e37_79b9) >> 24) as u8;
    (0..SIZE as u32).map(byte).collect()
}

/// More left the guest at once than one packet has, and more came than one buffer holds.
fn cut_by_the_card(recording: &Recording) -> Verdict {
    let largest = recording.largest_sent.min(recording.largest_came);
    ensure(
        largest > 9000,
        "segments that the card cuts and joins",
        recording,
    )
}
