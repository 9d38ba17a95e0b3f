//! Windows for connections that come in: a stock, while there are listeners.
//!
//! It grows when `net` says that it was short, up to a bound, and shrinks again when many
//! connections came without that.

use domains::network::window::state;
use gate::cell::net::kind;
use gate::info;

use super::hold::Hold;
use super::record::{Family, Kind, Role};
use super::sizes::{self, Purpose, Wish};
use super::slot::Slot;
use crate::drivers::Trouble;
use crate::errno::Errno;

/// How many there are at first, and at most.
const LEAST: usize = 4;
const MOST: usize = 256;
/// After how many connections without want it shrinks.
const CALM: u32 = 512;

/// The stock.
#[derive(Debug)]
pub(super) struct Stock {
    /// How many `net` has.
    pub(super) count: usize,
    target: usize,
    listeners: usize,
    calm: u32,
}

impl Stock {
    /// None, and nobody listens.
    pub(super) const EMPTY: Stock = Stock {
        count: 0,
        target: LEAST,
        listeners: 0,
        calm: 0,
    };

    /// How many are missing.
    fn missing(&self) -> usize {
        match self.listeners {
            0 => 0,
            _ => self.target.saturating_sub(self.count),
        }
    }

    fn raise(&mut self) {
        // DEFENCE: spares-have-a-limit
        self.target = self.target.saturating_mul(2).min(MOST);
        self.calm = 0;
    }

    /// One was used.
    fn use_one(&mut self) {
        self.count = self.count.saturating_sub(1);
        self.calm = self.calm.saturating_add(1);
        if self.calm >= CALM {
            self.target = self.target.saturating_sub(self.target / 4).max(LEAST);
            self.calm = 0;
        }
    }
}

impl Hold {
    /// Somebody listens from now on.
    pub(super) fn add_listener(&mut self) {
        self.state.stock.listeners = self.state.stock.listeners.saturating_add(1);
        self.fill_stock();
    }

    /// Somebody listens no more. If nobody does, the windows are free again.
    pub(super) fn remove_listener(&mut self) {
        let stock = &mut self.state.stock;
        stock.listeners = stock.listeners.saturating_sub(1);
        if stock.listeners == 0 {
            stock.target = LEAST;
            self.empty_stock();
        }
    }

    /// `net` was short of windows.
    pub(super) fn raise_stock(&mut self) {
        if self.state.stock.missing() == 0 {
            self.state.stock.raise();
        }
        if self.fill_stock() > 0 {
            self.state.net_has_more = true;
        }
    }

    /// A connection came, and has used one.
    pub(super) fn use_spare(&mut self) {
        self.state.stock.use_one();
        // A few at once cost as much as each alone.
        self.fill_stock();
    }

    /// Gives `net` the windows that are missing; how many.
    pub(super) fn fill_stock(&mut self) -> usize {
        let mut given: usize = 0;
        while self.state.stock.missing() > 0 && self.open_spare().is_ok() {
            self.state.stock.count = self.state.stock.count.saturating_add(1);
            given = given.saturating_add(1);
        }
        given
    }

    fn open_spare(&mut self) -> Result<(), Errno> {
        let limit = sizes::limit(info::boot().memory);
        let left = self.state.windows.left(limit);
        let class = sizes::class(Purpose::Stream, Wish::default(), left);
        let slot = self.take_number(Some(class), Kind::Stream, Family::V4, Role::Spare)?;
        let opened = loop {
            let opened = self.open_window(slot, Purpose::Stream, Wish::default(), kind::SPARE);
            // DEFENCE: spares-get-memory
            if opened != Err(Trouble::Refused(Errno::NoBuffers)) || !self.grow() {
                break opened;
            }
        };
        opened.map_err(|trouble| {
            // DEFENCE: no-number-without-window
            self.free_number(slot);
            Errno::from(trouble)
        })
    }

    /// Takes all windows back that no connection has.
    fn empty_stock(&mut self) {
        for number in 0..self.state.slots.len() {
            let slot = self.state.slot(number as u32);
            let Some(slot) = slot.filter(|slot| slot.role() == Role::Spare) else {
                continue;
            };
            let in_use = state::CONNECTED | state::CONNECTING;
            if slot.state() & in_use == 0 && self.close_spare(slot) == Err(Trouble::Restarted) {
                return;
            }
        }
    }

    fn close_spare(&mut self, slot: &'static Slot) -> Result<(), Trouble> {
        self.net.close(slot.number(), true)?;
        if slot.told_state() & state::RELEASED != 0 {
            self.release(slot)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stock_grows_with_want_and_shrinks_in_calm() {
        let mut stock = Stock::EMPTY;
        assert_eq!(stock.missing(), 0, "nobody listens");
        stock.listeners = 1;
        assert_eq!(stock.missing(), LEAST);
        (0..20).for_each(|_| stock.raise());
        assert_eq!(stock.missing(), MOST);
        stock.count = MOST;
        for _ in 0..CALM * 40 {
            stock.use_one();
            stock.count += 1;
        }
        assert_eq!(stock.target, LEAST);
    }
}
