//! What sockets ask of `net`: each entry with what it changes here.

use domains::network::window::{state, told};
use domains::network::{Name, option};
use gate::info;
use gate::user::UserSlice;

use super::hold::Hold;
use super::pump::Begin;
use super::record::{Family, Group, Kind, Record, Role};
use super::sizes::{self, Purpose, Wish};
use super::slot::Slot;
use crate::drivers::{Net, Trouble};
use crate::errno::Errno;

/// How a socket is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// What was written still arrives.
    Orderly,
    /// At once.
    Abrupt,
}

impl Hold {
    /// A new socket, of which `net` does not know.
    ///
    /// # Errors
    ///
    /// There is no network, or no number.
    pub fn open(&mut self, kind: Kind, family: Family) -> Result<&'static Slot, Errno> {
        if !Net::is_there() {
            return Err(Errno::NetworkDown);
        }
        let left = self.state.windows.left(sizes::limit(info::boot().memory));
        let purpose = match kind {
            Kind::Stream => Purpose::Stream,
            Kind::Datagram => Purpose::Datagram,
        };
        let class = sizes::class(purpose, Wish::default(), left);
        self.take_number(Some(class), kind, family, Role::New)
    }

    /// Gives a socket an address.
    ///
    /// # Errors
    ///
    /// It has one, `net` refuses, or there is no network.
    pub fn bind(&mut self, slot: &'static Slot, name: &Name) -> Result<(), Errno> {
        let (is_bound, reuses) = slot.with(|record| {
            let reuses = record.settings.get(option::REUSE_ADDRESS) != 0;
            (record.bound.is_some(), reuses)
        });
        if is_bound || !matches!(slot.role(), Role::New | Role::Known) {
            return Err(Errno::Invalid);
        }
        self.steadily(|hold| {
            hold.introduce(slot, true)?;
            hold.net.bind(slot.number(), name, reuses)
        })?;
        self.note_bound(slot);
        Ok(())
    }

    /// Notes the address that `net` has given a socket.
    pub(super) fn note_bound(&mut self, slot: &'static Slot) {
        let name = slot.name(told::LOCAL);
        slot.with(|record| record.bound = Some(name));
    }

    /// Sets or, with none, forgets whom datagrams go to and come from.
    ///
    /// # Errors
    ///
    /// `net` refuses; there is no network.
    pub fn set_peer(&mut self, slot: &'static Slot, name: Option<&Name>) -> Result<(), Errno> {
        let told = name.copied().unwrap_or(Name::NONE);
        self.steadily(|hold| {
            hold.introduce(slot, true)?;
            hold.net.connect(slot.number(), &told)
        })?;
        slot.with(|record| record.peer = name.copied());
        Ok(())
    }

    /// Ends directions of a connection.
    ///
    /// # Errors
    ///
    /// `net` refuses; there is no network.
    pub fn shutdown(&mut self, slot: &'static Slot, how: u32) -> Result<(), Errno> {
        self.flush(slot);
        self.steadily(|hold| match slot.is_known() {
            true => hold.net.shutdown(slot.number(), how),
            false => Err(Trouble::Refused(Errno::NotConnected)),
        })
    }

    /// Closes a socket, which nobody uses any more. Its number is free when `net` has
    /// done with it.
    pub fn close(&mut self, slot: &'static Slot, how: Ending) {
        self.end_listener(slot);
        self.flush(slot);
        if !slot.is_with_net() {
            return self.free_number(slot);
        }
        slot.with(|record| record.role = Role::Closing);
        let closed = self.net.close(slot.number(), how == Ending::Abrupt);
        match closed {
            Ok(()) if slot.told_state() & state::RELEASED != 0 => self.free_number(slot),
            Ok(()) => {}
            Err(Trouble::Refused(_)) => {
                self.net.convict("it does not close a socket that it has");
                self.catch_up();
            }
            // It is freed with all that a new `net` does not know.
            Err(_) => self.catch_up(),
        }
    }

    /// Takes the error that a socket has.
    ///
    /// # Errors
    ///
    /// There is no network.
    pub fn take_error(&mut self, slot: &'static Slot) -> Result<Option<Errno>, Errno> {
        if slot.is_lost() || !slot.has_error() {
            return Ok(slot.take_loss());
        }
        self.steadily(|hold| match slot.is_known() {
            true => hold.net.error(slot.number()),
            false => Ok(slot.take_loss()),
        })
    }

    /// Sets an option that `net` has to know.
    ///
    /// # Errors
    ///
    /// `net` refuses; there is no network.
    pub fn set_option(
        &mut self,
        slot: &'static Slot,
        option: u32,
        value: u64,
    ) -> Result<(), Errno> {
        if slot.is_known() {
            self.steadily(|hold| match slot.is_known() {
                true => hold.net.option(slot.number(), option, value),
                false => Ok(()),
            })?;
        }
        slot.with(|record| record.settings.set(option, value));
        Ok(())
    }

    /// Has a socket join a group, or leave it.
    ///
    /// # Errors
    ///
    /// It is in many; `net` refuses; there is no network.
    pub fn set_group(
        &mut self,
        slot: &'static Slot,
        option: u32,
        group: &Group,
    ) -> Result<(), Errno> {
        if option == option::JOIN {
            slot.with(Record::reserve_group)?;
        }
        self.steadily(|hold| {
            hold.introduce(slot, true)?;
            let Group { group, interface } = group;
            hold.net.group(slot.number(), option, group, interface)
        })?;
        slot.with(|record| match option {
            option::JOIN => record.groups.push(*group),
            _ => record.groups.retain(|other| other.group != group.group),
        });
        Ok(())
    }

    /// Has a socket that `net` was told of anew join a group again.
    pub(super) fn join(&mut self, slot: &'static Slot, group: &Group) -> Result<(), Trouble> {
        let Group { group, interface } = group;
        self.net
            .group(slot.number(), option::JOIN, group, interface)
    }

    /// Sends bytes of the application as a datagram; how many.
    ///
    /// # Errors
    ///
    /// They are too many or not the application's; `net` refuses; there is no network.
    pub fn send(
        &mut self,
        slot: &'static Slot,
        buffers: &[UserSlice],
        name: Option<&Name>,
    ) -> Result<usize, Errno> {
        self.steadily(|hold| {
            hold.introduce(slot, true)?;
            // DEFENCE: datagram-put-each-time
            let size = hold.put(buffers).map_err(Trouble::Refused)?;
            hold.net.datagram(slot.number(), size, name)?;
            Ok(size)
        })
    }

    /// Puts bytes of the application where a datagram is; how many.
    fn put(&mut self, buffers: &[UserSlice]) -> Result<usize, Errno> {
        let mut size: usize = 0;
        for buffer in buffers {
            self.net.put_datagram(size, *buffer)?;
            size = size.saturating_add(buffer.size());
        }
        Ok(size)
    }

    /// Tells `net` of what was read and written, if that is of a socket which is about to
    /// end: what was read is not unread then.
    fn flush(&mut self, slot: &'static Slot) {
        if slot.is_dirty() {
            self.work(Begin::Stack);
        }
    }
}
