//! Frames that have come, copied out of their buffers.
//!
//! A buffer is shared with the driver and its device, so a frame is copied before
//! anything in it is believed; from then on it does not change. A packet that lies
//! in several buffers is put together on the way.

use alloc::vec::Vec;

use domains::network::packets::{self, HEADER};

use super::card::Card;
use super::header::Header;
use crate::desk::Desk;
use crate::lent::Lender;

/// The most bytes of a frame, whatever it lies in.
const FRAME_MAX: usize = 65_535 + 14;
/// The fewest: a header of Ethernet.
const FRAME_MIN: usize = 14;

/// The list of frames of one call.
#[derive(Debug)]
pub struct Inbox {
    desk: Desk,
    next: usize,
    count: usize,
    merges: bool,
    joins: bool,
}

impl Inbox {
    /// The first `count` frames on the desk, which this card has brought.
    pub fn new(desk: Desk, count: usize, card: Option<Card>) -> Inbox {
        Inbox {
            desk,
            next: 0,
            count,
            merges: card.is_some_and(|card| card.merges),
            joins: card.is_some_and(|card| card.joins),
        }
    }

    /// Whether there is another.
    pub const fn is_done(&self) -> bool {
        self.next >= self.count
    }

    /// Copies the next frame to `frame`, and says what the header in front of it
    /// says; none if it is not one that can be used.
    pub fn next(&mut self, lender: &mut impl Lender, frame: &mut Vec<u8>) -> Option<Header> {
        frame.clear();
        let header = self.append(lender, frame, true)?;
        let buffers = if self.merges {
            header.buffers.max(1)
        } else {
            1
        };
        let mut is_good = true;
        for _ in 1..buffers {
            if self.is_done() {
                return None;
            }
            // All of its buffers are passed over, whatever one of them is like.
            is_good &= self.append(lender, frame, false).is_some();
        }
        // DEFENCE: joined-as-agreed
        let is_agreed = header.is_one() || self.joins && header.is_joined();
        let is_possible = is_agreed && frame.len() >= FRAME_MIN;
        (is_good && is_possible).then_some(header)
    }

    /// Adds what the next buffer holds. The first one of a frame has a header, which
    /// is the answer.
    fn append(
        &mut self,
        lender: &mut impl Lender,
        frame: &mut Vec<u8>,
        is_first: bool,
    ) -> Option<Header> {
        let (number, size) = self.desk.frame_in(self.next);
        self.next = self.next.saturating_add(1);
        if !packets::is_to_receive(number) {
            return None;
        }
        let bytes = lender.buffer(number)?.get(..size)?;
        let (header, bytes) = if is_first {
            (Header::read(bytes)?, bytes.get(HEADER..)?)
        } else {
            (Header::default(), bytes)
        };
        let total = frame.len().saturating_add(bytes.len());
        // DEFENCE: frames-have-an-end
        if total > FRAME_MAX || frame.try_reserve(bytes.len()).is_err() {
            return None;
        }
        frame.extend_from_slice(bytes);
        Some(header)
    }
}
