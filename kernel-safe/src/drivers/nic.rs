//! The network card: frames to it and from it.
//!
//! Who has which buffer is not known here; what is refused is what no list can hold.

use domains::Cell;
use domains::network::desk::{self, nic as place};
use gate::cell::nic;
use gate::view::View;

use super::handle::Held;
use super::{DriverError, handle, interrupts};

/// The only queue of a card that counts: whether it has started.
const STARTED: u32 = 0;

/// The cell `nic`, which the caller holds.
#[derive(Debug)]
pub struct Nic(Held<'static>);

/// What an exchange has brought. The lists are on the desk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exchanged {
    /// How many frames have come.
    pub came: usize,
    /// How many buffers have been sent.
    pub sent: usize,
    /// Bits: [`desk::MORE`], [`desk::CHANGED`], [`desk::ARMED`].
    pub flags: u64,
}

impl Exchanged {
    /// What a word alleges; none if it cannot be.
    pub(super) fn read(word: i64) -> Option<Exchanged> {
        const COUNTS: u64 = 0xffff_ffff;
        let word = u64::try_from(word).ok()?;
        let [came, sent, _] = desk::counts_of(word);
        let flags = word & !COUNTS;
        let is_known = flags & !(desk::MORE | desk::CHANGED | desk::ARMED) == 0;
        // DEFENCE: exchange-fits
        let fits = came <= desk::FRAMES && sent <= desk::FRAMES && is_known;
        fits.then_some(Exchanged { came, sent, flags })
    }
}

impl Nic {
    /// Holds the cell; waits while another does.
    pub fn lock() -> Nic {
        Nic(handle(Cell::Nic).lock())
    }

    /// Whether there is a card, and its cell was not given up.
    pub fn is_there() -> bool {
        let handle = handle(Cell::Nic);
        !handle.has_failed() && Nic::devices() != 0
    }

    /// The devices that are network cards, a bit for each.
    pub fn devices() -> u64 {
        interrupts::devices_of(Cell::Nic)
    }

    /// How often the cell was started anew.
    pub fn generation() -> u32 {
        handle(Cell::Nic).generation()
    }

    /// Whether the card has started.
    ///
    /// # Errors
    ///
    /// It has not, or its cell was given up.
    pub fn check(&self) -> Result<(), DriverError> {
        self.0.check(STARTED)
    }

    /// Gives so many buffers and frames to the card, as the lists on the desk say, and
    /// takes what has come and what was sent.
    ///
    /// # Errors
    ///
    /// The cell has failed or lied.
    pub fn exchange(
        &mut self,
        posts: usize,
        sends: usize,
        arms: bool,
    ) -> Result<Exchanged, DriverError> {
        let (posts, sends) = (posts as u32, sends as u32);
        let word = self.0.call(|| nic::exchange(posts, sends, arms.into()))?;
        let Some(exchanged) = Exchanged::read(word) else {
            return Err(self.convict("it exchanged more than there is room for"));
        };
        Ok(exchanged)
    }

    /// Takes note of so many frames that have come, and buffers that were sent.
    pub fn note_brought(&mut self, count: usize) {
        self.0.note_brought(count);
    }

    /// It has said what cannot be: it is started anew.
    pub fn convict(&mut self, why: &str) -> DriverError {
        self.0.convict(why)
    }

    /// Takes note that an interrupt was served in `ns`.
    pub fn note_interrupt(&mut self, ns: u64) {
        self.0.note_interrupt(ns);
    }

    /// Puts a buffer on the list of those to receive into.
    pub fn set_post(&self, number: usize, buffer: usize) {
        set(place::POSTS, number, desk::frame(buffer, 0));
    }

    /// Puts a frame on the list of those to send.
    pub fn set_send(&self, number: usize, frame: u64) {
        set(place::SENDS, number, frame);
    }

    /// A frame that is alleged to have come: its buffer, and its size.
    pub fn came(&self, number: usize) -> (usize, usize) {
        get(place::CAME, number)
    }

    /// A buffer that is alleged to have been sent.
    pub fn sent(&self, number: usize) -> usize {
        get(place::SENT, number).0
    }

    /// The card, as it is alleged to be.
    pub fn card() -> [u8; place::CARD_SIZE] {
        let mut card = [0; place::CARD_SIZE];
        View::nic().from(place::CARD).read(&mut card);
        card
    }
}

fn set(list: usize, number: usize, word: u64) {
    View::nic().set_word(list.saturating_add(number.saturating_mul(8)), word);
}

fn get(list: usize, number: usize) -> (usize, usize) {
    let word = View::nic().word(list.saturating_add(number.saturating_mul(8)));
    desk::buffer_and_size(word.unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_brings_no_more_than_the_lists_hold() {
        let read = |word: u64| Exchanged::read(word as i64);
        let most = Exchanged {
            came: 64,
            sent: 64,
            flags: desk::MORE | desk::CHANGED | desk::ARMED,
        };
        assert_eq!(read(64 << 16 | 64 | most.flags), Some(most));
        assert_eq!(
            read(0).map(|it| (it.came, it.sent, it.flags)),
            Some((0, 0, 0))
        );
        for word in [65, 65 << 16, 1 << 35, 1 << 62, u64::MAX, 1 << 63] {
            assert_eq!(read(word), None, "{word:#x}");
        }
    }
}
