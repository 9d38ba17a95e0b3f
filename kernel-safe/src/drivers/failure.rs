//! What becomes of a cell that has failed: it is started anew, or given up.

use domains::Cell;
use domains::device::Kind;
use gate::cell::Faulted;
use gate::{clock, core_call, info};

use super::handle::Held;
use super::{DriverError, channel, console, entropy, input, interrupts};
use crate::report;

/// How often a cell is started, whatever its limit, that does not come up.
const STARTS_MAX: u32 = 3;

impl Held<'_> {
    /// Starts the cell anew, or gives it up if it fails too often. Whoever waits
    /// is told.
    #[cold]
    #[inline(never)]
    pub(super) fn fail(&mut self) -> DriverError {
        // DEFENCE: failure-told
        interrupts::note_failure();
        // DEFENCE: starts-have-an-end
        for _ in 0..STARTS_MAX {
            if !self.can_restart() {
                break;
            }
            if self.restart().is_ok() {
                return DriverError::Restarted;
            }
        }
        self.give_up();
        let title = self.cell().title();
        report::say(format_args!("{title} failed too often and is given up"));
        DriverError::Failed
    }

    /// On the host, where tests run, there is no cell.
    fn can_restart(&mut self) -> bool {
        if !info::has_cells() {
            return false;
        }
        let cell = self.cell();
        let usual = cell.restart_limit();
        let limit = info::options().map_or(usual, |it| it.restart_limit(cell));
        self.state.restarts.allow(limit, clock::monotonic_ns())
    }

    /// Stops the cell, takes what its devices have done, starts it, and gives its
    /// devices what they had not done.
    fn restart(&mut self) -> Result<(), Faulted> {
        let cell = self.cell();
        if !core_call::stop(cell) {
            return Err(Faulted);
        }
        self.salvage();
        core_call::start(cell, self.under_way());
        self.forget();
        self.begin()?;
        if cell == Cell::Console {
            console::resume()?;
            input::resume()?;
        }
        // Whoever waits for the reply of a volume asks once more, and whoever holds the
        // network tells `net` again what it has to know.
        Ok(())
    }

    /// Takes what had come back when the cell was stopped. A reply for a volume stays in
    /// its window.
    fn salvage(&mut self) {
        if self.cell() == Cell::Console {
            console::salvage(self);
            input::salvage(self);
        }
    }

    /// How much its devices had not done by then.
    fn under_way(&self) -> u32 {
        match self.cell().drives() {
            [] | [Kind::Network, ..] => 0,
            [Kind::Console | Kind::Entropy, ..] => {
                console::under_way().saturating_add(entropy::forget())
            }
            [Kind::Ninep | Kind::FileSystem, ..] => channel::under_way(),
        }
    }
}
