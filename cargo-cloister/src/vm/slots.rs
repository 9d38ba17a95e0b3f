//! Where the guest finds each device of ours.
//!
//! The command line puts devices there, and the boot options tell the guest by
//! [`mask`] and [`blocks`]: it need not look where nothing is.

use domains::boot::{MmioBlock, VOLUMES_MAX};
use domains::device::MMIO_SLOTS;

use super::{Machine, Spec};

/// The registers of a `microvm`'s first block; others follow.
const FIRST_BLOCK: u32 = 0xfeb0_0000;
/// From one block to the next.
const BLOCK: u32 = 0x200;
/// The pin of the first block.
const FIRST_PIN: u8 = 5;

/// The slot of the first volume.
const FIRST_VOLUME: usize = 6;

/// A device of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Slot {
    /// Standard input and output.
    Console,
    /// Standard error.
    Errors,
    /// Random bytes.
    Entropy,
    /// The volume of this number.
    Volume(usize),
    /// The network. It is last: what else there is has its place without it.
    Network,
}

impl Slot {
    /// The number that the bus knows it by.
    pub(super) fn number(self) -> usize {
        match self {
            // Slot 0 is the host bridge's, and 1 is where graphics would be.
            Slot::Console => 2,
            Slot::Errors => 3,
            Slot::Entropy => 4,
            Slot::Volume(number) => FIRST_VOLUME + number,
            Slot::Network => FIRST_VOLUME + VOLUMES_MAX,
        }
    }
}

/// The slots that hold a device, a bit each; none where there is no PCI.
pub(super) fn mask(spec: &Spec) -> u32 {
    match spec.machine {
        Machine::Microvm => 0,
        Machine::Q35 => devices(spec).fold(0, |mask, slot| mask | 1 << slot.number()),
    }
}

/// The registers of the devices on virtio-mmio, if they are there: the first one
/// has the last block.
pub(super) fn blocks(spec: &Spec) -> [MmioBlock; MMIO_SLOTS] {
    let mut blocks = [MmioBlock::NONE; MMIO_SLOTS];
    if spec.machine == Machine::Microvm {
        let places = (0..MMIO_SLOTS as u8).rev();
        for ((block, place), _) in blocks.iter_mut().zip(places).zip(devices(spec)) {
            *block = MmioBlock::new(FIRST_BLOCK + u32::from(place) * BLOCK, FIRST_PIN + place);
        }
    }
    blocks
}

/// What a guest of `spec` has.
fn devices(spec: &Spec) -> impl Iterator<Item = Slot> {
    let volumes = (0..spec.options.volumes.len()).map(Slot::Volume);
    [Slot::Console, Slot::Errors]
        .into_iter()
        .chain(spec.entropy_device.then_some(Slot::Entropy))
        .chain(volumes)
        .chain(spec.network.has_card().then_some(Slot::Network))
}
