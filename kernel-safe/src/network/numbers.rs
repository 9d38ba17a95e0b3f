//! Sockets that are told to `net`, and their numbers, which come and go.

use domains::network::option;
use domains::network::window::state;
use gate::cell::net::kind;
use gate::info;

use super::dirty;
use super::hold::Hold;
use super::record::{Family, Kind, Record, Role};
use super::sizes::{self, Purpose, Wish};
use super::slot::Slot;
use crate::drivers::Trouble;
use crate::errno::Errno;

impl Hold {
    /// Takes a number for a socket of which `net` does not know yet.
    ///
    /// # Errors
    ///
    /// All are in use, or memory is short.
    pub(super) fn take_number(
        &mut self,
        class: Option<usize>,
        kind: Kind,
        family: Family,
        role: Role,
    ) -> Result<&'static Slot, Errno> {
        let number = self.state.windows.take(class)?;
        let made = self.make_slots(number);
        let slot = made.and_then(|()| self.state.slot(number).ok_or(Errno::NoBuffers));
        let slot = slot.inspect_err(|_| self.state.windows.give_back(number))?;
        slot.begin(kind);
        slot.with(|record| record.begin(kind, family, role));
        Ok(slot)
    }

    /// Makes slots up to this number.
    fn make_slots(&mut self, number: u32) -> Result<(), Errno> {
        let first = self.state.slots.len();
        let Some(missing) = (number as usize).saturating_add(1).checked_sub(first) else {
            return Ok(());
        };
        let count = missing.max(first / 2).max(8);
        dirty::reserve(&mut self.state.told, first.saturating_add(count))?;
        self.state.slots.try_reserve(count)?;
        let mut block = alloc::vec::Vec::new();
        block.try_reserve_exact(count)?;
        let numbers = (first..first.saturating_add(count)).map(|number| number as u32);
        block.extend(numbers.map(Slot::new));
        self.state.slots.extend(block.leak().iter());
        Ok(())
    }

    /// Gives a number back, which nobody uses any more.
    pub(super) fn free_number(&mut self, slot: &'static Slot) {
        slot.forget();
        slot.with(|record| *record = Record::FREE);
        self.state.windows.give_back(slot.number());
    }

    /// Maps a window and has `net` open a socket in it.
    ///
    /// # Errors
    ///
    /// Memory is short, or `net` refuses or fails.
    pub(super) fn open_window(
        &mut self,
        slot: &'static Slot,
        purpose: Purpose,
        wish: Wish,
        kind: u32,
    ) -> Result<(), Trouble> {
        let limit = sizes::limit(info::boot().memory);
        let windows = &mut self.state.windows;
        let prepared = windows.prepare(slot.number(), purpose, wish, limit);
        // More memory for the heap of `net` would not help.
        let pages = prepared.map_err(|_| Trouble::Refused(Errno::NoMemory))?;
        self.net.open(slot.number(), kind, pages)?;
        slot.set_known(pages);
        Ok(())
    }

    /// Tells `net` of a socket, unless it knows it; a stream without room for bytes if
    /// `is_small`.
    ///
    /// # Errors
    ///
    /// See [`Hold::open_window`]; it knew the socket once and has lost it.
    pub(super) fn introduce(
        &mut self,
        slot: &'static Slot,
        is_small: bool,
    ) -> Result<(), Trouble> {
        self.ready()?;
        if slot.is_lost() {
            let why = slot.take_loss().unwrap_or(Errno::NotConnected);
            return Err(Trouble::Refused(why));
        }
        if slot.is_known() {
            return Ok(());
        }
        let (kind, purpose, settings) = slot.with(|record| {
            let purpose = match record.kind {
                Kind::Datagram => Purpose::Datagram,
                Kind::Stream if is_small => Purpose::Listener,
                Kind::Stream => Purpose::Stream,
            };
            (kind_of(record), purpose, record.settings)
        });
        self.open_window(slot, purpose, settings.wish(), kind)?;
        for (option, value) in settings.of_net() {
            let set = self.net.option(slot.number(), option, value);
            if !matches!(set, Ok(()) | Err(Trouble::Refused(_))) {
                return set;
            }
        }
        slot.with(|record| {
            if record.role == Role::New {
                record.role = Role::Known;
            }
        });
        Ok(())
    }

    /// Has `net` forget a socket that has no connection, so that it can be told of it
    /// anew.
    pub(super) fn withdraw(&mut self, slot: &'static Slot) -> Result<(), Trouble> {
        if slot.is_with_net() {
            self.net.close(slot.number(), true)?;
            // DEFENCE: no-window-is-given-twice
            if slot.told_state() & state::RELEASED == 0 {
                return Err(Trouble::Refused(Errno::Already));
            }
        }
        slot.forget();
        Ok(())
    }

    /// `net` has told that it uses a window no more.
    ///
    /// # Errors
    ///
    /// The socket's owner still has it: `net` was convicted.
    pub(super) fn release(&mut self, slot: &'static Slot) -> Result<(), Trouble> {
        match slot.role() {
            Role::Closing => self.free_number(slot),
            Role::Spare => {
                let stock = &mut self.state.stock;
                stock.count = stock.count.saturating_sub(1);
                self.free_number(slot);
            }
            // DEFENCE: released-after-close
            _ => return Err(self.net.convict("it released a socket that is open")),
        }
        Ok(())
    }
}

/// The kind of a socket, as `net` is told it.
fn kind_of(record: &Record) -> u32 {
    let kind = match record.kind {
        Kind::Stream => kind::STREAM,
        Kind::Datagram => kind::DATAGRAM,
    };
    match record.family {
        Family::V4 => kind,
        Family::V6 if record.settings.get(option::V6_ONLY) != 0 => {
            kind | kind::V6 | kind::V6_ONLY
        }
        Family::V6 => kind | kind::V6,
    }
}
