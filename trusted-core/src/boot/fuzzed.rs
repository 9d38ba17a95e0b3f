//! What is read at boot, as the fuzzer has it read.

extern crate std;

use core::sync::atomic::Ordering::Relaxed;
use std::thread_local;
use std::vec::Vec;

use domains::Area;
use domains::layout::{self, PAGE_SIZE};
use domains::manifest::{Header, Segment};
use zerocopy::FromBytes;

use super::{image, info, pvh as loader};
use crate::memory::entry::Rights;
use crate::memory::physical::{self, PhysicalMap};

/// Frames in which the loader's information lies.
const FRAMES: usize = 4;

/// What a loader leaves, which begins at zero: how many ranges of memory, and whether
/// there are options.
pub fn pvh(bytes: &[u8]) -> Option<(usize, bool)> {
    thread_local! {
        static MAP: PhysicalMap = physical::fake(FRAMES);
    }
    let map = MAP.with(|map| *map);
    let all: Vec<u8> = bytes
        .iter()
        .copied()
        .chain(core::iter::repeat(0))
        .take(SIZE)
        .collect();
    for (place, word) in (0..).step_by(8).zip(all.as_chunks::<8>().0) {
        map.word(place).store(u64::from_le_bytes(*word), Relaxed);
    }
    let machine = loader::read((map, SIZE as u64), 0)?;
    let used = machine.memory.iter().filter(|range| range.size() > 0);
    assert!(machine.memory.iter().all(|range| range.start <= range.end));
    Some((used.count(), machine.module.size() > 0))
}

const SIZE: usize = FRAMES * PAGE_SIZE as usize;

/// Records of a manifest: how many are refused, and how many are mapped with which rights.
pub fn segments(bytes: &[u8]) -> Option<[usize; 5]> {
    let (header, rest) = Header::read_from_prefix(bytes).ok()?;
    let mut counts = [usize::from(header.is_valid()), 0, 0, 0, 0];
    for record in rest.chunks_exact(size_of::<Segment>()) {
        let segment = Segment::read_from_bytes(record).ok()?;
        let is_inside = image::is_in_image(&segment, 0x1f_f000, header.physical_end);
        let place = match image::judge(&segment) {
            Ok((_, rights)) if is_inside => {
                check(&segment, header.physical_end);
                1 + usize::from(rights != Rights::Read) + usize::from(rights == Rights::Execute)
            }
            _ => 4,
        };
        counts[place] = (counts[place] + 1).min(3);
    }
    Some(counts)
}

/// A segment that is mapped has pages, which are ring 3's, and frames behind the core.
fn check(segment: &Segment, end: u64) {
    let size = u64::from(segment.pages) * PAGE_SIZE;
    assert!(size > 0 && segment.address.is_multiple_of(PAGE_SIZE));
    assert!(segment.physical > 0x1f_f000 && segment.physical + size <= end);
    let is_in = |area| {
        let region = layout::region_of(area);
        region.is_some_and(|region| region.contains_range(segment.address, size))
    };
    assert!(segment.address == layout::GATE_PAGE || Area::ALL.into_iter().any(is_in));
}

/// The head of the boot options, if they are right: how many strings of each kind.
pub fn options(bytes: &[u8]) -> Option<[bool; 3]> {
    // As in memory, where they begin with a page.
    let mut words: Vec<u64> = std::vec![0; bytes.len() / 8 + 1];
    let place = zerocopy::IntoBytes::as_mut_bytes(&mut words[..]);
    place[..bytes.len()].copy_from_slice(bytes);
    let head = info::head(&place[..bytes.len()])?;
    assert!(bytes.is_empty() || head.strings < bytes.len() as u64);
    Some([head.arguments > 0, head.environment > 0, head.volumes > 0])
}
