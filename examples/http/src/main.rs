//! A web server on std alone: a thread for each connection.
//!
//! `/` says hello, `/time` says how long it has run, and what a client sends to
//! `/echo` it gets back. The argument is the port, 80 if there is none.

mod request;

use std::env;
use std::error::Error;
use std::io::{self, BufReader, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use request::{Fault, Request};

/// How long a client may take to go on.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(80), |port| port.parse())?;
    // Clients of IPv4 come by this as well.
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))?;
    let start = Instant::now();
    for stream in listener.incoming() {
        let serve = move || {
            // A client that goes away takes nothing with it but its thread.
            let _ = stream.and_then(|stream| serve(stream, start));
        };
        thread::Builder::new().spawn(serve)?;
    }
    Ok(())
}

/// Answers one request after the other.
fn serve(stream: TcpStream, start: Instant) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(&stream);
    loop {
        match request::read(&mut reader)? {
            Ok(None) => return Ok(()),
            Ok(Some(request)) => {
                let (status, body) = answer(&request, start);
                let size = body.len();
                let sent = if request.method == "HEAD" {
                    &[]
                } else {
                    &*body
                };
                write(&stream, status, size, sent, request.keeps_alive)?;
                if !request.keeps_alive {
                    return Ok(());
                }
            }
            Err(fault) => return write(&stream, fault.status(), 0, b"", false),
        }
    }
}

/// What a request is answered with.
fn answer(request: &Request, start: Instant) -> (&'static str, Vec<u8>) {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "HEAD", "/") => ("200 OK", b"Hello, world!".to_vec()),
        ("GET" | "HEAD", "/time") => {
            let seconds = start.elapsed().as_secs_f64();
            ("200 OK", format!("up for {seconds:.3} s\n").into_bytes())
        }
        ("POST", "/echo") => ("200 OK", request.body.clone()),
        ("GET" | "HEAD" | "POST", _) => Fault::NOT_FOUND,
        _ => Fault::NOT_ALLOWED,
    }
}

/// Writes an answer about `size` bytes as one piece, so that it leaves as one. Whoever
/// asks for the head alone is sent no body.
fn write(
    mut stream: &TcpStream,
    status: &str,
    size: usize,
    body: &[u8],
    keeps_alive: bool,
) -> io::Result<()> {
    let connection = if keeps_alive { "keep-alive" } else { "close" };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: {connection}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat())
}
