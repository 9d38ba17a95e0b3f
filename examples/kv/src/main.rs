//! A store of keys and values that speaks the protocol of Redis.
//!
//! Clients of Redis can use it. What is set is kept in a file if there is a folder for
//! it: `kv [PORT [FOLDER]]`, which are 6379 and `/data` unless said otherwise.

mod command;
mod log;
mod protocol;
mod store;

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use protocol::{Fault, Reply};
use store::Store;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().map_or(Ok(6379), |port| port.parse())?;
    let folder = arguments.next().unwrap_or("/data".into());
    let store = Arc::new(Store::open(Path::new(&folder))?);
    let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))?;
    for stream in listener.incoming() {
        let store = Arc::clone(&store);
        let serve = move || {
            // A client that goes away takes nothing with it but its thread.
            let _ = stream.and_then(|stream| serve(&stream, &store));
        };
        thread::Builder::new().spawn(serve)?;
    }
    Ok(())
}

/// Does what a client says, until it says no more.
fn serve(stream: &TcpStream, store: &Store) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    let mut writer = BufWriter::with_capacity(64 << 10, stream);
    loop {
        // A client may send many commands at once, and gets as many replies at once.
        if reader.buffer().is_empty() {
            writer.flush()?;
            if reader.fill_buf()?.is_empty() {
                return Ok(());
            }
        }
        match protocol::read(&mut reader) {
            Ok(words) => command::run(&words, store)?.write(&mut writer)?,
            Err(Fault::Io(error)) => return Err(error),
            Err(Fault::Protocol(why)) => {
                Reply::Error(format!("ERR Protocol error: {why}")).write(&mut writer)?;
                return writer.flush();
            }
        }
    }
}
