//! The manifest: what the packed image tells the core about every page.
//!
//! The host tool puts it on the first page behind the core's own image. It is
//! a [`Header`] followed by [`Header::segments`] records of [`Segment`]; the
//! core maps each segment with the key and rights it names and needs no ELF
//! parser.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::{Area, Cells, Isolation, Purpose};

/// What the first eight bytes of a manifest say.
pub const MAGIC: [u8; 8] = *b"cloister";
/// Raised when the layout of these records changes.
pub const VERSION: u32 = 4;

/// The head of the manifest.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: [u8; 8],
    /// [`VERSION`].
    pub version: u32,
    /// How many segments follow.
    pub segments: u32,
    /// 1 for `mpk`, 0 for `none`.
    pub isolation: u32,
    /// 1 if the core was built with `test-hooks`.
    pub test_hooks: u32,
    /// The physical address behind the last byte of the image, bss included.
    pub physical_end: u64,
    /// The application's entry, an address in its text.
    pub app_entry: u64,
    /// The template of thread-local storage, in the application's image.
    pub tls: Tls,
    /// Bytes of the archive at [`crate::layout::ARCHIVE`]; zero if there is none.
    pub archive_size: u64,
    /// Which cells the image has: bits of [`Cells`].
    pub cells: u64,
}

/// The template of the application's thread-local storage (its PT_TLS).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Tls {
    /// Where the initialised part lies.
    pub address: u64,
    /// How many initialised bytes there are.
    pub file_size: u64,
    /// How many bytes a thread's block has in all.
    pub memory_size: u64,
    /// The alignment of the block, a power of two.
    pub align: u64,
}

/// Pages that share an owner and rights.
#[repr(C)]
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct Segment {
    /// The first address; page aligned.
    pub address: u64,
    /// Where it lies in physical memory; page aligned.
    pub physical: u64,
    /// How many pages.
    pub pages: u32,
    /// The area: its place in [`Area::ALL`].
    pub area: u8,
    /// Bits of [`rights`].
    pub rights: u8,
    /// Zero.
    pub reserved: u16,
}

/// Bits of [`Segment::rights`].
pub mod rights {
    /// Stores are possible. Never together with [`EXECUTE`].
    pub const WRITE: u8 = 1 << 0;
    /// Instructions may be fetched.
    pub const EXECUTE: u8 = 1 << 1;
}

impl Header {
    /// How the image's domains are kept apart; none if the word is corrupt.
    pub const fn isolation(&self) -> Option<Isolation> {
        match self.isolation {
            0 => Some(Isolation::None),
            1 => Some(Isolation::Mpk),
            _ => None,
        }
    }

    /// What the image is for.
    pub const fn purpose(&self) -> Purpose {
        match self.test_hooks {
            0 => Purpose::Use,
            _ => Purpose::Tests,
        }
    }

    /// The cells that the image has; none if the word is corrupt.
    pub const fn cells(&self) -> Option<Cells> {
        Cells::from_bits(self.cells, self.purpose())
    }

    /// Whether this is a manifest that this version understands.
    pub fn is_valid(&self) -> bool {
        self.magic == MAGIC && self.version == VERSION && self.isolation().is_some()
    }
}

impl Segment {
    /// The area that owns the pages; none if the byte is corrupt.
    pub fn area(&self) -> Option<Area> {
        Area::ALL.get(usize::from(self.area)).copied()
    }

    /// The number that stands for `area` in a record.
    pub fn area_number(area: Area) -> u8 {
        area.number()
    }
}
