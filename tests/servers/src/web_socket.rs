//! `tungstenite`: messages over one connection.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use tungstenite::Message;

use crate::Answer;

/// A client says things of all sizes, and hears them again.
pub fn echo() -> Answer {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let serving = thread::spawn(move || -> Result<(), String> {
        let (stream, _) = listener.accept().map_err(|it| it.to_string())?;
        let mut socket = tungstenite::accept(stream).map_err(|it| it.to_string())?;
        loop {
            match socket.read() {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    socket.send(message).map_err(|it| it.to_string())?;
                }
                Ok(_) => {}
                Err(tungstenite::Error::ConnectionClosed) => return Ok(()),
                Err(error) => return Err(error.to_string()),
            }
        }
    });
    let stream = TcpStream::connect(address)?;
    let (mut socket, _) = tungstenite::client(format!("ws://{address}/"), stream)?;
    let mut is_good = true;
    for size in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
        for message in [
            Message::text("ä".repeat(size / 2)),
            Message::binary(vec![7; size]),
        ] {
            socket.send(message.clone())?;
            is_good &= socket.read()? == message;
        }
    }
    socket.close(None)?;
    while socket.read().is_ok() {}
    serving.join().map_err(|_| "the server has failed")??;
    Ok(is_good)
}
