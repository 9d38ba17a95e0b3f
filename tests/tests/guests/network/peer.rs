//! A guest on a network that is this process.
//!
//! The guest's card leads to a UNIX socket (`--net dgram:`), and each frame comes as a
//! datagram. So a trial has a good host beside strangers who send what no system would,
//! and a cable that loses, doubles, delays and changes frames as it is told.
//!
//! | module | what is in it |
//! |---|---|
//! | `wire`, `weather` | the cable, and what becomes of frames on it |
//! | `guest`, `monitor` | a run of the tool, and of a QEMU that listens |
//! | `lan`, `link`, `client` | the good host, with all that happens on the link |
//! | `packet`, `checksum`, `kinds` | packets made by hand, one of each kind |
//! | `lease` | a server of DHCP |
//! | `malformed` | frames with something wrong in each place |
//! | `crowd` | half-open connections, a queue that overruns, a scan |
//! | `dhcp` | no lease, a late one, another one |
//! | `readers`, `storm`, `cable` | peers that are slow or gone, and ways that are bad |
//! | `panic`, `churn` | the stack fails; connections come and go |
//!
//! Nothing is timed: each wait ends with what is waited for, or at a limit that no
//! machine needs.

mod cable;
mod checksum;
mod churn;
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
mod panic;
mod readers;
mod storm;
mod weather;
mod wire;

use std::time::Duration;

use domains::Isolation;
use libtest_mimic::Trial;

use crate::{Verdict, above_all_with_walls, long, trial};

/// The bytes of a frame.
type Frame = Vec<u8>;

/// When what should have come has not: long, for a busy host.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) fn trials() -> Vec<Trial> {
    let of_mode = Isolation::ALL.into_iter().flat_map(of_mode);
    // Without walls a fault in a cell ends the machine.
    let panic = "network::mpk::peer_segment_that_panics_the_stack_ends_there";
    of_mode
        .chain([trial(panic.to_owned(), panic::ends_there)])
        .collect()
}

fn of_mode(mode: Isolation) -> Vec<Trial> {
    let of = |what: &str, body: fn(Isolation) -> Verdict| {
        trial(format!("network::{mode}::peer_{what}"), move || body(mode))
    };
    let short = [of(
        "frames_with_something_wrong_harm_nobody",
        malformed::harms_nobody,
    )];
    let all = [
        of(
            "that_lends_nothing_keeps_nobody_from_starting",
            dhcp::silent,
        ),
        of("that_lends_late_is_waited_for", dhcp::late),
        of("that_lends_when_nobody_hopes_is_used", dhcp::unhoped),
        of(
            "that_lends_another_address_ends_old_connections",
            dhcp::renewed,
        ),
        of(
            "half_open_ten_thousand_times_keeps_nobody_out",
            crowd::half_open,
        ),
        of("whom_nobody_takes_waits_within_a_limit", crowd::untaken),
        of("who_scans_all_ports_learns_what_is_open", crowd::scan),
        of("that_reads_slowly_has_nobody_else_wait", readers::slow),
        of("that_is_gone_is_in_nobodys_way", readers::gone),
        of("behind_bad_weather_gets_every_byte", storm::changes_nothing),
        of("whose_cable_is_put_back_goes_on", cable::is_put_back),
        of("who_comes_and_goes_leaves_nothing", churn::leaves_nothing),
    ];
    let short = short.into_iter().map(|it| above_all_with_walls(mode, it));
    short.chain(all.map(long)).collect()
}
