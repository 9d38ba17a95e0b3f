//! PCI configuration, by the two ports that every PC has.
//!
//! Only the core reads and writes it. The host tool says in which slots of the
//! first bus there are devices of ours.

#![expect(unsafe_code, reason = "names I/O ports and device registers")]

use core::iter;

use super::mmio::{self, Mmio};
use super::port::Port;

// SAFETY: selects a register.
const ADDRESS: Port<u32> = unsafe { Port::new(0xcf8) };
// SAFETY: the register that was selected. What could move a device's registers
// over memory, or let it interrupt by itself, is written with care.
const DATA: Port<u32> = unsafe { Port::new(0xcfc) };

const ENABLE: u32 = 1 << 31;

/// Offset of command (low half) and status (high half).
const COMMAND: u8 = 0x04;
/// The command's bit for answering at the addresses of memory BARs.
const MEMORY_SPACE: u32 = 1 << 1;
/// The command's bit for direct memory access, messages included.
const BUS_MASTER: u32 = 1 << 2;
/// The command's bit against pin interrupts.
const INTERRUPT_DISABLE: u32 = 1 << 10;
/// Offset of the first BAR, which says where memory of the device is; how many
/// BARs there are, and what the bits say that are no address.
const FIRST_BAR: u8 = 0x10;
const BARS: u8 = 6;
const IO: u32 = 1 << 0;
const WIDTH: u32 = 0b110;
const WIDE: u32 = 0b100;
const FLAGS: u32 = 0b1111;
/// Where the core puts BARs, for the firmware may have left one without an
/// address, or put it where the core cannot reach it: a place for each BAR of
/// each slot, larger than any that the devices have which are driven here.
const PLACES: u32 = 0xe000_0000;
const PLACE: u32 = 1 << 20;

const CAPABILITIES: u8 = 0x34;
const STATUS_CAPABILITIES: u32 = 1 << 20;
/// More capabilities than fit.
const CAPABILITIES_MAX: usize = 48;
/// In the head of the capability for messages: they are on, all are masked.
const MESSAGES_ON: u32 = 1 << 31;
const MESSAGES_MASKED: u32 = 1 << 30;

const VIRTIO_VENDOR: u32 = 0x1af4;
/// What a modern virtio device adds to the number of its kind.
const MODERN: u32 = 0x1040;
/// The device numbers that virtio has.
const VIRTIO_DEVICES: core::ops::Range<u32> = 0x1000..0x1080;

/// A capability: what the vendor says.
pub(crate) const VENDOR: u32 = 0x09;
/// A capability: interrupts by messages, MSI-X.
const MESSAGES: u32 = 0x11;

/// The first function of a device on the first bus: its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Function(u8);

impl Function {
    /// The function in slot `slot`, of 32.
    pub(crate) const fn in_slot(slot: u8) -> Function {
        Function(slot % 32 * 8)
    }

    /// Reads the four bytes at `offset`, a multiple of four.
    pub(crate) fn read(self, offset: u8) -> u32 {
        self.select(offset);
        DATA.read()
    }

    /// Writes the four bytes at `offset`, a multiple of four.
    pub(crate) fn write(self, offset: u8, value: u32) {
        self.select(offset);
        DATA.write(value);
    }

    /// The kind of virtio device that this is: `Err` for one from before the
    /// standard, none for anything else.
    pub(crate) fn virtio_kind(self) -> Option<Result<u32, u32>> {
        let identity = self.read(0);
        let device = identity >> 16;
        let is_virtio = identity & 0xffff == VIRTIO_VENDOR && VIRTIO_DEVICES.contains(&device);
        is_virtio.then(|| device.checked_sub(MODERN).ok_or(device))
    }

    /// Lets the device answer, read and write memory, and send its messages; no
    /// pin.
    pub(crate) fn enable(self) {
        // The high half is the status, where a one clears: write zeros there.
        let command = self.read(COMMAND) & 0xffff;
        let on = MEMORY_SPACE | BUS_MASTER | INTERRUPT_DISABLE;
        self.write(COMMAND, command | on);
        for at in self.capabilities(MESSAGES).take(1) {
            let head = self.read(at);
            self.write(at, head & !MESSAGES_MASKED | MESSAGES_ON);
        }
    }

    /// The `size` bytes of registers at `offset` of BAR number `bar`; none if it is
    /// none of memory, or they are where no device should be.
    pub(crate) fn registers(self, bar: u8, offset: u32, size: u32) -> Option<Mmio> {
        let address = self.place(bar)? + u64::from(offset);
        // SAFETY: no memory lies there, nor anything of the core's, and the device
        // is the core's alone. Where its registers name memory, the queue does.
        mmio::is_in_place(address, size).then(|| unsafe { Mmio::new(address as u32, size) })
    }

    /// Puts BAR number `bar` where the core reaches it, wherever it was, while the
    /// device answers at no address: where that is.
    fn place(self, bar: u8) -> Option<u64> {
        let register = (bar < BARS).then_some(FIRST_BAR + 4 * bar)?;
        let flags = self.read(register) & FLAGS;
        (flags & IO == 0).then_some(())?;
        let number = u32::from(self.0 / 8) * u32::from(BARS) + u32::from(bar);
        let place = PLACES + PLACE * number;
        let command = self.read(COMMAND) & 0xffff;
        self.write(COMMAND, command & !MEMORY_SPACE);
        self.write(register, place);
        if flags & WIDTH == WIDE && bar + 1 < BARS {
            self.write(register + 4, 0);
        }
        (self.read(register) & !FLAGS == place).then_some(u64::from(place))
    }

    /// Where its table of message interrupts lies, if it has one: the BAR, and
    /// the offset in it.
    pub(crate) fn interrupt_table(self) -> Option<(u8, u32)> {
        let capability = self.capabilities(MESSAGES).next()?;
        let place = self.read(capability.checked_add(4)?);
        Some(((place & 0b111) as u8, place & !0b111))
    }

    /// Where its capabilities of one kind lie.
    pub(crate) fn capabilities(self, wanted: u32) -> impl Iterator<Item = u8> {
        let has_any = self.read(COMMAND) & STATUS_CAPABILITIES != 0;
        let first = if has_any { self.read(CAPABILITIES) } else { 0 };
        let place = |next: u32| Some((next & 0xfc) as u8).filter(|offset| *offset != 0);
        let follow = move |at: &u8| place(self.read(*at) >> 8);
        // The list is the device's word: follow it no further than it can be.
        iter::successors(place(first), follow)
            .take(CAPABILITIES_MAX)
            .filter(move |at| self.read(*at) & 0xff == wanted)
    }

    fn select(self, offset: u8) {
        ADDRESS.write(ENABLE | u32::from(self.0) << 8 | u32::from(offset & 0xfc));
    }
}
