//! Requests over TCP, a thread for each connection.
//!
//! A request is a number of two bytes, the least first, and as many bytes behind it,
//! which are the answer. The first connection of all carries no requests: a byte comes
//! by it when the next ones may.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::level::Level;
use crate::checks::done;

/// Where clients find it.
const PORT: u16 = 80;
/// How long it is quiet before the first look.
const QUIET: Duration = Duration::from_secs(2);
/// How often the last look is taken until the last connection has gone, and with what
/// pauses.
const LOOKS: usize = 20;
const PAUSE: Duration = Duration::from_millis(500);

/// Serves the `first` connections with requests, and then all others of so many.
pub fn run(first: &str, all: &str) -> Result<(), String> {
    let [first, all] = [first, all].map(|text| done(text, text.parse::<usize>()));
    let (first, all) = (first?, all?);
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT));
    let listener = done("listen", listener)?;
    let (mut turns, _) = done("accept", listener.accept())?;
    done("a turn", turns.write_all(b"1"))?;
    let mut requests = served(&listener, first)?;
    thread::sleep(QUIET);
    let before = Level::now();
    done("a turn", turns.write_all(b"2"))?;
    requests += served(&listener, all.saturating_sub(first))?;
    println!("{requests} requests");
    still(before)
}

/// Serves so many connections to their ends; how many requests that were.
fn served(listener: &TcpListener, connections: usize) -> Result<u64, String> {
    let requests = AtomicU64::new(0);
    let failures = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..connections {
            let (stream, _) = done("accept", listener.accept())?;
            let (requests, failures) = (&requests, &failures);
            let serve = move || {
                let is_bad = serve(stream, requests).is_err();
                failures.fetch_add(is_bad.into(), Ordering::Relaxed);
            };
            done(
                "a thread",
                thread::Builder::new().spawn_scoped(scope, serve),
            )?;
        }
        Ok::<(), String>(())
    })?;
    match failures.into_inner() {
        0 => Ok(requests.into_inner()),
        count => Err(format!("{count} connections failed")),
    }
}

fn serve(mut stream: TcpStream, requests: &AtomicU64) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut body = Vec::new();
    loop {
        let mut size = [0; 2];
        if stream.read(&mut size[..1])? == 0 {
            return Ok(());
        }
        stream.read_exact(&mut size[1..])?;
        body.resize(u16::from_le_bytes(size).into(), 0);
        stream.read_exact(&mut body)?;
        stream.write_all(&body)?;
        requests.fetch_add(1, Ordering::Relaxed);
    }
}

/// The memory of before, when all connections have gone.
fn still(before: Level) -> Result<(), String> {
    for _ in 1..LOOKS {
        if Level::now().is_still_served(before).is_ok() {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
    Level::now().is_still_served(before)
}
