//! Sockets for hostile calls: none of them waits, and some are connected.
//!
//! A call that may wait as asked would not come back, so a socket that the fuzz opens
//! has a limit for both directions, which those that it accepts have from it.

use domains::network::{Name, option};
use gate::safe::{self, receive_flags};
use hermit_abi::{AF_INET, AF_INET6, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM};

use super::places::Places;
use super::probes::{Follows, Probe};
use super::random::Random;

/// The entries, by number.
pub(super) const SOCKET: u64 = 44;
const BIND: u64 = 45;
const ACCEPT: u64 = 47;
const CONNECT: u64 = 48;
const RECEIVE: u64 = 49;
const SEND: u64 = 50;
const SOCKET_NAME: u64 = 52;
const OPTION: u64 = 53;
const SET_OPTION: u64 = 54;
pub(super) const ALL: std::ops::RangeInclusive<u64> = SOCKET..=55;

/// How long a call may wait, in nanoseconds.
const LIMIT: u64 = 1_000_000;
/// Ports that sockets of the fuzz meet at.
const PORTS: u64 = 4;
const FIRST_PORT: u16 = 7000;

/// Makes words right, or nearly: of a socket that there may be, with a name that may be
/// its own.
pub(super) fn aim(slot: u64, words: &mut [u64; 5], places: &Places, random: &mut Random) {
    if slot == SOCKET {
        words[0] = random.pick(&[AF_INET, AF_INET6, 77]) as u64;
        words[1] = (random.pick(&[SOCK_STREAM, SOCK_DGRAM, 5]) | SOCK_NONBLOCK) as u64;
        return;
    }
    if random.below(4) > 0 {
        words[0] = 3 + random.below(40);
    }
    let name = match slot {
        BIND | ACCEPT | CONNECT => 1,
        RECEIVE | SEND => 4,
        SOCKET_NAME => 2,
        SET_OPTION => 3,
        _ => 0,
    };
    if name > 0 && random.below(2) == 0 {
        words[name] = valid_name(places, random) as u64;
    }
    if matches!(slot, OPTION | SET_OPTION) && random.below(4) > 0 {
        words[1] = random.below(20);
    }
    if slot == SET_OPTION {
        keep_limits(words);
    }
}

/// What waits must come to an end: with any value that is short.
fn keep_limits(words: &mut [u64; 5]) {
    match words[1] as u32 {
        option::RECEIVE_TIMEOUT | option::SEND_TIMEOUT => {
            words[2] = words[2] % LIMIT + 1;
        }
        option::LINGER => words[2] %= 2,
        _ => {}
    }
}

/// Whatever was opened does not wait.
pub(super) fn limit(slot: u64, answer: i64) {
    if slot != SOCKET || answer < 0 {
        return;
    }
    for option in [option::RECEIVE_TIMEOUT, option::SEND_TIMEOUT] {
        // SAFETY: the call takes no address.
        unsafe { safe::set_option(answer as i32, option, LIMIT, 0) };
    }
}

/// A name by which sockets of the fuzz may meet; its address.
fn valid_name(places: &Places, random: &mut Random) -> usize {
    let port = FIRST_PORT + random.below(PORTS) as u16;
    let name = match random.below(4) {
        0 => Name::v6(1_u128.to_be_bytes(), port),
        1 => Name::v4([0; 4], port),
        2 => Name::v4([10, 0, 2, 2], port),
        _ => Name::v4([127, 0, 0, 1], port),
    };
    let address = places.valid(random, Name::SIZE, 8);
    let place: *mut Name = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the arena is this thread's, aligned, and used for nothing else.
    unsafe { place.write(name) };
    address
}

/// A probe that calls an entry with the pointer `$pointer`.
macro_rules! probe {
    ($name:literal, $follows:ident, |$pointer:ident| $call:expr) => {{
        unsafe fn call($pointer: usize) -> i64 {
            // SAFETY: the caller answers for the pointer; the rest is valid.
            unsafe { $call }
        }
        Probe::new($name, Follows::$follows, 1, call)
    }};
}

/// Calls of entries that are right but for one pointer.
pub(super) fn probes() -> Vec<Probe> {
    vec![
        probe!("bind, name", Reads, |p| with_socket(|fd| safe::bind(fd, p))),
        probe!("connect, name", Reads, |p| with_socket(|fd| {
            safe::connect(fd, p)
        })),
        probe!("receive", Writes, |p| with_datagram(|fd| {
            safe::receive(fd, p, 8, 0, 0)
        })),
        probe!("receive, peek", Writes, |p| with_datagram(|fd| {
            safe::receive(fd, p, 8, receive_flags::PEEK, 0)
        })),
        probe!("receive, name", Writes, |p| with_datagram(|fd| {
            let mut bytes = [0_u8; 8];
            safe::receive(fd, bytes.as_mut_ptr().expose_provenance(), 8, 0, p)
        })),
        probe!("send", Reads, |p| with_datagram(|fd| {
            safe::send(fd, p, 8, 0, 0)
        })),
        probe!("send, name", Reads, |p| with_datagram(|fd| {
            safe::send(fd, BYTES.as_ptr().expose_provenance(), 8, 0, p)
        })),
        probe!("socket_name", Writes, |p| with_socket(|fd| {
            safe::socket_name(fd, 0, p)
        })),
        probe!("set_option, group", Reads, |p| with_socket(|fd| {
            safe::set_option(fd, option::JOIN, 0, p)
        })),
        probe!("network", Writes, |p| safe::network(p, 0)),
    ]
}

/// A datagram.
static BYTES: [u8; 8] = *b"datagram";

/// What `call` makes of a socket for datagrams.
fn with_socket(call: impl Fn(i32) -> i64) -> i64 {
    // SAFETY: the call takes no address.
    let socket = unsafe { safe::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK) };
    let socket = socket as i32;
    let answer = call(socket);
    // SAFETY: as above.
    unsafe { safe::close(socket) };
    answer
}

/// The same, if it is connected to itself and a datagram has come.
fn with_datagram(call: impl Fn(i32) -> i64) -> i64 {
    with_socket(|socket| {
        let mut name = Name::v4([127, 0, 0, 1], 0);
        let at = (&raw mut name).expose_provenance();
        let bytes = BYTES.as_ptr().expose_provenance();
        // SAFETY: name and bytes are variables and constants of this program.
        unsafe {
            safe::bind(socket, at);
            safe::socket_name(socket, 0, at);
            safe::connect(socket, at);
            safe::send(socket, bytes, 8, 0, 0);
        }
        call(socket)
    })
}
