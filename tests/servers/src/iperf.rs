//! A server for the client of iperf3, for tests of TCP either way.
//!
//! One connection carries states, a byte each, and texts of JSON with their size
//! before them; the others carry bytes that nobody looks at. A client that goes away
//! or says nonsense ends its own test, and the next one is served.

mod control;
mod streams;

use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use serde_json::{Value, json};

use control::{Control, state};
use streams::{Streams, Work};

/// The most streams of a test.
const STREAMS_MAX: u64 = 16;
/// The largest block that is sent.
const BLOCK_MAX: u64 = 1 << 20;

/// What is wrong with a test.
type Failure = Box<dyn Error>;

/// Serves one test after the other, for ever.
pub fn serve(port: u16) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))?;
    loop {
        if let Err(error) = test(&listener) {
            println!("iperf3: {error}");
        }
    }
}

/// What a client wants.
struct Wishes {
    streams: usize,
    /// What this side does with each.
    work: Work,
}

impl Wishes {
    fn of(said: &Value) -> Result<Wishes, Failure> {
        let streams = said["parallel"].as_u64().unwrap_or(1);
        let is_known = said["tcp"] == true && said["bidirectional"] != true;
        if !is_known || !(1..=STREAMS_MAX).contains(&streams) {
            return Err(format!("this server knows no such test: {said}").into());
        }
        let block = said["len"].as_u64().unwrap_or(BLOCK_MAX);
        let work = match said["reverse"] == true {
            true => Work::Send(block.clamp(1, BLOCK_MAX) as usize),
            false => Work::Receive,
        };
        Ok(Wishes {
            streams: streams as usize,
            work,
        })
    }
}

fn test(listener: &TcpListener) -> Result<(), Failure> {
    let mut control = Control::new(listener.accept()?.0)?;
    control.say(state::PARAM_EXCHANGE)?;
    let wishes = Wishes::of(&control.hear_json()?)?;
    control.say(state::CREATE_STREAMS)?;
    let accepted: io::Result<Vec<TcpStream>> = (0..wishes.streams)
        .map(|_| control.stream(listener))
        .collect();
    let streams = Streams::new(accepted?);
    control.say(state::TEST_START)?;
    control.say(state::TEST_RUNNING)?;
    let running = streams.start(wishes.work)?;
    control.hear(state::TEST_END)?;
    running.stop();
    control.say(state::EXCHANGE_RESULTS)?;
    // A client that receives says so when it has had the last block.
    let theirs = control.hear_json()?;
    let counts = match wishes.work {
        Work::Send(_) => running.counts(),
        Work::Receive => running.counts_when_all_came(&sent(&theirs)),
    };
    control.say_json(&results(&counts))?;
    control.say(state::DISPLAY_RESULTS)?;
    Ok(control.hear(state::IPERF_DONE)?)
}

/// How many bytes the client sent, by its own count.
fn sent(theirs: &Value) -> Vec<u64> {
    let streams = theirs["streams"].as_array();
    let streams = streams.into_iter().flatten();
    streams
        .map(|it| it["bytes"].as_u64().unwrap_or(0))
        .collect()
}

/// What this side found, as the client reads it. Streams are numbered from one, and
/// two is left out.
fn results(counts: &[u64]) -> Value {
    let stream = |(place, bytes): (usize, &u64)| {
        let id = if place == 0 { 1 } else { place + 2 };
        json!({
            "id": id, "bytes": bytes, "retransmits": -1, "jitter": 0, "errors": 0,
            "packets": 0, "start_time": 0, "end_time": 1,
        })
    };
    let streams: Vec<Value> = counts.iter().enumerate().map(stream).collect();
    json!({
        "cpu_util_total": 0, "cpu_util_user": 0, "cpu_util_system": 0,
        "sender_has_retransmits": 0, "streams": streams,
    })
}
