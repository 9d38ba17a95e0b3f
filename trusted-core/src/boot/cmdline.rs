//! Virtio devices on the loader's command line.
//!
//! A `microvm` without ACPI says where its devices are in the words of Linux:
//! `virtio_mmio.device=512@0xfeb00e00:12`, size, address and interrupt. The
//! line comes from the host; arguments of the application never stand in it.

/// A register block of a virtio device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Slot {
    /// The physical address.
    pub(super) address: u64,
    /// The pin of the I/O APIC.
    pub(super) pin: u8,
}

/// The devices that `line` names, in its order.
pub(super) fn slots(line: &str) -> impl Iterator<Item = Slot> {
    line.split_ascii_whitespace()
        .filter_map(|word| word.strip_prefix("virtio_mmio.device="))
        .filter_map(slot)
}

fn slot(value: &str) -> Option<Slot> {
    let (_size, place) = value.split_once('@')?;
    let mut parts = place.split(':');
    let address = number(parts.next()?)?;
    let pin = u8::try_from(number(parts.next()?)?).ok()?;
    Some(Slot { address, pin })
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::*;

    #[test]
    fn devices_are_found_among_other_words() {
        let line =
            "quiet virtio_mmio.device=512@0xfeb00e00:12  virtio_mmio.device=4K@3489660928:5:0";
        let found: Vec<Slot> = slots(line).collect();
        let expected = [
            Slot {
                address: 0xfeb0_0e00,
                pin: 12,
            },
            Slot {
                address: 0xd000_0000,
                pin: 5,
            },
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_device_is_passed_over() {
        for line in [
            "",
            "virtio_mmio.device=",
            "virtio_mmio.device=512@",
            "virtio_mmio.device=512@0xfeb00e00",
            "virtio_mmio.device=512@0xzz:1",
            "virtio_mmio.device=512@0x10:300",
        ] {
            assert_eq!(slots(line).count(), 0, "{line:?}");
        }
    }
}
