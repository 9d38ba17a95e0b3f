//! The lists on the desk: what a call is given, and what it brings.
//!
//! Each entry is read once, and what it says is compared with what there is.

use core::marker::PhantomData;

use domains::layout::Region;
use domains::network::desk::{self, FRAMES, nic};
use domains::network::packets::{self, HEADER};
use domains::windows;

use crate::reach::Reach;

/// Bytes of the header in front of a packet on an Ethernet.
const ETHERNET: usize = 14;

const DESK: Region = windows::nic();

/// How many entries a call has brought.
#[derive(Debug)]
pub(crate) struct Lists<R: Reach> {
    came: usize,
    sent: usize,
    reach: PhantomData<R>,
}

impl<R: Reach> Lists<R> {
    /// With nothing brought yet.
    pub(crate) const fn new() -> Lists<R> {
        Lists {
            came: 0,
            sent: 0,
            reach: PhantomData,
        }
    }

    /// The buffer to receive into in entry `index`; none if it is no such buffer.
    pub(crate) fn post(index: usize) -> Option<u64> {
        let (buffer, _) = desk::buffer_and_size(R::load(entry(nic::POSTS, index)));
        // DEFENCE: nic-received-into
        packets::is_to_receive(buffer).then_some(desk::frame(buffer, 0))
    }

    /// The frame to send in entry `index`; none if it is not in its buffer, or that is
    /// not for sending.
    pub(crate) fn send(index: usize) -> Option<u64> {
        let frame = R::load(entry(nic::SENDS, index));
        let (buffer, size) = desk::buffer_and_size(frame);
        let is_to_send = buffer < packets::COUNT && !packets::is_to_receive(buffer);
        let most = packets::buffer(buffer).size() as usize;
        // DEFENCE: nic-sent-in-buffer
        let is_whole = (HEADER + ETHERNET..=most).contains(&size);
        (is_to_send && is_whole).then_some(frame)
    }

    /// How many more frames can be told of that came.
    pub(crate) const fn room_for_came(&self) -> usize {
        FRAMES.saturating_sub(self.came)
    }

    /// How many more buffers can be told of that were sent.
    pub(crate) const fn room_for_sent(&self) -> usize {
        FRAMES.saturating_sub(self.sent)
    }

    /// Tells of a frame that came: there is room.
    pub(crate) fn tell_came(&mut self, frame: u64) {
        R::store(entry(nic::CAME, self.came), frame);
        self.came = self.came.saturating_add(1);
    }

    /// Tells of a buffer that was sent: there is room.
    pub(crate) fn tell_sent(&mut self, frame: u64) {
        R::store(entry(nic::SENT, self.sent), frame);
        self.sent = self.sent.saturating_add(1);
    }

    /// Whether nothing was brought.
    pub(crate) const fn are_empty(&self) -> bool {
        self.came == 0 && self.sent == 0
    }

    /// Both counts, as they are answered.
    pub(crate) const fn counts(&self) -> u64 {
        desk::counts([self.came, self.sent, 0])
    }
}

/// Where an entry of a list is; beyond its end, that of another.
const fn entry(list: usize, index: usize) -> u64 {
    DESK.start + (list + index % FRAMES * 8) as u64
}
