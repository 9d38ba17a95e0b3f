//! Sets the stage: everything that must be there when the safe kernel starts.

#![expect(unsafe_code, reason = "installs the core's CPU page")]

use domains::boot::BootInfo;
use domains::layout;
use domains::manifest::Header;
use domains::{Domain, Isolation, entries};

use super::machine::Machine;
use super::{banner, image, info, refuse};
use crate::cpu::control;
use crate::cpu::features::Features;
use crate::cpu::local::Local;
use crate::cpu::page::CpuPage;
use crate::cpu::stacks::Place;
use crate::device::virtio::Devices;
use crate::device::virtio::setup::{Kinds, Place as DevicePlace};
use crate::memory::entry::{Bits, Entry};
use crate::memory::frames::Frames;
use crate::memory::kernel_map::Image;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::memory::tables::Tables;
use crate::smp::ids::Ids;
use crate::smp::offer::Terms;
use crate::smp::{Cpus, seat, wake};
use crate::state::{self, Core};
use crate::time::timer::Until;
use crate::trap::registers::Registers;
use crate::trap::tick;

/// From this log level on, what boots is named.
pub(super) const INFORMATION: u32 = 2;

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
    /// The core's own image.
    pub(super) image: Image,
}

impl Stage {
    /// Maps everything, installs the core's state, and gives the registers
    /// with which the safe kernel starts. None if memory runs out.
    pub(super) fn finish(
        &self,
        tables: Tables,
        frames: Frames,
        features: &Features,
        found: &Ids,
    ) -> Option<Registers> {
        let map = PhysicalMap::CORE;
        let mut space = Space::new(tables, frames, self.isolation);
        let manifest = self.image.physical_end();
        image::map(&self.header, manifest, &mut space)?;
        info::page_at(layout::TIME_PAGE, &mut space)?;
        let (start, upcall) = entry_points(&space, map);
        let stack = seat::start_stack(layout::SAFE, 0, &mut space)?;
        let unsafe_stack = seat::start_stack(layout::UNSAFE, 0, &mut space)?;
        self.install_local(unsafe_stack, &mut space)?;
        let ids = self.wake(found, features, &mut space)?;
        let mut devices = Devices::default();
        let kinds = self.find_devices(&mut devices, &mut space)?;
        self.write_info(ids.count(), kinds, &mut space)?;
        let isolation = self.isolation;
        space.frames.fill_reserve();
        state::install(Core {
            isolation,
            space,
            devices,
            cpus: Cpus::new(ids, start),
            upcall,
            sweep: None,
        });
        Some(enter_safe_kernel(start, stack))
    }

    /// Maps the CPU page and the core's own, and fills them.
    fn install_local(&self, unsafe_stack: u64, space: &mut Space) -> Option<()> {
        let map = PhysicalMap::CORE;
        let page = CpuPage::new(map, info::page_at(layout::CPU_PAGE, space)?);
        page.fill(0, unsafe_stack);
        let own = space.frames.allocate(Owner::CORE)?;
        let entry = Entry::core(own, Bits::WRITE | Bits::NO_EXECUTE);
        if !space.place_page(layout::CORE_CPU_PAGE, entry) {
            return None;
        }
        let local = Local::new(0, space.tables, page, Place::boot(), self.isolation);
        // SAFETY: the page is mapped, and neither ring 3 nor interrupts run.
        unsafe { local.install() };
        Some(())
    }

    /// Wakes the CPUs that were `found`; those that are up.
    fn wake(&self, found: &Ids, features: &Features, space: &mut Space) -> Option<Ids> {
        const WARNINGS: u32 = 1;
        if found.others().is_empty() {
            return Some(*found);
        }
        let warns = info::log_level(info::options(self.machine.module)) >= WARNINGS;
        let settings = control::settings();
        wake::all(found, space, warns, |seat| Terms {
            seat,
            isolation: self.isolation,
            features: *features,
            settings,
        })
    }

    /// Finds the devices: those on virtio-mmio, and those in the slots of PCI
    /// that the host tool names.
    fn find_devices(&self, devices: &mut Devices, space: &mut Space) -> Option<Kinds> {
        let options = info::options(self.machine.module);
        let says = info::log_level(options) >= INFORMATION;
        let slots = info::pci_slots(options);
        let mmio = self.machine.slots().iter().flatten();
        let mmio = mmio.map(|slot| DevicePlace::Mmio(slot.address, slot.pin));
        let pci = (0..32).filter(move |slot| slots >> slot & 1 != 0);
        devices.find(mmio.chain(pci.map(DevicePlace::Pci)), says, space)
    }

    fn write_info(&self, cpus: usize, devices: Kinds, space: &mut Space) -> Option<()> {
        let options = info::options(self.machine.module);
        let boot_info = BootInfo {
            boot_tsc: self.boot_tsc,
            memory: self.machine.memory_size(),
            isolation: self.header.isolation,
            test_hooks: u32::from(cfg!(feature = "test-hooks")),
            app_entry: self.header.app_entry,
            tls: self.header.tls,
            archive_size: self.header.archive_size,
            devices,
            cpus: cpus as u32,
            options_size: options.len() as u32,
        };
        info::write(&boot_info, options, space)?;
        let log_level = info::log_level(options);
        info::release(self.machine.module, &mut space.frames);
        banner(self, &space.frames, cpus, log_level);
        Some(())
    }
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

/// Gives ring 3 the safe kernel's rights, and the registers to start with: as
/// after a call, so that the stack is aligned as functions expect it.
fn enter_safe_kernel(start: u64, stack: u64) -> Registers {
    let local = crate::cpu::local::current();
    local.assume(Domain::Safe);
    tick::arm(local, Until::Run);
    Registers::entering(start, stack - 8)
}
