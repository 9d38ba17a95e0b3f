//! A guest on a network that is this process.
//!
//! The guest's card leads to a UNIX socket (`--net dgram:`), and each frame comes as a
//! datagram. So a trial has a good host beside strangers who send what no system would,
//! and a cable that loses, doubles, delays and changes frames as it is told.
//!
//! | module | what is in it |
//! |---|---|
//! | `wire`, `weather` | the cable, and what becomes of frames on it |
//! | `guest` | a run of the tool |
//! | `lan`, `link`, `client` | the good host, with all that happens on the link |
//! | `packet`, `checksum`, `kinds` | packets made by hand, one of each kind |
//! | `malformed` | frames with something wrong in each place |
//!
//! Nothing is timed: each wait ends with what is waited for, or at a limit that no
//! machine needs.

mod checksum;
mod client;
mod crowd;
mod dhcp;
mod guest;
mod kinds;
mod lan;
mod lease;
mod link;
mod malformed;
mod monitor;
mod packet;
mod weather;
mod wire;

use std::time::Duration;

use domains::Isolation;
use libtest_mimic::Trial;

use crate::{Verdict, above_all_with_walls, long, trial};

/// The bytes of a frame.
type Frame = Vec<u8>;

/// When what should have come has not: long, for a busy host.
const PATIENCE: Duration = Duration::from_secs(40);

pub(super) fn trials() -> Vec<Trial> {
    Isolation::ALL.into_iter().flat_map(of_mode).collect()
}

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let of = |what: &str, body: fn(Isolation) -> Verdict| {
        trial(format!("network::{mode}::peer_{what}"), move || body(mode))
    };
    let short = [
        of(
            "frames_with_something_wrong_harm_nobody",
            malformed::harms_nobody,
        ),
        of("that_lends_late_is_waited_for", dhcp::late),
    ];
    let all = [
        of(
            "that_lends_nothing_keeps_nobody_from_starting",
            dhcp::silent,
        ),
        of(
            "that_lends_another_address_ends_the_old_ones_connections",
            dhcp::renewed,
        ),
        of(
            "half_open_ten_thousand_times_keeps_nobody_out",
            crowd::half_open,
        ),
        of("whom_nobody_takes_waits_within_a_limit", crowd::untaken),
        of("who_scans_all_ports_learns_what_is_open", crowd::scan),
    ];
    let short = short.into_iter().map(|it| above_all_with_walls(mode, it));
    short.chain(all.map(long)).collect()
}
