//! A stranger's segment at which the stack panics.

use domains::{Cell, Isolation};

use super::client::{ECHO, WAITING};
use super::lan::Lan;
use super::packet::{Host, SYN, TCP, segment, v4};
use crate::{Verdict, ensure};

/// In how many segments it panics: the question for it needs a few itself.
const IN: usize = 30;
/// A port at which nobody is.
const NOBODY: u16 = 4321;

/// It ends there: the program lives, and its listeners are back.
pub(super) fn ends_there() -> Verdict {
    let mut lan = Lan::serving("panic", Isolation::Mpk)?;
    let old = lan.connect(ECHO)?;
    lan.exchange(old, b"before")?;
    let armed = lan.ask(&format!("fail {IN}"))?;
    ensure(armed == "0", "a stack that will fail", &armed)?;
    let guest = lan.guest_host();
    let segments = (0..IN as u16).map(|port| {
        let first = segment((3000 + port, NOBODY), 1, 0, SYN, b"");
        v4(Host::numbered(100), guest, TCP, &first)
    });
    lan.send(segments.collect::<Vec<_>>())?;
    let name = Cell::Net.name();
    lan.until("a new start", |lan| {
        let mut anew = lan.guest.of_kind("restart");
        anew.any(|it| it["cell"] == name).then_some(())
    })?;
    // Whoever was connected hears that it is over, when it says something.
    let socket = lan.socket(old);
    let _it_may_know_already = socket.send_slice(b"behind");
    lan.until("the end of the old connection", |lan| {
        (!lan.socket(old).is_active()).then_some(())
    })?;
    lan.sockets.remove(old);
    lan.is_served()?;
    let waiting = lan.connect(WAITING)?;
    ensure(lan.ask("take")? == "1", "the other listener, too", &())?;
    lan.sockets.remove(waiting);
    let served = lan.ask("served")?;
    ensure(
        served == "0",
        "the old connection's end in the guest",
        &served,
    )?;
    lan.ends_with_restarts(1)
}
