//! What happens without the guards: each of them is missed.
//!
//! Runs of the fuzzer that end well with all guards panic in `smoltcp` without one.

use alloc::boxed::Box;
use alloc::vec;
use core::sync::atomic::AtomicU64;
use std::panic::{AssertUnwindSafe, catch_unwind};

use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::phy::Medium;
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::Instant;
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr, TcpControl};

use super::edge::{Guard, disarmed::WHICH};
use super::harness::{self, Lend};
use super::names::{Tuple, number};
use super::own;
use crate::lent::{Control, Window};

/// How many runs there are: about one in a hundred panics without a guard.
const RUNS: u64 = 1500;

/// Windows that are never given back: a test has few.
struct Leaked;

impl Lend for Leaked {
    fn lend(&mut self, _: u32, receive: usize, send: usize) -> Window {
        Window {
            control: Control(Box::leak(Box::new([const { AtomicU64::new(0) }; 16]))),
            received: Box::leak(vec![0; receive].into_boxed_slice()),
            sent: Box::leak(vec![0; send].into_boxed_slice()),
        }
    }
}

/// A run that panics without a guard.
fn run_that_panics_without(guard: Guard) -> Option<u64> {
    WHICH.set(Some(guard));
    let panics = |seed: &u64| catch_unwind(|| harness::run(*seed, &mut Leaked)).is_err();
    let seed = (0..RUNS).find(panics);
    WHICH.set(None);
    seed
}

#[test]
fn each_guard_is_needed() {
    for guard in [Guard::Syn, Guard::Far, Guard::Edge] {
        let seed = run_that_panics_without(guard);
        let seed = seed.unwrap_or_else(|| panic!("nothing happens without {guard:?}"));
        harness::run(seed, &mut Leaked);
    }
}

#[test]
fn a_socket_that_listens_a_second_time_is_a_trap() {
    let (here, there) = (IpAddress::v4(10, 0, 0, 2), IpAddress::v4(10, 0, 0, 9));
    let config = Config::new(HardwareAddress::Ip);
    let mut interface = Interface::new(config, &mut Once(None), Instant::ZERO);
    interface.update_ip_addrs(|all| drop(all.push(IpCidr::new(here, 32))));
    let mut sockets = SocketSet::new(vec![]);
    let ring = || SocketBuffer::new(vec![0; 1000]);
    let handle = sockets.add(Socket::new(ring(), ring()));
    let socket = sockets.get_mut::<Socket<'_>>(handle);
    socket.listen(80).expect("it is new");
    let tuple = Tuple {
        local: number(there),
        peer: number(here),
        local_port: 4000,
        peer_port: 80,
    };
    let mut say = |control, sequence: u32, sockets: &mut SocketSet<'_>| {
        let mut segment = own::segment(&tuple, sequence);
        (segment.control, segment.window_len) = (control, 1000);
        let mut place = vec![];
        let packet = super::segment::put(&segment, there, here, &mut place);
        let mut device = Once(packet);
        interface.poll_ingress_single(Instant::ZERO, &mut device, sockets);
        interface.poll_egress(Instant::ZERO, &mut device, sockets);
        interface.poll_at(Instant::ZERO, sockets);
    };
    say(TcpControl::Syn, 0, &mut sockets);
    say(TcpControl::Rst, 1, &mut sockets);
    let state = sockets.get::<Socket<'_>>(handle).state();
    assert_eq!(state, State::Listen);
    let second = catch_unwind(AssertUnwindSafe(|| {
        say(TcpControl::Syn, 100_000, &mut sockets);
    }));
    assert!(second.is_err(), "then spares could be used again");
}

/// A device with one packet.
struct Once<'a>(Option<&'a [u8]>);

struct Came<'a>(&'a [u8]);

struct Leaves;

impl smoltcp::phy::Device for Once<'_> {
    type RxToken<'b>
        = Came<'b>
    where
        Self: 'b;
    type TxToken<'b>
        = Leaves
    where
        Self: 'b;

    fn receive(&mut self, _: Instant) -> Option<(Came<'_>, Leaves)> {
        Some((Came(self.0.take()?), Leaves))
    }

    fn transmit(&mut self, _: Instant) -> Option<Leaves> {
        Some(Leaves)
    }

    fn capabilities(&self) -> smoltcp::phy::DeviceCapabilities {
        let mut capabilities = smoltcp::phy::DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = 1500;
        capabilities.checksum = smoltcp::phy::ChecksumCapabilities::ignored();
        capabilities
    }
}

impl smoltcp::phy::RxToken for Came<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(self.0)
    }
}

impl smoltcp::phy::TxToken for Leaves {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, size: usize, f: F) -> R {
        f(&mut vec![0; size])
    }
}
