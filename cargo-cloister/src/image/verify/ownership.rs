//! One owner for every page, and never both writable and executable.

use domains::layout::PAGE_SIZE;
use domains::manifest::rights;
use domains::{Area, layout};

use super::Violation;
use crate::image::Component;
use crate::image::packed::{Packed, PackedLoad, Pages};

/// Checks the manifest against itself and against what is loaded.
pub(super) fn check(image: &Packed) -> Vec<Violation> {
    let mut violations: Vec<Violation> = image
        .segments
        .iter()
        .filter_map(|segment| sound(image, segment).err())
        .collect();
    violations.extend(two_owners(image));
    violations.extend(shared_frames(image));
    violations.extend(core(image));
    violations.extend(stray_bytes(image));
    violations.extend(loaded_twice(image));
    violations.extend(head(image).err());
    violations
}

fn manifest(why: String) -> Violation {
    Violation::Manifest { why }
}

/// Checks one record by itself.
fn sound(image: &Packed, segment: &Pages) -> Result<(), Violation> {
    let start = segment.start();
    let record = segment.record;
    if segment.is_writable() && segment.is_executable() {
        return Err(Violation::WritableCode { page: start });
    }
    let aligned = start.is_multiple_of(PAGE_SIZE) && record.physical.is_multiple_of(PAGE_SIZE);
    if !aligned || record.pages == 0 {
        return Err(manifest(format!(
            "the segment at {start:#x} is not made of whole pages"
        )));
    }
    if record.reserved != 0 || record.rights & !(rights::WRITE | rights::EXECUTE) != 0 {
        return Err(manifest(format!(
            "the segment at {start:#x} has rights that do not exist"
        )));
    }
    if record.physical < image.core_end() || segment.physical_end() > image.header.physical_end
    {
        return Err(manifest(format!(
            "the segment at {start:#x} lies outside of the image"
        )));
    }
    well_placed(image, segment)
}

/// Checks that the pages lie in the region of the domain that owns them, and that
/// such an image has that domain.
fn well_placed(image: &Packed, segment: &Pages) -> Result<(), Violation> {
    let start = segment.start();
    let component = segment.component().filter(|component| {
        *component != Component::Core
            // DEFENCE: cells-of-the-kind
            && component.cell().is_none_or(|cell| image.cells().has(cell))
            && component.region().contains_range(start, segment.size())
    });
    let expected = match component {
        Some(_) if segment.is_executable() => Some(Area::Text),
        Some(component) => component.data_area(),
        None => return Err(manifest(format!("{start:#x} lies in no domain's image"))),
    };
    match segment.area() {
        area if area == expected => Ok(()),
        Some(area) => Err(manifest(format!(
            "the segment at {start:#x} carries area {area}"
        ))),
        None => Err(manifest(format!(
            "the segment at {start:#x} carries no known area"
        ))),
    }
}

fn two_owners(image: &Packed) -> Vec<Violation> {
    let ranges = image.segments.iter().map(|segment| Owned {
        start: segment.start(),
        end: segment.end(),
        owner: owner(segment),
    });
    let pairs = overlaps(ranges.collect());
    pairs
        .into_iter()
        .map(|(page, first, second)| Violation::TwoOwners {
            page,
            first,
            second,
        })
        .collect()
}

fn shared_frames(image: &Packed) -> Vec<Violation> {
    let mut ranges: Vec<Owned> = image
        .segments
        .iter()
        .map(|segment| Owned {
            start: segment.record.physical,
            end: segment.physical_end(),
            owner: owner(segment),
        })
        .collect();
    let first = image
        .core_loads()
        .map(|load| load.physical)
        .min()
        .unwrap_or(0);
    ranges.push(Owned {
        start: first,
        end: image.core_end(),
        owner: "the trusted core".into(),
    });
    let manifest_end = image.manifest_at.saturating_add(PAGE_SIZE);
    ranges.push(Owned {
        start: image.manifest_at,
        end: manifest_end,
        owner: "the manifest".into(),
    });
    let pairs = overlaps(ranges);
    pairs
        .into_iter()
        .map(|(frame, first, second)| Violation::SharedFrame {
            frame,
            first,
            second,
        })
        .collect()
}

/// A range and its owner, in words.
struct Owned {
    start: u64,
    end: u64,
    owner: String,
}

/// How many overlaps are told: there can be as many as pairs of records.
const OVERLAPS_TOLD: usize = 100;

/// The first address of every overlap, with both owners, as far as it is told.
fn overlaps(mut ranges: Vec<Owned>) -> Vec<(u64, String, String)> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut found = Vec::new();
    for (index, first) in ranges.iter().enumerate() {
        let behind = ranges[index + 1..]
            .iter()
            .take_while(|second| second.start < first.end)
            .take(OVERLAPS_TOLD);
        found.extend(
            behind.map(|second| (second.start, first.owner.clone(), second.owner.clone())),
        );
        // DEFENCE: overlaps-told
        if found.len() >= OVERLAPS_TOLD {
            break;
        }
    }
    found
}

fn owner(segment: &Pages) -> String {
    let component = segment.component().map_or("nobody", Component::title);
    format!("{component} ({:#x})", segment.start())
}

/// Checks the core's own pages: none is both writable and executable, and
/// none has two sorts of rights.
fn core(image: &Packed) -> Vec<Violation> {
    let loads: Vec<&PackedLoad> = image.core_loads().collect();
    let writable_code = loads.iter().filter(|load| load.writable && load.executable);
    let mut violations: Vec<Violation> = writable_code
        .map(|load| Violation::WritableCode { page: load.address })
        .collect();
    for pair in loads.windows(2) {
        let same_rights =
            (pair[0].writable, pair[0].executable) == (pair[1].writable, pair[1].executable);
        let last_page = pair[0].physical_end().saturating_sub(1) / PAGE_SIZE;
        if !same_rights && last_page >= pair[1].physical / PAGE_SIZE {
            violations.push(Violation::SharedFrame {
                frame: pair[1].physical,
                first: "the trusted core".into(),
                second: "the trusted core, with other rights".into(),
            });
        }
    }
    let misplaced = |load: &&&PackedLoad| {
        load.address.wrapping_sub(layout::CORE_OFFSET) != load.physical
            || load.physical < layout::CORE_PHYSICAL
    };
    violations.extend(loads.iter().filter(misplaced).map(|load| {
        manifest(format!(
            "the core's bytes at {:#x} are misplaced",
            load.physical
        ))
    }));
    violations
}

/// Bytes behind the manifest that no record claims, or with other rights or
/// another address than their record says.
fn stray_bytes(image: &Packed) -> Vec<Violation> {
    let behind = image
        .loads
        .iter()
        .filter(|load| load.physical > image.manifest_at);
    let stray = behind.filter(|load| !image.segments.iter().any(|owner| owns(owner, load)));
    stray
        .map(|load| manifest(format!("nobody owns the bytes at {:#x}", load.physical)))
        .collect()
}

/// Bytes that two headers load: which of them counts is the loader's choice,
/// so nothing that is proved about one of them is proved.
fn loaded_twice(image: &Packed) -> Vec<Violation> {
    let pairs = image
        .loads
        .windows(2)
        .filter(|pair| pair[0].physical_end() > pair[1].physical);
    pairs
        .map(|pair| manifest(format!("{:#x} is loaded twice", pair[1].physical)))
        .collect()
}

fn owns(segment: &Pages, load: &PackedLoad) -> bool {
    segment.record.physical <= load.physical
        && load.physical_end() <= segment.physical_end()
        && load.address.wrapping_sub(segment.start())
            == load.physical.wrapping_sub(segment.record.physical)
        && (load.writable, load.executable) == (segment.is_writable(), segment.is_executable())
}

/// Checks the head of the manifest and where it stands.
fn head(image: &Packed) -> Result<(), Violation> {
    let header = &image.header;
    if image.manifest_at != image.core_end() {
        return Err(manifest(
            "it does not stand on the first page behind the core".into(),
        ));
    }
    let end = image
        .loads
        .iter()
        .map(PackedLoad::physical_end)
        .max()
        .unwrap_or(0);
    if end != header.physical_end {
        let promised = header.physical_end;
        return Err(manifest(format!(
            "the image ends at {end:#x}, not at {promised:#x}"
        )));
    }
    if !image.is_text_of(Component::Gate, layout::GATE_PAGE) {
        return Err(manifest("there is no gate page".into()));
    }
    if !image.is_text_of(Component::App, header.app_entry) {
        let entry = header.app_entry;
        return Err(manifest(format!(
            "the entry {entry:#x} is not in the application's text"
        )));
    }
    let entry = u64::from(image.pvh_entry);
    if !image
        .core_loads()
        .any(|load| load.executable && (load.physical..load.physical_end()).contains(&entry))
    {
        return Err(manifest(format!(
            "the boot entry {entry:#x} is not in the core's text"
        )));
    }
    // DEFENCE: cells-that-can-be
    if header.cells().is_none() {
        return Err(manifest(
            "it names cells that such an image cannot have".into(),
        ));
    }
    archive(image)?;
    tls(image)
}

/// Checks that the archive's pages are there, one after the other and read-only,
/// as many as its size says; the safe kernel reads them as one slice.
fn archive(image: &Packed) -> Result<(), Violation> {
    let size = image.header.archive_size;
    let pages: Vec<&Pages> = image
        .segments
        .iter()
        .filter(|segment| layout::ARCHIVE.contains(segment.start()))
        .collect();
    let is_sound = match pages.as_slice() {
        [] => size == 0,
        [only] => {
            let is_read_only = !only.is_writable() && !only.is_executable();
            let is_filled = (1..=only.size()).contains(&size) && size + PAGE_SIZE > only.size();
            only.start() == layout::ARCHIVE.start && is_read_only && is_filled
        }
        _ => false,
    };
    match is_sound {
        true => Ok(()),
        false => Err(manifest("the archive of files is not where it says".into())),
    }
}

/// Checks the template of thread-local storage, which the application copies.
fn tls(image: &Packed) -> Result<(), Violation> {
    let tls = image.header.tls;
    if tls.memory_size == 0 {
        return Ok(());
    }
    let end = tls.address.checked_add(tls.file_size);
    let inside = end.is_some_and(|end| is_app_data(image, tls.address, end));
    if !inside || tls.file_size > tls.memory_size || !tls.align.is_power_of_two() {
        return Err(manifest(
            "the template of thread-local storage makes no sense".into(),
        ));
    }
    Ok(())
}

/// Whether all bytes from `start` to `end` are the application's data, if in
/// segments of different rights: constants after relocation end a page early.
fn is_app_data(image: &Packed, start: u64, end: u64) -> bool {
    let mut at = start;
    while at < end {
        let next = image.segments.iter().find(|segment| {
            segment.area() == Some(Area::App) && segment.start() <= at && at < segment.end()
        });
        match next {
            Some(segment) => at = segment.end(),
            None => return false,
        }
    }
    true
}
