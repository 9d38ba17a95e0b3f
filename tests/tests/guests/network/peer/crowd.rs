//! Many strangers at once: connections half open or untaken, and a scan.

use std::collections::HashSet;

use domains::Isolation;
use smoltcp::wire::{ArpOperation, EthernetProtocol};

use super::Frame;
use super::client::{ECHO, WAITING};
use super::lan::Lan;
use super::packet::{ACK, Host, RST, SYN, TCP, arp, frame, segment, segment_of, v4};
use crate::{Verdict, ensure};

/// Half-open connections: more than there are records for.
const HALF_OPEN: usize = 10_000;
/// Those who open them, each from several ports.
const STRANGERS: usize = 100;
/// After so many of them the good connection is used.
const EVERY: usize = 500;
/// Connections that nobody takes: more than a listener of std's has room for.
const UNTAKEN: u16 = 300;
/// Of those, what has to get in at least: the backlog that std asks for.
const BACKLOG: usize = 128;
/// Ports that a scan tries.
const PORTS: std::ops::RangeInclusive<u16> = 1..=u16::MAX;
/// Ports at which somebody is.
const OPEN: [u16; 3] = [1, ECHO, WAITING];

/// The first segment of `stranger`'s, from one port to another.
fn syn(lan: &Lan, stranger: Host, ports: (u16, u16)) -> Frame {
    let sequence = u32::from(ports.0) << 8;
    let segment = segment(ports, sequence, 0, SYN, b"");
    v4(stranger, lan.guest_host(), TCP, &segment)
}

/// One of the strangers.
fn stranger(number: usize) -> Host {
    Host::numbered(100 + (number % STRANGERS) as u8)
}

/// A question for the guest, by which it learns who asks.
fn hello(lan: &Lan, stranger: Host) -> Frame {
    let guest = lan.guest_host();
    let question = arp(ArpOperation::Request, stranger, guest);
    frame(stranger.card, guest.card, EthernetProtocol::Arp, &question)
}

/// Nobody who connects as one does notices the others.
pub(super) fn half_open(mode: Isolation) -> Verdict {
    let mut lan = Lan::serving("half-open", mode)?;
    let good = lan.connect(ECHO)?;
    let hellos: Vec<Frame> = (0..STRANGERS).map(|it| hello(&lan, stranger(it))).collect();
    lan.send(hellos)?;
    for part in (0..HALF_OPEN).collect::<Vec<_>>().chunks(EVERY) {
        let syns = part.iter().map(|number| {
            syn(
                &lan,
                stranger(*number),
                ((1000 + number / STRANGERS) as u16, ECHO),
            )
        });
        let syns: Vec<Frame> = syns.collect();
        lan.send(syns)?;
        lan.exchange(good, b"all the same")?;
        lan.is_served()?;
    }
    let answers = lan.heard.iter().filter_map(|frame| segment_of(frame));
    let answered: HashSet<_> = answers
        .filter(|it| it.flags == SYN | ACK)
        .map(|it| (it.ports.1, it.sequence))
        .collect();
    eprintln!("{} of {HALF_OPEN} had answers", answered.len());
    let most_are = answered.len() > HALF_OPEN / 2;
    ensure(most_are, "answers to most of them", &answered.len())?;
    lan.close(good)?;
    lan.ends_well()
}

/// Connections that nobody takes have a limit, and behind it the next are served.
pub(super) fn untaken(mode: Isolation) -> Verdict {
    let mut lan = Lan::serving("untaken", mode)?;
    let stranger = Host::numbered(100);
    let syns: Vec<Frame> = (0..UNTAKEN)
        .map(|port| syn(&lan, stranger, (2000 + port, WAITING)))
        .collect();
    lan.send(syns)?;
    let mut answered = HashSet::new();
    lan.until("an answer to those for whom there is room", |lan| {
        let heard: Vec<_> = lan.heard.drain(..).collect();
        for segment in heard.iter().filter_map(|frame| segment_of(frame)) {
            if segment.flags == SYN | ACK {
                let answer = acknowledge(lan, stranger, segment);
                lan.wire.send([answer]).ok()?;
                answered.insert(segment.ports.1);
            }
        }
        (answered.len() >= BACKLOG).then_some(())
    })?;
    let taken: usize = lan.ask("take")?.parse()?;
    eprintln!("{} had answers, {taken} were taken", answered.len());
    let is_bounded = (BACKLOG / 2..=UNTAKEN.into()).contains(&taken);
    ensure(is_bounded, "as many as the backlog", &taken)?;
    // Those who are left may be let in now, and a good one is, too.
    let good = lan.connect(WAITING)?;
    let mut said = Vec::new();
    lan.until("the good one's turn", |lan| {
        let _of_others = lan.ask("take");
        lan.read(good, &mut said);
        said.starts_with(b"taken").then_some(())
    })?;
    lan.sockets.remove(good);
    lan.ends_well()
}

/// The last segment of a handshake, for what the guest has answered.
fn acknowledge(lan: &Lan, stranger: Host, answer: super::packet::Segment) -> Frame {
    let ports = (answer.ports.1, answer.ports.0);
    let sequence = (u32::from(ports.0) << 8) + 1;
    let segment = segment(ports, sequence, answer.sequence.wrapping_add(1), ACK, b"");
    v4(stranger, lan.guest_host(), TCP, &segment)
}

/// Whoever tries all ports learns which are open, and that others are not.
pub(super) fn scan(mode: Isolation) -> Verdict {
    let mut lan = Lan::serving("scan", mode)?;
    let stranger = Host::numbered(100);
    let syns: Vec<Frame> = PORTS
        .map(|port| syn(&lan, stranger, (1234, port)))
        .collect();
    lan.send(syns)?;
    lan.is_served()?;
    let of = |lan: &Lan, flags| -> HashSet<u16> {
        let answers = lan.heard.iter().filter_map(|frame| segment_of(frame));
        let answers = answers.filter(|it| it.ports.1 == 1234 && it.flags == flags);
        answers.map(|it| it.ports.0).collect()
    };
    let open = of(&lan, SYN | ACK);
    let closed = of(&lan, RST | ACK);
    eprintln!("{open:?} are open, {} said that they are not", closed.len());
    ensure(open == HashSet::from(OPEN), "what is open", &open)?;
    let is_limited = !closed.is_empty() && OPEN.iter().all(|port| !closed.contains(port));
    ensure(is_limited, "a word of others", &closed.len())?;
    lan.ends_well()
}
