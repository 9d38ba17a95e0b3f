//! A server for a peer that plays the whole network, and a client.
//!
//! | port | what it does |
//! |---|---|
//! | 1 | does what a line says, and answers it (see [`control`]) |
//! | 7 | says back what comes, by streams and by datagrams |
//! | 9 | has connections wait until the first port takes them |

mod control;
mod echo;
mod settle;

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::thread;

use crate::checks::done;

/// Does what the words say.
pub fn run(words: &[&str]) -> Result<(), String> {
    match words {
        ["serve"] => serve(),
        ["settle", host, local] => settle::run(host, local),
        other => Err(format!("no such part of the network: {other:?}")),
    }
}

/// Serves until whoever plays the network says that it is over.
fn serve() -> Result<(), String> {
    let at = |port| (Ipv4Addr::UNSPECIFIED, port);
    let listener = done("echo", TcpListener::bind(at(7)))?;
    let socket = done("datagrams", UdpSocket::bind(at(7)))?;
    let waiting = done("waiting", TcpListener::bind(at(9)))?;
    let control = done("control", TcpListener::bind(at(1)))?;
    thread::spawn(move || echo::streams(&listener));
    thread::spawn(move || echo::datagrams(&socket));
    println!("ready");
    control::run(&control, &waiting)
}
