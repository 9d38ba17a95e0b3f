//! The queues that the safe kernel knows by number.

use domains::device::{DEVICES_MAX, Kind, Roles, feature};
use gate::driver::queue;
use gate::info;
use spin::{Mutex, MutexGuard};
use virtio_drivers::transport::Transport;

use crate::console::Console;
use crate::device::Device;
use crate::requests::{Interrupts, Requests};

/// The only queue of a 9P device, or of a source of entropy.
const ONLY: u16 = 0;
/// The first queue for requests of a FUSE device. The one before it is for what
/// may overtake others, and nothing here does.
const FUSE: u16 = 1;

/// The queues, by their numbers in [`queue`].
#[derive(Debug)]
pub(crate) struct Queues {
    is_started: bool,
    queues: [Option<Requests>; queue::COUNT],
}

static QUEUES: Mutex<Queues> = Mutex::new(Queues {
    is_started: false,
    queues: [const { None }; queue::COUNT],
});

/// The queues, for one call.
pub(crate) fn lock() -> MutexGuard<'static, Queues> {
    QUEUES.lock()
}

/// The kind of the server behind a volume.
#[cfg(feature = "test-hooks")]
pub(crate) fn volume_kind(volume: usize) -> Option<Kind> {
    let kinds = &info::boot().devices;
    let device = (*Roles::new(kinds).volumes.get(volume)?)?;
    Kind::from_number(kinds[device])
}

impl Queues {
    /// Starts the devices, once; which queues there are, a bit for each.
    pub(crate) fn start(&mut self) -> i64 {
        if !self.is_started {
            self.is_started = true;
            self.start_all(&info::boot().devices);
        }
        let queues = self.queues.iter().enumerate();
        let there = queues.filter(|(_, queue)| queue.is_some());
        there.map(|(number, _)| 1 << number).sum()
    }

    /// Queue number `number`.
    pub(crate) fn get(&mut self, number: u32) -> Option<&mut Requests> {
        self.queues.get_mut(number as usize)?.as_mut()
    }

    fn start_all(&mut self, kinds: &[u32; DEVICES_MAX]) {
        let roles = Roles::new(kinds);
        let [main, errors] = roles.consoles.map(|console| {
            console.and_then(|number| Console::start(Device::new(number, Kind::Console)))
        });
        if let Some(Console { input, output }) = main {
            self.queues[queue::INPUT as usize] = Some(input);
            self.queues[queue::OUTPUT as usize] = Some(output);
        }
        self.queues[queue::ERRORS as usize] = errors.map(|console| console.output);
        self.queues[queue::RANDOM as usize] = roles
            .entropy
            .map(|number| Device::new(number, Kind::Entropy))
            .and_then(|device| start_one(device, ONLY, Interrupts::WhenArmed));
        for (volume, number) in roles.volumes.into_iter().enumerate() {
            let started = number.and_then(|number| match Kind::from_number(kinds[number])? {
                kind @ Kind::FileSystem => start_volume(Device::new(number, kind), FUSE),
                kind => start_volume(Device::new(number, kind), ONLY),
            });
            self.queues[queue::volume(volume) as usize] = started;
        }
    }
}

/// Starts a server of files.
fn start_volume(device: Device, number: u16) -> Option<Requests> {
    start_one(device, number, Interrupts::Always)
}

/// Starts a device of which one queue is used.
fn start_one(mut device: Device, number: u16, interrupts: Interrupts) -> Option<Requests> {
    device.begin(feature::VERSION_1)?;
    let requests = Requests::new(&mut device, number, interrupts)?;
    device.finish_init();
    Some(requests)
}
