//! From the loader's first instruction to the safe kernel's.
//!
//! [`start`] is the whole story in order. Nothing here runs twice, and nothing
//! of the loader's memory is used once the owner table exists.

#[cfg(target_os = "none")]
pub(crate) mod entry;
mod image;
mod info;
mod plan;
mod pvh;
mod refuse;
mod stage;

use domains::Isolation;
use domains::layout::PAGE_SIZE;
use domains::manifest::Header;

use crate::cpu::features::Features;
use crate::cpu::{control, segments, syscall, vectors};
use crate::device::{lapic, pic};
use crate::memory::frames::Frames;
use crate::memory::kernel_map::{self, Image};
use crate::memory::physical::PhysicalMap;
use crate::memory::tables::Tables;
use crate::report;
use crate::trap::registers::Registers;
use crate::trap::tick;
use plan::Plan;
use stage::Stage;

/// The kernel's first Rust function. The stub gives it the physical address of
/// the loader's information, and where the sections of the image end.
pub extern "C" fn start(start_info: u64, text_end: u64, rodata_end: u64, data_end: u64) -> ! {
    let boot_tsc = tick::counter();
    segments::load_first();
    vectors::fill();
    vectors::load();
    let image = Image {
        text_end,
        rodata_end,
        data_end,
    };
    let machine = pvh::read(PhysicalMap::CORE, start_info).unwrap_or_else(|| refuse::loader());
    let header: Header = PhysicalMap::CORE.read(image.physical_end());
    let isolation = isolation(&header);
    let features = sufficient_features(isolation);
    control::enable(&features, isolation);
    let stage = Stage {
        boot_tsc,
        machine,
        header,
        isolation,
        image,
    };
    let plan = plan::make(&stage.machine, header.physical_end)
        .unwrap_or_else(|shortage| refuse::memory(shortage));
    match prepare(&stage, &plan, &features) {
        Some(registers) => vectors::leave(&raw const registers),
        None => refuse::memory(plan.shortage()),
    }
}

/// Everything that takes memory; none if it runs out.
fn prepare(stage: &Stage, plan: &Plan, features: &Features) -> Option<Registers> {
    let map = PhysicalMap::CORE;
    let mut frames = plan.frames(map, &stage.machine, stage.image.physical_end());
    let tables = Tables::new(map, &mut frames)?;
    let gib = features.has_gib_pages;
    kernel_map::build(&tables, stage.image, plan.memory_end, gib, &mut frames)?;
    switch(&tables);
    lapic::enable();
    pic::mask_all();
    syscall::enable();
    stage.finish(tables, frames, features)
}

/// How the manifest wants the domains kept apart.
fn isolation(header: &Header) -> Isolation {
    let known = header.is_valid().then(|| header.isolation()).flatten();
    known.unwrap_or_else(|| refuse::image("there is no manifest behind the core"))
}

fn sufficient_features(isolation: Isolation) -> Features {
    let features = Features::detect();
    match features.missing(isolation) {
        0 => features,
        missing => refuse::cpu(isolation, missing),
    }
}

#[expect(unsafe_code, reason = "loads CR3")]
fn switch(tables: &Tables) {
    // SAFETY: `kernel_map::build` mapped the image, its stacks and all memory
    // where the boot tables have them.
    unsafe { control::load_tables(tables.root()) };
}

/// Says what boots, for those who want to know.
fn banner(stage: &Stage, frames: &Frames, cpus: usize, log_level: u32) {
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
