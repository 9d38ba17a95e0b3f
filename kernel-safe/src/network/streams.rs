//! Streams: how they connect, and how they are taken in.

use domains::network::Name;
use domains::network::option;
use domains::network::window::state;

use super::hold::Hold;
use super::record::{Family, Kind, Role};
use super::slot::Slot;
use crate::drivers::Trouble;
use crate::errno::Errno;

/// How a connection has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begun {
    /// It is there.
    Done,
    /// It will be there, or not.
    Waits,
}

impl Hold {
    /// Connects a stream.
    ///
    /// # Errors
    ///
    /// It is connected, or is being; `net` refuses; there is no network.
    pub fn connect(&mut self, slot: &'static Slot, name: &Name) -> Result<Begun, Errno> {
        match slot.role() {
            Role::New | Role::Known => {}
            Role::Connecting => {
                if let Some(begun) = self.judge_connection(slot)? {
                    return Ok(begun);
                }
            }
            Role::Ended => return Err(Errno::Invalid),
            _ => return Err(Errno::Connected),
        }
        let begun = self.steadily(|hold| hold.begin_connection(slot, name))?;
        slot.with(|record| record.role = Role::Connecting);
        Ok(begun)
    }

    /// What has become of a connection that was begun; none if it failed, and that was
    /// told: then another can be begun.
    ///
    /// # Errors
    ///
    /// It goes on, or it failed.
    fn judge_connection(&mut self, slot: &'static Slot) -> Result<Option<Begun>, Errno> {
        let now = slot.state();
        if now & state::CLOSED != 0 {
            return match self.take_error(slot)? {
                Some(errno) => Err(errno),
                None => Ok(None),
            };
        }
        if now & state::CONNECTED != 0 {
            slot.with(|record| record.role = Role::Connected);
            return Ok(Some(Begun::Done));
        }
        Err(Errno::Already)
    }

    /// Whether a connection that was begun is there; not yet if it goes on.
    ///
    /// # Errors
    ///
    /// It failed.
    pub fn finish_connection(&mut self, slot: &'static Slot) -> Result<bool, Errno> {
        match slot.role() {
            Role::Connecting => match self.judge_connection(slot) {
                Ok(Some(_)) => Ok(true),
                Ok(None) => Err(Errno::Aborted),
                Err(Errno::Already) => Ok(false),
                Err(errno) => Err(errno),
            },
            _ => Ok(slot.state() & state::CONNECTED != 0),
        }
    }

    fn begin_connection(&mut self, slot: &'static Slot, name: &Name) -> Result<Begun, Trouble> {
        self.ready()?;
        // It may have been told of without room for bytes, or for a connection before.
        self.withdraw(slot)?;
        self.introduce(slot, false)?;
        if let Some(bound) = slot.with(|record| record.bound) {
            let reuses = slot.with(|record| record.settings.get(option::REUSE_ADDRESS) != 0);
            self.net.bind(slot.number(), &bound, reuses)?;
        }
        match self.net.connect(slot.number(), name) {
            Ok(()) => Ok(Begun::Done),
            Err(Trouble::Refused(Errno::InProgress)) => Ok(Begun::Waits),
            Err(trouble) => Err(trouble),
        }
    }

    /// Has a stream take connections.
    ///
    /// # Errors
    ///
    /// It is connected; `net` refuses; there is no network.
    pub fn listen(&mut self, slot: &'static Slot, backlog: u32) -> Result<(), Errno> {
        let role = slot.role();
        if !matches!(role, Role::New | Role::Known | Role::Listener(_)) {
            return Err(Errno::Invalid);
        }
        self.steadily(|hold| {
            hold.introduce(slot, true)?;
            if slot.with(|record| record.bound.is_none()) {
                let any = slot.with(|record| anywhere(record.family));
                hold.net.bind(slot.number(), &any, false)?;
                hold.note_bound(slot);
            }
            hold.net.listen(slot.number(), backlog)
        })?;
        slot.with(|record| record.role = Role::Listener(backlog));
        if !matches!(role, Role::Listener(_)) {
            self.add_listener();
        }
        Ok(())
    }

    /// Takes a connection that waits.
    ///
    /// # Errors
    ///
    /// None does ([`Errno::Again`]); it is no listener; there is no network.
    pub fn accept(&mut self, slot: &'static Slot) -> Result<&'static Slot, Errno> {
        let accepted = self.steadily(|hold| {
            if !matches!(slot.role(), Role::Listener(_)) || slot.is_lost() {
                return Err(Trouble::Refused(Errno::Invalid));
            }
            let number = hold.net.accept(slot.number())?;
            let found = hold.state.slot(number);
            // DEFENCE: accepted-was-spare
            match found.filter(|slot| slot.role() == Role::Spare && slot.is_known()) {
                Some(accepted) => Ok(accepted),
                None => Err(hold.net.convict("it accepted a socket that was no spare")),
            }
        })?;
        let (family, settings) = slot.with(|record| (record.family, record.settings));
        accepted.with(|record| {
            record.begin(Kind::Stream, family, Role::Connected);
            record.settings = settings;
        });
        self.use_spare();
        Ok(accepted)
    }

    /// A listener takes no more connections.
    pub fn end_listener(&mut self, slot: &'static Slot) {
        if let Role::Listener(_) = slot.role() {
            slot.with(|record| record.role = Role::Ended);
            let withdrawn = self.steadily(|hold| hold.withdraw(slot));
            if withdrawn.is_err() && !slot.is_lost() {
                slot.lose(Errno::NetworkDown);
            }
            self.remove_listener();
            slot.place().wake(usize::MAX);
        }
    }
}

/// Any address of a family.
fn anywhere(family: Family) -> Name {
    match family {
        Family::V4 => Name::v4([0; 4], 0),
        Family::V6 => Name::v6([0; 16], 0),
    }
}
