//! Devices on a PCI bus, whose configuration the core shadows.
//!
//! The core assigns BARs and lets nobody move them; a driver that sizes one
//! writes to the shadow. What this domain can reach of a device is what the
//! core maps, and that leaves out the table of message interrupts.

use core::array;

use gate::core_call::driver;
use gate::info;
use virtio_drivers::transport::pci::bus::{
    BarInfo, Command, ConfigurationAccess, DeviceFunction, PciRoot,
};
use virtio_drivers::transport::pci::{PciTransport, virtio_device_type};
use virtio_drivers::transport::{DeviceType, SomeTransport};

use crate::machine::{Machine, Mapping, set_mappings};

/// The bus that devices of the host's command line are on.
const BUS: u8 = 0;

/// Where a function says what it is.
const IDENTITY: u8 = 0;
/// A device for FUSE, which `virtio-drivers` knows nothing of.
const FUSE: u32 = 0x105a_1af4;
/// A device for 9P, as which the former passes: it has the same registers.
const NINEP: u32 = 0x1049_1af4;

/// Configuration by core calls.
#[derive(Debug)]
struct Shadow;

impl ConfigurationAccess for Shadow {
    fn read_word(&self, function: DeviceFunction, offset: u8) -> u32 {
        match driver::pci_read(number(function), offset) {
            FUSE if offset == IDENTITY => NINEP,
            word => word,
        }
    }

    fn write_word(&mut self, function: DeviceFunction, offset: u8, value: u32) {
        driver::pci_write(number(function), offset, value);
    }

    unsafe fn unsafe_clone(&self) -> Shadow {
        Shadow
    }
}

/// Calls `found` for each device that has a driver, the lowest number first,
/// with whether it is one for FUSE.
pub(crate) fn find(mut found: impl FnMut(SomeTransport<'static>, bool)) {
    if info::boot().pci == 0 {
        return;
    }
    let mut root = PciRoot::new(Shadow);
    for (function, description) in root.enumerate_bus(BUS) {
        if virtio_device_type(&description).is_some_and(has_driver)
            && let Some(transport) = open(&mut root, function)
        {
            let is_fuse = driver::pci_read(number(function), IDENTITY) == FUSE;
            found(transport, is_fuse);
        }
    }
}

fn has_driver(kind: DeviceType) -> bool {
    matches!(
        kind,
        DeviceType::Console | DeviceType::EntropySource | DeviceType::_9P
    )
}

/// Maps a device's registers; none if it is not a modern virtio device.
fn open(
    root: &mut PciRoot<Shadow>,
    function: DeviceFunction,
) -> Option<SomeTransport<'static>> {
    root.set_command(function, Command::MEMORY_SPACE | Command::BUS_MASTER);
    let bars = root.bars(function).ok()?;
    set_mappings(array::from_fn(|bar| {
        map(function, bar as u8, bars[bar].as_ref()?)
    }));
    let transport = PciTransport::new::<Machine, Shadow>(root, function);
    transport.ok().map(SomeTransport::from)
}

/// Has the core map a BAR; none if that is not one of memory.
fn map(function: DeviceFunction, bar: u8, description: &BarInfo) -> Option<Mapping> {
    let (physical, size) = description.memory_address_size()?;
    let address = driver::pci_map(number(function), bar)?;
    Some(Mapping {
        physical,
        size,
        address,
    })
}

/// The function as core calls number it.
fn number(function: DeviceFunction) -> u16 {
    let low = (function.device << 3) | function.function;
    u16::from_be_bytes([function.bus, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_numbered_as_the_bus_addresses_them() {
        let function = DeviceFunction {
            bus: 1,
            device: 31,
            function: 5,
        };
        assert_eq!(number(function), 0x1fd);
    }
}
