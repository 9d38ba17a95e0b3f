//! Fills the info pages: boot information, and behind it the boot options.

#![expect(unsafe_code, reason = "the module becomes a slice")]

use domains::Area;
use domains::boot::{BootInfo, OptionsHeader};
use domains::layout::{BOOT_INFO, Region};
use zerocopy::{FromBytes, IntoBytes};

use super::refuse;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;

/// The boot options.
pub(super) struct Options {
    /// Their head; one that asks for nothing if there are none.
    pub(super) head: &'static OptionsHeader,
    /// All of them, the head included.
    pub(super) all: &'static [u8],
}

/// The head of no options.
static NONE: OptionsHeader = OptionsHeader::new(0, 0, 0, 0);

impl Options {
    /// Those in `module`, if it is not empty.
    pub(super) fn read(module: Region) -> Options {
        // SAFETY: the module's frames belong to the core until they are given
        // back, and the options are not used any more then.
        let all: &'static [u8] =
            unsafe { PhysicalMap::CORE.slice(module.start, module.size() as usize) };
        let head = head(all);
        let head = head.unwrap_or_else(|| refuse::image("the boot options are malformed"));
        Options { head, all }
    }
}

/// The head of these options; none if they are malformed. It is large, and read where it
/// lies: a module begins with a page.
pub(super) fn head(all: &[u8]) -> Option<&OptionsHeader> {
    match OptionsHeader::ref_from_prefix(all) {
        Ok((head, _)) if head.is_valid(all.len()) => Some(head),
        _ => all.is_empty().then_some(&NONE),
    }
}

/// Writes `info` and `options` to fresh info pages. None if memory runs out.
pub(super) fn write(info: &BootInfo, options: &[u8], space: &mut Space) -> Option<()> {
    let info = info.as_bytes();
    let size = info.len() + options.len();
    let first = space.place_row(BOOT_INFO, size as u64, Area::Info)?;
    // SAFETY: the frames are new; no domain runs yet.
    let bytes = unsafe { PhysicalMap::CORE.slice(first.address(), size) };
    bytes[..info.len()].copy_from_slice(info);
    bytes[info.len()..].copy_from_slice(options);
    Some(())
}
