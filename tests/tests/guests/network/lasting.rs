//! Servers that last: requests by the million while the card's driver fails.
//!
//! The driver panics in every so many calls, which is about once in a thousand requests. A
//! run of everything has 20,000 requests for each server; `CLOISTER_SOAK=1000000` says how
//! many there are instead, and then it fails a thousand times. No request may fail.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use domains::Isolation;
use libtest_mimic::{Failed, Trial};

use super::served::Served;
use super::soak;
use crate::{Verdict, alone, ensure, long};

/// How many clients there are, each with a connection that it keeps.
const CLIENTS: usize = 8;
/// After how many calls the driver fails.
const FAULT: &str = "nic=panic,every=1000";
/// How many requests a failure may come in at most.
const REQUESTS_OF_ONE: usize = 1500;
/// In how many parts latencies are told.
const PARTS: usize = 10;
/// How long an answer may take.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

/// A server, and what is asked of it.
#[derive(Clone, Copy)]
struct Service {
    package: &'static str,
    port: u16,
    request: &'static [u8],
    answers: fn(&mut BufReader<TcpStream>) -> io::Result<()>,
}

const HTTP: Service = Service {
    package: "examples/http",
    port: 80,
    request: b"GET / HTTP/1.1\r\nHost: guest\r\n\r\n",
    answers: page,
};

const REDIS: Service = Service {
    package: "examples/kv",
    port: 6379,
    request: b"*1\r\n$4\r\nPING\r\n",
    answers: pong,
};

pub(super) fn trials() -> [Trial; 2] {
    let trial = |name: &str, service: Service| {
        let name = format!("network::mpk::{name}_loses_no_request_while_the_card_fails");
        long(alone(name, move || lasts(service)))
    };
    [trial("http", HTTP), trial("redis", REDIS)]
}

fn lasts(service: Service) -> Verdict {
    let requests = soak::requests()?;
    let limit = (300 + requests / 100).to_string();
    let flags = [
        "-c",
        "4",
        "--restart-limit",
        "none",
        "--inject",
        FAULT,
        "--timeout",
        &limit,
    ];
    let served = Served::start(service.package, Isolation::Mpk, service.port, &flags)?;
    let latencies = ask(service, served.address, requests)?;
    let events = served.end();
    let restarts = events
        .iter()
        .filter(|event| event["event"] == "restart")
        .count();
    tell(service, &latencies, restarts);
    ensure(
        latencies.len() == requests,
        "an answer to each request",
        &latencies.len(),
    )?;
    let least = requests / REQUESTS_OF_ONE;
    ensure(restarts >= least, &format!("{least} new starts"), &restarts)
}

/// Makes so many requests; how long each took, in the order in which they ended.
fn ask(
    service: Service,
    address: SocketAddr,
    requests: usize,
) -> Result<Vec<Duration>, Failed> {
    let (left, start) = (AtomicUsize::new(requests), Instant::now());
    let client = || -> io::Result<Vec<(Duration, Duration)>> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(PATIENCE)?;
        let mut stream = BufReader::new(stream);
        let mut took = Vec::new();
        while left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| it.checked_sub(1))
            .is_ok()
        {
            let asked = Instant::now();
            stream.get_mut().write_all(service.request)?;
            (service.answers)(&mut stream)?;
            took.push((start.elapsed(), asked.elapsed()));
        }
        Ok(took)
    };
    let mut all = Vec::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        for client in clients {
            all.extend(client.join().map_err(|_| "a client panicked")??);
        }
        Ok::<_, Failed>(())
    })?;
    all.sort_unstable();
    Ok(all.into_iter().map(|(_, took)| took).collect())
}

/// Tells how long requests took, a line for each part of them. Nothing is judged by it.
fn tell(service: Service, latencies: &[Duration], restarts: usize) {
    let requests = latencies.len();
    println!(
        "{}: {requests} requests, {restarts} new starts of nic",
        service.package
    );
    for part in latencies.chunks(requests.div_ceil(PARTS).max(1)) {
        let mut part = part.to_vec();
        part.sort_unstable();
        let at = |share: f64| part[((part.len() - 1) as f64 * share) as usize];
        println!(
            "  median {:?}, 99 of 100 {:?}, most {:?}",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

/// A page, to its last byte.
fn page(stream: &mut BufReader<TcpStream>) -> io::Result<()> {
    let mut size = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            size = value.trim().parse().ok();
        }
    }
    let size = size.ok_or_else(|| io::Error::other("a page without a length"))?;
    let mut body = vec![0; size];
    stream.read_exact(&mut body)?;
    match body.is_empty() {
        true => Err(io::Error::other("an empty page")),
        false => Ok(()),
    }
}

fn pong(stream: &mut BufReader<TcpStream>) -> io::Result<()> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    match line.as_str() {
        "+PONG\r\n" => Ok(()),
        other => Err(io::Error::other(format!("not a PONG: {other:?}"))),
    }
}
