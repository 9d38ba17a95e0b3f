//! Images that are wrong about a cell: each is refused, and the place named.

use domains::entries::TABLE;
use domains::layout::{self, PAGE_SIZE};
use domains::manifest::Segment;
use domains::{Area, Cell, Domain, Pkru, Purpose};

use super::{changed, says, violations, with_gate, with_manifest};
use crate::image::Component;
use crate::image::pack::{Parts, pack};
use crate::image::testing::{self, MPK};
use crate::image::verify::Violation;

/// What is said of a sound image whose segments in the image of `cell`, the entry
/// page first, were changed by `change`.
fn refused(cell: Cell, change: impl FnOnce(&mut [&mut Segment])) -> Vec<Violation> {
    violations(&with_manifest(|_, segments| {
        let image = cell.region().image();
        let own = segments.iter_mut().filter(|it| image.contains(it.address));
        change(&mut own.collect::<Vec<_>>());
    }))
}

/// All cells but `cell`.
fn others(cell: Cell) -> impl Iterator<Item = Cell> {
    Cell::DEPLOYED.into_iter().filter(move |it| *it != cell)
}

#[test]
fn a_cell_that_is_there_twice_is_refused() {
    for cell in Cell::DEPLOYED {
        for other in others(cell) {
            let distance = other.region().start.wrapping_sub(cell.region().start);
            let found = refused(cell, |own| {
                for segment in own {
                    segment.address = segment.address.wrapping_add(distance);
                    if segment.area == Segment::area_number(Area::Cell(cell)) {
                        segment.area = Segment::area_number(Area::Cell(other));
                    }
                }
            });
            let (page, title) = (other.region().start, other.title());
            let twice = format!(
                "page {page:#x} belongs to both {title} ({page:#x}) and {title} ({page:#x})"
            );
            assert!(says(&found, &twice), "{cell}: {found:?}");
        }
    }
}

#[test]
fn a_region_out_of_place_is_refused() {
    for cell in Cell::DEPLOYED {
        let nowhere = [
            cell.region().heap().start,
            cell.windows().start,
            cell.dma().start,
            layout::CELLS.end - PAGE_SIZE,
            layout::INFO.start,
        ];
        for place in nowhere {
            let found = refused(cell, |own| own[2].address = place);
            let why = format!("{place:#x} lies in no domain's image");
            assert!(says(&found, &why), "{cell} at {place:#x}: {found:?}");
        }
        for other in others(cell) {
            let place = other.region().start + (1 << 30);
            let found = refused(cell, |own| own[2].address = place);
            let why = format!("{place:#x} carries area {cell}");
            assert!(says(&found, &why), "{cell} at {place:#x}: {found:?}");
        }
    }
}

/// The gate looks for its table at the start of the region.
#[test]
fn a_cell_without_entry_page_is_refused() {
    for cell in Cell::DEPLOYED {
        let mut whole = testing::parts();
        whole.cells[cell.number()] = testing::kernel_file(cell.region().start + PAGE_SIZE);
        let found = violations(&pack(&whole, MPK).unwrap());
        let why = format!("{} has no entry page", cell.title());
        assert!(says(&found, &why), "{cell}: {found:?}");
    }
}

/// A manifest names areas, and each area has a key.
#[test]
fn a_key_that_is_taken_is_refused() {
    for cell in Cell::DEPLOYED {
        for area in Purpose::Use.areas().filter(|it| *it != Area::Cell(cell)) {
            for number in [0, 2] {
                let mut place = 0;
                let found = refused(cell, |own| {
                    own[number].area = Segment::area_number(area);
                    place = own[number].address;
                });
                let why = format!("the segment at {place:#x} carries area {area}");
                assert!(says(&found, &why), "{cell} as {area}: {found:?}");
            }
        }
    }
}

#[test]
fn an_entry_table_that_leads_outside_its_text_is_refused() {
    for cell in Cell::DEPLOYED {
        let start = cell.region().start;
        let text_of = |start: u64| start + PAGE_SIZE;
        let mut outside = vec![0, start, text_of(start) + PAGE_SIZE, u64::MAX];
        outside.extend([layout::GATE_PAGE, text_of(layout::SAFE.start)]);
        outside.extend(others(cell).map(|it| text_of(it.region().start)));
        for address in outside {
            let mut parts = testing::kernel_parts(start);
            parts[0].bytes[TABLE..TABLE + 8].copy_from_slice(&address.to_le_bytes());
            let mut whole = testing::parts();
            whole.cells[cell.number()] = testing::elf_file(object::elf::ET_EXEC, 0, &parts);
            let found = violations(&pack(&whole, MPK).unwrap());
            let expected = Violation::Entry {
                entry: "entry 0".into(),
                component: Component::Cell(cell),
                address,
            };
            assert_eq!(found, [expected], "{address:#x}");
        }
    }
}

/// The file is that of another cell, linked where that one lies.
#[test]
fn a_cell_with_the_file_of_another_is_not_packed() {
    let mut parts: Parts = testing::parts();
    parts.cells[0] = parts.cells[1].clone();
    let error = pack(&parts, MPK).unwrap_err().to_string();
    assert!(error.contains(Cell::DEPLOYED[0].name()), "{error}");
}

/// What only tests have is in their images, and in no others: neither its pages,
/// nor its gate, nor a value of PKRU that gives rights to its key.
#[test]
fn a_cell_of_tests_is_refused_in_an_image_for_use() {
    let hooked = pack(&testing::parts_for(Purpose::Tests), testing::HOOKED).unwrap();
    assert_eq!(violations(&hooked), []);
    let found = violations(&changed(&hooked, |header, _| header.test_hooks = 0));
    let place = Cell::Probe.region().start;
    let why = format!("{place:#x} lies in no domain's image");
    assert!(says(&found, &why), "{found:?}");
    for domain in [Domain::Safe, Domain::Cell(Cell::Probe)] {
        let value = Pkru::in_image(domain, Purpose::Tests);
        let code = [testing::guarded(value, 0), testing::gate_code()].concat();
        let found = with_gate(&code);
        let why = "no domain runs with its value";
        assert!(says(&found, why), "{domain}: {found:?}");
    }
}

#[test]
fn an_image_for_tests_without_its_cell_is_refused() {
    let mut parts = testing::parts_for(Purpose::Tests);
    parts.gate = testing::parts().gate;
    let found = violations(&pack(&parts, testing::HOOKED).unwrap());
    assert!(says(&found, "raises to domain probe"), "{found:?}");
    parts.cells[Cell::Probe.number()].clear();
    let error = pack(&parts, testing::HOOKED).unwrap_err().to_string();
    assert!(error.contains("probe"), "{error}");
}

/// Any of them: which may be left out is for others to say.
#[test]
fn a_cell_that_was_left_out_has_no_pages_and_is_not_missed() {
    for cell in Cell::DEPLOYED {
        let mut parts = testing::parts();
        let traits = testing::without(cell);
        let whole = pack(&parts, traits).unwrap();
        assert_eq!(violations(&whole), [], "{cell}");
        parts.cells[cell.number()].clear();
        assert_eq!(pack(&parts, traits).unwrap(), whole, "its file is not read");
    }
}

/// The core would map them, and the safe kernel call nobody there.
#[test]
fn pages_of_a_cell_that_is_not_named_are_refused() {
    for cell in Cell::DEPLOYED {
        let found = violations(&with_manifest(|header, _| {
            header.cells &= !(1 << cell.number())
        }));
        let place = cell.region().start;
        let why = format!("{place:#x} lies in no domain's image");
        assert!(says(&found, &why), "{cell}: {found:?}");
    }
}

#[test]
fn a_cell_that_is_named_and_has_no_pages_is_refused() {
    for cell in Cell::DEPLOYED {
        let image = pack(&testing::parts(), testing::without(cell)).unwrap();
        let found = violations(&changed(&image, |header, _| {
            header.cells = MPK.cells.bits()
        }));
        let why = format!("{} has no entry page", cell.title());
        assert!(says(&found, &why), "{cell}: {found:?}");
    }
}

#[test]
fn a_cell_that_no_such_image_has_is_refused() {
    for bit in [Cell::Probe.number(), 8, 63] {
        let found = violations(&with_manifest(|header, _| header.cells |= 1 << bit));
        let why = "it names cells that such an image cannot have";
        assert!(says(&found, why), "{bit}: {found:?}");
    }
}
