//! Waiting until this machine has an address.
//!
//! A program starts while a server is still asked for one. Whoever needs it waits, with a
//! limit; nobody else does.

use domains::network::{Name, Setting};
use gate::clock;
use gate::user::UserSlice;
use zerocopy::IntoBytes;

use super::Patience;
use crate::errno::{Answer, Errno};
use crate::network::hold::Hold;
use crate::network::setting::{self, MAPPED};
use crate::network::{self};
use crate::schedule::alarm::NEVER;
use crate::thread::Outcome;

/// How long whoever needs an address waits for one, in nanoseconds.
const LIMIT_NS: u64 = 10_000_000_000;

/// Waits until packets can go to `target`, if an address is needed for that and the
/// caller waits at all. Whether they can is for `net` to say.
///
/// # Errors
///
/// Memory to wait is short.
pub(super) fn wait_for(target: &Name, patience: Patience) -> Result<(), Errno> {
    if patience == Patience::None || setting::is_settled() || !needs_address(target) {
        return Ok(());
    }
    wait_until(clock::monotonic_ns().saturating_add(LIMIT_NS))
}

/// Whether packets to `target` leave by an address of IPv4 that is not loopback's.
fn needs_address(target: &Name) -> bool {
    let is_four = target.version == Name::V4 || target.address.starts_with(&MAPPED);
    is_four && !setting::is_own(target) && !target.is_unspecified()
}

fn wait_until(deadline: u64) -> Result<(), Errno> {
    let check = || match setting::is_settled() {
        true => Err(Errno::Again),
        false => Ok(()),
    };
    while !setting::is_settled() {
        network::attend();
        match setting::place().wait(deadline, check) {
            Ok(Outcome::Woken) | Err(Errno::Again) => {}
            Ok(Outcome::TimedOut) => return Ok(()),
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Writes what the network is to `address` of the application, and waits at most `limit`
/// nanoseconds until that is settled.
///
/// # Errors
///
/// There is no network, or the address is not the caller's.
pub fn network(address: usize, limit: u64) -> Answer {
    let target = UserSlice::new(address, size_of::<Setting>());
    target.check()?;
    let setting = Hold::lock().setting().ok_or(Errno::NetworkDown)?;
    let setting = match setting::is_settled() || limit == 0 {
        true => setting,
        false => {
            wait_until(match limit {
                NEVER => NEVER,
                _ => clock::monotonic_ns().saturating_add(limit),
            })?;
            Hold::lock().setting().ok_or(Errno::NetworkDown)?
        }
    };
    target.write(setting.as_bytes())?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_speaks_to_himself_or_by_ipv6_needs_no_lease() {
        assert!(needs_address(&Name::v4([10, 0, 2, 2], 1)));
        let mut mapped = [0; 16];
        mapped[10..].copy_from_slice(&[0xff, 0xff, 10, 0, 2, 2]);
        assert!(needs_address(&Name::v6(mapped, 1)));
        for name in [
            Name::v4([127, 0, 0, 1], 1),
            Name::v4([0; 4], 1),
            Name::v6([0xfe; 16], 1),
            Name::v6([0; 16], 1),
        ] {
            assert!(!needs_address(&name), "{name:?}");
        }
    }
}
