//! The devices that were found, each in its role.

use gate::driver::channel::{CHANNELS, FUSE, NINEP};
use gate::driver::device;
use spin::{Mutex, MutexGuard};
use virtio_drivers::transport::{DeviceType, SomeTransport, Transport};

use crate::channel::Channel;
use crate::console::Console;
use crate::entropy::Entropy;
use crate::{mmio, pci};

/// How many consoles have a role: input and output, and errors.
pub(crate) const CONSOLES: usize = 2;

/// The only queue of a 9P device.
const NINEP_QUEUE: u16 = 0;
/// The first queue for requests of a FUSE device. The one before it is for what
/// may overtake others, and nothing here does.
const FUSE_QUEUE: u16 = 1;

/// What there is.
#[derive(Debug)]
pub(crate) struct Devices {
    is_started: bool,
    /// How many consoles were seen, those that did not start included: the
    /// second one never becomes the first.
    consoles_seen: usize,
    /// In the order of the host's command line.
    pub(crate) consoles: [Option<Console>; CONSOLES],
    /// The first source of entropy.
    pub(crate) entropy: Option<Entropy>,
    /// How many channels were seen, as for consoles.
    channels_seen: usize,
    /// In the order of the host's command line.
    pub(crate) channels: [Option<Channel>; CHANNELS],
}

static DEVICES: Mutex<Devices> = Mutex::new(Devices {
    is_started: false,
    consoles_seen: 0,
    consoles: [const { None }; CONSOLES],
    entropy: None,
    channels_seen: 0,
    channels: [const { None }; CHANNELS],
});

/// The devices, for one call.
pub(crate) fn lock() -> MutexGuard<'static, Devices> {
    DEVICES.lock()
}

impl Devices {
    /// Finds and starts the devices, once; bits of [`device`].
    pub(crate) fn start(&mut self) -> i64 {
        if !self.is_started {
            self.is_started = true;
            mmio::find(|transport| self.add(transport, false));
            pci::find(|transport, is_fuse| self.add(transport, is_fuse));
        }
        self.bits()
    }

    /// Takes note of interrupts.
    pub(crate) fn acknowledge(&mut self) {
        self.consoles
            .iter_mut()
            .flatten()
            .for_each(Console::acknowledge);
        self.entropy.iter_mut().for_each(Entropy::acknowledge);
        self.channels
            .iter_mut()
            .flatten()
            .for_each(Channel::acknowledge);
    }

    /// Starts a device and gives it the next role of its kind, if one is open.
    fn add(&mut self, transport: SomeTransport<'static>, is_fuse: bool) {
        match transport.device_type() {
            DeviceType::Console => {
                if let Some(role) = self.consoles.get_mut(self.consoles_seen) {
                    *role = Console::new(transport);
                    self.consoles_seen += 1;
                }
            }
            DeviceType::EntropySource if self.entropy.is_none() => {
                self.entropy = Entropy::new(transport);
            }
            DeviceType::_9P if is_fuse => self.add_channel(transport, FUSE_QUEUE, FUSE),
            DeviceType::_9P => self.add_channel(transport, NINEP_QUEUE, NINEP),
            _ => {}
        }
    }

    fn add_channel(&mut self, transport: SomeTransport<'static>, queue: u16, kind: i64) {
        if let Some(role) = self.channels.get_mut(self.channels_seen) {
            *role = Channel::new(transport, queue, kind);
            self.channels_seen += 1;
        }
    }

    fn bits(&self) -> i64 {
        let [input, errors] = &self.consoles;
        [
            (input.is_some(), device::CONSOLE),
            (errors.is_some(), device::ERROR_CONSOLE),
            (self.entropy.is_some(), device::ENTROPY),
        ]
        .into_iter()
        .filter_map(|(is_there, bit)| is_there.then_some(bit))
        .sum()
    }
}
