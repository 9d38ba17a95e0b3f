//! Which CPUs the machine has.
//!
//! ACPI's tables say it where the loader names them. A `microvm` without ACPI
//! has QEMU's configuration device instead, and numbers its APICs from zero. On
//! any other machine the CPU that boots is the only one.

use super::ids::Ids;
use super::madt::{self, Memory};
use crate::device::fw_cfg;

/// The CPU with APIC id `own`, which asks, and all others. `rsdp` is where the
/// loader says that ACPI's tables begin, or zero.
pub(crate) fn cpus(own: u8, rsdp: u64, memory: Memory) -> Ids {
    let others = match rsdp {
        0 => fw_cfg::cpu_count().map(|count| numbered(own, count)),
        _ => madt::ids(memory, rsdp, own),
    };
    others.unwrap_or(Ids::only(own))
}

/// `count` CPUs whose APICs are numbered from zero.
fn numbered(own: u8, count: u16) -> Ids {
    let mut ids = Ids::only(own);
    (0..u8::try_from(count).unwrap_or(u8::MAX)).for_each(|id| ids.add(id));
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_cpus_begin_with_the_one_that_asks() {
        assert_eq!(numbered(0, 3).as_slice(), [0, 1, 2]);
        assert_eq!(numbered(1, 3).as_slice(), [1, 0, 2]);
        assert_eq!(numbered(0, 0).as_slice(), [0]);
        assert_eq!(numbered(0, u16::MAX).count(), 8);
    }
}
