//! Finds the devices and makes the memory for them. At boot, once.

#![expect(
    unsafe_code,
    reason = "names device registers, and the memory of queues"
)]

use domains::device::{DEVICES_MAX, Kind, QUEUES_MAX};
use domains::layout::{PAGE_SIZE, Region};
use domains::{Area as Owners, Cell, windows};

use super::area::{Area, Areas};
use super::device::{Device, Found};
use super::mmio::{self, BLOCK};
use super::queue::Queue;
use super::{Devices, pci};
use crate::cpu::vectors::FIRST_DEVICE;
use crate::device::ioapic::Pin;
use crate::device::mmio::{Mmio, is_in_place};
use crate::device::pci::Function;
use crate::memory::frame::Frame;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::report;

/// The kinds of the devices by number; zero for none.
pub(crate) type Kinds = [u32; DEVICES_MAX];

/// Where devices may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Registers at a physical address, and a pin.
    Mmio(u64, u8),
    /// A slot of the first PCI bus.
    Pci(u8),
}

impl Devices {
    /// Finds the devices at `places`, in their order, and maps the memory that
    /// they may read and write; their kinds. `says` whether to name what nobody
    /// drives. None if memory runs out.
    pub(crate) fn find(
        &mut self,
        places: impl Iterator<Item = Place>,
        says: bool,
        space: &mut Space,
    ) -> Option<Kinds> {
        let mut kinds = [0; DEVICES_MAX];
        let mut count = 0;
        for place in places {
            if let Some(free) = self.devices.get_mut(count)
                && let Some(found) = look(place, count, says, space)
            {
                kinds[count] = found.kind as u32;
                *free = Some(Device::new(count, found, make_queues(space)?));
                count += 1;
            }
        }
        for (cell, areas) in Cell::ALL.into_iter().zip(&mut self.areas) {
            *areas = make_areas(cell, &kinds, space)?;
        }
        Some(kinds)
    }
}

/// The device at `place`, to be device number `number`; none if nobody drives
/// it.
fn look(place: Place, number: usize, says: bool, space: &Space) -> Option<Found> {
    let vector = FIRST_DEVICE + (number % DEVICES_MAX) as u8;
    match place {
        Place::Mmio(address, pin) => on_mmio(address, pin, vector, says, space),
        Place::Pci(slot) => on_pci(slot, vector, says),
    }
}

/// The device with registers at `address`, which interrupts by a pin.
fn on_mmio(address: u64, pin: u8, vector: u8, says: bool, space: &Space) -> Option<Found> {
    let is_memory = space.frames.owner(Frame::containing(address)) != Owner::ABSENT;
    if is_memory || !is_in_place(address, BLOCK) {
        report::line(format_args!("cloister: no device can be at {address:#x}"));
        return None;
    }
    // SAFETY: the loader names it, and nothing else is there; the queues say
    // what the addresses in its registers are.
    let registers = unsafe { Mmio::new(address as u32, BLOCK) };
    let kind = driven(mmio::kind(registers)?, says)?;
    let pin = Some(Pin::connect(pin, vector)?);
    let bus = mmio::bus(registers)?;
    Some(Found { kind, bus, pin })
}

/// The device in a slot of PCI, which interrupts by messages.
fn on_pci(slot: u8, vector: u8, says: bool) -> Option<Found> {
    let function = Function::in_slot(slot);
    let kind = driven(function.virtio_kind()?, says)?;
    let Some(bus) = pci::bus(function, vector) else {
        report::line(format_args!(
            "cloister: the device in PCI slot {slot} is left alone: it sends no messages"
        ));
        return None;
    };
    let pin = None;
    Some(Found { kind, bus, pin })
}

/// The kind, if there is a driver for it.
fn driven(kind: Result<u32, u32>, says: bool) -> Option<Kind> {
    let driven = kind.ok().and_then(Kind::from_number);
    if driven.is_none() && says {
        match kind {
            Ok(kind) => report::line(format_args!(
                "cloister: nobody drives the device of virtio's kind {kind}"
            )),
            Err(kind) => report::line(format_args!(
                "cloister: a device is left alone that is older than virtio 1.0 ({kind:#x})"
            )),
        }
    }
    driven
}

/// Maps the windows of `cell`, as far as its devices need them, and its DMA area;
/// nothing if it has no device, unless it drives none at all.
fn make_areas(cell: Cell, kinds: &Kinds, space: &mut Space) -> Option<Areas> {
    let kinds = kinds.iter().filter_map(|kind| Kind::from_number(*kind));
    let count = kinds.filter(|kind| kind.cell() == cell).count();
    if count == 0 && !cell.drives().is_empty() {
        return Some(Areas::default());
    }
    let owner = Owners::Cell(cell);
    let shared = match windows::shared(cell) {
        Some((owner, region)) => make_area(region, owner, space)?,
        None => Area::default(),
    };
    Some(Areas {
        shared,
        windows: make_area(windows::all(cell, count), owner, space)?,
        dma: make_area(cell.dma(), owner, space)?,
    })
}

/// Maps `region` in one piece, for good.
fn make_area(region: Region, owner: Owners, space: &mut Space) -> Option<Area> {
    let (address, size) = (region.start, region.size());
    let first = space.place_row(address, size, owner)?;
    Some(Area {
        address,
        physical: first.address(),
        size,
    })
}

/// The queues of a device, which fit in a frame.
fn make_queues(space: &mut Space) -> Option<&'static mut [Queue]> {
    const { assert!(QUEUES_MAX * size_of::<Queue>() <= PAGE_SIZE as usize) };
    let frame = space.frames.allocate(Owner::CORE)?;
    PhysicalMap::CORE.zero(frame);
    // SAFETY: the frame was handed out here, and nobody else has it.
    Some(unsafe { PhysicalMap::CORE.slice(frame.address(), QUEUES_MAX) })
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::Ordering::Relaxed;

    use super::*;
    use crate::memory::entry::Rights;
    use crate::memory::space::tests::space;

    const OWNER: Owners = Owners::Cell(Cell::Console);
    const START: u64 = Cell::Console.windows().start;

    /// What the frames held before may have been anyone's.
    #[test]
    fn what_devices_may_have_is_clear_in_one_piece_and_its_owners() {
        let mut space = space(64);
        let map = space.tables.physical();
        let frames = (0..64).map(Frame::from_number);
        for frame in frames.filter(|frame| space.frames.owner(*frame) == Owner::FREE) {
            let words = map.words(frame).iter();
            words.for_each(|word| word.store(99, Relaxed));
        }
        for (cell, address) in [
            (Cell::Console, Cell::Console.windows().start),
            (Cell::Hostfs, Cell::Hostfs.dma().start),
        ] {
            let owner = Owners::Cell(cell);
            let area = make_area(Region::new(address, 3 * PAGE_SIZE), owner, &mut space);
            let area = area.expect("there is room");
            assert_eq!(area.translate(address, 3 * PAGE_SIZE), Some(area.physical));
            assert_eq!(area.size, 3 * PAGE_SIZE);
            for offset in (0..3).map(|page| page * PAGE_SIZE) {
                let frame = Frame::containing(area.physical + offset);
                let mut words = map.words(frame).iter();
                assert!(words.all(|word| word.load(Relaxed) == 0));
                assert_eq!(space.frames.owner(frame), Owner::area(owner));
                let entry = space.user(frame, owner, Rights::Write);
                assert_eq!(space.tables.find(address + offset), entry);
            }
        }
    }

    /// Of each kind there is a device.
    #[test]
    fn only_a_network_card_has_the_buffers_for_frames() {
        let mut kinds = [0; DEVICES_MAX];
        for (place, kind) in kinds.iter_mut().zip(Kind::ALL) {
            *place = kind as u32;
        }
        let packets = windows::shared(Cell::Nic).expect("it has some").1;
        let mut space = space(4096);
        for cell in Cell::ALL {
            let areas = make_areas(cell, &kinds, &mut space).expect("there is room");
            for place in [packets.start, packets.end - 1] {
                let has = areas.translate(place, 1);
                assert_eq!(has.is_some(), cell == Cell::Nic, "{cell}");
            }
            assert_eq!(areas.translate(packets.start - 1, 2), None);
            assert_eq!(areas.translate(packets.end, 1), None);
            let others = Cell::ALL.into_iter().filter(|it| *it != cell);
            for place in others.flat_map(|it| [it.windows().start, it.dma().start]) {
                assert_eq!(areas.translate(place, 1), None, "{cell} {place:#x}");
            }
        }
        let frame = space
            .tables
            .find(packets.start)
            .frame()
            .expect("it is mapped");
        assert_eq!(space.frames.owner(frame), Owner::area(Owners::Packets));
    }

    #[test]
    fn without_a_network_card_there_are_no_such_buffers() {
        let mut kinds = [0; DEVICES_MAX];
        kinds[0] = Kind::Console as u32;
        let mut space = space(256);
        for cell in Cell::ALL {
            let areas = make_areas(cell, &kinds, &mut space).expect("there is room");
            assert_eq!(areas.shared, Area::default());
        }
    }

    #[test]
    fn what_does_not_fit_in_one_piece_is_not_made() {
        let mut space = space(64);
        let free = space.frames.free();
        let region = Region::new(START, (free + 1) as u64 * PAGE_SIZE);
        let made = make_area(region, OWNER, &mut space);
        assert!(made.is_none());
        assert_eq!(space.frames.free(), free);
    }

    #[test]
    fn what_cannot_be_mapped_is_not_made() {
        let mut space = space(64);
        let mut make = || make_area(Region::new(START, PAGE_SIZE), OWNER, &mut space);
        assert!(make().is_some());
        assert!(make().is_none(), "something is there");
    }
}
