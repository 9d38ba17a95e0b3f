//! Maps what the manifest lists.
//!
//! The host tool has verified the image, and the core believes none of it: each
//! frame must lie in the image and be mapped once; each page must lie where its
//! area belongs; code is not writable, and what is not text is not executable.

use domains::Area;
use domains::layout::{self, GATE_PAGE, PAGE_SIZE, Region};
use domains::manifest::{Header, Segment, rights};

use super::refuse;
use crate::memory::entry::Rights;
use crate::memory::frame::Frame;
use crate::memory::frames::Frames;
use crate::memory::owner::Owner;
use crate::memory::physical::PhysicalMap;
use crate::memory::space::Space;
use crate::memory::template::{self, Template};

/// More segments than any image has.
const SEGMENTS_MAX: u32 = 4096;

/// Maps every segment of the manifest at `manifest`; none if memory runs out.
/// Refuses to go on if one is not as it should be. Afterwards the manifest's
/// own frames are free.
pub(super) fn map(header: &Header, manifest: u64, space: &mut Space) -> Option<()> {
    if header.segments > SEGMENTS_MAX {
        refuse::image("the manifest is too long");
    }
    let first = manifest + size_of::<Header>() as u64;
    for index in 0..u64::from(header.segments) {
        let at = first + index * size_of::<Segment>() as u64;
        let segment: Segment = PhysicalMap::CORE.read(at);
        if !is_in_image(&segment, manifest, header.physical_end) {
            refuse::image("a segment lies outside the image");
        }
        let (area, rights) = judge(&segment).unwrap_or_else(|why| refuse::image(why));
        map_segment(&segment, area, rights, space)?;
    }
    let end = header.physical_end;
    release(
        Region {
            start: manifest,
            end,
        },
        &mut space.frames,
    );
    Some(())
}

/// Gives frames back that nobody needs any more.
pub(super) fn release(region: Region, frames: &mut Frames) {
    for number in region.start / PAGE_SIZE..region.end.div_ceil(PAGE_SIZE) {
        frames.pass(Frame::from_number(number), Owner::CORE, Owner::FREE);
    }
}

fn map_segment(segment: &Segment, area: Area, rights: Rights, space: &mut Space) -> Option<()> {
    let is_template = keep_template(segment, area, rights, space);
    for page in 0..u64::from(segment.pages) {
        let mut frame = Frame::containing(segment.physical + page * PAGE_SIZE);
        let owner = match is_template {
            true => Owner::TEMPLATE,
            false => Owner::area(area),
        };
        if !space.frames.pass(frame, Owner::CORE, owner) {
            refuse::image("two segments share a frame");
        }
        if is_template {
            let own = space.frames.allocate(Owner::area(area))?;
            template::copy(space, frame, own);
            frame = own;
        }
        let address = segment.address + page * PAGE_SIZE;
        let entry = space.user(frame, area, rights);
        if !space.place_page(address, entry) {
            return match space.tables.find(address).is_empty() {
                true => None,
                false => refuse::image("two segments share a page"),
            };
        }
    }
    Some(())
}

/// Whether the core keeps the frames of `segment`, for when its cell is started
/// anew, and the cell gets others.
fn keep_template(segment: &Segment, area: Area, rights: Rights, space: &mut Space) -> bool {
    let Area::Cell(cell) = area else {
        return false;
    };
    let kept = &mut space.templates[cell.number()];
    if rights != Rights::Write {
        return false;
    }
    if kept.pages > 0 {
        refuse::image("a cell has two segments that it may write");
    }
    *kept = Template {
        address: segment.address,
        physical: segment.physical,
        pages: u64::from(segment.pages),
    };
    true
}

/// Whether the frames of `segment` lie behind the manifest's first page.
pub(super) fn is_in_image(segment: &Segment, manifest: u64, end: u64) -> bool {
    let start = manifest + 1;
    let size = u64::from(segment.pages) * PAGE_SIZE;
    Region { start, end }.contains_range(segment.physical, size)
}

/// Area and rights of a segment, or what is wrong with it.
pub(super) fn judge(segment: &Segment) -> Result<(Area, Rights), &'static str> {
    let area = segment.area().ok_or("a segment has no area")?;
    let rights = match (segment.rights, area) {
        (rights::EXECUTE, Area::Text) => Rights::Execute,
        (0, _) if area != Area::Text => Rights::Read,
        (rights::WRITE, _) if area != Area::Text => Rights::Write,
        _ => return Err("a segment has rights that its area cannot have"),
    };
    let is_aligned =
        segment.address.is_multiple_of(PAGE_SIZE) && segment.physical.is_multiple_of(PAGE_SIZE);
    let size = u64::from(segment.pages) * PAGE_SIZE;
    if is_aligned && size > 0 && is_in_place(area, segment.address, size) {
        Ok((area, rights))
    } else {
        Err("a segment lies where its area does not belong")
    }
}

fn is_in_place(area: Area, address: u64, size: u64) -> bool {
    let is_in = |area| {
        layout::region_of(area)
            .is_some_and(|region| region.image().contains_range(address, size))
    };
    match area {
        Area::Text => {
            let is_gate = address == GATE_PAGE && size == PAGE_SIZE;
            // Nobody's image lies among what all read, or in packets' buffers.
            let has_image = |area: &Area| !matches!(area, Area::Info | Area::Packets);
            is_gate || Area::ALL.into_iter().filter(has_image).any(is_in)
        }
        Area::Safe | Area::App | Area::Cell(_) => is_in(area),
        Area::Info | Area::Packets => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(address: u64, area: Area, rights: u8) -> Segment {
        let area = Segment::area_number(area);
        Segment {
            address,
            physical: 0x20_0000,
            pages: 1,
            area,
            rights,
            reserved: 0,
        }
    }

    #[test]
    fn segments_in_their_place_are_accepted() {
        let (app, safe) = (layout::APP.start, layout::SAFE.start);
        for (segment, expected) in [
            (
                segment(GATE_PAGE, Area::Text, rights::EXECUTE),
                Rights::Execute,
            ),
            (segment(app, Area::Text, rights::EXECUTE), Rights::Execute),
            (segment(app, Area::App, rights::WRITE), Rights::Write),
            (segment(safe, Area::Safe, 0), Rights::Read),
        ] {
            assert_eq!(judge(&segment).map(|found| found.1), Ok(expected));
        }
    }

    #[test]
    fn frames_of_the_core_are_not_the_images() {
        let segment = segment(layout::APP.start, Area::App, 0);
        assert!(is_in_image(&segment, 0x1f_f000, 0x20_1000));
        assert!(
            !is_in_image(&segment, 0x20_0000, 0x20_1000),
            "the manifest itself"
        );
        assert!(!is_in_image(&segment, 0x1f_f000, 0x20_0800));
        let far = Segment {
            physical: u64::MAX - 0xfff,
            ..segment
        };
        assert!(!is_in_image(&far, 0x1f_f000, 0x20_1000));
    }

    #[test]
    fn all_others_are_refused() {
        let (app, safe) = (layout::APP.start, layout::SAFE.start);
        for segment in [
            segment(app, Area::Text, rights::EXECUTE | rights::WRITE),
            segment(app, Area::Text, rights::WRITE),
            segment(app, Area::Text, 0),
            segment(app, Area::App, rights::EXECUTE),
            segment(safe, Area::App, rights::WRITE),
            segment(layout::INFO.start, Area::Info, rights::WRITE),
            segment(layout::CORE_CPU_PAGE, Area::Text, rights::EXECUTE),
            segment(layout::PACKETS.start, Area::Text, rights::EXECUTE),
            segment(layout::PACKETS.end, Area::Text, rights::EXECUTE),
            segment(layout::CPU_PAGE, Area::Info, rights::WRITE),
            segment(layout::APP.heap().start, Area::App, rights::WRITE),
            segment(app + 8, Area::App, rights::WRITE),
            Segment {
                pages: 0,
                ..segment(app, Area::App, rights::WRITE)
            },
            Segment {
                physical: 0x1800,
                ..segment(app, Area::App, rights::WRITE)
            },
            Segment {
                area: 99,
                ..segment(app, Area::App, rights::WRITE)
            },
            Segment {
                pages: u32::MAX,
                ..segment(app + 0xf_0000_0000, Area::App, 0)
            },
        ] {
            assert!(judge(&segment).is_err(), "{segment:x?}");
        }
    }
}
