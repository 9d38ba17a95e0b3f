//! The connection of iperf3 that carries states.

use std::io::{self, Error, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// The states, as iperf3 numbers them.
pub mod state {
    pub const TEST_START: u8 = 1;
    pub const TEST_RUNNING: u8 = 2;
    pub const TEST_END: u8 = 4;
    pub const PARAM_EXCHANGE: u8 = 9;
    pub const CREATE_STREAMS: u8 = 10;
    pub const EXCHANGE_RESULTS: u8 = 13;
    pub const DISPLAY_RESULTS: u8 = 14;
    pub const IPERF_DONE: u8 = 16;
    pub const ACCESS_DENIED: u8 = 0xff;
}

/// By which a client's connections are known.
type Cookie = [u8; 37];

/// How long a client may take to go on.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest text.
const TEXT_MAX: u32 = 1 << 20;

/// The connection that carries states.
pub struct Control {
    stream: TcpStream,
    cookie: Cookie,
}

impl Control {
    /// The first connection of a client.
    pub fn new(mut stream: TcpStream) -> io::Result<Control> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let cookie = cookie(&mut stream)?;
        Ok(Control { stream, cookie })
    }

    /// The client's next connection. Who else comes meanwhile is sent away.
    pub fn stream(&self, listener: &TcpListener) -> io::Result<TcpStream> {
        loop {
            let (mut stream, _) = listener.accept()?;
            stream.set_read_timeout(Some(PATIENCE))?;
            if cookie(&mut stream).is_ok_and(|cookie| cookie == self.cookie) {
                return Ok(stream);
            }
            // It may be gone.
            let _ = stream.write_all(&[state::ACCESS_DENIED]);
        }
    }

    pub fn say(&mut self, state: u8) -> io::Result<()> {
        self.stream.write_all(&[state])
    }

    /// Waits for a state, and for no other.
    pub fn hear(&mut self, state: u8) -> io::Result<()> {
        let mut heard = [0];
        self.stream.read_exact(&mut heard)?;
        match heard[0] == state {
            true => Ok(()),
            false => Err(Error::other(format!(
                "state {} instead of {state}",
                heard[0]
            ))),
        }
    }

    pub fn say_json(&mut self, value: &Value) -> io::Result<()> {
        let text = value.to_string();
        let size = (text.len() as u32).to_be_bytes();
        self.stream.write_all(&[&size, text.as_bytes()].concat())
    }

    pub fn hear_json(&mut self) -> io::Result<Value> {
        let mut size = [0; 4];
        self.stream.read_exact(&mut size)?;
        let size = u32::from_be_bytes(size);
        if size > TEXT_MAX {
            return Err(Error::other(format!("a text of {size} bytes")));
        }
        let mut text = vec![0; size as usize];
        self.stream.read_exact(&mut text)?;
        serde_json::from_slice(&text).map_err(Error::other)
    }
}

fn cookie(stream: &mut TcpStream) -> io::Result<Cookie> {
    let mut cookie = [0; 37];
    stream.read_exact(&mut cookie)?;
    Ok(cookie)
}
