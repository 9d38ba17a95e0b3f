//! Packets between the protocols and what carries them.
//!
//! TCP and UDP are above this line, addresses, links and frames below it.

use smoltcp::wire::{IpAddress, IpProtocol};

/// A number of [`domains::errno`].
pub type Errno = i64;

/// A packet that has come, without the header of IP.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// From whom.
    pub source: IpAddress,
    /// To which address of this machine, or to which group.
    pub target: IpAddress,
    /// How many routers it might still have passed.
    pub hop_limit: u8,
    /// What it carries.
    pub payload: &'a [u8],
    /// Whether the checksum of what it carries is known to be right: the device has
    /// looked, or the packet never left this machine.
    pub is_verified: bool,
    /// All of the packet, if its header of IP is followed by the payload at once; empty
    /// if something stands between, or the packet was put together.
    pub whole: &'a [u8],
}

/// A packet that is to go, but for its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outgoing {
    /// From which address of this machine.
    pub source: IpAddress,
    /// To whom.
    pub target: IpAddress,
    /// What it carries.
    pub protocol: IpProtocol,
    /// How many routers it may pass.
    pub hop_limit: u8,
    /// Bytes of the segments that the card is to cut it into; none if it is one packet.
    pub segment: Option<u16>,
    /// How many bytes in front of the payload are filled, too: where the header of IP
    /// will stand. What is written there does not count.
    pub header: usize,
}

/// Whose work the checksum of a packet's payload is. In both cases the carrier does
/// what is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checksum {
    /// It stands there.
    Full,
    /// The carrier, or the card, computes it at this offset of the payload.
    At(usize),
}

/// A packet could not be sent now: buffers or places to wait are used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

/// What carries packets for the protocols above.
pub trait Carrier {
    /// The address from which packets to `target` leave.
    ///
    /// # Errors
    ///
    /// There is no way there (ENETUNREACH).
    fn source_to(&self, target: IpAddress) -> Result<IpAddress, Errno>;

    /// Whether `address` is one of this machine's, one of loopback included.
    fn is_own(&self, address: IpAddress) -> bool;

    /// Whether packets to `target` go to many.
    fn is_broadcast(&self, target: IpAddress) -> bool;

    /// The most bytes of a packet to `target`, with the header of IP.
    fn largest_to(&self, target: IpAddress) -> usize;

    /// Whether the card cuts segments of TCP to `target`, and how many bytes may
    /// be given to it at once then.
    fn cuts_to(&self, target: IpAddress) -> Option<usize>;

    /// Whether a packet to `target` of `size` bytes, the header of IP included, could be
    /// sent now.
    fn has_room(&self, target: IpAddress, size: usize) -> bool;

    /// Sends a packet of `size` bytes behind the header of IP, which `fill` writes; the
    /// header is written when it has done so. It is given those bytes and as many in
    /// front of them as the packet says. A packet that has to wait for the address of
    /// its link counts as sent.
    ///
    /// # Errors
    ///
    /// There is no room for it now. `fill` was not called.
    fn send(
        &mut self,
        packet: &Outgoing,
        size: usize,
        checksum: Checksum,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), Full>;

    /// A word that nobody can guess.
    fn random(&mut self) -> u64;
}
