//! Frames of which one field is wrong, or the end is missing.
//!
//! Every byte of a good frame of each kind is made zero, all ones, and another in each of
//! its bits; once with the checksums as they then are, once with right ones, so that what
//! lies behind the look at a checksum sees them as well. Each frame ends early at every
//! place, and has several bytes that are any.

use domains::Isolation;

use super::Frame;
use super::checksum::mend;
use super::client::ECHO;
use super::kinds;
use super::lan::Lan;
use super::packet::{self, ETHERNET, Host};
use super::weather::Chance;
use crate::Verdict;
use crate::trial::is_full;

/// Whose frames they are: no other bit of its address makes that of another host.
const STRANGER: Host = Host::numbered(100);
/// Kinds of frames that have answers, without a limit: so one knows that they arrive.
const ANSWERED: [&str; 9] = [
    "ARP, a question",
    "ICMP, an echo",
    "TCP, the first segment",
    "UDP, said back",
    "IPv4, options",
    "IPv6, an echo",
    "IPv6, a question",
    "IPv6, said back",
    "IPv6, options for the host",
];
/// Bytes of a frame that are any.
const ANY: usize = 3;

/// The guest is served as before behind each kind.
pub(super) fn harms_nobody(mode: Isolation) -> Verdict {
    let mut lan = Lan::serving("malformed", mode)?;
    let good = lan.connect(ECHO)?;
    let mut chance = Chance(7);
    let mut count = 0;
    for (kind, frame) in kinds::all(STRANGER, lan.guest_host()) {
        let wrong = variants(&frame, &mut chance);
        count += wrong.len();
        lan.send(wrong)?;
        let served = lan.exchange(good, kind.as_bytes());
        served
            .map_err(|why| format!("behind {kind}: {}", why.message().unwrap_or_default()))?;
        if ANSWERED.contains(&kind) {
            lan.until(kind, |lan| {
                let mut heard = lan.heard.drain(..).filter_map(|it| packet::header(&it));
                heard.find(|header| header.target == STRANGER.card)
            })?;
        }
        lan.heard.clear();
    }
    eprintln!("{count} frames were wrong");
    lan.close(good)?;
    lan.ends_well()
}

/// The frame as it is, and everything that is wrong with it. A datagram of nothing is an
/// end for QEMU, and none of these.
fn variants(frame: &Frame, chance: &mut Chance) -> Vec<Frame> {
    let times = if is_full() { 20_000 } else { 100 };
    let whole = [frame.clone()];
    let short = (1..frame.len()).map(|size| frame[..size].to_vec());
    let changed = (0..frame.len()).flat_map(|at| changed(frame, at));
    let any = (0..times).map(|_| any(frame, chance));
    let all = whole.into_iter().chain(short).chain(changed);
    all.chain(any).collect()
}

/// The frame with another byte at this place. A short run leaves bits out.
fn changed(frame: &Frame, at: usize) -> Vec<Frame> {
    let byte = frame[at];
    let bits: &[u32] = match is_full() {
        true => &[0, 1, 2, 3, 4, 5, 6, 7],
        false => &[0, 7],
    };
    let others = bits.iter().map(|bit| byte ^ (1 << bit));
    let others = [0, 0xff].into_iter().chain(others);
    let mut frames = Vec::new();
    for other in others.filter(|other| *other != byte) {
        let mut wrong = frame.clone();
        wrong[at] = other;
        let mut mended = wrong.clone();
        // What is wrong with the header of the link is not summed.
        if at >= ETHERNET {
            mend(&mut mended);
            frames.push(mended);
        }
        frames.push(wrong);
    }
    frames
}

/// The frame with other bytes at some places of its packet. Its addresses of IPv4 and in
/// ARP stay, or it would speak for others.
fn any(frame: &Frame, chance: &mut Chance) -> Frame {
    const KEPT: std::ops::Range<usize> = 26..34;
    let mut frame = frame.clone();
    for _ in 0..ANY {
        let at = ETHERNET + chance.below((frame.len() - ETHERNET) as u64) as usize;
        if !KEPT.contains(&at) {
            frame[at] = chance.below(256) as u8;
        }
    }
    mend(&mut frame);
    frame
}
