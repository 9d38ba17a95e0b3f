//! The options of a socket.

use domains::network::{Name, option};

use super::{Socket, give_way_to, names};
use crate::errno::{Answer, Errno};
use crate::network::hold::Hold;
use crate::network::pump::Begin;
use crate::network::record::{Family, Group, Kind, Role, is_of_net};

/// The largest buffer that can be asked for: more is never given.
const BUFFER_MAX: u64 = 1 << 20;
const HOPS_MAX: u64 = 255;

/// Which sockets have an option.
fn is_of(kind: Kind, family: Family, option: u32) -> bool {
    match option {
        option::NO_DELAY => kind == Kind::Stream,
        option::JOIN | option::LEAVE => kind == Kind::Datagram,
        option::V6_ONLY | option::MULTICAST_LOOP_V6 => family == Family::V6,
        option::RECEIVE_TIMEOUT..=option::LEAVE => true,
        _ => false,
    }
}

/// A value that an option may have.
fn checked(option: u32, value: u64) -> Result<u64, Errno> {
    match option {
        option::RECEIVE_TIMEOUT | option::SEND_TIMEOUT | option::LINGER => Ok(value),
        option::RECEIVE_BUFFER | option::SEND_BUFFER => Ok(value.clamp(1, BUFFER_MAX)),
        option::HOP_LIMIT if !(1..=HOPS_MAX).contains(&value) => Err(Errno::Invalid),
        option::MULTICAST_HOP_LIMIT if value > HOPS_MAX => Err(Errno::Invalid),
        option::HOP_LIMIT | option::MULTICAST_HOP_LIMIT => Ok(value),
        _ => Ok(u64::from(value != 0)),
    }
}

impl Socket {
    /// The value of an option.
    ///
    /// # Errors
    ///
    /// The socket has no such option; there is no network.
    pub fn option(self, option: u32) -> Answer {
        let (kind, family) = self.0.with(|record| (record.kind, record.family));
        let is_told = !matches!(option, option::JOIN | option::LEAVE);
        if !is_of(kind, family, option) || !is_told {
            return Err(Errno::NoOption);
        }
        let settings = self.0.with(|record| record.settings);
        let capacity = |of: fn(domains::network::window::Pages) -> usize| {
            self.0.pages().map_or(0, of) as u64
        };
        let value = match option {
            option::ERROR => match self.take_error()? {
                Some(errno) => errno as u64,
                None => 0,
            },
            option::RECEIVE_BUFFER if !settings.is_set(option) => {
                capacity(|pages| pages.receive_capacity()).max(DEFAULT)
            }
            option::SEND_BUFFER if !settings.is_set(option) => {
                capacity(|pages| pages.send_capacity()).max(DEFAULT)
            }
            _ => settings.get(option),
        };
        Ok(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// Sets an option. If it is about a group, that is the name at `name`, and `value`
    /// says on which interface.
    ///
    /// # Errors
    ///
    /// The socket has no such option, or it cannot be set to that, or now; the name is not
    /// the caller's; there is no network.
    pub fn set_option(self, option: u32, value: u64, name: usize) -> Answer {
        let (kind, family) = self.0.with(|record| (record.kind, record.family));
        if option == option::ERROR || !is_of(kind, family, option) {
            return Err(Errno::NoOption);
        }
        if let option::JOIN | option::LEAVE = option {
            return self.set_group(option, value, name);
        }
        let value = checked(option, value)?;
        // DEFENCE: versions-before-name
        if option == option::V6_ONLY && self.0.role() != Role::New {
            return Err(Errno::Invalid);
        }
        match is_of_net(option) {
            true => Hold::lock().set_option(self.0, option, value)?,
            false => self.0.with(|record| record.settings.set(option, value)),
        }
        Ok(0)
    }

    fn set_group(self, option: u32, interface: u64, name: usize) -> Answer {
        let group = names::read(name)?;
        let group = Group {
            group: Name { port: 0, ..group },
            interface: interface_of(&group, interface)?,
        };
        let woken = {
            let mut hold = Hold::lock();
            hold.set_group(self.0, option, &group)?;
            hold.work(Begin::Stack)
        };
        give_way_to(woken);
        Ok(0)
    }
}

/// What is told of buffers before there are any.
const DEFAULT: u64 = 8064;

/// The interface with a number: of IPv4 its address, of IPv6 its own.
fn interface_of(group: &Name, number: u64) -> Result<Name, Errno> {
    let number = u32::try_from(number).map_err(|_| Errno::Invalid)?;
    match group.version {
        Name::V4 => Ok(Name::v4(number.to_be_bytes(), 0)),
        Name::V6 => Ok(Name {
            scope: number,
            ..Name::v6([0; 16], 0)
        }),
        _ => Err(Errno::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_some_sockets() {
        for option in option::RECEIVE_TIMEOUT..=option::LEAVE {
            let is_some = [Kind::Stream, Kind::Datagram]
                .iter()
                .any(|kind| is_of(*kind, Family::V6, option));
            assert!(is_some, "{option}");
        }
        for none in [0, option::LEAVE + 1, u32::MAX] {
            assert!(!is_of(Kind::Stream, Family::V6, none));
        }
        assert!(!is_of(Kind::Datagram, Family::V4, option::NO_DELAY));
        assert!(!is_of(Kind::Stream, Family::V4, option::V6_ONLY));
    }

    #[test]
    fn a_value_is_one_that_can_be() {
        assert_eq!(checked(option::HOP_LIMIT, 0), Err(Errno::Invalid));
        assert_eq!(checked(option::HOP_LIMIT, 256), Err(Errno::Invalid));
        assert_eq!(checked(option::MULTICAST_HOP_LIMIT, 0), Ok(0));
        assert_eq!(checked(option::NO_DELAY, u64::MAX), Ok(1));
        assert_eq!(checked(option::SEND_BUFFER, u64::MAX), Ok(BUFFER_MAX));
        let long = 15_410 * 1_000_000_000;
        assert_eq!(checked(option::RECEIVE_TIMEOUT, long), Ok(long));
    }

    #[test]
    fn an_interface_is_an_address_or_a_number() {
        let four = Name::v4([224, 0, 0, 1], 0);
        let interface = interface_of(&four, 0x0a00_020f);
        assert_eq!(interface, Ok(Name::v4([10, 0, 2, 15], 0)));
        let six = interface_of(&Name::v6([0xff; 16], 0), 3);
        assert_eq!(six.map(|name| name.scope), Ok(3));
        assert_eq!(interface_of(&four, 1 << 32), Err(Errno::Invalid));
        assert_eq!(interface_of(&Name::NONE, 0), Err(Errno::Invalid));
    }
}
