//! Says back what comes.

use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Bytes of a thread's stack: there may be many of them.
const STACK: usize = 64 << 10;
/// Bytes that are read at once.
const PIECE: usize = 16 << 10;

/// Connections that are served now.
static SERVED: AtomicUsize = AtomicUsize::new(0);

/// How many connections are served now.
pub fn served() -> usize {
    SERVED.load(Ordering::Relaxed)
}

/// A thread for each connection. One that cannot be served is dropped, and its peer
/// sees that.
pub fn streams(listener: &TcpListener) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            thread::yield_now();
            continue;
        };
        SERVED.fetch_add(1, Ordering::Relaxed);
        let served = Served;
        let serve = move || {
            let _gone = serve(&stream);
            drop(served);
        };
        let _dropped = thread::Builder::new().stack_size(STACK).spawn(serve);
    }
}

/// One that is served.
struct Served;

impl Drop for Served {
    fn drop(&mut self) {
        SERVED.fetch_sub(1, Ordering::Relaxed);
    }
}

fn serve(mut stream: &TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut piece = vec![0; PIECE];
    loop {
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            size => stream.write_all(&piece[..size])?,
        }
    }
}

/// Datagrams go back to whoever sent them. What is told of a peer that is gone, or of
/// a network that is, changes nothing.
pub fn datagrams(socket: &UdpSocket) {
    let mut bytes = [0; 2048];
    loop {
        match socket.recv_from(&mut bytes) {
            Ok((size, sender)) => _ = socket.send_to(&bytes[..size], sender),
            Err(_) => thread::yield_now(),
        }
    }
}
