//! The cell `nic`, asked from outside, and lied by.
//!
//! What its card brings, what a call takes, and what becomes of datagrams while the
//! driver lies.

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;
use std::time::Duration;

use domains::Cell;
use domains::errno::EAGAIN;
use gate::hooks::{ASK, LIE, in_cell};

use crate::hooks::hook;

/// How often it is asked: a network may be slow to answer.
const TRIES: usize = 50;

/// Prints who has `address`, or what a call takes that brings a frame and sends one.
pub fn run(what: &str, address: &str) -> Result<(), String> {
    let target: Ipv4Addr = address.parse().map_err(|_| "no address")?;
    match what {
        "ask" => {
            let hardware = ask(target, 0)?.to_le_bytes();
            println!("{address} is at {:02x?}", &hardware[..6]);
        }
        "costs" => println!("{} ticks", least(target)?),
        other => return Err(format!("no such question: {other}")),
    }
    Ok(())
}

/// Sends datagrams to `host`, who sends them back, while the driver lies in the way that
/// `way` numbers. Prints how many of the last ones came back.
pub fn lie(way: &str, host: &str) -> Result<(), String> {
    let way: usize = way.parse().map_err(|_| "no way to lie")?;
    let socket = connected(host).map_err(|error| error.to_string())?;
    let before = (0..SENT).filter(|_| is_answered(&socket)).count();
    let answer = hook(LIE | in_cell(Cell::Nic), 0, 1 << 8 | way);
    let meanwhile = (0..SENT).filter(|_| is_answered(&socket)).count();
    let behind = (0..SENT).filter(|_| is_answered(&socket)).count();
    println!("{answer}: {before} {meanwhile} {behind} of {SENT}");
    Ok(())
}

/// How many datagrams are sent.
const SENT: usize = 8;

fn connected(host: &str) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(host)?;
    socket.set_read_timeout(Some(Duration::from_millis(300)))?;
    Ok(socket)
}

/// Whether a datagram comes back.
fn is_answered(socket: &UdpSocket) -> bool {
    let mut bytes = [0; 64];
    let is_sent = socket.send(b"back to me").is_ok();
    is_sent && matches!(socket.recv(&mut bytes), Ok(10) if bytes.starts_with(b"back to me"))
}

fn ask(target: Ipv4Addr, argument: usize) -> Result<i64, String> {
    for _ in 0..TRIES {
        let kind = ASK | in_cell(Cell::Nic);
        match hook(kind, target.to_bits() as usize, argument) {
            answer if answer == -EAGAIN => thread::sleep(Duration::from_millis(20)),
            answer if answer < 0 => return Err(format!("refused: {answer}")),
            answer => return Ok(answer),
        }
    }
    Err("nobody answers".into())
}

/// The least of some: what the first takes there was something else to do.
fn least(target: Ipv4Addr) -> Result<i64, String> {
    const TIMES: usize = 32;
    let ticks: Result<Vec<i64>, String> = (0..TIMES).map(|_| ask(target, 1)).collect();
    let ticks = ticks?;
    println!("{ticks:?}");
    ticks.into_iter().min().ok_or("none".into())
}
