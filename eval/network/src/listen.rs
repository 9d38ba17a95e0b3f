//! Connections, a thread for each.

use std::io::Result;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// How long nobody is accepted when the system has no room for one more.
const PAUSE: Duration = Duration::from_millis(10);

/// Listens at this port of every address.
pub fn at(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))
}

/// Has `serve` serve each connection, for ever. One that fails ends alone.
pub fn serve(
    listener: &TcpListener,
    serve: impl Fn(TcpStream) -> Result<()> + Clone + Send + 'static,
) {
    loop {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(PAUSE);
            continue;
        };
        let serve = serve.clone();
        let alone = move || {
            let _peer_went_away = stream.set_nodelay(true).and_then(|()| serve(stream));
        };
        // Without a thread the connection is dropped, and its peer sees that.
        let _dropped = thread::Builder::new().spawn(alone);
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A client of a server of its own.
    pub fn client(
        server: impl Fn(TcpStream) -> Result<()> + Clone + Send + 'static,
    ) -> TcpStream {
        let listener = at(0).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        thread::spawn(move || serve(&listener, server));
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection")
    }
}
