//! Entry tables: what gates and core call lies in the kernel's own text.

use domains::Domain;
use domains::entries::{PENDING, SLOTS, START, TABLE, UPCALL};

use super::Violation;
use crate::image::Component;
use crate::image::packed::{Packed, Pages};

const WORD: usize = size_of::<u64>();

/// Checks the entry pages of the safe kernel and of the cells that there are, which
/// are entered through a table.
pub(super) fn check(image: &Packed) -> Vec<Violation> {
    let cells = image.cells().iter().map(Component::Cell);
    [Component::Safe]
        .into_iter()
        .chain(cells)
        .flat_map(|kernel| check_kernel(image, kernel))
        .collect()
}

fn check_kernel(image: &Packed, kernel: Component) -> Vec<Violation> {
    let start = kernel.region().start;
    let Some(page) = image
        .segments
        .iter()
        .find(|segment| segment.start() == start)
    else {
        return vec![manifest(kernel, "has no entry page")];
    };
    if page.is_writable() || page.is_executable() {
        return vec![manifest(kernel, "can overwrite or execute its entry page")];
    }
    check_page(image, kernel, page)
}

fn check_page(image: &Packed, kernel: Component, page: &Pages) -> Vec<Violation> {
    let bytes = image.physical_bytes(page.record.physical, TABLE + SLOTS * WORD);
    let word = |offset: usize| {
        let bytes = bytes[offset..]
            .first_chunk()
            .expect("the entry page is longer");
        u64::from_le_bytes(*bytes)
    };
    let heads = [("start", START), ("upcall", UPCALL), ("pending", PENDING)];
    let heads = heads
        .into_iter()
        .map(|(name, offset)| (name.to_owned(), word(offset)));
    let needed =
        heads.filter(|(_, address)| kernel.domain() == Some(Domain::Safe) || *address != 0);
    let slots = (0..SLOTS).map(|slot| (format!("entry {slot}"), word(TABLE + slot * WORD)));
    needed
        .chain(slots)
        .filter(|(_, address)| !image.is_text_of(kernel, *address))
        .map(|(entry, address)| Violation::Entry {
            entry,
            component: kernel,
            address,
        })
        .collect()
}

fn manifest(kernel: Component, what: &str) -> Violation {
    Violation::Manifest {
        why: format!("{} {what}", kernel.title()),
    }
}
