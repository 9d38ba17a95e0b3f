//! The good host's card, as `smoltcp` wants one: frames that came, frames to send.

use std::collections::VecDeque;

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use super::Frame;

/// The longest frame of Ethernet, without its checksum.
const FRAME_MAX: usize = 1514;

/// A card.
#[derive(Default)]
pub(super) struct Link {
    /// For the host.
    pub(super) came: VecDeque<Frame>,
    /// Of the host.
    pub(super) sent: Vec<Frame>,
}

impl Device for Link {
    type RxToken<'a> = Came;
    type TxToken<'a> = Sends<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Came, Sends<'_>)> {
        let frame = self.came.pop_front()?;
        Some((Came(frame), Sends(&mut self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sends<'_>> {
        Some(Sends(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME_MAX;
        capabilities
    }
}

/// A frame that came.
pub(super) struct Came(Frame);

impl RxToken for Came {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(&self.0)
    }
}

/// Room for a frame.
pub(super) struct Sends<'a>(&'a mut Vec<Frame>);

impl TxToken for Sends<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, size: usize, fill: F) -> R {
        let mut frame = vec![0; size];
        let filled = fill(&mut frame);
        self.0.push(frame);
        filled
    }
}
