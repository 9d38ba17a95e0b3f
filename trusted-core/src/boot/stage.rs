//! Sets the stage: everything that must be there when the safe kernel starts.

use domains::boot::{BootInfo, OptionsHeader};
use domains::layout::{self, PAGE_SIZE};
use domains::manifest::Header;
use domains::{Area, Isolation, entries};

use super::info::{self, Options};
use super::pvh::Machine;
use super::{banner, image, refuse};
use crate::cpu::control::Settings;
use crate::cpu::features::Features;
use crate::cpu::stacks::Place;
use crate::device::virtio::Devices;
use crate::device::virtio::setup::{Kinds, Place as DevicePlace};
use crate::memory::kernel_map::Image;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::smp::{Cpus, seat, wake};
use crate::state::{self, Core};

/// From this log level on, what boots is named.
pub(super) const INFORMATION: u32 = 2;
/// From this log level on, CPUs that are left out are named.
const WARNINGS: u32 = 1;

/// What boot has found out.
pub(super) struct Stage {
    /// The counter at the first instruction.
    pub(super) boot_tsc: u64,
    /// The machine.
    pub(super) machine: Machine,
    /// The head of the manifest.
    pub(super) header: Header,
    /// How the domains are kept apart.
    pub(super) isolation: Isolation,
    /// What the CPU can do.
    pub(super) features: Features,
    /// The core's own image.
    pub(super) image: Image,
}

impl Stage {
    /// Maps everything in `space`, and installs the core's state, with which this
    /// CPU can enter the safe kernel. None if memory runs out.
    pub(super) fn finish(&self, mut space: Space) -> Option<()> {
        let map = PhysicalMap::CORE;
        let options = Options::read(self.machine.module);
        image::map(&self.header, self.image.physical_end(), &mut space)?;
        space.place_row(layout::TIME_PAGE, PAGE_SIZE, Area::Info)?;
        let (start, upcall) = entry_points(&space, map);
        let settings = Settings::now(self.features, self.isolation);
        seat::prepare(0, space.tables, Place::boot(), settings, &mut space)?;
        let warns = options.head.log_level >= WARNINGS;
        let count = wake::all(options.head.cpus, settings, warns, &mut space)?;
        let cpus = Cpus {
            count,
            start,
            are_started: false,
        };
        self.install(space, options.head.cell_deadline_ms, cpus, upcall);
        state::with(|core| self.complete(core, count, &options))
    }

    /// A function of its own: what it puts together is large, and has no place on the
    /// stack below what else [`Stage::finish`] calls.
    #[inline(never)]
    fn install(&self, space: Space, cell_deadline_ms: u32, cpus: Cpus, upcall: u64) {
        state::install(Core {
            isolation: self.isolation,
            space,
            devices: Devices::default(),
            cell_deadline_ms,
            cpus,
            upcall,
            sweep: None,
        });
    }

    /// Finds the devices, whose table is too large for the stack: it is where it stays.
    fn complete(&self, core: &mut Core, cpus: u32, options: &Options) -> Option<()> {
        let space = &mut core.space;
        let kinds = find_devices(options.head, &mut core.devices, space)?;
        self.write_info(cpus, kinds, options, space)?;
        space.frames.fill_reserve();
        Some(())
    }

    fn write_info(
        &self,
        cpus: u32,
        devices: Kinds,
        options: &Options,
        space: &mut Space,
    ) -> Option<()> {
        let boot_info = BootInfo {
            boot_tsc: self.boot_tsc,
            memory: self.machine.memory_size(),
            isolation: self.header.isolation,
            test_hooks: u32::from(cfg!(feature = "test-hooks")),
            app_entry: self.header.app_entry,
            tls: self.header.tls,
            archive_size: self.header.archive_size,
            cells: self.header.cells,
            devices,
            cpus,
            options_size: options.all.len() as u32,
        };
        info::write(&boot_info, options.all, space)?;
        image::release(self.machine.module, &mut space.frames);
        banner(self, &space.frames, cpus, options.head.log_level);
        Some(())
    }
}

/// Finds the devices, where the host tool says that they are.
fn find_devices(
    options: &OptionsHeader,
    devices: &mut Devices,
    space: &mut Space,
) -> Option<Kinds> {
    let says = options.log_level >= INFORMATION;
    let mmio = options.mmio.iter().filter(|block| block.address != 0);
    let mmio = mmio.map(|block| DevicePlace::Mmio(block.address.into(), block.pin));
    let slots = options.pci_slots;
    let pci = (0..32).filter(|slot| slots >> slot & 1 != 0);
    devices.find(mmio.chain(pci.map(DevicePlace::Pci)), says, space)
}

/// The addresses at the head of the safe kernel's image: start and upcall.
fn entry_points(space: &Space, map: PhysicalMap) -> (u64, u64) {
    let entry = space.tables.find(layout::SAFE.start);
    let Some(frame) = entry.frame() else {
        refuse::image("there is no safe kernel")
    };
    let word = |offset: usize| {
        let address = map.words(frame)[offset / 8].load(core::sync::atomic::Ordering::Relaxed);
        if !layout::SAFE.image().contains(address) {
            refuse::image("the safe kernel's entries lie outside it");
        }
        address
    };
    (word(entries::START), word(entries::UPCALL))
}
