//! A server of DHCP that is silent, late, or changes its mind.

use std::net::Ipv4Addr;
use std::time::Duration;

use domains::Isolation;
use libtest_mimic::Failed;
use smoltcp::wire::DhcpMessageType;

use super::client::ECHO;
use super::guest::Start;
use super::lan::Lan;
use super::lease::Server;
use super::monitor::{Monitor, with_monitor};
use crate::{Verdict, ensure};

/// The address that is lent, and the one that is lent later.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 50);
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 51);
/// Where the guest connects to.
const HOST: &str = "10.7.0.1:80";

fn settling(mode: Isolation, name: &str) -> Result<Lan, Failed> {
    let start = Start {
        mode,
        words: &["settle", HOST, "5000"],
        flags: &[],
        qemu: None,
    };
    Lan::start(&format!("{name}-{mode}"), &start)
}

/// The program starts and talks to itself, and what needs an address fails in the end.
pub(super) fn silent(mode: Isolation) -> Verdict {
    let mut lan = settling(mode, "silent")?;
    let mut server = Server::lending(FIRST);
    server.deaf = usize::MAX;
    for text in ["running\n", "alone: hello\n", "not connected: "] {
        served(&mut lan, &mut server, text, |lan| {
            lan.guest.printed().contains(text).then_some(())
        })?;
    }
    ensure(!server.asked.is_empty(), "questions", &server.asked)?;
    is_over(lan)
}

/// A call that needs an address waits for it.
pub(super) fn late(mode: Isolation) -> Verdict {
    let mut lan = settling(mode, "late")?;
    let mut server = Server::lending(FIRST);
    server.deaf = 2;
    let _listener = lan.listen(80)?;
    let text = "connected from 10.7.0.50\n";
    served(&mut lan, &mut server, text, |lan| {
        let printed = lan.guest.printed();
        printed
            .ends_with('\n')
            .then_some(())
            .filter(|()| printed.contains("connected") || printed.contains("not connected"))
    })?;
    let printed = lan.guest.printed();
    ensure(printed.ends_with(text), text, &(printed, &server.asked))?;
    is_over(lan)
}

/// An address that comes when nobody hopes for one any more is told, and used.
pub(super) fn unhoped(mode: Isolation) -> Verdict {
    let start = Start {
        mode,
        words: &["serve"],
        flags: &[],
        qemu: None,
    };
    let mut lan = Lan::start(&format!("unhoped-{mode}"), &start)?;
    let mut server = Server::lending(FIRST);
    server.deaf = usize::MAX;
    served(&mut lan, &mut server, "word of no address", |lan| {
        lan.guest.of_kind("network").next().map(drop)
    })?;
    server.deaf = 0;
    has_address(&mut lan, &mut server, FIRST)?;
    lan.printed("ready")?;
    lan.ends_well()
}

/// With another address, connections of the old one are over, and new ones are served.
pub(super) fn renewed(mode: Isolation) -> Verdict {
    let name = format!("renewed-{mode}");
    let (qemu, socket) = with_monitor(&name)?;
    let start = Start {
        mode,
        words: &["serve"],
        flags: &[],
        qemu: Some(&qemu),
    };
    let mut lan = Lan::start(&name, &start)?;
    let mut server = Server::lending(FIRST);
    has_address(&mut lan, &mut server, FIRST)?;
    lan.printed("ready")?;
    let old = lan.connect(ECHO)?;
    lan.exchange(old, b"from the old address")?;
    ensure(lan.ask("served")? == "1", "one connection", &())?;
    // The cable is pulled: a guest that is back asks whether its address is still good.
    let mut monitor = Monitor::connect(&socket)?;
    server.lends = SECOND;
    pulled(&mut lan, &mut monitor, &mut server)?;
    has_address(&mut lan, &mut server, SECOND)?;
    let refused = server.asked.contains(&DhcpMessageType::Request);
    ensure(refused, "a question for the old one", &server.asked)?;
    lan.vanish(old);
    lan.is_served()?;
    lan.until("the end of the old connection", |lan| {
        let served = lan.ask("served").ok()?;
        (served == "0").then_some(())
    })?;
    lan.ends_well()
}

/// Pulls the cable until the guest has noticed: it looks when it has the time, and may
/// find a cable that is back.
fn pulled(lan: &mut Lan, monitor: &mut Monitor, server: &mut Server) -> Verdict {
    let before = server.asked.len();
    for time in [1, 2, 4, 8, 16].map(Duration::from_secs) {
        monitor.link(false)?;
        lan.pass(time)?;
        lan.heard.clear();
        monitor.link(true)?;
        lan.pass(time)?;
        server.serve(lan)?;
        if server.asked.len() > before {
            return Ok(());
        }
    }
    Err("a guest that never saw its cable go".into())
}

/// Serves until the guest has told that it has this address.
fn has_address(lan: &mut Lan, server: &mut Server, address: Ipv4Addr) -> Verdict {
    let text = address.to_string();
    served(lan, server, &text, |lan| {
        let mut told = lan.guest.of_kind("network");
        told.any(|it| it.to_string().contains(&text)).then_some(())
    })?;
    lan.address = address;
    Ok(())
}

/// Serves until `look` finds something.
fn served<T>(
    lan: &mut Lan,
    server: &mut Server,
    what: &str,
    look: impl Fn(&Lan) -> Option<T>,
) -> Result<T, Failed> {
    lan.until(what, |lan| {
        let answered = server.serve(lan);
        answered.ok().and_then(|()| look(lan))
    })
}

/// The program ended by itself, and nothing was wrong.
fn is_over(mut lan: Lan) -> Verdict {
    let status = lan.guest.end()?;
    let faults = lan.guest.of_kind("fault").count();
    let holds = (status, faults) == (Some(0), 0);
    ensure(holds, "a good end", &(status, &lan.guest.events))
}
