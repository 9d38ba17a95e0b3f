//! Fills the info pages: boot information, and behind it the boot options.

#![expect(unsafe_code, reason = "the module becomes a slice")]

use domains::Area;
use domains::boot::{BootInfo, OptionsHeader};
use domains::layout::{BOOT_INFO, PAGE_SIZE};
use zerocopy::{FromBytes, IntoBytes};

use super::machine::Range;
use super::refuse;
use crate::memory::entry::Rights;
use crate::memory::frame::{Frame, pages_of};
use crate::memory::frames::Frames;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;

/// The boot options in the module; empty if there is none.
pub(super) fn options(module: Option<Range>) -> &'static [u8] {
    let Some(module) = module else { return &[] };
    let size = module.size as usize;
    // SAFETY: the module's frames belong to the core until `release`.
    let bytes = unsafe { PhysicalMap::CORE.slice(module.start, size) };
    let is_valid =
        OptionsHeader::read_from_prefix(bytes).is_ok_and(|(header, _)| header.is_valid(size));
    if is_valid {
        bytes
    } else {
        refuse::image("the boot options are malformed")
    }
}

/// How much is to be said; zero if there are no options.
pub(super) fn log_level(options: &[u8]) -> u32 {
    OptionsHeader::read_from_prefix(options).map_or(0, |(header, _)| header.log_level)
}

/// The slots of the first PCI bus that hold devices of ours, a bit for each.
pub(super) fn pci_slots(options: &[u8]) -> u32 {
    OptionsHeader::read_from_prefix(options).map_or(0, |(header, _)| header.pci_slots)
}

/// How many virtual CPUs there are.
pub(super) fn cpus(options: &[u8]) -> u32 {
    OptionsHeader::read_from_prefix(options).map_or(1, |(header, _)| header.cpus)
}

/// Writes `info` and `options` to fresh info pages. None if memory runs out.
pub(super) fn write(info: &BootInfo, options: &[u8], space: &mut Space) -> Option<()> {
    let size = (size_of::<BootInfo>() + options.len()) as u64;
    for page in 0..pages_of(size) {
        let frame = page_at(BOOT_INFO + page * PAGE_SIZE, space)?;
        // SAFETY: the frame is new; no domain runs yet.
        let bytes = unsafe { PhysicalMap::CORE.slice(frame.address(), PAGE_SIZE as usize) };
        let start = (page * PAGE_SIZE) as usize;
        overlay(bytes, start, info.as_bytes(), 0);
        overlay(bytes, start, options, size_of::<BootInfo>());
    }
    Some(())
}

/// A fresh page of [`Area::Info`] at `address`.
pub(super) fn page_at(address: u64, space: &mut Space) -> Option<Frame> {
    let frame = space.frames.allocate(Owner::area(Area::Info))?;
    PhysicalMap::CORE.zero(frame);
    let entry = space.user(frame, Area::Info, Rights::Write);
    space.place_page(address, entry).then_some(frame)
}

/// Gives the frames of the module back, once it has been copied.
pub(super) fn release(module: Option<Range>, frames: &mut Frames) {
    for number in module
        .iter()
        .flat_map(|module| module.start / PAGE_SIZE..module.end().div_ceil(PAGE_SIZE))
    {
        frames.pass(Frame::from_number(number), Owner::CORE, Owner::FREE);
    }
}

/// Copies what of `source`, a part of a stream that begins at `source_start`,
/// falls into `page`, which begins at `page_start` of the same stream.
fn overlay(page: &mut [u8], page_start: usize, source: &[u8], source_start: usize) {
    let start = page_start.max(source_start);
    let end = (page_start + page.len()).min(source_start + source.len());
    if start < end {
        page[start - page_start..end - page_start]
            .copy_from_slice(&source[start - source_start..end - source_start]);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn two_sources_fill_the_pages_one_after_the_other() {
        let (first, second) = (b"abc", b"defghij");
        let mut stream = std::vec::Vec::new();
        for page_start in [0, 4, 8] {
            let mut page = [b'-'; 4];
            overlay(&mut page, page_start, first, 0);
            overlay(&mut page, page_start, second, 3);
            stream.extend(page);
        }
        assert_eq!(stream, b"abcdefghij--");
    }

    #[test]
    fn without_a_module_there_are_no_options() {
        assert!(options(None).is_empty());
        assert_eq!(log_level(&[]), 0);
    }
}
