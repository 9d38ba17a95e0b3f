//! Sources of entropy.

use virtio_drivers::device::common::Feature;
use virtio_drivers::transport::{SomeTransport, Transport};

use crate::patience::Patience;
use crate::receiver::Receiver;
use crate::ring;

const QUEUE: u16 = 0;
/// How many pages of random bytes it holds.
const BUFFERS: usize = 1;
/// The pages of a source of entropy.
pub(crate) const PAGES: usize = ring::PAGES + BUFFERS;

/// A source of random bytes.
#[derive(Debug)]
pub(crate) struct Entropy {
    transport: SomeTransport<'static>,
    receiver: Receiver,
}

impl Entropy {
    /// Starts the source; none if it does not behave like one.
    pub(crate) fn new(mut transport: SomeTransport<'static>) -> Option<Entropy> {
        transport.begin_init(Feature::VERSION_1);
        let receiver = Receiver::new(&mut transport, QUEUE, BUFFERS)?;
        transport.finish_init();
        receiver.start(&mut transport);
        Some(Entropy {
            transport,
            receiver,
        })
    }

    /// Puts at most `size` random bytes into the frames; how many. Waits a
    /// little if there are none yet.
    pub(crate) fn read(&mut self, offset: usize, size: usize) -> usize {
        let mut read = || match self.receiver.receive(&mut self.transport, offset, size) {
            0 if size > 0 => None,
            done => Some(done),
        };
        Patience::new().wait(&mut read).unwrap_or(0)
    }

    /// Takes note of an interrupt.
    pub(crate) fn acknowledge(&mut self) {
        self.transport.ack_interrupt();
    }
}
