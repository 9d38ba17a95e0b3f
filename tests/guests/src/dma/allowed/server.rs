//! A server of files that is reset while it has requests.
//!
//! It is another process of the host, and has its queues until it has heard of
//! the reset. Nothing of it may arrive afterwards, for the memory may be used
//! otherwise by then.

use std::hint::spin_loop;
use std::thread;
use std::time::Duration;

use domains::Cell;
use domains::layout::PAGE_SIZE;

use super::device::{Device, peek, poke, roles};
use super::{alive_after, say_round};
use crate::dma::queue::{NEXT, QUIET, Queue, WRITE};
use crate::dma::reset::expect;

const ROUNDS: u64 = 60;
/// Entries of a queue.
const ENTRIES: u64 = 128;
/// The queue for requests, beside the one for what is urgent.
const REQUESTS: u64 = 1;
/// Requests in a round.
const COUNT: u64 = 16;
/// How long nothing is to arrive.
const PAUSE: Duration = Duration::from_millis(3);

/// Where things lie in the page of the rings, behind the descriptors.
const AVAILABLE: u64 = 16 * ENTRIES;
const REQUEST: u64 = 3000;
const REPLIES: u64 = 3200;

/// The size of a request of FUSE without anything behind its header, one that
/// nobody knows, and the size of a reply that says so.
const REQUEST_SIZE: u64 = 40;
const UNKNOWN: u64 = 4242;
const REPLY_SIZE: u64 = 16;

/// Sends requests and resets the server, round by round.
pub fn run() -> Result<(), String> {
    let number = roles().volumes[0].ok_or("there is no volume")?;
    let own = Queue::begin()?;
    let server = Server {
        device: Device::new(&own, number as u64),
        page: Cell::Hostfs.dma().end - 2 * PAGE_SIZE,
    };
    server.serves_all()?;
    for round in 0..ROUNDS {
        server.send(round)?;
        // Some of them may be done.
        (0..round % 20 * 50).for_each(|_| spin_loop());
        expect("a reset", server.device.reset().min(0), 0)?;
        server.is_silent()?;
        say_round(round);
    }
    Ok(())
}

struct Server<'a> {
    device: Device<'a>,
    page: u64,
}

impl Server<'_> {
    /// The control: without a reset, all requests are served.
    fn serves_all(&self) -> Result<(), String> {
        self.send(ROUNDS)?;
        while self.served() < COUNT {
            spin_loop();
        }
        Ok(())
    }

    /// Starts the server and sends it requests.
    fn send(&self, round: u64) -> Result<(), String> {
        self.set_up()?;
        self.write_request(round);
        (0..COUNT).for_each(|chain| self.write_chain(chain));
        self.write_available();
        expect("requests", self.device.publish(REQUESTS), 0)?;
        alive_after("requests")
    }

    fn set_up(&self) -> Result<(), String> {
        self.device.begin()?;
        poke(self.page + AVAILABLE, 0);
        let answer = self.device.add_queue(REQUESTS, ENTRIES, self.page);
        expect("the queue for requests", answer, 0)?;
        // Nothing is ever published there.
        let answer = self.device.add_queue(0, ENTRIES, self.page + PAGE_SIZE);
        expect("the other queue", answer, 0)?;
        match self.device.start() {
            0 => Ok(()),
            answer => Err(format!("the server does not start: {answer}")),
        }
    }

    fn write_request(&self, round: u64) {
        let at = self.page + REQUEST;
        poke(at, REQUEST_SIZE | UNKNOWN << 32);
        // Its number is part of the reply.
        poke(at + 8, 2 + round * 2);
        (2..5).for_each(|word| poke(at + 8 * word, 0));
    }

    /// Writes the two descriptors of a chain: the request, and room for a reply.
    fn write_chain(&self, chain: u64) {
        let at = self.page + 32 * chain;
        let reply = self.page + REPLIES + REPLY_SIZE * chain;
        let next = 2 * chain + 1;
        poke(at, self.page + REQUEST);
        poke(at + 8, REQUEST_SIZE | u64::from(NEXT) << 32 | next << 48);
        poke(at + 16, reply);
        poke(at + 24, REPLY_SIZE | u64::from(WRITE) << 32);
        poke(reply, 0);
        poke(reply + 8, 0);
    }

    /// Makes all chains available.
    fn write_available(&self) {
        let heads = (0..COUNT).map(|chain| 2 * chain as u16);
        let mut halves: Vec<u16> = [QUIET, COUNT as u16].into_iter().chain(heads).collect();
        halves.resize(halves.len().next_multiple_of(4), 0);
        for (number, word) in (0..).zip(halves.chunks(4)) {
            let word = word.iter().rev();
            let word = word.fold(0, |word, half| word << 16 | u64::from(*half));
            poke(self.page + AVAILABLE + 8 * number, word);
        }
    }

    /// Nothing changes any more of what the server writes.
    fn is_silent(&self) -> Result<(), String> {
        let before = self.written();
        thread::sleep(PAUSE);
        match self.written() == before {
            true => Ok(()),
            false => Err("harmed: it was written after the reset".to_owned()),
        }
    }

    fn written(&self) -> Vec<u64> {
        let words = COUNT * REPLY_SIZE / 8;
        let replies = (0..words).map(|word| peek(self.page + REPLIES + 8 * word));
        replies.chain([self.served()]).collect()
    }

    /// How many requests the server says it has served.
    fn served(&self) -> u64 {
        let ring = Cell::Hostfs.used_ring(self.device.number as usize, REQUESTS as usize);
        peek(ring) >> 16 & 0xffff
    }
}
