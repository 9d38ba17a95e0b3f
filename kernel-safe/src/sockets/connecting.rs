//! Connections: bound, begun and ended.

use domains::network::window::{state, told};
use domains::network::{Name, option};

use super::waiting::Rounds;
use super::{Patience, Socket, address, give_way_to, names, patience};
use crate::errno::{Answer, Errno};
use crate::network;
use crate::network::hold::Hold;
use crate::network::pump::Begin;
use crate::network::record::{Family, Role};
use crate::network::slot::{Slot, ended};
use crate::network::streams::Begun;
use crate::object::Description;

/// Directions of a connection, as the ABI numbers them.
mod how {
    pub(super) const READ: i32 = 0;
    pub(super) const WRITE: i32 = 1;
    pub(super) const BOTH: i32 = 2;
}

impl Socket {
    /// Gives the socket the address at `name`.
    ///
    /// # Errors
    ///
    /// It has one; the address is taken, or not this machine's; the name is of another
    /// family or not the caller's; there is no network.
    pub fn bind(self, name: usize) -> Answer {
        let name = names::own(self.0, name)?;
        let mut hold = Hold::lock();
        hold.bind(self.0, &name)?;
        if self.0.carries_datagrams() && name.port != 0 {
            hold.say_listens(self.0);
        }
        Ok(0)
    }

    /// Connects the socket to the address at `name`.
    ///
    /// # Errors
    ///
    /// It is connected, or is being; nobody answers there; the name is of another family
    /// or not the caller's; there is no network.
    pub fn connect(self, description: &Description, name: usize) -> Answer {
        let patience = patience(description, option::SEND_TIMEOUT);
        if self.0.carries_datagrams() {
            return self.set_peer(name, patience);
        }
        let name = names::target(self.0, name)?;
        address::wait_for(&name, patience)?;
        let (begun, woken) = {
            let mut hold = Hold::lock();
            let begun = hold.connect(self.0, &name);
            (begun, hold.work(Begin::Stack))
        };
        give_way_to(woken);
        match (begun, patience) {
            (Ok(Begun::Waits), Patience::None) => {
                // Loopback may have been fast enough.
                self.outcome().unwrap_or(Err(Errno::InProgress))
            }
            (Ok(Begun::Waits), _) | (Err(Errno::Already), Patience::ByOption(_)) => {
                self.wait_for_connection()
            }
            (Ok(Begun::Done), _) => self.outcome().unwrap_or(Ok(0)),
            (Err(errno), _) => Err(errno),
        }
    }

    /// What has become of a connection that was begun; none if it goes on.
    fn outcome(self) -> Option<Answer> {
        match Hold::lock().finish_connection(self.0) {
            Ok(true) => Some(Ok(0)),
            Ok(false) => None,
            Err(errno) => Some(Err(errno)),
        }
    }

    fn wait_for_connection(self) -> Answer {
        let is_open = || {
            let now = self.0.state() & (state::CONNECTED | state::CLOSED);
            now == 0 && !self.0.has_error()
        };
        let deadline = self.deadline(option::SEND_TIMEOUT);
        let mut rounds = Rounds::NONE;
        loop {
            if let Some(outcome) = self.outcome() {
                return outcome;
            }
            network::attend();
            match self.sleep(deadline, &is_open, &mut rounds) {
                Err(Errno::Again) => return Err(Errno::InProgress),
                slept => slept?,
            }
        }
    }

    /// Says whom datagrams go to and come from; nobody and everybody for no name.
    fn set_peer(self, name: usize, patience: Patience) -> Answer {
        let is_none = names::read(name)?.version == Name::NONE.version;
        let peer = match is_none {
            true => None,
            false => Some(names::target(self.0, name)?),
        };
        if let Some(peer) = &peer {
            address::wait_for(peer, patience)?;
        }
        let mut hold = Hold::lock();
        hold.set_peer(self.0, peer.as_ref())?;
        Ok(0)
    }

    /// Ends one direction of a connection, or both.
    ///
    /// # Errors
    ///
    /// There is none; there is no such direction.
    pub fn shutdown(self, how: i32) -> Answer {
        if !matches!(how, how::READ | how::WRITE | how::BOTH) {
            return Err(Errno::Invalid);
        }
        if self.0.carries_datagrams() {
            return self.end_datagrams(how);
        }
        if let Role::Listener(_) = self.0.role() {
            if how != how::WRITE {
                Hold::lock().end_listener(self.0);
            }
            return Ok(0);
        }
        let now = self.0.state();
        if now & state::CONNECTED == 0 && now & state::CONNECTING == 0
            || now & state::CLOSED != 0
        {
            return Err(Errno::NotConnected);
        }
        shutdown(self.0, how.unsigned_abs()).map(|()| 0)
    }

    fn end_datagrams(self, how: i32) -> Answer {
        if self.0.with(|record| record.peer.is_none()) {
            return Err(Errno::NotConnected);
        }
        self.0.end(match how {
            how::READ => ended::READ,
            how::WRITE => ended::WRITE,
            _ => ended::READ | ended::WRITE,
        });
        give_way_to(self.0.place().wake(usize::MAX));
        Ok(0)
    }

    /// Writes the address of the socket, or of whom it is connected to, to `name`.
    ///
    /// # Errors
    ///
    /// It is not connected; the name is not the caller's.
    pub fn tell_name(self, is_of_peer: bool, name: usize) -> Answer {
        let told = match is_of_peer {
            true => self.peer()?,
            false => self.own_name(),
        };
        names::tell(&told, name)?;
        Ok(0)
    }

    fn peer(self) -> Result<Name, Errno> {
        if self.0.carries_datagrams() {
            return self.0.with(|record| record.peer).ok_or(Errno::NotConnected);
        }
        let now = self.0.state();
        let is_connected = now & state::CONNECTED != 0 && now & state::CLOSED == 0;
        match is_connected {
            true => Ok(self.0.name(told::PEER)),
            false => Err(Errno::NotConnected),
        }
    }

    fn own_name(self) -> Name {
        let name = self.0.name(told::LOCAL);
        let (family, bound) = self.0.with(|record| (record.family, record.bound));
        let none = match family {
            Family::V4 => Name::v4([0; 4], 0),
            Family::V6 => Name::v6([0; 16], 0),
        };
        match name.version {
            Name::V4 | Name::V6 => name,
            _ => bound.unwrap_or(none),
        }
    }
}

/// Ends the direction in which a connection is written.
///
/// # Errors
///
/// `net` refuses.
pub(super) fn shutdown_writing(slot: &'static Slot) -> Result<(), Errno> {
    shutdown(slot, how::WRITE.unsigned_abs())
}

fn shutdown(slot: &'static Slot, how: u32) -> Result<(), Errno> {
    let (done, mut woken) = {
        let mut hold = Hold::lock();
        let done = hold.shutdown(slot, how);
        (done, hold.work(Begin::Stack))
    };
    // Whoever reads or writes gets the end.
    woken = woken.saturating_add(slot.place().wake(usize::MAX));
    give_way_to(woken);
    done
}
