//! Requests by the hundred thousand, each answered to the byte.
//!
//! The guest compares the kernels' memory when a part of them was answered with what
//! it is when all were, and ends with an error if it has grown. A run of everything has
//! 20,000 in each mode; `CLOISTER_SOAK=1000000` says how many there are instead.

use std::env;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use domains::Isolation;
use libtest_mimic::{Failed, Trial};

use super::served::Served;
use crate::{Verdict, alone, ensure, long};

/// How many requests there are unless the environment says more.
const REQUESTS: usize = 20_000;
/// How many of them come on one connection.
const ON_ONE: usize = 100;
/// How many clients come at once.
const CLIENTS: usize = 4;
/// Connections before the guest looks at its memory, and how many clients make them: more
/// than there are later, so that by then all has grown that does.
const FIRST: usize = 96;
const FIRST_CLIENTS: usize = 16;
/// How long an answer may take.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

pub(super) fn trials() -> Vec<Trial> {
    let of_mode = |mode: Isolation| {
        let name = format!("network::{mode}::soak_of_requests_leaves_memory_as_it_was");
        long(alone(name, move || soak(mode)))
    };
    Isolation::ALL.into_iter().map(of_mode).collect()
}

fn soak(mode: Isolation) -> Verdict {
    let connections = connections()?;
    let words = [FIRST, connections].map(|count| count.to_string());
    let arguments = ["soak", "serve", &words[0], &words[1]];
    // A request takes a few milliseconds at most, and the clients' patience is short.
    let limit = (120 + connections * ON_ONE / 100).to_string();
    let served = Served::image("tests/guests", mode, 80, &["--timeout", &limit], &arguments)?;
    let mut turns = TcpStream::connect(served.address)?;
    turns.set_read_timeout(PATIENCE)?;
    for (count, clients) in [(FIRST, FIRST_CLIENTS), (connections - FIRST, CLIENTS)] {
        turns.read_exact(&mut [0])?;
        ask(served.address, count, clients)?;
    }
    let events = served.wait();
    let said = |stream: &str| -> String {
        let texts = events.iter().filter(|event| event["event"] == stream);
        texts.filter_map(|event| event["text"].as_str()).collect()
    };
    let (stdout, levels) = (said("stdout"), said("stderr"));
    println!("{stdout}{levels}");
    let expected = format!("{} requests", connections * ON_ONE);
    let is_over = events.last().is_some_and(|event| event["status"] == 0);
    let is_whole = stdout.contains(&expected);
    ensure(
        is_over && is_whole,
        "the same memory, after all requests",
        &events.last(),
    )
}

/// How many connections it takes.
fn connections() -> Result<usize, Failed> {
    Ok(requests()?.div_ceil(ON_ONE).max(2 * FIRST))
}

/// How many requests there are.
pub(super) fn requests() -> Result<usize, Failed> {
    match env::var("CLOISTER_SOAK") {
        Ok(text) if !text.is_empty() => text
            .parse()
            .map_err(|_| format!("CLOISTER_SOAK is a number of requests, not `{text}`").into()),
        _ => Ok(REQUESTS),
    }
}

/// Makes so many connections by so many clients, and closes them all.
fn ask(address: SocketAddr, connections: usize, clients: usize) -> Verdict {
    let left = AtomicUsize::new(connections);
    let take =
        || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| it.checked_sub(1));
    thread::scope(|scope| {
        let client = || {
            while let Ok(number) = take() {
                connection(address, number)?;
            }
            io::Result::Ok(())
        };
        let clients: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        for client in clients {
            client.join().map_err(|_| "a client panicked")??;
        }
        Ok(())
    })
}

/// Has everything said back that is sent on one connection.
fn connection(address: SocketAddr, number: usize) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(PATIENCE)?;
    stream.set_write_timeout(PATIENCE)?;
    for request in 0..ON_ONE {
        let size = (number * 31 + request * 7) % 600;
        let body = vec![(number + request) as u8; size];
        stream.write_all(&[&(size as u16).to_le_bytes(), &*body].concat())?;
        let mut answer = vec![0; size];
        stream.read_exact(&mut answer)?;
        if answer != body {
            return Err(io::Error::other(format!(
                "connection {number}, request {request}"
            )));
        }
    }
    Ok(())
}
