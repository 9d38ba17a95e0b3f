//! What whoever holds the network knows of it.

use alloc::vec::Vec;

use domains::network::Setting;
use domains::network::desk::nic::CARD_SIZE;

use super::batch::Batch;
use super::ledger::Ledger;
use super::slot::Slot;
use super::spares::Stock;
use super::windows::{CORE, Windows};

/// All of it.
#[derive(Debug)]
pub(super) struct State {
    /// Of which start of `net` all this is; none before the first.
    pub(super) net_generation: Option<u32>,
    /// Of which start of `nic` the book is.
    pub(super) nic_generation: u32,
    /// Whether sockets know that `net` was given up.
    pub(super) knows_no_net: bool,
    /// Bytes of the heap of `net` that are mapped.
    pub(super) heap: usize,
    /// How often it was told so, and of how many bytes.
    pub(super) granted: usize,
    /// The card, as it was alleged at last; zeroes without one.
    pub(super) card: [u8; CARD_SIZE],
    /// The same has not been told to `net`.
    pub(super) is_card_new: bool,
    pub(super) ledger: Ledger,
    /// Frames that have come, for `net`.
    pub(super) inbox: Batch,
    /// Frames of `net`, to be sent.
    pub(super) outbox: Batch,
    /// The card has more than it brought.
    pub(super) card_has_more: bool,
    /// How often it brought nothing in a row, and did not interrupt.
    pub(super) silent_rounds: u32,
    /// `net` has more to do.
    pub(super) net_has_more: bool,
    /// How often it said so in a row and brought nothing.
    pub(super) idle_rounds: u32,
    /// When the work began that is done.
    pub(super) now: u64,
    /// When `net` wants to be called again.
    pub(super) net_deadline: u64,
    pub(super) windows: Windows,
    /// The numbers of sockets that were ever used.
    pub(super) slots: Vec<&'static Slot>,
    /// Sockets that a pump tells `net` of.
    pub(super) told: Vec<u32>,
    pub(super) stock: Stock,
    /// What the host has heard of, in words.
    pub(super) said: Vec<u64>,
    /// The address of IPv4 of which the host has heard last, and how many it heard of.
    pub(super) said_address: Option<[u8; 4]>,
    pub(super) addresses_said: usize,
}

impl State {
    /// Nothing has begun.
    pub(super) const NEW: State = State {
        net_generation: None,
        nic_generation: 0,
        knows_no_net: false,
        heap: 0,
        granted: 0,
        card: [0; CARD_SIZE],
        is_card_new: false,
        ledger: Ledger::new(),
        inbox: Batch::EMPTY,
        outbox: Batch::EMPTY,
        card_has_more: false,
        silent_rounds: 0,
        net_has_more: false,
        idle_rounds: 0,
        now: 0,
        net_deadline: u64::MAX,
        windows: Windows::new(CORE),
        slots: Vec::new(),
        told: Vec::new(),
        stock: Stock::EMPTY,
        said: Vec::new(),
        said_address: None,
        addresses_said: 0,
    };

    /// The features of the card, as it was alleged at last; none without one.
    pub(super) fn features(&self) -> u64 {
        let [.., a, b, c, d, e, f, g, h] = self.card;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// The socket with this number.
    pub(super) fn slot(&self, number: u32) -> Option<&'static Slot> {
        self.slots.get(number as usize).copied()
    }
}

/// What is given for the network in the options of this run.
pub(super) fn given() -> Setting {
    let options = cfg!(target_os = "none").then(gate::info::options).flatten();
    options.map_or(Setting::NONE, |options| *options.network())
}
