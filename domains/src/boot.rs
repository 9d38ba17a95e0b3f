//! What the guest learns at boot: boot information, clocks, boot options.
//!
//! All three lie in pages of [`crate::Area::Info`], which everyone reads. The
//! safe kernel writes [`TimePage`], the core [`BootInfo`]; behind that it
//! copies the boot options, a module that the host tool makes with
//! [`OptionsHeader`]: arguments, environment and settings of one run.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::cell::CELLS_MAX;
use crate::device::{DEVICES_MAX, MMIO_SLOTS};
use crate::manifest::Tls;
use crate::network::Setting;
use crate::{Cell, Injection, RestartLimit};

/// How to turn the time-stamp counter into nanoseconds since boot.
///
/// A reader takes `sequence`, reads the rest, and starts again if `sequence`
/// was odd or has changed: the safe kernel refines the rate while the guest
/// runs.
/// `ns = base_ns + ((tsc - base_tsc) * rate) >> 32`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct TimePage {
    /// Odd while the safe kernel writes.
    pub sequence: u64,
    /// The counter at the last refinement.
    pub base_tsc: u64,
    /// Nanoseconds since boot at the last refinement.
    pub base_ns: u64,
    /// Nanoseconds per tick, as a 32.32 fixed-point number.
    pub rate: u64,
    /// What to add for nanoseconds since 1970: written once, apart from the rest.
    pub epoch_ns: u64,
}

impl TimePage {
    /// Nanoseconds since boot when the counter reads `tsc`.
    pub const fn monotonic_ns(&self, tsc: u64) -> u64 {
        let ticks = tsc.saturating_sub(self.base_tsc) as u128;
        self.base_ns
            .wrapping_add(((ticks * self.rate as u128) >> 32) as u64)
    }
}

/// What the core found and decided at boot.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct BootInfo {
    /// The time-stamp counter at the kernel's first instruction.
    pub boot_tsc: u64,
    /// Bytes of memory that the machine has.
    pub memory: u64,
    /// 1 for `mpk`, 0 for `none`.
    pub isolation: u32,
    /// 1 if the core was built with `test-hooks`.
    pub test_hooks: u32,
    /// The application's entry.
    pub app_entry: u64,
    /// The template of its thread-local storage.
    pub tls: Tls,
    /// Bytes of the archive at [`crate::layout::ARCHIVE`]; zero if there is none.
    pub archive_size: u64,
    /// Which cells the image has: bits of [`Cells`](crate::Cells).
    pub cells: u64,
    /// What kinds of device there are, by number: those of [`Kind`], zero for
    /// none. In the order of the host's command line.
    ///
    /// [`Kind`]: crate::device::Kind
    pub devices: [u32; DEVICES_MAX],
    /// How many virtual CPUs the guest uses.
    pub cpus: u32,
    /// Bytes of boot options that follow this record.
    pub options_size: u32,
}

/// What the first four bytes of the boot options say.
pub const OPTIONS_MAGIC: [u8; 4] = *b"opts";
/// The most bytes of boot options that a guest accepts.
pub const OPTIONS_MAX: usize = 1 << 20;

/// The head of the boot options.
///
/// Behind it stand `arguments`, then `environment` and then `volumes` strings,
/// each closed by a zero byte. Environment strings have the form `NAME=value`;
/// a volume's string is a [`VolumeText`]. Volumes are in the order of their
/// devices.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct OptionsHeader {
    /// [`OPTIONS_MAGIC`].
    pub magic: [u8; 4],
    /// How many arguments there are, the program's name included.
    pub arguments: u32,
    /// How many environment strings there are.
    pub environment: u32,
    /// How much the core says on its console: 0 nothing but
    /// failures, 1 warnings, 2 information; more says nothing more yet.
    pub log_level: u32,
    /// Bytes of strings that follow.
    pub strings: u64,
    /// How many volumes there are.
    pub volumes: u32,
    /// How long the server of a volume may take to answer, in milliseconds;
    /// zero for as long as it likes.
    pub volume_limit_ms: u32,
    /// Bit n: a virtio device of ours is in slot n of the first PCI bus, as
    /// function 0. Zero where the devices are on virtio-mmio.
    pub pci_slots: u32,
    /// How many virtual CPUs there are, whose local APICs are numbered from
    /// zero. Zero counts as one.
    pub cpus: u32,
    /// How long a call of a cell may take, in milliseconds; zero for as long as its
    /// row says.
    pub cell_deadline_ms: u32,
    /// Zero.
    pub reserved: u32,
    /// How often a cell is started anew before it is given up.
    pub restart_limit: RestartLimit,
    /// What each cell is made to do wrong, by number.
    pub injections: [Injection; CELLS_MAX],
    /// The devices of ours on virtio-mmio, in the order of the command line.
    pub mmio: [MmioBlock; MMIO_SLOTS],
    /// What is given for the network, and what this host is called.
    pub network: Setting,
}

/// Where a virtio device has its registers.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct MmioBlock {
    /// The physical address; zero if there is no device.
    pub address: u32,
    /// The pin of the I/O APIC.
    pub pin: u8,
    /// Zero.
    pub reserved: [u8; 3],
}

impl MmioBlock {
    /// No device.
    pub const NONE: MmioBlock = MmioBlock::new(0, 0);

    /// The device with these registers and this pin.
    pub const fn new(address: u32, pin: u8) -> MmioBlock {
        MmioBlock {
            address,
            pin,
            reserved: [0; 3],
        }
    }
}

/// The most volumes that a guest can have.
pub const VOLUMES_MAX: usize = 8;

/// What new files on a volume do not allow, if it does not say.
pub const UMASK: u32 = 0o022;

/// What the guest is told of a volume: how it may be changed, and its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VolumeText<'a> {
    /// Whether it may be changed at all.
    pub is_writable: bool,
    /// What new files do not allow, of the nine permissions of a mode.
    pub umask: u32,
    /// Where it is mounted.
    pub path: &'a [u8],
}

impl<'a> VolumeText<'a> {
    /// What stands in front of the place: a letter, and the umask in three octal
    /// digits.
    pub fn head(is_writable: bool, umask: u32) -> [u8; 4] {
        let letter = if is_writable { b'w' } else { b'r' };
        let digit = |shift: u32| b'0' + (umask >> shift & 7) as u8;
        [letter, digit(6), digit(3), digit(0)]
    }

    /// Reads such a text; none if it is another.
    pub fn read(text: &'a [u8]) -> Option<VolumeText<'a>> {
        let ([letter, digits @ ..], path) = text.split_first_chunk::<4>()?;
        let mut umask = 0;
        for digit in digits {
            let value = digit.checked_sub(b'0').filter(|value| *value < 8)?;
            umask = umask << 3 | u32::from(value);
        }
        let is_writable = match letter {
            b'w' => true,
            b'r' => false,
            _ => return None,
        };
        Some(VolumeText {
            is_writable,
            umask,
            path,
        })
    }
}

impl OptionsHeader {
    /// The header for these counts of strings.
    pub const fn new(arguments: u32, environment: u32, strings: u64, log_level: u32) -> Self {
        OptionsHeader {
            magic: OPTIONS_MAGIC,
            arguments,
            environment,
            log_level,
            strings,
            volumes: 0,
            volume_limit_ms: 0,
            pci_slots: 0,
            cpus: 0,
            cell_deadline_ms: 0,
            reserved: 0,
            restart_limit: RestartLimit::OF_ROW,
            injections: [Injection::NONE; CELLS_MAX],
            mmio: [MmioBlock::NONE; MMIO_SLOTS],
            network: Setting::NONE,
        }
    }

    /// The same with this limit for restarts of cells.
    pub const fn with_restart_limit(self, restart_limit: RestartLimit) -> Self {
        OptionsHeader {
            restart_limit,
            ..self
        }
    }

    /// The same with so much time for a call of a cell.
    pub const fn with_cell_deadline(self, cell_deadline_ms: u32) -> Self {
        OptionsHeader {
            cell_deadline_ms,
            ..self
        }
    }

    /// The same with `cell` made to do this wrong.
    pub fn with_injection(mut self, cell: Cell, injection: Injection) -> Self {
        self.injections[cell.number()] = injection;
        self
    }

    /// The same with so many volumes, whose servers have so much time.
    pub const fn with_volumes(self, volumes: u32, volume_limit_ms: u32) -> Self {
        OptionsHeader {
            volumes,
            volume_limit_ms,
            ..self
        }
    }

    /// The same with devices in these slots of the first PCI bus, a bit each.
    pub const fn with_pci_slots(self, pci_slots: u32) -> Self {
        OptionsHeader { pci_slots, ..self }
    }

    /// The same with these devices on virtio-mmio.
    pub const fn with_mmio(self, mmio: [MmioBlock; MMIO_SLOTS]) -> Self {
        OptionsHeader { mmio, ..self }
    }

    /// The same with this given for the network.
    pub const fn with_network(self, network: Setting) -> Self {
        OptionsHeader { network, ..self }
    }

    /// The same with so many virtual CPUs.
    pub const fn with_cpus(self, cpus: u32) -> Self {
        OptionsHeader { cpus, ..self }
    }

    /// Whether the header fits the `size` bytes that it heads.
    pub fn is_valid(&self, size: usize) -> bool {
        let strings = usize::try_from(self.strings).unwrap_or(usize::MAX);
        self.magic == OPTIONS_MAGIC
            && size <= OPTIONS_MAX
            && strings.checked_add(size_of::<OptionsHeader>()) == Some(size)
    }
}

/// How the host sends the application's standard input: each chunk with its
/// length in front, two bytes little-endian; a chunk of length zero is the end
/// of the file. (A virtio console says it apart from the stream, if at all.)
/// The longest has as many bytes as such a length can say, and is even with it.
pub const STDIN_CHUNK_MAX: usize = 0xfffe;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_volume_is_read() {
        for is_writable in [false, true] {
            for umask in 0..=0o777 {
                let head = VolumeText::head(is_writable, umask);
                let text = [&head[..], b"/a"].concat();
                let path = &b"/a"[..];
                let read = VolumeText::read(&text);
                assert_eq!(
                    read,
                    Some(VolumeText {
                        is_writable,
                        umask,
                        path
                    })
                );
            }
        }
        for text in [&b""[..], b"w/a", b"x022/a", b"w028/a", b"w02"] {
            assert_eq!(VolumeText::read(text), None);
        }
    }

    #[test]
    fn time_runs_at_the_rate_of_the_page() {
        let page = TimePage {
            base_tsc: 100,
            base_ns: 7,
            rate: 1 << 31,
            ..TimePage::default()
        };
        assert_eq!(page.monotonic_ns(300), 107);
        assert_eq!(page.monotonic_ns(50), 7, "time does not run backwards");
    }

    #[test]
    fn a_header_that_promises_more_than_there_is_is_refused() {
        let header = OptionsHeader::new(1, 0, 10, 0);
        assert!(header.is_valid(size_of::<OptionsHeader>() + 10));
        assert!(!header.is_valid(size_of::<OptionsHeader>() + 9));
        assert!(!OptionsHeader::new(1, 0, u64::MAX, 0).is_valid(24));
    }
}
