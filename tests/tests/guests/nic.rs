//! The network card's driver: frames leave and come, and a driver that lies or dies
//! costs frames and nothing else.

use std::net::UdpSocket;
use std::thread;

use domains::{Cell, Isolation};
use libtest_mimic::Trial;
use tests::boot::Outcome;

use crate::images::guest_with;
use crate::{Verdict, above_all_with_walls, ensure, long, trial};

/// Lies by which a driver is known, as its hook numbers them, and what they are.
const KNOWN: [(&str, &str); 10] = [
    ("2", "a_frame_too_long"),
    ("3", "a_buffer_that_there_is_not"),
    ("5", "a_frame_twice"),
    ("6", "a_frame_again"),
    ("7", "a_frame_in_a_buffer_to_send"),
    ("9", "a_panic"),
    ("13", "more_than_there_is_room_for"),
    ("14", "a_frame_sent_too_early"),
    ("15", "a_buffer_sent_that_came"),
    ("17", "interrupts_for_ever"),
];
/// Lies that only lose frames, or spoil them, as a cable can.
const UNKNOWN: [(&str, &str); 8] = [
    ("1", "the_next_buffer"),
    ("4", "a_byte_too_much"),
    ("8", "silence"),
    ("10", "noise"),
    ("11", "too_many_buffers"),
    ("12", "no_buffer"),
    ("16", "many_interrupts"),
    ("20", "interrupts_that_are_off"),
];
/// Of those, what an ordinary run tries.
const SHORT: [&str; 4] = ["2", "14", "11", "20"];

/// What the driver is made to do in calls, seldom enough that something comes between.
const MISDEEDS: [&str; 3] = ["write:safe", "panic", "hang"];

pub(crate) fn trials() -> Vec<Trial> {
    let asks = ["microvm", "q35"].into_iter().flat_map(|machine| {
        Isolation::ALL.map(|mode| {
            let name = format!("nic::asks_who_has_an_address_on_{machine}_{mode}");
            above_all_with_walls(mode, trial(name, move || asks(machine, mode)))
        })
    });
    let known = KNOWN.into_iter().map(|(way, what)| {
        let name = format!("nic::is_started_anew_for_{what}");
        short(way, trial(name, move || known(way)))
    });
    let unknown = UNKNOWN.into_iter().map(|(way, what)| {
        let name = format!("nic::harms_nobody_by_{what}");
        short(way, trial(name, move || unknown(way)))
    });
    let misdeeds = MISDEEDS.into_iter().map(|misdeed| {
        let name = format!("nic::is_used_after_{}", misdeed.replace(':', "_"));
        trial(name, move || outlived(misdeed))
    });
    asks.chain(known).chain(unknown).chain(misdeeds).collect()
}

fn short(way: &str, trial: Trial) -> Trial {
    match SHORT.contains(&way) {
        true => trial,
        false => long(trial),
    }
}

/// The router of QEMU's user network has an address of hardware that tells its own.
fn asks(machine: &str, mode: Isolation) -> Verdict {
    let flags = ["--machine", machine, "--net", "user"];
    let outcome = guest_with(mode, &["nic", "ask", "10.0.2.2"], &flags);
    let is_told = outcome.stdout == "10.0.2.2 is at [52, 55, 0a, 00, 02, 02]\n";
    ensure(
        is_told && outcome.status == 0,
        "who has the address",
        &outcome,
    )
}

/// Sends datagrams that come back, before, while and after the driver lies in this way.
fn lies(way: &str, flags: &[&str]) -> Result<Outcome, std::io::Error> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let host = format!("10.0.2.2:{}", socket.local_addr()?.port());
    // It ends with the tests.
    thread::spawn(move || echo(&socket));
    let flags = [&["--net", "user"], flags].concat();
    Ok(guest_with(
        Isolation::Mpk,
        &["nic", "lie", way, &host],
        &flags,
    ))
}

fn echo(socket: &UdpSocket) -> std::io::Result<()> {
    let mut bytes = [0; 2048];
    loop {
        let (size, sender) = socket.recv_from(&mut bytes)?;
        socket.send_to(&bytes[..size], sender)?;
    }
}

fn known(way: &str) -> Verdict {
    let outcome = lies(way, &[])?;
    let is_anew = outcome.restarts == [Cell::Nic.name()];
    let has_all = outcome.stdout.ends_with(" 8 of 8\n") && outcome.stdout.starts_with("0: 8 ");
    ensure(
        is_anew && has_all && outcome.status == 0,
        "one new start, and every datagram behind it",
        &outcome,
    )
}

fn unknown(way: &str) -> Verdict {
    let outcome = lies(way, &[])?;
    let holds = outcome.stdout.starts_with("0: 8 ") && outcome.faults.is_empty();
    ensure(
        holds && outcome.status == 0,
        "a program that goes on, and no fault",
        &outcome,
    )
}

/// A datagram can get lost with the driver, and the next ones come.
fn outlived(misdeed: &str) -> Verdict {
    let inject = format!("nic={misdeed},once=20");
    let outcome = lies("0", &["--inject", &inject])?;
    let is_anew = outcome.restarts == [Cell::Nic.name()] && outcome.faults.len() == 1;
    let has_last = outcome.stdout.ends_with(" 8 of 8\n");
    ensure(
        is_anew && has_last && outcome.status == 0,
        "one fault, one new start, and the last datagrams",
        &outcome,
    )
}
