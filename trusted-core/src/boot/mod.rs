//! From the loader's first instruction to the safe kernel's.
//!
//! [`start`] is the whole story in order. Nothing here runs twice, and nothing
//! of the loader's memory is used once the owner table exists.

#![expect(unsafe_code, reason = "loads segments and tables")]

#[cfg_attr(not(target_os = "none"), path = "no_entry.rs")]
pub(crate) mod entry;
#[cfg(feature = "fuzzed")]
pub(crate) mod fuzzed;
mod image;
mod info;
mod plan;
mod pvh;
mod refuse;
mod stage;

use domains::Isolation;
use domains::layout::PAGE_SIZE;
use domains::manifest::Header;
use x86_64::PhysAddr;
use x86_64::registers::control::{Cr3, Cr3Flags};
use x86_64::structures::paging::PhysFrame;

use crate::cpu::features::{Features, GIB_PAGES};
use crate::cpu::stacks::Place;
use crate::cpu::{control, segments, syscall, vectors};
use crate::device::{lapic, pic};
use crate::memory::frames::Frames;
use crate::memory::kernel_map::{self, Image};
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::memory::tables::Tables;
use crate::report;
use crate::smp::join;
use crate::trap::tick;
use plan::Plan;
use stage::Stage;

/// The kernel's first Rust function. The stub gives it the physical address of
/// the loader's information, and where the sections of the image end.
pub extern "C" fn start(start_info: u64, text_end: u64, rodata_end: u64, data_end: u64) -> ! {
    let boot_tsc = tick::counter();
    // SAFETY: called once, by the CPU that boots; its stacks are in the image.
    unsafe { segments::load(0, Place::boot()) };
    vectors::fill();
    vectors::load();
    let image = Image {
        text_end,
        rodata_end,
        data_end,
    };
    let machine = pvh::read(pvh::LOADERS, start_info).unwrap_or_else(|| refuse::loader());
    let header: Header = PhysicalMap::CORE.read(image.physical_end());
    let isolation = isolation(&header);
    let features = Features::detect();
    let missing = features.missing(isolation);
    if missing != 0 {
        refuse::cpu(isolation, missing);
    }
    control::enable(&features, isolation);
    let stage = Stage {
        boot_tsc,
        machine,
        header,
        isolation,
        features,
        image,
    };
    let image_end = header.physical_end.max(image.physical_end());
    let plan = plan::make(&stage.machine, image_end)
        .unwrap_or_else(|shortage| refuse::memory(shortage));
    match prepare(&stage, &plan) {
        Some(()) => join::enter_safe_kernel(),
        None => refuse::memory(plan.shortage()),
    }
}

/// Everything that takes memory; none if it runs out.
fn prepare(stage: &Stage, plan: &Plan) -> Option<()> {
    let mut frames = plan.frames(&stage.machine);
    let tables = Tables::new(PhysicalMap::CORE, &mut frames)?;
    let gib = stage.features.has(GIB_PAGES);
    kernel_map::build(&tables, stage.image, plan.memory_end, gib, &mut frames)?;
    let root = PhysFrame::containing_address(PhysAddr::new(tables.root().address()));
    // SAFETY: `build` mapped the image, its stacks and all memory where the boot
    // tables have them.
    unsafe { Cr3::write(root, Cr3Flags::empty()) };
    lapic::enable();
    pic::mask_all();
    syscall::enable();
    stage.finish(Space::new(tables, frames, stage.isolation))
}

/// How the manifest wants the domains kept apart.
fn isolation(header: &Header) -> Isolation {
    let known = header.is_valid().then(|| header.isolation()).flatten();
    known.unwrap_or_else(|| refuse::image("there is no manifest behind the core"))
}

/// Says what boots, for those who want to know.
fn banner(stage: &Stage, frames: &Frames, cpus: u32, log_level: u32) {
    if log_level >= stage::INFORMATION {
        report::line(format_args!(
            "cloister: isolation {}, {cpus} CPU{}, {} KiB of memory, {} KiB free",
            stage.isolation,
            if cpus == 1 { "" } else { "s" },
            stage.machine.memory_size() / 1024,
            frames.free() as u64 * PAGE_SIZE / 1024,
        ));
    }
}
