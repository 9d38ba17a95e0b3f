//! PCI configuration, by the two ports that every PC has.

#![expect(unsafe_code, reason = "names I/O ports")]

use super::port::Port;

// SAFETY: selects a register. The core writes only what it has judged.
const ADDRESS: Port<u32> = unsafe { Port::new(0xcf8) };
// SAFETY: the register that was selected. What could move a device's registers
// over memory, or let it interrupt by itself, is written by the core alone.
const DATA: Port<u32> = unsafe { Port::new(0xcfc) };

const ENABLE: u32 = 1 << 31;

/// Offset of command (low half) and status (high half).
pub(crate) const COMMAND: u8 = 0x04;
/// The command's bit for answering at the addresses of memory BARs.
pub(crate) const MEMORY_SPACE: u32 = 1 << 1;
/// The command's bit for direct memory access.
pub(crate) const BUS_MASTER: u32 = 1 << 2;
/// The command's bit against pin interrupts.
pub(crate) const INTERRUPT_DISABLE: u32 = 1 << 10;
/// Offset of the first BAR; six of four bytes follow.
pub(crate) const FIRST_BAR: u8 = 0x10;
/// How many BARs there are.
pub(crate) const BARS: u8 = 6;

const CAPABILITIES: u8 = 0x34;
const STATUS_CAPABILITIES: u32 = 1 << 20;
const MSIX: u32 = 0x11;
const VIRTIO_VENDOR: u32 = 0x1af4;

/// One function of one device on the first bus: device number in bits 7:3,
/// function number in 2:0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Function(u8);

impl Function {
    /// The function with this number, if there can be one.
    pub(crate) fn new(number: u64) -> Option<Function> {
        u8::try_from(number).ok().map(Function)
    }

    /// Its number.
    pub(crate) fn number(self) -> u64 {
        u64::from(self.0)
    }

    /// Every function that there can be.
    pub(crate) fn all() -> impl Iterator<Item = Function> {
        (0..=0xff).map(Function)
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

    /// Whether this is a virtio device.
    pub(crate) fn is_virtio(self) -> bool {
        self.read(0) & 0xffff == VIRTIO_VENDOR
    }

    /// Where its table of message interrupts lies, if it has one: the BAR, and
    /// the range of offsets in it.
    pub(crate) fn interrupt_table(self) -> Option<(u8, core::ops::Range<u64>)> {
        let capability = self.capability(MSIX)?;
        let entries = u64::from(self.read(capability) >> 16 & 0x7ff) + 1;
        let place = self.read(capability.checked_add(4)?);
        let start = u64::from(place & !0b111);
        Some(((place & 0b111) as u8, start..start + 16 * entries))
    }

    fn capability(self, wanted: u32) -> Option<u8> {
        let has_any = self.read(COMMAND) & STATUS_CAPABILITIES != 0;
        let mut next = if has_any { self.read(CAPABILITIES) } else { 0 };
        // The list is the device's word: follow it no further than it can be.
        for _ in 0..48 {
            let offset = (next & 0xfc) as u8;
            if offset == 0 {
                return None;
            }
            let header = self.read(offset);
            if header & 0xff == wanted {
                return Some(offset);
            }
            next = header >> 8;
        }
        None
    }

    fn select(self, offset: u8) {
        ADDRESS.write(ENABLE | u32::from(self.0) << 8 | u32::from(offset & 0xfc));
    }
}

/// Whether there is a PCI bus.
pub(crate) fn is_present() -> bool {
    ADDRESS.write(ENABLE);
    ADDRESS.read() == ENABLE && Function(0).read(0) != u32::MAX
}
