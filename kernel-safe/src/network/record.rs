//! What a socket is, as `net` is told of it again when it is started anew.

use alloc::vec::Vec;

use domains::network::{Name, option};

use super::sizes::Wish;
use crate::errno::Errno;

/// The most groups that a socket can be in, as on Linux.
pub const GROUPS_MAX: usize = 20;

/// What a socket carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A connection, or those who come for one.
    Stream,
    /// Datagrams.
    Datagram,
}

/// Of which versions of the Internet protocol a socket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6, and unless that is refused IPv4 as well.
    V6,
}

/// What has become of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Nobody has it.
    Free,
    /// A socket of which `net` does not know.
    New,
    /// One that `net` knows, which is not connected.
    Known,
    /// It takes connections; so many may wait.
    Listener(u32),
    /// It took some, and does no more.
    Ended,
    /// It is being connected.
    Connecting,
    /// It is, or was, connected.
    Connected,
    /// For a connection that comes in.
    Spare,
    /// Its owner has closed it, and `net` still has it.
    Closing,
}

/// The values of options, by their numbers.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    values: [u64; OPTIONS],
    /// Which were set, a bit for each.
    set: u32,
}

const OPTIONS: usize = option::LEAVE as usize + 1;

/// Those that `net` is told of.
const OF_NET: [u32; 9] = [
    option::BROADCAST,
    option::REUSE_ADDRESS,
    option::KEEP_ALIVE,
    option::NO_DELAY,
    option::HOP_LIMIT,
    option::MULTICAST_HOP_LIMIT,
    option::MULTICAST_LOOP_V4,
    option::MULTICAST_LOOP_V6,
    option::V6_ONLY,
];

impl Settings {
    /// What every socket begins with.
    pub const NEW: Settings = {
        let mut values = [0; OPTIONS];
        values[option::HOP_LIMIT as usize] = 64;
        values[option::MULTICAST_HOP_LIMIT as usize] = 1;
        values[option::MULTICAST_LOOP_V4 as usize] = 1;
        values[option::MULTICAST_LOOP_V6 as usize] = 1;
        Settings { values, set: 0 }
    };

    /// The value of an option; zero of one that there is not.
    pub fn get(&self, option: u32) -> u64 {
        self.values.get(option as usize).copied().unwrap_or(0)
    }

    /// Sets an option.
    pub fn set(&mut self, option: u32, value: u64) {
        if let Some(place) = self.values.get_mut(option as usize) {
            *place = value;
            self.set |= 1 << (option & 31);
        }
    }

    /// Whether an option was ever set.
    pub const fn is_set(&self, option: u32) -> bool {
        self.set >> (option & 31) & 1 != 0
    }

    /// The options that `net` has to be told of, and their values.
    pub fn of_net(&self) -> impl Iterator<Item = (u32, u64)> + use<> {
        let settings = *self;
        let told = OF_NET
            .into_iter()
            .filter(move |option| settings.is_set(*option));
        told.map(move |option| (option, settings.get(option)))
    }

    /// How large the window is to be.
    pub fn wish(&self) -> Wish {
        let of = |option: u32| match self.is_set(option) {
            true => usize::try_from(self.get(option)).unwrap_or(usize::MAX),
            false => 0,
        };
        Wish {
            receive: of(option::RECEIVE_BUFFER),
            send: of(option::SEND_BUFFER),
        }
    }
}

/// Whether `net` is told of an option.
pub fn is_of_net(option: u32) -> bool {
    OF_NET.contains(&option)
}

/// A group that a socket is in, and on which interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Group {
    /// The group.
    pub group: Name,
    /// The interface, by an address or a number.
    pub interface: Name,
}

/// All of it.
#[derive(Debug)]
pub struct Record {
    /// What it carries.
    pub kind: Kind,
    /// By which versions.
    pub family: Family,
    /// What it is.
    pub role: Role,
    /// The address that its owner gave it.
    pub bound: Option<Name>,
    /// To whom datagrams go.
    pub peer: Option<Name>,
    /// Its options.
    pub settings: Settings,
    /// Its groups.
    pub groups: Vec<Group>,
}

impl Record {
    /// That of a number which nobody has.
    pub const FREE: Record = Record {
        kind: Kind::Stream,
        family: Family::V4,
        role: Role::Free,
        bound: None,
        peer: None,
        settings: Settings::NEW,
        groups: Vec::new(),
    };

    /// Begins anew as a socket of this kind.
    pub fn begin(&mut self, kind: Kind, family: Family, role: Role) {
        *self = Record {
            kind,
            family,
            role,
            ..Record::FREE
        };
    }

    /// Makes room for a group more.
    ///
    /// # Errors
    ///
    /// There are many, or memory is short.
    pub fn reserve_group(&mut self) -> Result<(), Errno> {
        // DEFENCE: groups-have-a-limit
        if self.groups.len() >= GROUPS_MAX {
            return Err(Errno::NoBuffers);
        }
        Ok(self.groups.try_reserve(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_is_told_of_what_was_set() {
        let mut settings = Settings::NEW;
        assert_eq!(settings.of_net().count(), 0);
        settings.set(option::NO_DELAY, 1);
        settings.set(option::HOP_LIMIT, 7);
        settings.set(option::LINGER, 9);
        settings.set(1000, 5);
        let told: Vec<_> = settings.of_net().collect();
        assert_eq!(told, [(option::NO_DELAY, 1), (option::HOP_LIMIT, 7)]);
        assert_eq!((settings.get(option::LINGER), settings.get(1000)), (9, 0));
    }

    #[test]
    fn a_socket_is_in_a_few_groups_at_most() {
        let mut record = Record::FREE;
        for _ in 0..GROUPS_MAX {
            record.reserve_group().expect("few");
            record.groups.push(Group {
                group: Name::NONE,
                interface: Name::NONE,
            });
        }
        assert_eq!(record.reserve_group(), Err(Errno::NoBuffers));
    }
}
