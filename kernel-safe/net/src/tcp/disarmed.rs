//! What happens without the guards: each of them is missed.
//!
//! Runs of the fuzzer that end well with all guards panic in `smoltcp` without one.

use alloc::boxed::Box;
use alloc::vec;
use core::sync::atomic::AtomicU64;
use std::panic::{AssertUnwindSafe, catch_unwind};

use smoltcp::socket::tcp::State;
use smoltcp::wire::{IpAddress, TcpControl};

use super::connection::Connection;
use super::device::Path;
use super::edge::{Guard, Verdict, disarmed::WHICH};
use super::harness::{self, Lend};
use super::names::{Tuple, number};
use super::own;
use super::segment::put;
use super::socket::{Options, Rings};
use crate::lent::{Control, Window};

/// How many runs there are: about one in ten panics without the guard.
const RUNS: u64 = 500;

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

#[test]
fn a_segment_that_ends_behind_the_edge_is_a_trap() {
    WHICH.set(Some(Guard::Edge));
    let panics = |seed: &u64| catch_unwind(|| harness::run(*seed, &mut Leaked)).is_err();
    let seed = (0..RUNS).find(panics);
    WHICH.set(None);
    harness::run(seed.expect("then it could be let in"), &mut Leaked);
}

#[test]
fn a_syn_that_comes_before_ours_is_out_is_a_trap() {
    let tuple = Tuple {
        local: number(IpAddress::v4(10, 0, 0, 2)),
        peer: number(IpAddress::v4(10, 0, 0, 9)),
        local_port: 4000,
        peer_port: 80,
    };
    let (local, peer) = (tuple.local_address(), tuple.peer_address());
    let window = Leaked.lend(0, 1000, 1000);
    let rings = Rings {
        received: window.received,
        sent: window.sent,
    };
    let path = Path {
        local,
        peer,
        hop_limit: 64,
        largest: 1500,
        cut: None,
    };
    let made = Connection::new(0, tuple, 7, path, rings);
    let mut connection = made.expect("there is memory");
    connection.connect(&Options::USUAL).expect("it is new");
    let peers = Tuple {
        local: tuple.peer,
        peer: tuple.local,
        local_port: tuple.peer_port,
        peer_port: tuple.local_port,
    };
    let mut syn = own::segment(&peers, 100);
    syn.control = TcpControl::Syn;
    let verdict = connection.edge.judge(State::SynSent, &syn, (0, false));
    assert_eq!(verdict, Verdict::Drop);
    let mut place = vec![];
    let packet = put(&syn, peer, local, &mut place).expect("there is memory");
    connection.receive(0, packet, None, &mut [0; 100]);
    let panics = catch_unwind(AssertUnwindSafe(|| connection.wants_at(0))).is_err();
    assert!(panics, "then it could be let in");
}
