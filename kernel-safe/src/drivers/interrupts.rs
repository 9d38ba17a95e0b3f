//! Interrupts of devices, and the failure of a cell.

use domains::Cell;
use domains::cpu_page::pending;
use domains::device::Kind;
use gate::{clock, cpu, info};
use spin::Once;

use super::handle::Held;
use super::{Console, channel, console, handle, input};

/// Has whoever waits for a device hear that its cell has failed: what calls this
/// may hold locks, so it is told when this CPU serves events next.
pub(super) fn note_failure() {
    // On the host, where tests run, there is no page for it.
    if info::has_cells() {
        cpu::note_pending(pending::FAILURE);
    }
}

/// Serves the interrupts of devices, a bit for each: what comes from now on
/// raises another. Those of a network card are for whoever knows who has which frame.
pub fn on_devices(devices: u64) {
    let devices = devices & !devices_of(Cell::Nic);
    if devices == 0 {
        return;
    }
    for cell in Cell::ALL {
        let own = devices & devices_of(cell);
        if own != 0 {
            on_devices_of(cell, own);
        }
    }
}

/// Wakes whoever waits for a device whose cell has failed: it may have been started
/// anew.
pub fn on_failure() {
    Cell::ALL.into_iter().for_each(on_failure_of);
}

/// The devices of `cell`, a bit for each.
pub(super) fn devices_of(cell: Cell) -> u64 {
    static DEVICES: Once<[u64; Cell::ALL.len()]> = Once::new();
    let of = |cell: Cell| {
        let kinds = info::boot().devices.iter().enumerate();
        let is_own = |kind: u32| Kind::from_number(kind).is_some_and(|it| it.cell() == cell);
        let own = kinds.filter(|(_, kind)| is_own(**kind));
        own.map(|(device, _)| 1 << (device & 63)).sum()
    };
    let devices = DEVICES.call_once(|| Cell::ALL.map(of));
    devices.get(cell.number()).copied().unwrap_or(0)
}

fn on_devices_of(cell: Cell, devices: u64) {
    let handle = handle(cell);
    if handle.has_failed() {
        return on_failure_of(cell);
    }
    let Some(mut held) = handle.try_lock(devices) else {
        return;
    };
    let start = clock::monotonic_ns();
    match cell.drives() {
        [] | [Kind::Network, ..] => {}
        [Kind::Console | Kind::Entropy, ..] => on_consoles(devices, &mut held),
        [Kind::Ninep | Kind::FileSystem, ..] => channel::on_devices(devices, &mut held),
    }
    let ns = clock::monotonic_ns().saturating_sub(start);
    held.note_interrupt(ns);
}

#[cold]
#[inline(never)]
fn on_failure_of(cell: Cell) {
    match cell.drives() {
        [] | [Kind::Network, ..] => {}
        [Kind::Console | Kind::Entropy, ..] => {
            console::on_failure();
            input::on_device();
        }
        [Kind::Ninep | Kind::FileSystem, ..] => channel::on_failure(),
    }
}

fn on_consoles(devices: u64, held: &mut Held<'_>) {
    for console in [Console::Main, Console::Error] {
        if console::is_among(console, devices) {
            console::on_device(console, held);
            if console == Console::Main {
                input::on_device();
            }
        }
    }
}
