//! Which address this machine has, and whether that is known yet.

use core::sync::atomic::{AtomicBool, Ordering};

use domains::network::Setting;
use domains::network::setting::flag;
use domains::network::{Name, window::told};
use domains::notice::{Lease, Listener, NOTICES_MAX, Notice, Origin, Protocol, Versions};
use gate::core_call;

use super::hold::Hold;
use super::pump::has_card;
use super::record::{Family, Kind};
use super::slot::Slot;
use super::state::given;
use crate::wait::Place;

/// How many things the host is told at most.
const SAID_MAX: usize = 96;

/// How many addresses the host is told at most. With those things they are fewer than
/// the core lets out.
const ADDRESSES_MAX: usize = 16;
const _: () = assert!(SAID_MAX + ADDRESSES_MAX <= NOTICES_MAX as usize);

/// Whether `net` has said that it has an address of IPv4, or will have none.
static IS_SETTLED: AtomicBool = AtomicBool::new(false);

/// Where that is waited for.
static SETTLED: Place = Place::new();

/// Where it is waited for that [`is_settled`] changes.
pub fn place() -> &'static Place {
    &SETTLED
}

/// Whether it is known which address of IPv4 this machine has.
pub fn is_settled() -> bool {
    !has_card() || IS_SETTLED.load(Ordering::Acquire)
}

/// A new `net` asks anew.
pub(super) fn unsettle() {
    IS_SETTLED.store(false, Ordering::Release);
}

/// It is known, or nobody will say any more.
pub(super) fn settle() {
    IS_SETTLED.store(true, Ordering::Release);
    SETTLED.wake(usize::MAX);
}

/// Whether an address is one by which a machine speaks to itself.
pub fn is_own(name: &Name) -> bool {
    let [a, b, c, d, rest @ ..] = name.address;
    match name.version {
        Name::V4 => a == 127,
        _ => {
            let is_mapped = name.address.starts_with(&MAPPED);
            let [.., first, _, _, _] = name.address;
            let is_one = [a, b, c, d] == [0; 4] && rest == LAST_OF_ONE;
            is_one || is_mapped && first == 127
        }
    }
}

/// What an address of IPv4 begins with that is written as one of IPv6 (RFC 4291, 2.5.5.2).
pub const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const LAST_OF_ONE: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

impl Hold {
    /// What the network is.
    pub fn setting(&mut self) -> Option<Setting> {
        self.ready().is_ok().then(|| self.net.told())
    }

    /// Looks whether the address is known now, or is another. The host is told: that
    /// there is none as the first thing only, an address each time that it is new.
    pub(super) fn look_at_setting(&mut self) {
        let address = self.net.told_address();
        if !IS_SETTLED.load(Ordering::Relaxed) {
            if self.net.told_flags() & flag::SETTLED_V4 == 0 {
                return;
            }
            settle();
        } else if address == [0; 4] {
            return;
        }
        if self.state.said_address != Some(address) && has_card() {
            self.say_address(address);
        }
    }

    /// Tells the host of an address.
    fn say_address(&mut self, address: [u8; 4]) {
        let state = &mut *self.state;
        if state.addresses_said >= ADDRESSES_MAX {
            return;
        }
        state.addresses_said = state.addresses_said.saturating_add(1);
        state.said_address = Some(address);
        let origin = match given().flags & flag::STATIC_V4 {
            0 => Origin::Dhcp,
            _ => Origin::Given,
        };
        core_call::notice(Notice::Network(Lease {
            address,
            prefix: self.net.told().prefix_v4.min(32),
            origin,
        }));
    }

    /// Tells the host that a socket waits for others, once.
    pub fn say_listens(&mut self, slot: &'static Slot) {
        let notice = Notice::Listens(listener(slot));
        let [_, word] = notice.words();
        let said = &mut self.state.said;
        let is_news = !said.contains(&word) && said.len() < SAID_MAX;
        if is_news && said.try_reserve(1).is_ok() {
            said.push(word);
            core_call::notice(notice);
        }
    }
}

/// What the host is told of a socket.
fn listener(slot: &Slot) -> Listener {
    let name = slot.name(told::LOCAL);
    slot.with(|record| Listener {
        port: name.port,
        protocol: match record.kind {
            Kind::Stream => Protocol::Tcp,
            Kind::Datagram => Protocol::Udp,
        },
        versions: match record.family {
            Family::V4 => Versions::V4,
            Family::V6 if record.settings.get(domains::network::option::V6_ONLY) != 0 => {
                Versions::V6
            }
            Family::V6 if name.is_unspecified() => Versions::Both,
            Family::V6 if name.address.starts_with(&MAPPED) => Versions::V4,
            Family::V6 => Versions::V6,
        },
        is_local: is_own(&name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_speaks_to_itself_by_loopback() {
        let mut mapped = [0; 16];
        mapped[10..].copy_from_slice(&[0xff, 0xff, 127, 0, 0, 1]);
        let mut one = [0; 16];
        one[15] = 1;
        for own in [
            Name::v4([127, 9, 9, 9], 1),
            Name::v6(mapped, 1),
            Name::v6(one, 1),
        ] {
            assert!(is_own(&own), "{own:?}");
        }
        mapped[12] = 10;
        one[0] = 0xfe;
        let far = [
            Name::v4([10, 0, 2, 2], 1),
            Name::v6(mapped, 1),
            Name::v6(one, 1),
        ];
        for far in far.into_iter().chain([Name::v6([0; 16], 1), Name::NONE]) {
            assert!(!is_own(&far), "{far:?}");
        }
    }
}
