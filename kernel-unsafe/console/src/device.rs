//! Consoles with several ports.
//!
//! Such a console is used by its first port for anything but a system console.
//! That kind keeps what the host does not read at once, and lets the guest
//! wait; port 0, which is all that a device without this feature has, throws it
//! away.
//!
//! The device wants to hear that the driver knows of ports, that it has set up
//! the port's queues, and that somebody reads there. What it says in return is
//! of no use here, so it gets no queue to say it by.

use core::ptr::NonNull;
use core::slice;

use domains::device::feature;
use kernel_unsafe::{Device, Interrupts, Machine, Requests, next_queue, take_pages};
use virtio_drivers::queue::VirtQueue;
use virtio_drivers::transport::Transport;

/// The queue by which port 0 receives; it sends by the next one.
const ONLY_PORT: u16 = 0;
/// The queue by which port 1 receives, behind those that speak about ports.
const FIRST_PORT: u16 = 4;
/// The queue for messages to the device.
const CONTROL: u16 = 3;
/// Where the configuration says how many ports there are, and how many are
/// needed.
const PORTS_OFFSET: usize = 4;
const PORTS_NEEDED: u32 = 2;

/// Bytes of a message.
const MESSAGE: usize = 8;
/// The port that is used.
const PORT: u32 = 1;
/// What is said, in this order: about which port, and what.
const MESSAGES: [(u32, Event); 3] = [
    (u32::MAX, Event::DriverReady),
    (PORT, Event::PortReady),
    (PORT, Event::PortOpen),
];
/// Entries of the queue for messages.
const ENTRIES: usize = MESSAGES.len().next_power_of_two();

#[derive(Clone, Copy, Debug)]
#[repr(u16)]
enum Event {
    DriverReady = 0,
    PortReady = 3,
    PortOpen = 6,
}

/// The queues of a console.
#[derive(Debug)]
pub(crate) struct Console {
    /// What it brings.
    pub(crate) input: Requests,
    /// What it is sent.
    pub(crate) output: Requests,
}

impl Console {
    /// Starts the console; none if it does not behave like one.
    pub(crate) fn start(mut device: Device) -> Option<Console> {
        let features = device.begin(feature::VERSION_1 | feature::MULTIPORT)?;
        let has_ports = features & feature::MULTIPORT != 0;
        let queue = match has_ports {
            true if ports(&device) >= PORTS_NEEDED => FIRST_PORT,
            true => return None,
            false => ONLY_PORT,
        };
        let input = Requests::new(&mut device, queue, Interrupts::WhenArmed)?;
        let output = Requests::new(&mut device, queue + 1, Interrupts::WhenArmed)?;
        let control = match has_ports {
            true => Some(Control::prepare(&mut device)?),
            false => None,
        };
        device.finish_init();
        if control.is_some() {
            // It keeps what it was given: the pages stay taken.
            device.notify(CONTROL);
        }
        Some(Console { input, output })
    }
}

fn ports(device: &Device) -> u32 {
    device.read_config_space(PORTS_OFFSET).unwrap_or(0)
}

/// The messages in their queue, not published.
struct Control;

impl Control {
    /// Sets the queue up and puts the messages there; none if that fails.
    fn prepare(device: &mut Device) -> Option<Control> {
        next_queue(device.cell(), device.number(), CONTROL);
        let mut queue =
            VirtQueue::<Machine, ENTRIES>::new(device, CONTROL, false, false).ok()?;
        queue.set_dev_notify(false);
        let page = take_pages(device.cell(), 1)?;
        for (number, (port, event)) in MESSAGES.into_iter().enumerate() {
            let bytes = put(page, number * MESSAGE, message(port, event));
            // SAFETY: the page stays taken, and nobody looks at it again.
            unsafe { queue.add(&[bytes], &mut []) }.ok()?;
        }
        device.has_queue(CONTROL).then_some(Control)
    }
}

/// Puts a message into `page`.
fn put(page: NonNull<u8>, offset: usize, message: [u8; MESSAGE]) -> &'static [u8] {
    // SAFETY: the page was just taken, and has room for all messages.
    let place = unsafe { page.add(offset) };
    // SAFETY: as above.
    let bytes = unsafe { slice::from_raw_parts_mut(place.as_ptr(), MESSAGE) };
    bytes.copy_from_slice(&message);
    bytes
}

/// A message: the port, the event, and that it is so.
fn message(port: u32, event: Event) -> [u8; MESSAGE] {
    const YES: u16 = 1;
    let mut message = [0; MESSAGE];
    message[..4].copy_from_slice(&port.to_le_bytes());
    message[4..6].copy_from_slice(&(event as u16).to_le_bytes());
    message[6..].copy_from_slice(&YES.to_le_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_laid_out_as_the_standard_says() {
        assert_eq!(message(1, Event::PortOpen), [1, 0, 0, 0, 6, 0, 1, 0]);
    }
}
