//! What the core refuses a driver, without harm to either.

use domains::Cell;
use domains::core_call::{CoreCall, error};
use domains::device::{DEVICES_MAX, QUEUES_MAX, feature};
use domains::layout::{CORE_OFFSET, CORE_PHYSICAL, PAGE_SIZE, SAFE};
use gate::hooks::CANARY;

use super::allowed::call_from;
use super::queue::{Queue, SIZE};
use super::reset::expect;
use super::{CELL, WINDOWS};
use crate::hooks::{CONSOLE, hook};

const INDIRECT: u64 = 1 << 28;
const EVENT_INDEX: u64 = 1 << 29;

/// Asks for what is refused, and then sees that everything still works.
pub fn run(what: &str) -> Result<(), String> {
    match what {
        "numbers" => numbers()?,
        "features" => features()?,
        "foreign" => foreign()?,
        "places" => places()?,
        "times" => times()?,
        other => return Err(format!("no such refusals: {other}")),
    }
    super::works()
}

/// Every call about a device.
const fn calls_about(device: u64) -> [(CoreCall, [u64; 4]); 5] {
    [
        (CoreCall::DeviceBegin, [device, 0, 0, 0]),
        (CoreCall::DeviceStart, [device, 0, 0, 0]),
        (CoreCall::DeviceQueue, [device, 0, 0, 0]),
        (CoreCall::Publish, [device, 0, 0, 0]),
        (CoreCall::DeviceConfig, [device, 0, 4, 0]),
    ]
}

/// Devices and queues that there are not.
fn numbers() -> Result<(), String> {
    let queue = Queue::of_reset_device()?;
    let unused = DEVICES_MAX as u64 - 1;
    for device in [unused, DEVICES_MAX as u64, 1 << 32, u64::MAX] {
        for (call, words) in calls_about(device) {
            let what = format!("{call:?} of device {device}");
            expect(&what, queue.call(call, words), error::NO_DEVICE)?;
        }
    }
    queue.agree()?;
    let rings = queue.page() as u64;
    for number in [
        1,
        QUEUES_MAX as u64 - 1,
        QUEUES_MAX as u64,
        1 << 16,
        u64::MAX,
    ] {
        let words = [queue.device, number, u64::from(SIZE), rings];
        let what = format!("queue {number}");
        expect(
            &what,
            queue.call(CoreCall::DeviceQueue, words),
            error::INVALID,
        )?;
        expect(&what, queue.call(CoreCall::Publish, words), error::INVALID)?;
    }
    Ok(())
}

/// The devices of another cell.
fn foreign() -> Result<(), String> {
    let queue = Queue::begin()?;
    for device in [queue.device, 0] {
        for (call, words) in calls_about(device) {
            let what = format!("{call:?} of device {device}");
            let answer = call_from(Cell::Hostfs, call, words);
            expect(&what, answer, error::NO_DEVICE)?;
        }
    }
    Ok(())
}

/// Features that are not for drivers, and a start without any.
fn features() -> Result<(), String> {
    let queue = Queue::of_reset_device()?;
    let what = "a start without features";
    expect(what, queue.start(), error::INVALID)?;
    for more in [INDIRECT, EVENT_INDEX, feature::MULTIPORT, 1 << 34, 1 << 63] {
        let what = format!("feature {more:#x}");
        expect(
            &what,
            queue.features(feature::VERSION_1 | more),
            error::INVALID,
        )?;
    }
    expect("an old device", queue.features(1), error::INVALID)?;
    let what = "a start with features that were refused";
    expect(what, queue.start(), error::INVALID)?;
    let offered = queue.features(0) as u64;
    expect(
        "what is on offer",
        offered as i64,
        feature::VERSION_1 as i64,
    )?;
    queue.agree()?;
    queue.finish()?;
    expect("a second start", queue.start(), error::INVALID)
}

/// Rings that are not in the drivers' memory for rings.
fn places() -> Result<(), String> {
    let queue = Queue::of_reset_device()?;
    queue.agree()?;
    let dma = CELL.dma();
    let own = hook(CANARY | CONSOLE, 0, 0) as u64;
    for place in [
        0,
        own,
        own.next_multiple_of(PAGE_SIZE),
        WINDOWS.start,
        SAFE.start,
        CORE_OFFSET + CORE_PHYSICAL,
        dma.start - PAGE_SIZE,
        dma.end,
        dma.start + 16,
        dma.end - 128,
        u64::MAX - 15,
    ] {
        let words = [queue.device, 0, u64::from(SIZE), place];
        let what = format!("rings at {place:#x}");
        expect(
            &what,
            queue.call(CoreCall::DeviceQueue, words),
            error::BAD_ADDRESS,
        )?;
    }
    for size in [3, 1 << 15, 1 << 16, u64::MAX] {
        let words = [queue.device, 0, size, queue.page() as u64];
        let what = format!("{size} entries");
        expect(
            &what,
            queue.call(CoreCall::DeviceQueue, words),
            error::INVALID,
        )?;
    }
    Ok(())
}

/// Queues at the wrong time, and configuration that there is not.
fn times() -> Result<(), String> {
    let queue = Queue::of_reset_device()?;
    let words = [queue.device, 0, u64::from(SIZE), queue.page() as u64];
    let set = || queue.call(CoreCall::DeviceQueue, words);
    expect("a queue too early", set(), error::INVALID)?;
    queue.agree()?;
    expect(
        "a queue that is not set up",
        queue.publish(),
        error::INVALID,
    )?;
    expect("a queue", set(), 0)?;
    expect("the queue once more", set(), error::INVALID)?;
    queue.finish()?;
    expect("a queue too late", set(), error::INVALID)?;
    for (offset, size) in [(0, 0), (2, 4), (0, 8), (1 << 31, 4), (u64::MAX - 3, 4)] {
        let words = [queue.device, offset, size, 0];
        let what = format!("{size} bytes at {offset:#x}");
        expect(
            &what,
            queue.call(CoreCall::DeviceConfig, words),
            error::INVALID,
        )?;
    }
    Ok(())
}
