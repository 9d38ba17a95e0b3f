//! What becomes of components, and what cannot be packed.

use super::*;
use crate::image::packed::Packed;
use crate::image::testing::{self, MPK, Part};
use domains::Area;
use object::elf;

fn packed_app(parts: &[Part]) -> Result<Packed, ImageError> {
    let parts = Parts {
        app: testing::app_file(parts),
        ..testing::parts()
    };
    Ok(Packed::read(&pack(&parts, MPK)?).expect("a packed image reads back"))
}

fn word(image: &Packed, address: u64) -> u64 {
    let owner = image
        .segments
        .iter()
        .find(|s| s.start() <= address && address < s.end());
    let owner = owner.expect("the address is packed");
    let physical = owner.record.physical + (address - owner.start());
    u64::from_le_bytes(*image.physical_bytes(physical, 8).first_chunk().unwrap())
}

#[test]
fn every_component_keeps_its_pages_and_bytes() {
    let image = packed_app(&testing::app_parts()).unwrap();
    assert_eq!(
        image.manifest_at,
        layout::CORE_PHYSICAL + 5 * layout::PAGE_SIZE
    );
    assert_eq!(image.header.app_entry, layout::APP.start + 0x1000);
    assert_eq!(
        word(&image, layout::SAFE.start + 0x1000),
        0xc3c3_c3c3_c3c3_c3c3
    );
    assert_eq!(
        word(&image, layout::APP.start + 0x2010),
        0x0303_0303_0303_0303
    );
    assert_eq!(word(&image, layout::APP.start + 0x4000), 0, "bss");
    let tls = image.header.tls;
    assert_eq!(
        (tls.address, tls.file_size, tls.memory_size, tls.align),
        (layout::APP.start + 0x2010, 16, 64, 16)
    );
}

#[test]
fn the_same_input_gives_the_same_bytes_and_other_input_another_build_id() {
    let first = pack(&testing::parts(), MPK).unwrap();
    assert_eq!(first, pack(&testing::parts(), MPK).unwrap());
    let hooks = pack(&testing::parts_for(Purpose::Tests), testing::HOOKED).unwrap();
    let id = |image: &[u8]| Packed::read(image).unwrap().build_id;
    assert_eq!(id(&first).len(), 40);
    assert_ne!(id(&first), id(&hooks));
}

#[test]
fn relative_relocations_are_applied_and_their_zero_tail_grows() {
    const RELATIVE: u32 = 8;
    let list = [(0x2020, RELATIVE, 0x1004), (0x2ff8, RELATIVE, 0x10)];
    let image = packed_app(&testing::with_relocations(testing::app_parts(), &list)).unwrap();
    assert_eq!(
        word(&image, layout::APP.start + 0x2020),
        layout::APP.start + 0x1004
    );
    assert_eq!(
        word(&image, layout::APP.start + 0x2ff8),
        layout::APP.start + 0x10
    );
}

#[test]
fn any_other_relocation_is_refused_by_name() {
    const GLOB_DAT: u32 = 6;
    let parts = testing::with_relocations(testing::app_parts(), &[(0x2020, GLOB_DAT, 0)]);
    let error = packed_app(&parts).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the application needs a dynamic linker: relocation R_X86_64_GLOB_DAT at 0x2020"
    );
}

#[test]
fn a_relocation_outside_of_all_segments_is_refused() {
    let parts = testing::with_relocations(testing::app_parts(), &[(0x7000_0000, 8, 0)]);
    assert!(
        packed_app(&parts)
            .unwrap_err()
            .to_string()
            .contains("lies in no segment")
    );
}

#[test]
fn data_that_is_read_only_once_relocated_is_packed_so() {
    let mut parts = testing::app_parts();
    parts.push(
        Part::load("r", 0x2000, &[])
            .size(0x1000)
            .kind(elf::PT_GNU_RELRO),
    );
    let image = packed_app(&parts).unwrap();
    let writable = |address: u64| {
        let found = image
            .segments
            .iter()
            .find(|s| s.start() <= address && address < s.end());
        found.unwrap().is_writable()
    };
    assert!(!writable(layout::APP.start + 0x2000));
    assert!(writable(layout::APP.start + 0x3000));
}

#[test]
fn such_data_need_not_begin_with_its_page() {
    let mut parts = testing::app_parts();
    parts.push(Part::load("rw", 0x6010, &[1; 64]));
    parts.push(
        Part::load("r", 0x6010, &[])
            .size(0xff0)
            .kind(elf::PT_GNU_RELRO),
    );
    let image = packed_app(&parts).unwrap();
    let last = image.segments.last().unwrap();
    assert_eq!(
        (last.start(), last.is_writable()),
        (layout::APP.start + 0x6000, false)
    );
    assert_eq!(last.area(), Some(Area::App));
}

#[test]
fn an_application_without_entry_or_code_is_refused() {
    let no_entry = testing::elf_file(elf::ET_DYN, 0, &testing::app_parts());
    let parts = Parts {
        app: no_entry,
        ..testing::parts()
    };
    assert!(matches!(pack(&parts, MPK), Err(ImageError::Empty { .. })));
    let no_code = [Part::load("r", 0, &[1])];
    assert!(matches!(
        packed_app(&no_code),
        Err(ImageError::Empty { .. })
    ));
}

#[test]
fn writable_code_and_shared_pages_are_refused() {
    let app = [Part::load("rwx", 0x1000, &[0x90; 8])];
    assert!(
        packed_app(&app)
            .unwrap_err()
            .to_string()
            .contains("writable and executable")
    );
    let app = [
        Part::load("rx", 0x1000, &[0x90; 8]),
        Part::load("rw", 0x1800, &[1]),
    ];
    assert!(
        packed_app(&app)
            .unwrap_err()
            .to_string()
            .contains("share the page at")
    );
}

#[test]
fn a_component_outside_of_its_region_is_refused() {
    let safe = testing::kernel_file(Cell::Console.region().start);
    let parts = Parts {
        safe,
        ..testing::parts()
    };
    let error = pack(&parts, MPK).unwrap_err();
    assert!(
        error.to_string().contains("outside of its region"),
        "{error}"
    );
}

#[test]
fn a_gate_of_two_pages_is_refused() {
    let gate = testing::gate_file(&[0x90; 5000]);
    assert!(
        pack(
            &Parts {
                gate,
                ..testing::parts()
            },
            MPK
        )
        .is_err()
    );
}

#[test]
fn a_core_without_note_is_refused() {
    let core = testing::elf_file(elf::ET_EXEC, 0, &testing::core_parts()[..2]);
    let error = pack(
        &Parts {
            core,
            ..testing::parts()
        },
        MPK,
    )
    .unwrap_err();
    assert!(error.to_string().contains("no PVH note"), "{error}");
}

#[test]
fn a_page_of_zeroes_takes_no_space_in_the_file() {
    let mut bytes = vec![5; 100];
    bytes.resize(40 * 4096, 0);
    bytes.extend([6; 100]);
    let app = [
        Part::load("rx", 0x1000, &[0x90; 8]),
        Part::load("r", 0x10000, &bytes),
    ];
    let parts = Parts {
        app: testing::app_file(&app),
        ..testing::parts()
    };
    let file = pack(&parts, MPK).unwrap();
    assert!(file.len() < 20 * 4096, "{} bytes", file.len());
    let image = Packed::read(&file).unwrap();
    let last = layout::APP.start + 0x10000 + 40 * 4096;
    assert_eq!(word(&image, last), 0x0606_0606_0606_0606);
}

/// Memory that is zero takes no bytes of the file, and must take none of ours.
#[test]
fn what_is_read_back_is_no_larger_than_the_file() {
    const NEAR_4_GIB: u64 = (4 << 30) - (256 << 20);
    let text = Part::load("rx", 0x1000, &[0x90; 64]).size(NEAR_4_GIB);
    let parts = Parts {
        app: testing::app_file(&[text]),
        ..testing::parts()
    };
    let file = pack(&parts, MPK).unwrap();
    let image = Packed::read(&file).unwrap();
    let contents = image.segments.iter().map(|it| image.contents(it).len());
    assert!(contents.sum::<usize>() <= file.len());
    let verified = crate::image::verify::verify(&file).unwrap();
    assert!(verified.pages * layout::PAGE_SIZE > NEAR_4_GIB);
}

#[test]
fn segments_that_share_bytes_of_the_file_are_refused() {
    let mut file = pack(&testing::parts(), MPK).unwrap();
    // Every header loads all that there is.
    let (size, head, count) = (file.len() as u64, 64, usize::from(file[56]));
    for number in 0..count {
        let at = head + number * 56;
        if file[at] == 1 {
            file[at + 8..at + 16].fill(0);
            file[at + 32..at + 40].copy_from_slice(&size.to_le_bytes());
            file[at + 40..at + 48].copy_from_slice(&size.to_le_bytes());
        }
    }
    let error = Packed::read(&file).unwrap_err();
    assert!(error.to_string().contains("share bytes"), "{error}");
}

#[test]
fn a_relocation_far_behind_the_files_bytes_is_refused() {
    let mut parts = testing::app_parts();
    parts.push(Part::load("rw", 0x10000, &[1]).size(1 << 30));
    let parts = testing::with_relocations(parts, &[(0x3000_0000, 8, 0)]);
    let error = packed_app(&parts).unwrap_err();
    assert!(error.to_string().contains("a relocation"), "{error}");
}

#[test]
fn a_segment_with_more_bytes_than_memory_is_refused() {
    let with = |memory_size| {
        let mut parts = testing::app_parts();
        parts.push(Part::load("rw", 0x10000, &[1; 16]).size(memory_size));
        packed_app(&parts)
    };
    with(16).expect("as many bytes as memory");
    let error = with(15).unwrap_err();
    assert!(matches!(error, ImageError::Corrupt { .. }), "{error}");
}
