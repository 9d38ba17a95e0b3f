//! Memory: ten thousand connections that come and go leave nothing behind.

#![expect(
    unsafe_code,
    reason = "an allocator that counts, and the safe kernel of the tests"
)]

#[expect(dead_code, reason = "this test does little with it")]
#[path = "../tcp/kernel.rs"]
mod kernel;
#[path = "../tcp/nic.rs"]
mod nic;
#[path = "../tcp/random.rs"]
mod random;
mod scarce;
#[expect(dead_code, reason = "this test does little in that world")]
#[path = "../tcp/world.rs"]
mod world;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cell_net::tcp::Close;
use smoltcp::wire::IpAddress;
use world::{MILLISECOND, SECOND, World};

/// The system's allocator, which counts.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// While it is not zero, one allocation of this thread in so many fails.
    static SCARCE: Cell<usize> = const { Cell::new(0) };
}

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does all; what is counted changes nothing of it, and an
// allocator may fail.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let scarce = SCARCE.get();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        if count.checked_rem(scarce) == Some(0) {
            return std::ptr::null_mut();
        }
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's duties are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's duties are those of the system's allocator.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Whoever counts has the process alone.
static ALONE: Mutex<()> = Mutex::new(());

/// A connection that says something and ends; one in four is reset.
fn visit(world: &mut World, listener: u32, round: u32) {
    let (client, server) = world.pair(listener, 80);
    world.hosts[0].kernel.write(client, &round.to_ne_bytes());
    world.pass(10_000);
    assert_eq!(world.hosts[1].kernel.read(server, 9), round.to_ne_bytes());
    let how = match round % 4 {
        0 => Close::Reset,
        _ => Close::Orderly,
    };
    let sockets = [client, server];
    for host in [round as usize % 2, 1 - round as usize % 2] {
        world.close(host, sockets[host], how);
        world.pass(10_000);
    }
    assert!(!world.hosts[0].kernel.has(client) && !world.hosts[1].kernel.has(server));
    world.strays.clear();
    for host in &mut world.hosts {
        host.changed = Vec::new();
    }
}

#[test]
fn ten_thousand_connections_leave_nothing_behind() {
    let _alone = ALONE.lock();
    let mut world = World::new(1);
    world.latency = 1000;
    for host in &mut world.hosts {
        host.ring = (1000, 1000);
    }
    let listener = world.listen(1, 80, 16);
    for round in 0..1000 {
        visit(&mut world, listener, round);
    }
    world.pass(100 * SECOND);
    let before = LIVE.load(Ordering::Relaxed);
    for round in 0..10_000 {
        visit(&mut world, listener, round);
        // Records of TIME-WAIT go after a minute, and some hundred stand at once.
        world.pass(100 * MILLISECOND);
    }
    world.pass(100 * SECOND);
    let after = LIVE.load(Ordering::Relaxed);
    assert!(after < before + 8192, "{before} bytes became {after}");
}

#[test]
fn a_flood_takes_no_more_than_its_table() {
    let _alone = ALONE.lock();
    let mut world = World::new(2);
    world.listen(1, 80, 16);
    let syn = |world: &mut World, number: u32| {
        let [_, a, b, c] = number.to_be_bytes();
        let packet = syn_from(IpAddress::v4(11, a, b, c));
        world.deliver(&packet);
        world.hosts[1].nic.sent.clear();
    };
    for number in 0..100 {
        syn(&mut world, number);
    }
    let before = LIVE.load(Ordering::Relaxed);
    for number in 0..100_000 {
        syn(&mut world, number);
    }
    let after = LIVE.load(Ordering::Relaxed);
    // A record, its place in three tables, and what growing by doubling leaves unused.
    assert!(after - before < 4096 * 400, "{}", after - before);
}

/// A SYN to the second machine.
fn syn_from(source: IpAddress) -> nic::Packet {
    use smoltcp::wire::TcpPacket;
    let mut bytes = vec![0; 40];
    let mut segment = TcpPacket::new_unchecked(&mut bytes[20..]);
    segment.set_src_port(5000);
    segment.set_dst_port(80);
    segment.set_header_len(20);
    segment.set_syn(true);
    nic::Packet {
        source,
        target: world::B,
        bytes,
        header: 20,
        is_verified: true,
        is_whole: false,
    }
}
