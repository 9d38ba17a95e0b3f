//! Connections that are half open: a record each, and no memory beside that.
//!
//! A SYN is answered from here. There is no socket and no ring before the peer has shown
//! that it is where it says: only then a spare is taken, and `smoltcp` is told of the
//! SYN afterwards. When the records are used up, the answer carries a cookie instead
//! (see [`Secrets`](super::secrets::Secrets)), and nothing is kept at all; so a flood
//! costs a good client no more than the scale of its window. No record is taken from
//! anybody. While more than half of them are in use, each is kept for two answers only.

use alloc::vec::Vec;

use smoltcp::wire::{TcpControl, TcpRepr, TcpSeqNumber};

use super::names::Tuple;
use super::timers::Timers;
use super::{SECOND, own};

/// The most records.
pub(super) const MOST: usize = 4096;

/// How often an answer is repeated: as Linux does it, for 63 seconds in all.
const REPEATS: u8 = 5;
/// The same, while more than half of the records are in use.
const REPEATS_PRESSED: u8 = 1;

/// How long cookies are believed after the last was made.
const COOKIES: u64 = 140 * SECOND;

/// A connection that is half open.
#[derive(Clone, Copy, Debug)]
pub(super) struct HalfOpen {
    pub(super) tuple: Tuple,
    pub(super) listener: u32,
    /// The peer's first sequence number, and ours.
    pub(super) first: u32,
    pub(super) own_first: u32,
    /// What the peer's SYN says.
    pub(super) segment: Option<u16>,
    pub(super) scale: Option<u8>,
    pub(super) has_sack: bool,
    /// What ours says.
    pub(super) own_segment: u16,
    pub(super) own_window: u16,
    pub(super) own_shift: u8,
    pub(super) hop_limit: u8,
    /// How often our answer was repeated.
    repeats: u8,
    /// Whether it was acknowledged, and only room is missing.
    pub(super) is_acknowledged: bool,
    /// The window that came with that.
    pub(super) window: u16,
}

const _: () = assert!(size_of::<Option<HalfOpen>>() <= 128);

impl HalfOpen {
    /// What a SYN leaves behind.
    pub(super) fn new(
        tuple: Tuple,
        listener: u32,
        syn: &TcpRepr<'_>,
        own_first: u32,
    ) -> HalfOpen {
        HalfOpen {
            tuple,
            listener,
            first: syn.seq_number.0 as u32,
            own_first,
            segment: syn.max_seg_size,
            scale: syn.window_scale,
            has_sack: syn.sack_permitted,
            own_segment: 0,
            own_window: 0,
            own_shift: 0,
            hop_limit: own::HOP_LIMIT,
            repeats: 0,
            is_acknowledged: false,
            window: syn.window_len,
        }
    }

    /// The answer to the SYN.
    pub(super) fn answer(&self) -> TcpRepr<'static> {
        let mut answer = own::segment(&self.tuple, self.own_first);
        answer.control = TcpControl::Syn;
        answer.ack_number = Some(TcpSeqNumber(self.first.wrapping_add(1) as i32));
        answer.window_len = self.own_window;
        answer.max_seg_size = Some(self.own_segment);
        answer.window_scale = self.scale.map(|_| self.own_shift);
        answer.sack_permitted = self.has_sack;
        answer
    }

    /// The SYN, as it came.
    pub(super) fn syn(&self) -> TcpRepr<'static> {
        let mut syn = self.peers(self.first);
        syn.control = TcpControl::Syn;
        syn.max_seg_size = self.segment;
        syn.window_scale = self.scale;
        syn.sack_permitted = self.has_sack;
        syn
    }

    /// That the peer acknowledges our answer.
    pub(super) fn acknowledgement(&self) -> TcpRepr<'static> {
        let mut segment = self.peers(self.first.wrapping_add(1));
        segment.ack_number = Some(TcpSeqNumber(self.own_first.wrapping_add(1) as i32));
        segment
    }

    fn peers(&self, sequence: u32) -> TcpRepr<'static> {
        let mut segment = own::segment(&self.tuple, sequence);
        (segment.src_port, segment.dst_port) = (segment.dst_port, segment.src_port);
        segment.window_len = self.window;
        segment
    }
}

/// All records.
#[derive(Debug, Default)]
pub(super) struct HalfOpens {
    records: Vec<Option<HalfOpen>>,
    free: Vec<u32>,
    pub(super) timers: Timers,
    /// How many were acknowledged and wait for room.
    acknowledged: usize,
    /// Until when cookies are believed.
    cookies_until: u64,
}

impl HalfOpens {
    /// Keeps a record; none if there is no room for it.
    pub(super) fn put(&mut self, now: u64, record: HalfOpen) -> Option<u32> {
        if self.free.is_empty() {
            self.grow()?;
        }
        let number = self.free.pop()?;
        *self.records.get_mut(number as usize)? = Some(record);
        self.timers.set(number, Some(now + SECOND));
        Some(number)
    }

    /// Makes room for one record more.
    fn grow(&mut self) -> Option<()> {
        let count = self.records.len();
        // DEFENCE: a-flood-fills-a-table-of-a-size
        if count >= MOST {
            return None;
        }
        self.records.try_reserve(1).ok()?;
        self.free.try_reserve(count + 1).ok()?;
        self.timers.reserve(count + 1).ok()?;
        self.records.push(None);
        self.free.push(count as u32);
        Some(())
    }

    /// A record.
    pub(super) fn get(&mut self, number: u32) -> Option<&mut HalfOpen> {
        self.records.get_mut(number as usize)?.as_mut()
    }

    /// Forgets a record.
    pub(super) fn remove(&mut self, number: u32) -> Option<HalfOpen> {
        let record = self.records.get_mut(number as usize)?.take()?;
        self.timers.set(number, None);
        self.free.push(number);
        self.acknowledged -= usize::from(record.is_acknowledged);
        Some(record)
    }

    /// Notes that an answer was acknowledged, with this window, and has to wait.
    pub(super) fn acknowledge(&mut self, number: u32, window: u16) {
        if let Some(record) = self.get(number) {
            let is_new = !record.is_acknowledged;
            record.is_acknowledged = true;
            record.window = window;
            self.acknowledged += usize::from(is_new);
        }
    }

    /// One that only waits for room, and can have it.
    pub(super) fn acknowledged(&self, has_room: impl Fn(&HalfOpen) -> bool) -> Option<u32> {
        if self.acknowledged == 0 {
            return None;
        }
        let can_go = |it: &HalfOpen| it.is_acknowledged && has_room(it);
        let mut numbered = self.records.iter().enumerate();
        let (number, _) = numbered.find(|(_, it)| it.as_ref().is_some_and(can_go))?;
        Some(number as u32)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.records.len() - self.free.len()
    }

    /// Counts one more answer of a record whose time has come; none if it had enough,
    /// and is to be removed.
    pub(super) fn repeat(&mut self, now: u64, number: u32) -> Option<HalfOpen> {
        // DEFENCE: a-flood-is-answered-less
        let is_pressed = self.count() > MOST / 2;
        let most = if is_pressed { REPEATS_PRESSED } else { REPEATS };
        let record = self.get(number)?;
        if record.repeats >= most {
            return None;
        }
        record.repeats += 1;
        let record = *record;
        // DEFENCE: repeats-grow-rare
        let wait = SECOND << record.repeats;
        self.timers.set(number, Some(now + wait));
        Some(record)
    }

    /// Has the answer of a record repeated soon: it could not be sent.
    pub(super) fn hurry(&mut self, now: u64, number: u32) {
        self.timers.set(number, Some(now + SECOND / 50));
    }

    /// Notes that a cookie was made.
    pub(super) fn note_cookie(&mut self, now: u64) {
        self.cookies_until = now + COOKIES;
    }

    /// Whether a cookie may come back.
    pub(super) fn believes_cookies(&self, now: u64) -> bool {
        // DEFENCE: cookies-are-believed-by-whom-made-some
        now < self.cookies_until
    }
}
