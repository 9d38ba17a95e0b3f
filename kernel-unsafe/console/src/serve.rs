//! The entries of the cell.

use domains::device::{Kind, Roles};
use gate::cell::console::{Serve, queue};
use gate::info;
use kernel_unsafe::{
    Device, Interrupts, Patience, Queues, Refused, Requests, done, start_one, word,
};
use spin::Mutex;

use crate::device::Console;
#[cfg(feature = "test-hooks")]
use crate::tease;

/// The only queue of a source of entropy.
const ONLY: u16 = 0;

static QUEUES: Mutex<Queues<{ queue::COUNT }>> = Mutex::new(Queues::new());

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
        #[cfg(feature = "test-hooks")]
        if let Some(answer) = tease::given(place) {
            return answer;
        }
        match QUEUES.lock().at(place) {
            Ok((queue, slot)) => done(queue.submit(slot, address, request, reply)),
            Err(none) => none,
        }
    }

    fn add(place: u32, address: usize, request: usize, reply: usize) -> i64 {
        #[cfg(feature = "test-hooks")]
        if let Some(answer) = tease::given(place) {
            return answer;
        }
        match QUEUES.lock().at(place) {
            Ok((queue, slot)) => done(queue.add(slot, address, request, reply)),
            Err(none) => none,
        }
    }

    fn poll(number: u32) -> i64 {
        #[cfg(feature = "test-hooks")]
        if let Some(answer) = tease::polled(number) {
            return answer;
        }
        QUEUES.lock().with(number, |queue| word(queue.poll()))
    }

    fn arm(number: u32) -> i64 {
        #[cfg(feature = "test-hooks")]
        if let Some(answer) = tease::armed(number) {
            return answer;
        }
        QUEUES.lock().with(number, |queue| word(queue.arm()))
    }

    fn spin(number: u32) -> i64 {
        QUEUES.lock().with(number, |queue| {
            let come = || match queue.poll() {
                Err(Refused::Busy) => None,
                come => Some(come),
            };
            word(Patience::new().wait(come).unwrap_or(Err(Refused::Busy)))
        })
    }

    #[cfg(feature = "test-hooks")]
    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        if kind == gate::hooks::TEASE {
            return tease::begin();
        }
        if kind == gate::hooks::TIME_PUBLISH {
            return QUEUES.lock().with(queue::ERRORS, |queue| {
                let ticks = crate::costs::of_publishing(queue, address);
                ticks.map_or_else(kernel_unsafe::code, |ticks| ticks[argument % 2])
            });
        }
        // SAFETY: none is claimed; this feature is for attacks.
        unsafe { gate::hooks::attack(kind, address, argument) }
    }

    #[cfg(not(feature = "test-hooks"))]
    fn hook(_: u32, _: usize, _: usize) -> i64 {
        kernel_unsafe::UNKNOWN
    }
}

fn start_all(queues: &mut [Option<Requests>; queue::COUNT]) {
    let roles = Roles::new(&info::boot().devices);
    let [main, errors] = roles.consoles.map(|console| {
        console.and_then(|number| Console::start(Device::new(number, Kind::Console)))
    });
    if let Some(Console { input, output }) = main {
        queues[queue::INPUT as usize] = Some(input);
        queues[queue::OUTPUT as usize] = Some(output);
    }
    queues[queue::ERRORS as usize] = errors.map(|console| console.output);
    queues[queue::RANDOM as usize] = roles
        .entropy
        .map(|number| Device::new(number, Kind::Entropy))
        .and_then(|device| start_one(device, ONLY, Interrupts::WhenArmed));
}
