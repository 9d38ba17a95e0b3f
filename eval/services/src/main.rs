//! Servers over the standard streams, as inetd starts them.
//!
//! `services-bench http` answers requests of HTTP/1.1, `services-bench kv`
//! commands of the Redis protocol, until the input ends. So a request crosses
//! every wall between the application and a device, twice, though there is no
//! network: standard input and output are virtio consoles. Run it by `cargo
//! cloister bench services`, whose side checks every byte of the answers.

#![forbid(unsafe_code)]

mod http;
mod kv;
mod stream;

use std::io::{self, BufReader, BufWriter};
use std::process::ExitCode;

/// Bytes that are read or written at once.
const BUFFER: usize = 16 << 10;

fn main() -> ExitCode {
    let mut input = BufReader::with_capacity(BUFFER, io::stdin().lock());
    let mut output = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let served = match std::env::args().nth(1).as_deref() {
        Some("http") => http::serve(&mut input, &mut output),
        Some("kv") => kv::serve(&mut input, &mut output),
        _ => {
            eprintln!("services-bench http or kv");
            return ExitCode::from(2);
        }
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("services-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
