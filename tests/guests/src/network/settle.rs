//! A program that has no address yet, and goes on.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use crate::checks::done;

/// Says that it runs; that it talks to itself; what becomes of a call to `host`, which
/// needs an address; and the address that it has then, if it has one.
pub fn run(host: &str, local: &str) -> Result<(), String> {
    println!("running");
    alone(local)?;
    match TcpStream::connect(host) {
        Ok(stream) => {
            let own = done("name", stream.local_addr())?;
            println!("connected from {}", own.ip());
        }
        Err(error) => println!("not connected: {error}"),
    }
    Ok(())
}

/// Loopback needs nobody.
fn alone(port: &str) -> Result<(), String> {
    let port: u16 = done("port", port.parse())?;
    let listener = done("listen", TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
    let server = thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut bytes = [0; 5];
        stream.read_exact(&mut bytes)?;
        stream.write_all(&bytes)
    });
    let mut stream = done("connect", TcpStream::connect((Ipv4Addr::LOCALHOST, port)))?;
    done("say", stream.write_all(b"hello"))?;
    let mut back = [0; 5];
    done("hear", stream.read_exact(&mut back))?;
    let server = server.join().map_err(|_| "the server panicked")?;
    done("serve", server)?;
    println!("alone: {}", String::from_utf8_lossy(&back));
    Ok(())
}
