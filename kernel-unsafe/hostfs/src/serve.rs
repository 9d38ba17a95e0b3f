//! The entries of the cell.

use domains::boot::VOLUMES_MAX;
use domains::device::{DEVICES_MAX, Kind, Roles};
use gate::cell::hostfs::Serve;
use gate::info;
use kernel_unsafe::{Device, Interrupts, Queues, Requests, done, start_one, word};
use spin::Mutex;

/// The only queue of a 9P device.
const ONLY: u16 = 0;
/// The first queue for requests of a FUSE device. The one before it is for what
/// may overtake others, and nothing here does.
const FUSE: u16 = 1;

static QUEUES: Mutex<Queues<VOLUMES_MAX>> = Mutex::new(Queues::new());

/// Who serves the entries.
#[derive(Debug)]
pub struct Drivers;

impl Serve for Drivers {
    fn null() -> i64 {
        0
    }

    fn start() -> i64 {
        QUEUES.lock().start(start_all)
    }

    fn submit(place: u32, address: usize, request: usize, reply: usize) -> i64 {
        match QUEUES.lock().at(place) {
            Ok((queue, slot)) => done(queue.submit(slot, address, request, reply)),
            Err(none) => none,
        }
    }

    fn poll(volume: u32) -> i64 {
        QUEUES.lock().with(volume, |queue| word(queue.poll()))
    }

    #[cfg(feature = "test-hooks")]
    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        if kind == gate::hooks::LIE {
            let kind = kind_of(address, &info::boot().devices);
            return QUEUES
                .lock()
                .with(address as u32, |queue| queue.begin_to_lie(argument, kind));
        }
        // SAFETY: none is claimed; this feature is for attacks.
        unsafe { gate::hooks::attack(kind, address, argument) }
    }

    #[cfg(not(feature = "test-hooks"))]
    fn hook(_: u32, _: usize, _: usize) -> i64 {
        kernel_unsafe::UNKNOWN
    }
}

fn start_all(queues: &mut [Option<Requests>; VOLUMES_MAX]) {
    let kinds = &info::boot().devices;
    let devices = Roles::new(kinds).volumes.into_iter();
    for ((volume, number), queue) in devices.enumerate().zip(queues) {
        let kind = kind_of(volume, kinds);
        *queue = number.zip(kind).and_then(|(number, kind)| {
            let device = Device::new(number, kind);
            let queue = if kind == Kind::FileSystem { FUSE } else { ONLY };
            start_one(device, queue, Interrupts::Always)
        });
    }
}

/// What the server of a volume is; none if there is no such volume.
fn kind_of(volume: usize, kinds: &[u32; DEVICES_MAX]) -> Option<Kind> {
    let device = (*Roles::new(kinds).volumes.get(volume)?)?;
    Kind::from_number(*kinds.get(device)?)
}
