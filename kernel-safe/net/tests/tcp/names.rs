//! Addresses and ports: who can have which, and what is told of them.

use cell_net::tcp::{Close, Kind, Reuse, V6};
use domains::errno;
use domains::network::Name;
use domains::network::window::told;
use smoltcp::wire::{IpAddress, TcpControl};

use crate::peer::Peer;
use crate::world::{A, B, Host, SECOND, World, name};

fn bind(host: &mut Host, name: &Name, v6: V6, reuse: Reuse) -> Result<u32, i64> {
    let socket = host.open(Kind::Stream, v6);
    host.tcp.bind(socket, name, reuse, &mut host.nic)?;
    Ok(socket)
}

fn listen(host: &mut Host, name: &Name, v6: V6) -> Result<u32, i64> {
    let socket = bind(host, name, v6, Reuse::Yes)?;
    host.tcp.listen(socket, 4, &mut host.nic)?;
    Ok(socket)
}

const ANY: Name = Name::v4([0; 4], 80);
const ANY_V6: Name = Name::v6([0; 16], 80);

#[test]
fn an_address_is_listened_at_once() {
    let mut host = Host::new(&[A, IpAddress::v6(0xfd00, 0, 0, 0, 0, 0, 0, 1)], 1);
    listen(&mut host, &ANY, V6::No).expect("it is free");
    for (other, v6) in [(ANY, V6::No), (name(A, 80), V6::No), (ANY_V6, V6::Dual)] {
        assert_eq!(listen(&mut host, &other, v6), Err(errno::EADDRINUSE));
    }
    let only = listen(&mut host, &ANY_V6, V6::Only).expect("that is another");
    assert_eq!(listen(&mut host, &ANY_V6, V6::Only), Err(errno::EADDRINUSE));
    host.tcp.close(0, only, Close::Orderly).expect("it is open");
    listen(&mut host, &ANY_V6, V6::Only).expect("it is free again");
}

#[test]
fn an_address_is_shared_if_both_say_so_and_listened_at_by_one() {
    use Reuse::{No, Yes};
    let address = IpAddress::v6(0xfd00, 0, 0, 0, 0, 0, 0, 1);
    for name in [ANY, name(A, 80)] {
        let both = |first, second| {
            let mut host = Host::new(&[A, address], 1);
            bind(&mut host, &name, V6::No, first).expect("it is free");
            bind(&mut host, &name, V6::No, second).map(|_| ())
        };
        for (first, second) in [(No, No), (No, Yes), (Yes, No)] {
            assert_eq!(both(first, second), Err(errno::EADDRINUSE));
        }
        assert_eq!(both(Yes, Yes), Ok(()));
    }
    let mut host = Host::new(&[A, address], 1);
    let [first, second] =
        [(); 2].map(|()| bind(&mut host, &ANY, V6::No, Yes).expect("it is shared"));
    assert_eq!(host.tcp.listen(first, 4, &mut host.nic), Ok(()));
    let listened = host.tcp.listen(second, 4, &mut host.nic);
    assert_eq!(listened, Err(errno::EADDRINUSE));
    bind(&mut host, &self::name(address, 80), V6::Only, No).expect("that is another");
}

#[test]
fn a_port_that_nobody_has_any_more_is_chosen_again() {
    let mut host = Host::new(&[A], 7);
    host.ring = (64, 64);
    for _ in 0..30_000 {
        let socket = bind(&mut host, &Name::v4([0; 4], 0), V6::No, Reuse::No);
        let socket = socket.expect("a port is free");
        host.tcp.close(0, socket, Close::Reset).expect("it is open");
        host.pump(0);
    }
}

#[test]
fn only_own_addresses_can_be_had() {
    let mut host = Host::new(&[A], 1);
    for address in [B, IpAddress::v4(1, 1, 1, 1), IpAddress::v4(224, 0, 0, 1)] {
        let bound = bind(&mut host, &name(address, 80), V6::No, Reuse::No);
        assert_eq!(bound, Err(errno::EADDRNOTAVAIL));
    }
    let other = bind(&mut host, &ANY_V6, V6::No, Reuse::No);
    assert_eq!(other, Err(errno::EAFNOSUPPORT));
    let socket = bind(&mut host, &ANY, V6::No, Reuse::No).expect("it is free");
    let again = host.tcp.bind(socket, &ANY, Reuse::No, &mut host.nic);
    assert_eq!(again, Err(errno::EINVAL));
}

#[test]
fn a_port_is_chosen_that_is_free() {
    let mut host = Host::new(&[A], 1);
    let mut ports = std::collections::BTreeSet::new();
    for _ in 0..500 {
        let socket = bind(&mut host, &Name::v4([0; 4], 0), V6::No, Reuse::Yes);
        let port = host
            .kernel
            .name(socket.expect("one is free"), told::LOCAL)
            .port;
        assert!((32_768..61_000).contains(&port) && ports.insert(port));
    }
    let steps = ports.iter().zip(ports.iter().skip(1));
    assert!(steps.filter(|(one, other)| **one + 1 == **other).count() < 100);
}

#[test]
fn a_connection_in_the_way_counts_unless_that_is_allowed() {
    let mut world = World::new(1);
    let listener = world.listen(1, 80, 4);
    let (_, server) = world.pair(listener, 80);
    world.close(1, listener, Close::Orderly);
    let host = &mut world.hosts[1];
    assert_eq!(bind(host, &ANY, V6::No, Reuse::No), Err(errno::EADDRINUSE));
    let socket = bind(host, &ANY, V6::No, Reuse::Yes).expect("it may");
    host.tcp
        .close(0, socket, Close::Orderly)
        .expect("it is open");
    world.close(1, server, Close::Reset);
    world.pass(SECOND);
    bind(&mut world.hosts[1], &ANY, V6::No, Reuse::No).expect("it is free");
}

#[test]
fn both_ends_are_told_who_they_are() {
    let mut world = World::new(2);
    let listener = {
        let host = &mut world.hosts[1];
        listen(host, &ANY_V6, V6::Dual).expect("it is free")
    };
    let (client, server) = world.pair(listener, 80);
    let [first, second] = &mut world.hosts;
    assert_eq!(first.kernel.name(client, told::PEER), name(B, 80));
    let own = first.kernel.name(client, told::LOCAL);
    assert_eq!(own, name(A, own.port));
    let mapped = |name: Name| {
        let [a, b, c, d, ..] = name.address;
        let mut mapped = Name::v6([0; 16], name.port);
        mapped.address[10..].copy_from_slice(&[0xff, 0xff, a, b, c, d]);
        mapped
    };
    assert_eq!(second.kernel.name(server, told::PEER), mapped(own));
    assert_eq!(second.kernel.name(server, told::LOCAL), mapped(name(B, 80)));
}

#[test]
fn there_is_no_way_to_many_or_to_nowhere() {
    let mut world = World::new(3);
    let host = &mut world.hosts[0];
    let socket = host.open(Kind::Stream, V6::No);
    let mut connect = |name: Name| host.tcp.connect(0, socket, &name, &mut host.nic);
    for address in [[10, 0, 0, 255], [255; 4], [224, 0, 0, 1]] {
        assert_eq!(connect(Name::v4(address, 80)), Err(errno::ENETUNREACH));
    }
    assert_eq!(connect(name(B, 0)), Err(errno::ECONNREFUSED));
    assert_eq!(
        connect(Name::v4([0; 4], 80)),
        Ok(()),
        "that is this machine"
    );
    assert_eq!(connect(name(B, 80)), Err(errno::EALREADY));
    let socket = world.hosts[0].open(Kind::Stream, V6::No);
    world.hosts[0].nic.is_reachable = false;
    let host = &mut world.hosts[0];
    let connected = host.tcp.connect(0, socket, &name(B, 80), &mut host.nic);
    assert_eq!(connected, Err(errno::ENETUNREACH));
}

#[test]
fn thirty_thousand_connections_to_different_peers_find_ports() {
    let mut host = Host::new(&[A], 4);
    host.ring = (128, 128);
    let mut ports = std::collections::BTreeSet::new();
    for round in 0..6 {
        let sockets: Vec<u32> = (0..5000)
            .map(|number: u16| {
                let socket = host.open(Kind::Stream, V6::No);
                let peer = Name::v4([11, round, (number >> 8) as u8, number as u8], 80);
                let connected = host.tcp.connect(0, socket, &peer, &mut host.nic);
                connected.expect("a port is free");
                ports.insert(host.kernel.name(socket, told::LOCAL).port);
                socket
            })
            .collect();
        for socket in sockets {
            host.tcp.close(0, socket, Close::Reset).expect("it is open");
        }
        host.pump(0);
    }
    assert!(ports.len() > 15_000, "{}", ports.len());
}

#[test]
fn ports_to_one_peer_are_all_used_before_there_are_none() {
    let mut host = Host::new(&[A], 5);
    host.ring = (64, 64);
    for port in 0..8192_u32 {
        let socket = host.open(Kind::Stream, V6::No);
        let connected = host.tcp.connect(0, socket, &name(B, 80), &mut host.nic);
        connected.unwrap_or_else(|error| panic!("{port}: {error}"));
    }
    let socket = host.kernel.lend(64, 64);
    let opened = host.tcp.open(socket.0, socket.1, Kind::Stream, V6::No);
    assert_eq!(opened, Err(errno::EINVAL), "there are no more sockets");
}

#[test]
fn what_came_from_many_or_from_itself_is_not_answered() {
    let mut world = World::new(6);
    world.listen(1, 80, 4);
    let peer = Peer::new(4000, 80);
    let syn = peer.segment(TcpControl::Syn, 7);
    for source in [[10, 0, 0, 255], [255; 4], [224, 0, 0, 1], [0; 4]] {
        let [a, b, c, d] = source;
        let peer = Peer {
            address: IpAddress::v4(a, b, c, d),
            ..peer
        };
        let packet = peer.packet(B, &syn);
        world.deliver(&packet);
    }
    for target in [IpAddress::v4(10, 0, 0, 255), IpAddress::v4(224, 0, 0, 1)] {
        world.hosts[1].nic.addresses.push(target);
        let packet = peer.packet(target, &syn);
        world.deliver(&packet);
    }
    let itself = Peer {
        address: B,
        port: 80,
        to: 80,
    };
    let packet = itself.packet(B, &itself.segment(TcpControl::Syn, 7));
    world.deliver(&packet);
    world.pass(10 * SECOND);
    assert!(world.strays.is_empty() && world.hosts[1].nic.sent.is_empty());
    assert_eq!(world.hosts[1].tcp.deadline(), None, "nothing is kept");
}
