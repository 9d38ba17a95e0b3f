//! The guards in front of `smoltcp`: what a segment must be to be let in.
//!
//! `smoltcp` panics over sequence numbers that are far off, over a FIN behind the edge
//! of the window that was advertised, and over segments that come before its own SYN has
//! left. So what we have sent is read as it leaves, and what comes is measured by that:
//! it is let in, cut at the edge, answered without `smoltcp`, or dropped. With the
//! guards no run of the fuzzer panics, and without any one of them some do.
//!
//! A RST is taken at the very next number only, and no SYN in the middle of a connection:
//! whoever cannot see it cannot end it (RFC 5961).

use smoltcp::socket::tcp::State;
use smoltcp::wire::{TcpControl, TcpRepr};

use crate::bytes;

/// How far from what was acknowledged a sequence number may lie.
const FAR: u32 = 1 << 30;

/// Bits of the byte of flags (RFC 9293, 3.1).
pub(super) mod flag {
    pub(in crate::tcp) const FIN: u8 = 1;
    pub(in crate::tcp) const SYN: u8 = 2;
    pub(in crate::tcp) const RST: u8 = 4;
    pub(in crate::tcp) const PSH: u8 = 8;
    pub(in crate::tcp) const ACK: u8 = 16;
}

/// What is done with a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It is let in.
    Pass,
    /// So many bytes of it are let in, without the FIN behind them.
    Cut(usize),
    /// Only that it acknowledges our SYN.
    Acknowledgement,
    /// It is dropped, and the sender is told once more what we expect.
    Answer,
    /// It is dropped.
    Drop,
}

/// What we have said to the peer.
#[derive(Debug, Default)]
pub(super) struct Edge {
    /// The sequence number behind all that was sent.
    pub(super) next: u32,
    /// The first that is not acknowledged.
    pub(super) unacknowledged: u32,
    /// What was acknowledged last, and the window as it was written; none before both
    /// sides know of each other.
    pub(super) said: Option<(u32, u16)>,
    /// The number behind the window that was advertised last.
    right: u32,
    /// How the window is scaled, and the peer's.
    shift: u8,
    peer_shift: u8,
    /// The number behind the peer's window.
    peer_right: u32,
    /// The window in our SYN, once it has left.
    syn: Option<u16>,
    /// Whether a SYN came, and has not been answered.
    owes_syn: bool,
}

impl Edge {
    /// Reads a segment that leaves.
    ///
    /// One that only acknowledges gets the number behind all that was sent, or the last in
    /// the peer's window. `smoltcp` gives it the one that it sends again from, which is
    /// in no window any more: two ends that both send again would never hear each
    /// other's acknowledgements.
    pub(super) fn note(&mut self, segment: &mut [u8]) {
        let header = bytes::byte(segment, 12).map_or(0, |it| usize::from(it >> 4) * 4);
        let (Some(sequence), Some(flags)) = (bytes::word(segment, 4), bytes::byte(segment, 13))
        else {
            return;
        };
        let window = bytes::half(segment, 14).unwrap_or(0);
        let mut size = segment.len().saturating_sub(header) as u32;
        if flags & flag::RST != 0 {
            return;
        }
        let acceptable = first_of(self.next, self.peer_right);
        if size == 0 && flags & !flag::PSH == flag::ACK && is_before(sequence, acceptable) {
            bytes::put(segment, 4, &acceptable.to_be_bytes());
        }
        size = size.wrapping_add(u32::from(flags & flag::FIN));
        if flags & flag::SYN != 0 {
            size = size.wrapping_add(1);
            self.syn = Some(window);
            (self.next, self.unacknowledged) = (sequence, sequence);
        }
        let end = sequence.wrapping_add(size);
        if is_before(self.next, end) {
            self.next = end;
        }
        if flags & flag::ACK != 0 {
            self.note_acknowledgement(bytes::word(segment, 8).unwrap_or(0), flags, window);
        }
    }

    fn note_acknowledgement(&mut self, acknowledged: u32, flags: u8, window: u16) {
        let (shift, field) = if flags & flag::SYN != 0 {
            (0, window >> self.shift)
        } else {
            (self.shift, window)
        };
        self.right = acknowledged.wrapping_add(u32::from(window) << shift);
        self.said = Some((acknowledged, field));
        self.owes_syn = false;
    }

    /// Notes that the peer's SYN was let in; `shift` is how windows are scaled if it does
    /// that, too.
    ///
    /// Until something is acknowledged the edge is one less than our SYN said: that is
    /// where `smoltcp` has it.
    pub(super) fn synchronize(&mut self, syn: &TcpRepr<'_>, shift: u8, owes_syn: bool) {
        let (first, window) = (syn.seq_number.0 as u32, self.syn.unwrap_or(0));
        let shift = syn.window_scale.map_or(0, |_| shift);
        self.scale(shift, syn.window_scale.unwrap_or(0));
        self.peer_right = self.next.wrapping_add(u32::from(syn.window_len));
        self.right = first.wrapping_add(u32::from(window));
        self.said = Some((first.wrapping_add(1), window >> shift));
        self.owes_syn = owes_syn;
    }

    /// Sets how windows are scaled, ours and the peer's, before the first is said.
    pub(super) fn scale(&mut self, shift: u8, peer_shift: u8) {
        (self.shift, self.peer_shift) = (shift, peer_shift);
    }

    /// Notes that a smaller window was advertised than `smoltcp` believes.
    pub(super) fn limit(&mut self, window: u16) {
        if let Some((acknowledged, _)) = self.said {
            self.right = acknowledged.wrapping_add(u32::from(window));
        }
    }

    /// What is done with a segment; `expected` is the number that comes next, and
    /// whether the end has come already.
    pub(super) fn judge(
        &self,
        state: State,
        segment: &TcpRepr<'_>,
        expected: (u32, bool),
    ) -> Verdict {
        // DEFENCE: nothing-comes-in-before-our-syn-is-out
        if is_armed(Guard::Syn) && (self.syn.is_none() || self.owes_syn) {
            return Verdict::Drop;
        }
        // DEFENCE: no-number-from-far-off
        if is_armed(Guard::Edge) && self.is_far(segment) {
            return Verdict::Drop;
        }
        if state == State::SynSent {
            return Verdict::Pass;
        }
        match segment.control {
            TcpControl::Syn if state == State::SynReceived => Verdict::Acknowledgement,
            TcpControl::Syn => Verdict::Answer,
            TcpControl::Rst => self.judge_reset(segment, expected.0),
            _ => self.judge_data(segment, expected),
        }
    }

    /// Whether a number of the segment is far from all that can be.
    fn is_far(&self, segment: &TcpRepr<'_>) -> bool {
        let acknowledges = segment.ack_number.map(|it| it.0 as u32);
        let sequence = self
            .said
            .is_some_and(|(said, _)| distance(said, segment.seq_number.0 as u32) > FAR);
        sequence || acknowledges.is_some_and(|it| distance(self.next, it) > FAR)
    }

    fn judge_reset(&self, segment: &TcpRepr<'_>, expected: u32) -> Verdict {
        let sequence = segment.seq_number.0 as u32;
        // DEFENCE: a-reset-knows-the-very-number
        if sequence == expected {
            Verdict::Pass
        } else if !is_before(sequence, expected) && is_before(sequence, self.right) {
            Verdict::Answer
        } else {
            Verdict::Drop
        }
    }

    fn judge_data(&self, segment: &TcpRepr<'_>, (expected, has_ended): (u32, bool)) -> Verdict {
        let sequence = segment.seq_number.0 as u32;
        let size = segment.segment_len();
        let end = sequence.wrapping_add(size as u32);
        if has_ended && size > 0 && is_before(expected, end) {
            return Verdict::Answer;
        }
        // DEFENCE: nothing-ends-behind-the-edge
        if !is_armed(Guard::Edge) || size == 0 || !is_before(self.right, end) {
            return Verdict::Pass;
        }
        if is_before(sequence, self.right) {
            Verdict::Cut(self.right.wrapping_sub(sequence) as usize)
        } else {
            Verdict::Answer
        }
    }

    /// Notes that a segment is let in; whether it acknowledges what was sent.
    pub(super) fn note_input(&mut self, segment: &TcpRepr<'_>) -> bool {
        let Some(number) = segment.ack_number.map(|it| it.0 as u32) else {
            return false;
        };
        let is_right = !is_before(number, self.unacknowledged) && !is_before(self.next, number);
        if is_right {
            self.unacknowledged = number;
            let window = u32::from(segment.window_len) << self.peer_shift;
            self.peer_right = number.wrapping_add(window);
        }
        is_right
    }

    /// Whether this number is one of what was sent and is not acknowledged.
    pub(super) fn is_in_flight(&self, number: u32) -> bool {
        !is_before(number, self.unacknowledged) && is_before(number, self.next)
    }
}

/// Whether a number comes before another, in their circle.
pub(super) fn is_before(number: u32, other: u32) -> bool {
    (number.wrapping_sub(other) as i32) < 0
}

/// Which of two numbers comes first.
fn first_of(number: u32, other: u32) -> u32 {
    if is_before(number, other) {
        number
    } else {
        other
    }
}

/// How far two numbers are from each other.
fn distance(number: u32, other: u32) -> u32 {
    let distance = number.wrapping_sub(other);
    distance.min(distance.wrapping_neg())
}

/// The guards, each of which a test takes away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Guard {
    /// Our SYN is out before anything comes in.
    Syn,
    /// No number is far off, and nothing ends behind the edge.
    Edge,
}

#[cfg(not(test))]
const fn is_armed(_: Guard) -> bool {
    true
}

#[cfg(test)]
fn is_armed(guard: Guard) -> bool {
    disarmed::WHICH.get() != Some(guard)
}

/// The guard that a test of this thread has taken away.
#[cfg(test)]
pub(super) mod disarmed {
    use core::cell::Cell;

    std::thread_local! {
        pub(in crate::tcp) static WHICH: Cell<Option<super::Guard>> = const { Cell::new(None) };
    }
}
