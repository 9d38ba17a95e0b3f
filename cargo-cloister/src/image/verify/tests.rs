//! Images with one broken wall each, and images that are none.

mod cells;

use domains::cpu_page::offset;
use domains::layout::{self, PAGE_SIZE};
use domains::manifest::{self, Header, Segment};
use domains::{Cell, Domain, Isolation, Pkru, Purpose};
use proptest::prelude::*;
use zerocopy::{FromBytes, IntoBytes};

use super::*;
use crate::image::pack::{Parts, Traits, pack};
use crate::image::scan::{WRPKRU, find};
use crate::image::testing::{self, MPK, Part};

fn violations(image: &[u8]) -> Vec<Violation> {
    match verify(image) {
        Err(Refused::Violations(violations)) => violations,
        Err(Refused::Unreadable(error)) => panic!("unreadable: {error}"),
        Ok(_) => Vec::new(),
    }
}

fn with_app(parts: &[Part]) -> Vec<Violation> {
    let parts = Parts {
        app: testing::app_file(parts),
        ..testing::parts()
    };
    violations(&pack(&parts, MPK).unwrap())
}

fn with_gate(code: &[u8]) -> Vec<Violation> {
    let parts = Parts {
        gate: testing::gate_file(code),
        ..testing::parts()
    };
    violations(&pack(&parts, MPK).unwrap())
}

/// A sound image with its manifest changed by `change`.
fn with_manifest(change: impl FnOnce(&mut Header, &mut [Segment])) -> Vec<u8> {
    changed(&pack(&testing::parts(), MPK).unwrap(), change)
}

/// `image` with its manifest changed by `change`.
fn changed(image: &[u8], change: impl FnOnce(&mut Header, &mut [Segment])) -> Vec<u8> {
    // The file leaves out the zeroes at the end of the last record.
    const LEFT_OUT: usize = 2;
    let mut image = image.to_vec();
    let at = find(&image, &manifest::MAGIC).next().unwrap();
    let mut header = Header::read_from_prefix(&image[at..]).unwrap().0;
    let first = at + size_of::<Header>();
    let kept = header.segments as usize * size_of::<Segment>() - LEFT_OUT;
    let records = [&image[first..first + kept], &[0; LEFT_OUT]].concat();
    let records = records.chunks_exact(size_of::<Segment>());
    let mut segments: Vec<Segment> = records
        .map(|record| Segment::read_from_bytes(record).unwrap())
        .collect();
    change(&mut header, &mut segments);
    image[at..first].copy_from_slice(header.as_bytes());
    image[first..first + kept].copy_from_slice(&segments.as_bytes()[..kept]);
    image
}

fn says(violations: &[Violation], what: &str) -> bool {
    violations
        .iter()
        .any(|violation| violation.to_string().contains(what))
}

#[test]
fn a_sound_image_passes_and_lists_its_gates() {
    let verified = verify(&pack(&testing::parts(), MPK).unwrap()).unwrap();
    let domains: Vec<Domain> = verified.gate_sites.iter().map(|site| site.domain).collect();
    assert!(Purpose::Use.domains().eq(domains));
    assert_eq!(verified.gate_sites[0].address, layout::GATE_PAGE + 5);
    assert_eq!(verified.isolation, Isolation::Mpk);
}

#[test]
fn without_isolation_no_wrpkru_may_exist_anywhere() {
    let traits = Traits {
        isolation: Isolation::None,
        ..MPK
    };
    let found = violations(&pack(&testing::parts(), traits).unwrap());
    assert_eq!(found.len(), Purpose::Use.domains().count());
    let parts = Parts {
        gate: testing::gate_file(&[0xc3]),
        ..testing::parts()
    };
    assert!(violations(&pack(&parts, traits).unwrap()).is_empty());
}

#[test]
fn wrpkru_in_an_application_is_found_at_its_address() {
    let mut parts = testing::app_parts();
    parts[1].bytes[7..10].copy_from_slice(&WRPKRU);
    let address = layout::APP.start + 0x1007;
    let component = "the application".into();
    assert_eq!(with_app(&parts), [Violation::Wrpkru { address, component }]);
}

#[test]
fn wrpkru_in_data_is_none() {
    let mut parts = testing::app_parts();
    parts[2].bytes[7..10].copy_from_slice(&WRPKRU);
    parts[0].bytes[7..10].copy_from_slice(&WRPKRU);
    assert_eq!(with_app(&parts), []);
}

#[test]
fn wrpkru_across_pages_is_found() {
    let mut code = vec![0x90; 2 * PAGE_SIZE as usize];
    code[4094..4097].copy_from_slice(&WRPKRU);
    let app = [Part::load("rx", 0x1000, &code)];
    assert!(says(&with_app(&app), "WRPKRU at 0x300000001ffe"));
}

#[test]
fn wrpkru_across_segments_is_found() {
    let mut first = vec![0x90; PAGE_SIZE as usize];
    first[4095] = WRPKRU[0];
    let second = [WRPKRU[1], WRPKRU[2], 0x90];
    let app = [
        Part::load("rx", 0x1000, &first),
        Part::load("rx", 0x2000, &second),
    ];
    assert!(says(&with_app(&app), "WRPKRU at 0x300000001fff"));
}

#[test]
fn wrpkru_across_frames_that_touch_only_physically_is_found() {
    let mut first = vec![0x90; PAGE_SIZE as usize];
    first[4095] = WRPKRU[0];
    let second = [WRPKRU[1], WRPKRU[2], 0x90];
    let app = [
        Part::load("rx", 0x1000, &first),
        Part::load("rx", 0x9000, &second),
    ];
    assert!(says(&with_app(&app), "in neighbouring frames"));
}

#[test]
fn a_gate_whose_check_is_missing_or_weak_is_refused() {
    let sound = testing::gate_code();
    let safe = Pkru::in_image(Domain::Safe, Purpose::Use);
    let cases: [(usize, u8, &str); 5] = [
        (0, 0x90, "no `mov eax, imm32` right before"),
        (8, 0x90, "no `cmp eax, imm32` right behind"),
        (9, 0x00, "demands another value"),
        (13, 0x74, "no `jne` behind its comparison"),
        (14, 0x00, "does not lead to a `ud2`"),
    ];
    for (offset, byte, reason) in cases {
        let mut code = sound.clone();
        code[offset] = byte;
        assert!(says(&with_gate(&code), reason), "{reason}");
    }
    let forged = Pkru::from_bits(safe.bits() & !0b11);
    let code = [testing::guarded(forged, 0), sound[..].to_vec()].concat();
    assert!(says(&with_gate(&code), "no domain runs with its value"));
}

/// Each change of rights and the core's way back are tried without their look, with
/// a look at another word, and with one that leads on instead of to its end.
#[test]
fn a_gate_that_looks_at_no_token_is_refused() {
    let sound = testing::gate_code();
    let changes = (0..Purpose::Use.domains().count())
        .map(|number| usize::from(testing::CHANGE) * number + 15);
    let faulted = Cell::DEPLOYED.map(|cell| layout::gate::faulted(cell) as usize);
    for look in changes.chain(faulted) {
        let refused = |change: &dyn Fn(&mut [u8])| {
            let mut code = sound.clone();
            change(&mut code[look..look + 11]);
            assert!(says(&with_gate(&code), "token check is missing"), "{look}");
        };
        refused(&|look| look.fill(0x90));
        refused(&|look| look[4] ^= 8);
        refused(&|look| look[8] = 1);
        refused(&|look| look[9] = 0x75);
        refused(&|look| look[10] ^= 0x40);
        // Half of the word.
        refused(&|look| look[0] = 0x3e);
        // A store, a call and a return in front of it.
        refused(&|look| look[..3].copy_from_slice(&[0x48, 0x89, 0x07]));
        refused(&|look| look[0] = 0x50);
        refused(&|look| look[0] = 0xc3);
    }
    // By way of FS, which anybody can move.
    let mut code = sound;
    code.insert(layout::gate::faulted(Cell::Hostfs) as usize, 0x64);
    assert!(says(&with_gate(&code), "token check is missing"));
}

/// A change of rights and a look at its token are sound, and what follows is not.
#[test]
fn a_gate_that_looks_and_leads_elsewhere_is_refused() {
    const LOOK_AND_TWO: u8 = 11 + 2;
    let refused = |domain, elsewhere: &[u8; 2]| {
        let mut code = testing::gate_code();
        code.extend(testing::guarded(Pkru::of(domain), LOOK_AND_TWO));
        code.extend(testing::look(offset::ENTRY_STACK, 2));
        code.extend(elsewhere);
        code.extend([0x0f, 0x0b]);
        says(&with_gate(&code), "a way leads through the gate page")
    };
    // It returns, jumps, pushes, or stores where the intruder likes.
    for elsewhere in [[0xc3, 0x90], [0xff, 0xe0], [0x50, 0x90], [0x89, 0x07]] {
        assert!(refused(Domain::Safe, &elsewhere), "{elsewhere:x?}");
        assert!(!refused(Domain::App, &elsewhere), "it is the application");
    }
    assert!(!refused(Domain::Safe, &[0x90, 0x90]), "it ends");
}

#[test]
fn a_gate_page_other_than_the_one_that_was_built_is_refused() {
    let image = pack(&testing::parts(), MPK).unwrap();
    let mut other = testing::gate_code();
    other.push(0x90);
    for (code, is_own) in [(testing::gate_code(), true), (other, false)] {
        let built = GatePage::built(&testing::gate_file(&code)).unwrap();
        let rules = Rules {
            gate_page: Some(built),
            ..Rules::default()
        };
        assert_eq!(verify_with(&image, rules).is_ok(), is_own);
    }
}

#[test]
fn a_gate_page_that_never_reaches_a_domain_is_refused() {
    let code = [
        &testing::guarded(Pkru::in_image(Domain::Safe, Purpose::Use), 0)[..],
        &[0x0f, 0x0b],
    ]
    .concat();
    assert!(says(&with_gate(&code), "raises to domain hostfs"));
}

#[test]
fn an_entry_outside_of_the_kernels_own_text_is_refused() {
    let mut parts = testing::kernel_parts(layout::SAFE.start);
    parts[0].bytes[64..72]
        .copy_from_slice(&(Cell::Console.region().start + PAGE_SIZE).to_le_bytes());
    let safe = testing::elf_file(object::elf::ET_EXEC, 0, &parts);
    let found = violations(
        &pack(
            &Parts {
                safe,
                ..testing::parts()
            },
            MPK,
        )
        .unwrap(),
    );
    let address = Cell::Console.region().start + PAGE_SIZE;
    let entry = "entry 0".into();
    assert_eq!(
        found,
        [Violation::Entry {
            entry,
            component: Component::Safe,
            address
        }]
    );
}

#[test]
fn a_writable_entry_page_is_refused() {
    let mut parts = testing::kernel_parts(layout::SAFE.start);
    parts[0] = Part::load("rw", layout::SAFE.start, &parts[0].bytes);
    let safe = testing::elf_file(object::elf::ET_EXEC, 0, &parts);
    let found = violations(
        &pack(
            &Parts {
                safe,
                ..testing::parts()
            },
            MPK,
        )
        .unwrap(),
    );
    assert!(says(&found, "can overwrite or execute its entry page"));
}

#[test]
fn a_page_with_two_owners_is_refused() {
    let image = with_manifest(|_, segments| segments[2].address = segments[1].address);
    assert!(says(&violations(&image), "belongs to both"));
    let image = with_manifest(|_, segments| segments[2].physical = segments[1].physical);
    assert!(says(&violations(&image), "frame"));
    let image = with_manifest(|_, segments| segments[1].physical = layout::CORE_PHYSICAL);
    assert!(says(&violations(&image), "outside of the image"));
}

#[test]
fn a_page_that_is_writable_and_executable_is_refused() {
    let both = manifest::rights::WRITE | manifest::rights::EXECUTE;
    let image = with_manifest(|_, segments| segments[2].rights = both);
    assert!(says(&violations(&image), "both writable and executable"));
}

#[test]
fn a_page_with_the_wrong_key_is_refused() {
    let app = Segment::area_number(domains::Area::App);
    let image = with_manifest(|_, segments| segments[3].area = app);
    assert!(says(&violations(&image), "carries area app"));
    let image = with_manifest(|_, segments| segments[3].area = 99);
    assert!(says(&violations(&image), "no known area"));
}

#[test]
fn a_manifest_that_hides_pages_or_lies_about_the_entry_is_refused() {
    let image = with_manifest(|header, _| header.segments -= 1);
    assert!(says(&violations(&image), "nobody owns the bytes"));
    let image = with_manifest(|header, _| header.app_entry = layout::SAFE.start + PAGE_SIZE);
    assert!(says(&violations(&image), "not in the application's text"));
    let image = with_manifest(|header, _| header.tls.address = layout::SAFE.start);
    assert!(says(&violations(&image), "thread-local storage"));
    let image = with_manifest(|header, _| header.physical_end = u64::MAX);
    assert!(says(&violations(&image), "the image ends at"));
}

#[test]
fn a_template_of_storage_may_lie_in_two_segments_but_only_in_data() {
    let mut parts = testing::app_parts();
    parts[2] = Part::load("r", 0x2000, &[3; 4096]);
    parts.push(Part::load("rw", 0x3000, &[3; 256]).size(0x2000));
    parts[3].address = 0x2ff8;
    assert_eq!(with_app(&parts), []);
    parts[3].address = 0x1ff8;
    assert!(says(&with_app(&parts), "thread-local storage"));
}

#[test]
fn bytes_that_are_loaded_twice_are_refused() {
    const HEADERS_AT: usize = 64;
    const HEADER_SIZE: usize = 56;
    const PHYSICAL: usize = 24;
    let mut image = pack(&testing::parts(), MPK).unwrap();
    let address_of = |header: usize| HEADERS_AT + header * HEADER_SIZE + PHYSICAL;
    let (first, second) = (address_of(5), address_of(6));
    image.copy_within(first..first + 8, second);
    assert!(says(&violations(&image), "is loaded twice"));
}

#[test]
fn an_image_without_gate_page_is_refused() {
    let image =
        with_manifest(|_, segments| segments[0].address = layout::APP.start + (1 << 30));
    assert!(says(&violations(&image), "there is no gate page"));
}

#[test]
fn a_core_that_can_write_its_code_is_refused() {
    let mut parts = testing::core_parts();
    parts[0].flags |= object::elf::PF_W;
    let core = testing::elf_file(object::elf::ET_EXEC, 0, &parts);
    let found = violations(
        &pack(
            &Parts {
                core,
                ..testing::parts()
            },
            MPK,
        )
        .unwrap(),
    );
    assert!(says(&found, "both writable and executable"));
}

#[test]
fn test_hooks_are_refused_in_a_release_image_only() {
    let image = pack(&testing::parts_for(Purpose::Tests), testing::HOOKED).unwrap();
    assert!(verify(&image).unwrap().test_hooks);
    let refused = verify_with(
        &image,
        Rules {
            release: true,
            ..Rules::default()
        },
    );
    assert!(
        matches!(refused, Err(Refused::Violations(found)) if found == [Violation::TestHooks])
    );
}

#[test]
fn a_file_that_is_no_image_is_named_for_what_it_is() {
    let unreadable = |file: &[u8]| match verify(file) {
        Err(Refused::Unreadable(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(unreadable(b"").contains("not an ELF file"));
    assert!(unreadable(b"#!/bin/sh").contains("not an ELF file"));
    assert!(unreadable(b"ELF").contains("truncated or corrupt"));
    assert!(unreadable(&testing::parts().core).contains("it has no manifest"));
    assert!(unreadable(&testing::parts().app).contains("it has no PVH note"));
    let mut foreign = testing::parts().core;
    foreign[18] = 183;
    assert!(unreadable(&foreign).contains("its machine is AARCH64"));
    let image = pack(&testing::parts(), MPK).unwrap();
    assert!(unreadable(&image[..image.len() - 20]).contains("lies behind the end"));
    let version = find(&image, &manifest::MAGIC).next().unwrap() + 8;
    let mut newer = image;
    newer[version] += 1;
    let version = manifest::VERSION + 1;
    assert!(unreadable(&newer).contains(&format!("has version {version}")));
}

proptest! {
    #[test]
    fn no_truncated_image_passes(cut: prop::sample::Index) {
        let image = pack(&testing::parts(), MPK).unwrap();
        prop_assert!(verify(&image[..cut.index(image.len())]).is_err());
    }

    #[test]
    fn no_corrupt_image_stops_the_verifier(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut image = pack(&testing::parts(), MPK).unwrap();
        let head = image.len().min(2048);
        for (at, byte) in flips {
            image[at.index(head)] = byte;
        }
        // Whether it passes depends on the byte; that it ends is the property.
        let _ = verify(&image);
    }

    #[test]
    fn wrpkru_is_found_wherever_it_stands_in_a_kernel(at in 0usize..61) {
        let mut parts = testing::kernel_parts(Cell::Console.region().start);
        parts[1].bytes[at..at + 3].copy_from_slice(&WRPKRU);
        let mut whole = testing::parts();
        whole.cells[0] = testing::elf_file(object::elf::ET_EXEC, 0, &parts);
        let found = violations(&pack(&whole, MPK).unwrap());
        prop_assert!(says(&found, "in the cell `console`"));
    }
}

/// A sound image with an archive of `size` bytes, its manifest changed.
fn with_archive(
    size: usize,
    change: impl FnOnce(&mut Header, &mut Segment),
) -> Result<Verified, Refused> {
    let parts = Parts {
        archive: vec![7; size],
        ..testing::parts()
    };
    let mut image = pack(&parts, MPK).unwrap();
    let at = find(&image, &manifest::MAGIC).next().unwrap();
    let mut header = Header::read_from_prefix(&image[at..]).unwrap().0;
    // The archive is the last; what the file leaves out of its record is zero.
    let last = at + size_of::<Header>() + (header.segments as usize - 1) * size_of::<Segment>();
    let kept = size_of::<Segment>() - 3;
    let record = [&image[last..last + kept], &[0; 3]].concat();
    let mut segment = Segment::read_from_bytes(&record).unwrap();
    assert_eq!(segment.address, layout::ARCHIVE.start);
    change(&mut header, &mut segment);
    image[at..at + size_of::<Header>()].copy_from_slice(header.as_bytes());
    image[last..last + kept].copy_from_slice(&segment.as_bytes()[..kept]);
    verify(&image)
}

#[test]
fn an_archive_fills_the_pages_that_it_has() {
    assert!(with_archive(5000, |_, _| ()).is_ok());
    for size in [0, 1, 4096, 8193, u64::MAX] {
        let refused = with_archive(5000, |header, _| header.archive_size = size);
        assert!(refused.is_err(), "{size}");
    }
    let moved = with_archive(5000, |_, segment| segment.address += PAGE_SIZE);
    assert!(moved.is_err());
    let missing = with_manifest(|header, _| header.archive_size = 1);
    assert!(says(&violations(&missing), "archive"));
}

/// Thousands of records can overlap in millions of ways.
#[test]
fn overlaps_are_told_up_to_a_bound() {
    let pages = |number: u64| Part::load("r", number * PAGE_SIZE, &[1; 16]);
    let mut parts: Vec<Part> = (0x10..0x110).map(pages).collect();
    parts.push(Part::load("rx", 0x1000, &[0x90; 64]));
    let parts = Parts {
        app: testing::app_file(&parts),
        ..testing::parts()
    };
    let image = pack(&parts, MPK).unwrap();
    let image = changed(&image, |_, segments| {
        let app = |it: &&mut Segment| it.address > layout::APP.start + 0x1000;
        let all: Vec<&mut Segment> = segments.iter_mut().filter(app).collect();
        all.into_iter()
            .for_each(|it| it.address = layout::APP.start + 0x10000);
    });
    let found = violations(&image);
    let overlaps = found
        .iter()
        .filter(|it| matches!(it, Violation::TwoOwners { .. }));
    assert!((100..1000).contains(&overlaps.count()));
}
