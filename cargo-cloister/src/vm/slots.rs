//! Which slot of the first PCI bus each device of ours is in.
//!
//! The command line puts devices there, and the boot options tell the guest by
//! [`mask`]: it need not look where nothing is.

use super::{Machine, Spec};

/// A device of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Slot {
    /// Standard input and output.
    Console,
    /// Standard error.
    Errors,
    /// Random bytes.
    Entropy,
    /// The network, for which the guest has no driver yet.
    Network,
    /// The volume of this number. They are last, because they are many.
    Volume(usize),
}

impl Slot {
    /// The number that the bus knows it by.
    pub(super) fn number(self) -> usize {
        match self {
            // Slot 0 is the host bridge's, and 1 is where graphics would be.
            Slot::Console => 2,
            Slot::Errors => 3,
            Slot::Entropy => 4,
            Slot::Network => 5,
            Slot::Volume(number) => 6 + number,
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

/// What a guest of `spec` has.
fn devices(spec: &Spec) -> impl Iterator<Item = Slot> {
    let volumes = (0..spec.options.volumes.len()).map(Slot::Volume);
    [Slot::Console, Slot::Errors]
        .into_iter()
        .chain(spec.entropy_device.then_some(Slot::Entropy))
        .chain(spec.has_network().then_some(Slot::Network))
        .chain(volumes)
}
