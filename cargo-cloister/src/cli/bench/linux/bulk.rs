//! How fast many bytes go in and out, by the clock.
//!
//! The one figure here that is a time, so it is only good as a ratio to another
//! guest's in the same run. QEMU's own network caps it: a copy and a system call of
//! the host for each piece, without any offload. Over a tap the host's stack is at
//! the other end.

use std::io::{self, Error, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::client;
use super::guest::{Service, System, Way};
use super::spread::Spread;
use crate::outlet::tell;

/// How many bytes go each way, and before that to warm up.
const BYTES: u64 = 64 << 20;
const BYTES_WARM: u64 = 4 << 20;
/// How many bytes are sent or read at once. The servers' pattern begins anew with
/// each such piece.
const PIECE: usize = 64 << 10;
const MIB: f64 = 1_048_576.0;
/// How long nothing may go.
const LIMIT: Duration = Duration::from_secs(60);

/// Speeds of a guest, in MiB a second.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(in crate::cli::bench) struct Bulk {
    pub(super) guest: String,
    pub(super) network: String,
    /// Into the guest.
    pub(super) into: Spread,
    pub(super) out: Spread,
}

/// Boots each system so often, in turn; those that serve have their speeds.
pub(super) fn measure(systems: &[(String, System)], way: &Way, rounds: u32) -> Vec<Bulk> {
    let way = Way {
        services: &[Service::Bulk],
        plugin: None,
        ..way.clone()
    };
    let mut speeds: Vec<Vec<[f64; 2]>> = systems.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for ((name, system), speeds) in systems.iter().zip(&mut speeds) {
            match once(system, &way) {
                Ok(both) => speeds.push(both),
                Err(why) => tell(format_args!("{name}: bulk is not measured: {why}")),
            }
        }
    }
    let all = systems.iter().zip(&speeds);
    all.filter_map(|((name, _), speeds)| {
        Some(Bulk {
            guest: name.clone(),
            network: way.tap.as_ref().map_or("user", |_| "tap").to_owned(),
            into: Spread::of(speeds.iter().map(|[into, _]| *into))?,
            out: Spread::of(speeds.iter().map(|[_, out]| *out))?,
        })
    })
    .collect()
}

fn once(system: &System, way: &Way) -> Result<[f64; 2], String> {
    let guest = system.boot(way)?;
    let address = guest.address(Service::Bulk)?;
    let transfer = |bytes| transfer(address, bytes).map_err(|why| why.to_string());
    transfer(BYTES_WARM)?;
    let speeds = transfer(BYTES)?;
    guest.end()?;
    Ok(speeds)
}

/// So many bytes in, and then as many out; the speed of each, in MiB a second.
pub(super) fn transfer(address: SocketAddr, bytes: u64) -> io::Result<[f64; 2]> {
    let mut stream = client::connect(address)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let piece: Vec<u8> = (0..PIECE).map(|place| place as u8).collect();
    let speed = |since: Instant| bytes as f64 / MIB / since.elapsed().as_secs_f64();
    let start = Instant::now();
    send(&mut stream, bytes, &piece)?;
    let into = speed(start);
    let start = Instant::now();
    receive(&mut stream, bytes, &piece)?;
    Ok([into, speed(start)])
}

/// Sends so many bytes; they have arrived when their sum comes back.
fn send(stream: &mut TcpStream, bytes: u64, piece: &[u8]) -> io::Result<()> {
    ask(stream, bytes, 0)?;
    let (mut left, mut sum) = (bytes, 0_u64);
    while left > 0 {
        let size = left.min(piece.len() as u64) as usize;
        stream.write_all(&piece[..size])?;
        sum += piece[..size].iter().copied().map(u64::from).sum::<u64>();
        left -= size as u64;
    }
    expect_sum(stream, sum)
}

/// Reads so many bytes, each of which must be right.
fn receive(stream: &mut TcpStream, bytes: u64, piece: &[u8]) -> io::Result<()> {
    ask(stream, 0, bytes)?;
    expect_sum(stream, 0)?;
    let (mut left, mut heard) = (bytes, vec![0; piece.len()]);
    while left > 0 {
        let size = left.min(piece.len() as u64) as usize;
        stream.read_exact(&mut heard[..size])?;
        if heard[..size] != piece[..size] {
            return Err(wrong());
        }
        left -= size as u64;
    }
    Ok(())
}

/// What the servers are asked: how many bytes come, and how many are wanted.
fn ask(stream: &mut TcpStream, come: u64, go: u64) -> io::Result<()> {
    stream.write_all([come, go].map(u64::to_le_bytes).as_flattened())
}

fn expect_sum(stream: &mut TcpStream, sum: u64) -> io::Result<()> {
    let mut heard = [0; 8];
    stream.read_exact(&mut heard)?;
    match u64::from_le_bytes(heard) == sum {
        true => Ok(()),
        false => Err(wrong()),
    }
}

fn wrong() -> Error {
    Error::new(ErrorKind::InvalidData, "bytes have changed on their way")
}
