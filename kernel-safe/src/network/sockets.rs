//! What sockets ask of `net`: each entry with what it changes here.

use domains::network::window::{state, told};
use domains::network::{Name, option};
use gate::cell::net::kind;
use gate::info;
use gate::user::UserSlice;

use super::dirty;
use super::hold::Hold;
use super::pump::Begin;
use super::record::{Family, Group, Kind, Record, Role};
use super::sizes::{self, Purpose, Wish};
use super::slot::Slot;
use crate::drivers::{Net, Trouble};
use crate::errno::Errno;

/// How a connection has begun.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begun {
    /// It is there.
    Done,
    /// It will be there, or not.
    Waits,
}

/// How a socket is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// What was written still arrives.
    Orderly,
    /// At once.
    Abrupt,
}

/// Numbers and windows.
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
        dirty::reserve(first.saturating_add(count))?;
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
    fn withdraw(&mut self, slot: &'static Slot) -> Result<(), Trouble> {
        if slot.is_with_net() {
            self.net.close(slot.number(), true)?;
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

/// The requests.
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
    fn note_bound(&mut self, slot: &'static Slot) {
        let name = slot.name(told::LOCAL);
        slot.with(|record| record.bound = Some(name));
    }

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
        let mut size: usize = 0;
        for buffer in buffers {
            self.net.put_datagram(size, *buffer)?;
            size = size.saturating_add(buffer.size());
        }
        self.steadily(|hold| {
            hold.introduce(slot, true)?;
            hold.net.datagram(slot.number(), size, name)
        })?;
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

/// Any address of a family.
fn anywhere(family: Family) -> Name {
    match family {
        Family::V4 => Name::v4([0; 4], 0),
        Family::V6 => Name::v6([0; 16], 0),
    }
}
