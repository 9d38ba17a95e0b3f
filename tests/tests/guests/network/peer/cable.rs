//! A cable that is pulled and put back.

use std::time::Duration;

use domains::Isolation;

use super::client::{ECHO, End, Talk};
use super::lan::Lan;
use super::monitor::{Monitor, with_monitor};
use crate::{Verdict, ensure};

/// What is said meanwhile, and after how much of it the cable goes.
const SAID: usize = 1 << 20;
const PULLED_AT: usize = SAID / 4;
/// For how long it is away: longer than the first repetitions wait.
const AWAY: Duration = Duration::from_secs(2);

/// A connection goes on where it was.
pub(super) fn is_put_back(mode: Isolation) -> Verdict {
    let (qemu, socket) = with_monitor(&format!("cable-{mode}"))?;
    let mut lan = Lan::serving_on("cable", mode, Some(&qemu))?;
    let mut monitor = Monitor::connect(&socket)?;
    let handle = lan.connect(ECHO)?;
    let bytes: Vec<u8> = (0..SAID as u32).map(|n| (n ^ n >> 8) as u8).collect();
    let mut talk = Talk::of(handle, &bytes);
    lan.until("a part of it", |lan| {
        let end = talk.go_on(lan);
        (end.is_some() || talk.heard > PULLED_AT).then_some(())
    })?;
    ensure(talk.heard < SAID, "some that is still to come", &talk.heard)?;
    monitor.link(false)?;
    lan.pass(AWAY)?;
    monitor.link(true)?;
    let end = lan.until("the rest", |lan| talk.go_on(lan))?;
    ensure(
        end == End::Same,
        "the bytes that were said",
        &(end, talk.heard),
    )?;
    lan.close(handle)?;
    lan.ends_well()
}
