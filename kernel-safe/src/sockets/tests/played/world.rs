//! A machine with played cells.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use domains::Cell;
use domains::network::desk;
use gate::cell::Faulted;
use gate::played::{self, Play, Player};
use spin::Mutex;

use super::Cells;
use crate::{drivers, network};

/// Shared with the test.
#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Cells>>);

impl Player for Shared {
    fn call(&mut self, cell: Cell, number: u32, words: [u64; 4]) -> Result<i64, Faulted> {
        let mut cells = self.0.lock();
        if number != Cell::START {
            cells.calls.push((cell, number));
        }
        match (cell, number) {
            (Cell::Net, _) => {
                played::pass(cells.takes);
                cells.call_net(number, words)
            }
            (Cell::Nic, Cell::START) => {
                cells.card_starts += 1;
                Ok(i64::from(!cells.has_no_card))
            }
            (Cell::Nic, 2) => {
                cells.posts = words[0];
                let said = cells.card_lies.take().or(cells.card_says);
                Ok(said.unwrap_or(desk::ARMED as i64))
            }
            _ => Ok(0),
        }
    }
}

/// A machine with played cells.
pub(in crate::sockets::tests) struct World {
    pub(in crate::sockets::tests) cells: Arc<Mutex<Cells>>,
    _play: Play,
}

impl World {
    /// Begins anew.
    pub(in crate::sockets::tests) fn new() -> World {
        let cells = Arc::new(Mutex::new(Cells::default()));
        let play = played::begin(Box::new(Shared(cells.clone())));
        network::reset();
        drivers::reset();
        network::start();
        World { cells, _play: play }
    }

    /// The calls since this was asked last.
    pub(in crate::sockets::tests) fn calls(&self) -> Vec<(Cell, u32)> {
        core::mem::take(&mut self.cells.lock().calls)
    }
}
