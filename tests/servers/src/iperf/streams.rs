//! The connections of iperf3 that carry bytes, a thread each.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Bytes that are read at once.
const PIECE: usize = 128 << 10;
/// How often, and with what pauses, it is looked whether all came that was sent.
const LOOKS: usize = 3000;
const PAUSE: Duration = Duration::from_millis(10);

/// What connections do.
#[derive(Clone, Copy)]
pub enum Work {
    /// They send blocks of so many bytes.
    Send(usize),
    Receive,
}

/// What the threads share.
#[derive(Default)]
struct Shared {
    has_ended: AtomicBool,
    /// Bytes of each stream.
    counts: Vec<AtomicU64>,
}

/// Connections of which none carries anything yet.
pub struct Streams(Vec<TcpStream>);

impl Streams {
    pub fn new(streams: Vec<TcpStream>) -> Streams {
        Streams(streams)
    }

    /// Has all of them do this.
    pub fn start(self, work: Work) -> io::Result<Running> {
        let counts = self.0.iter().map(|_| AtomicU64::new(0)).collect();
        let mut running = Running {
            shared: Arc::new(Shared {
                counts,
                ..Shared::default()
            }),
            streams: Vec::new(),
            threads: Vec::new(),
        };
        for (place, stream) in self.0.into_iter().enumerate() {
            running.streams.push(stream.try_clone()?);
            let shared = Arc::clone(&running.shared);
            let work = move || match work {
                Work::Send(block) => send(stream, block, place, &shared),
                Work::Receive => receive(stream, place, &shared),
            };
            running.threads.push(thread::Builder::new().spawn(work)?);
        }
        Ok(running)
    }
}

/// Connections that carry bytes. They are closed when this is dropped.
pub struct Running {
    shared: Arc<Shared>,
    streams: Vec<TcpStream>,
    threads: Vec<JoinHandle<()>>,
}

impl Running {
    /// Sends no more blocks, and says so.
    pub fn stop(&self) {
        self.shared.has_ended.store(true, Ordering::Relaxed);
    }

    /// How much each has carried when all that was `sent` is there, or does not come.
    pub fn counts_when_all_came(&self, sent: &[u64]) -> Vec<u64> {
        for _ in 0..LOOKS {
            let counts = self.counts();
            if counts.iter().zip(sent).all(|(came, sent)| came >= sent) {
                return counts;
            }
            thread::sleep(PAUSE);
        }
        self.counts()
    }

    /// How much each has carried.
    pub fn counts(&self) -> Vec<u64> {
        let counts = self.shared.counts.iter();
        counts.map(|it| it.load(Ordering::Relaxed)).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        for stream in &self.streams {
            // The client may have closed it before.
            let _ = stream.shutdown(Shutdown::Both);
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Sends blocks, and behind the last one an end: a client waits for whole blocks, and does
/// not begin to count them at the beginning of one.
fn send(mut stream: TcpStream, block: usize, place: usize, shared: &Shared) {
    let block = vec![0x5a; block];
    while !shared.has_ended.load(Ordering::Relaxed) {
        // First: what has come was sent, by everybody's count.
        shared.count(place, block.len());
        if stream.write_all(&block).is_err() {
            return;
        }
    }
    // The client may have closed it before.
    let _ = stream.shutdown(Shutdown::Write);
}

fn receive(mut stream: TcpStream, place: usize, shared: &Shared) {
    // It waits for as long as the client does.
    if stream.set_read_timeout(None).is_err() {
        return;
    }
    let mut piece = vec![0; PIECE];
    loop {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(size) => shared.count(place, size),
        }
    }
}

impl Shared {
    fn count(&self, place: usize, size: usize) {
        self.counts[place].fetch_add(size as u64, Ordering::Relaxed);
    }
}
