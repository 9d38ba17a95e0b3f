//! Connections that others begin.

use domains::network::option;
use domains::network::window::told;

use super::{Socket, names, patience};
use crate::errno::{Answer, Errno};
use crate::network::hold::Hold;
use crate::network::record::{Family, Role};
use crate::network::slot::Slot;
use crate::object::Description;

/// The most connections that may wait, as on Linux.
const BACKLOG_MAX: u32 = 4096;

impl Socket {
    /// Has the socket take connections; so many may wait.
    ///
    /// # Errors
    ///
    /// It is one of datagrams, or connected; the address is taken; there is no network.
    pub fn listen(self, backlog: i32) -> Answer {
        if self.0.carries_datagrams() {
            return Err(Errno::Unsupported);
        }
        let backlog = u32::try_from(backlog).unwrap_or(BACKLOG_MAX);
        let mut hold = Hold::lock();
        hold.listen(self.0, backlog.clamp(1, BACKLOG_MAX))?;
        hold.say_listens(self.0);
        Ok(0)
    }

    /// Takes a connection, or waits for one.
    ///
    /// # Errors
    ///
    /// None waits and the caller does not, or not so long; it takes none, or no more;
    /// there is no network.
    pub fn accept(self, description: &Description) -> Result<Socket, Errno> {
        if self.0.carries_datagrams() {
            return Err(Errno::Unsupported);
        }
        let slot = self.0;
        let patience = patience(description, option::RECEIVE_TIMEOUT);
        self.repeat(patience, || take(slot), || is_idle(slot))
            .map(Socket)
    }

    /// Writes whom a connection is with to `name`, unless that is null.
    ///
    /// # Errors
    ///
    /// It is not the caller's.
    pub fn tell_guest(self, name: usize) -> Result<(), Errno> {
        match name {
            0 => Ok(()),
            _ => names::tell(&self.0.name(told::PEER), name),
        }
    }

    /// Of which family it is.
    pub fn family(self) -> Family {
        self.0.with(|record| record.family)
    }
}

fn take(slot: &'static Slot) -> Result<&'static Slot, Errno> {
    if slot.is_lost() {
        return Err(slot.take_loss().unwrap_or(Errno::NetworkDown));
    }
    match slot.role() {
        Role::Listener(_) if slot.waiting() == 0 => Err(Errno::Again),
        Role::Listener(_) => Hold::lock().accept(slot),
        _ => Err(Errno::Invalid),
    }
}

fn is_idle(slot: &Slot) -> bool {
    slot.waiting() == 0 && matches!(slot.role(), Role::Listener(_)) && !slot.is_lost()
}
