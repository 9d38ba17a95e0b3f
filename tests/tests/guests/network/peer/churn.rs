//! Connections that come and go, after which there is as much memory as before.

use domains::Isolation;
use libtest_mimic::Failed;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::State;

use super::client::{ECHO, End, Talk};
use super::lan::Lan;
use crate::trial::is_full;
use crate::{Verdict, ensure};

/// Connections that there are at a time.
const AT_A_TIME: usize = 16;
/// One of so many is reset, and not closed.
const RESET: usize = 4;
/// What is said on each.
const WORDS: &[u8] = b"hello, and good bye";

/// Bytes of the safe kernel's heap that may be more by chance, and frames that may be
/// fewer: stacks of ended threads wait to be used again. Of what each connection leaves
/// behind there would be thousands.
const BYTES: i64 = 16 << 10;
const FRAMES: i64 = 512;

/// A connection, and how far it is.
struct Visit {
    handle: SocketHandle,
    talk: Talk<'static>,
    is_reset: bool,
    has_heard: bool,
}

/// The first tenth makes everything grow that does; then nothing does.
pub(super) fn leaves_nothing(mode: Isolation) -> Verdict {
    let all = if is_full() { 100_000 } else { 2_000 };
    let mut lan = Lan::serving("churn", mode)?;
    visit(&mut lan, all / 10)?;
    let before = level(&mut lan)?;
    visit(&mut lan, all)?;
    let after = level(&mut lan)?;
    eprintln!("{before:?}, then {after:?}");
    let is_flat = after[0] <= before[0] + BYTES && after[1] >= before[1] - FRAMES;
    ensure(is_flat, "the memory of before", &(before, after))?;
    lan.ends_well()
}

/// So many connections, some at a time.
fn visit(lan: &mut Lan, count: usize) -> Verdict {
    let (mut begun, mut ended) = (0, 0);
    let mut visits: Vec<Visit> = Vec::new();
    while ended < count {
        while begun < count && visits.len() < AT_A_TIME {
            visits.push(begin(lan, begun)?);
            begun += 1;
        }
        // The limit is one for each step.
        ended += lan.until("an end of a visit", |lan| {
            let before = visits.len();
            visits.retain_mut(|visit| !visit.is_over(lan));
            Some(before - visits.len()).filter(|ended| *ended > 0)
        })?;
    }
    Ok(())
}

fn begin(lan: &mut Lan, number: usize) -> Result<Visit, Failed> {
    let handle = lan.begin_with(ECHO, 2048)?;
    Ok(Visit {
        handle,
        talk: Talk::of(handle, WORDS),
        is_reset: number.is_multiple_of(RESET),
        has_heard: false,
    })
}

impl Visit {
    /// Goes on; whether it ended, and its socket is gone.
    fn is_over(&mut self, lan: &mut Lan) -> bool {
        if !self.has_heard && lan.socket(self.handle).may_send() {
            self.has_heard = self.talk.go_on(lan) == Some(End::Same);
            if self.has_heard && self.is_reset {
                lan.socket(self.handle).abort();
            } else if self.has_heard {
                lan.socket(self.handle).close();
            }
            return false;
        }
        // A reset is sent in the turn behind it.
        let state = lan.socket(self.handle).state();
        let is_over = self.has_heard && matches!(state, State::Closed | State::TimeWait);
        if is_over {
            lan.sockets.remove(self.handle);
        }
        is_over
    }
}

/// Bytes of the safe kernel's heap, and free frames, when nobody is served.
fn level(lan: &mut Lan) -> Result<[i64; 2], Failed> {
    lan.until("the end of all", |lan| {
        let served = lan.ask("served").ok()?;
        (served == "0").then_some(())
    })?;
    let level = lan.ask("level")?;
    let words: Result<Vec<i64>, _> = level.split(' ').map(str::parse).collect();
    let words: Vec<i64> = words?;
    Ok(words.try_into().map_err(|_| "no level")?)
}
