//! Peers that read slowly, or are gone, while others go on.

use domains::Isolation;

use super::client::{ECHO, Talk};
use super::lan::Lan;
use crate::{Verdict, ensure};

/// Bytes that a slow reader has room for: less than two segments.
const ROOM: usize = 2048;
/// Bytes that it says: more than there is room for on the whole way.
const SAID: usize = 2 << 20;
/// Turns in which nothing more can be said: then its window is shut, and the guest's.
const STILL: usize = 200;
/// Bytes that are read one by one.
const ONE_BY_ONE: usize = 500;
/// Connections that vanish.
const GONE: usize = 20;

/// Its bytes wait, and nobody else does.
pub(super) fn slow(mode: Isolation) -> Verdict {
    let mut lan = Lan::serving("slow", mode)?;
    let good = lan.connect(ECHO)?;
    let slow = lan.begin_with(ECHO, ROOM)?;
    lan.connected(slow)?;
    let bytes: Vec<u8> = (0..SAID as u32).map(|n| (n ^ n >> 8) as u8).collect();
    let mut talk = Talk::of(slow, &bytes);
    let (mut said, mut still) = (0, 0);
    lan.until("a window that is shut", |lan| {
        let more = talk.say(lan);
        (said, still) = (said + more, if more == 0 { still + 1 } else { 0 });
        (still == STILL).then_some(())
    })?;
    ensure(said < SAID, "a limit to what is kept for it", &said)?;
    for _ in 0..20 {
        lan.exchange(good, b"all the same")?;
    }
    lan.is_served()?;
    let mut heard = Vec::new();
    lan.until("one byte after the other", |lan| {
        let mut byte = [0];
        let taken = lan.socket(slow).recv_slice(&mut byte).unwrap_or(0);
        heard.extend_from_slice(&byte[..taken]);
        (heard.len() == ONE_BY_ONE).then_some(())
    })?;
    lan.until("the rest", |lan| {
        lan.read(slow, &mut heard);
        (heard.len() >= said).then_some(())
    })?;
    ensure(heard == bytes[..said], "the bytes that were said", &said)?;
    lan.close(slow)?;
    lan.close(good)?;
    lan.ends_well()
}

/// Whoever vanishes with bytes under way, and says no word, is in nobody's way.
pub(super) fn gone(mode: Isolation) -> Verdict {
    let mut lan = Lan::serving("gone", mode)?;
    let good = lan.connect(ECHO)?;
    for _ in 0..GONE {
        let handle = lan.begin_with(ECHO, ROOM)?;
        lan.connected(handle)?;
        let bytes = [7; 4 * ROOM];
        Talk::of(handle, &bytes).say(&mut lan);
        lan.turn()?;
        lan.vanish(handle);
        lan.exchange(good, b"all the same")?;
    }
    let served = lan.ask("served")?;
    let all = (GONE + 1).to_string();
    ensure(
        served == all,
        "connections that wait for their peers",
        &served,
    )?;
    lan.close(good)?;
    lan.ends_well()
}
