//! The part of the address space that a further CPU has for itself.
//!
//! Each CPU has a root of its own, which differs from the others in its first
//! slot; and behind that slot all is shared but the first gibibyte. Everything
//! else lies below tables that exist before the first copy is made, so what is
//! mapped later is there for all.

use domains::layout::{GATE_PAGE, HATCH};

use super::frames::Frames;
use super::tables::{ROOT_LEVEL, Table, Tables, load, store};

/// Tables with what `first` shares, and the gate page.
pub(crate) fn tables(first: &Tables, frames: &mut Frames) -> Option<Tables> {
    let own = Tables::new(first.physical(), frames)?;
    let words = |tables: &Tables| tables.physical().words(tables.root());
    share(words(first), words(&own));
    let level = ROOT_LEVEL - 1;
    let from = first.make(HATCH.start, level, frames)?;
    share(from, own.make(HATCH.start, level, frames)?);
    own.put(GATE_PAGE, first.find(GATE_PAGE), frames)?;
    Some(own)
}

/// Copies all entries but the first.
fn share(from: Table, to: Table) {
    for (from, to) in from[1..].iter().zip(&to[1..]) {
        store(to, load(from));
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::boxed::Box;
    use std::vec;

    use domains::layout::{APP, BOOT_INFO, CPU_PAGE, PACKETS, PAGE_SIZE, SAFE, TIME_PAGE};
    use domains::{Area, Cell, Isolation};

    use super::*;
    use crate::memory::entry::{Entry, Rights};
    use crate::memory::frame::Frame;
    use crate::memory::kernel_map;
    use crate::memory::owner::Owner;
    use crate::memory::physical;

    fn page(number: u64) -> Entry {
        let frame = Frame::from_number(number);
        Entry::user(frame, Area::Info, Rights::Write, Isolation::Mpk)
    }

    #[test]
    fn only_the_first_gibibyte_is_the_cpus_own() {
        const COUNT: usize = 80;
        let owners = Box::leak(vec![Owner::ABSENT; COUNT].into_boxed_slice());
        let mut frames = Frames::new(owners);
        frames.declare(0, COUNT as u64, Owner::FREE);
        let first = Tables::new(physical::fake(COUNT), &mut frames).expect("a free frame");
        kernel_map::share_regions(&first, &mut frames).expect("free frames");
        let mut map = |tables: &Tables, address, entry| {
            tables
                .put(address, entry, &mut frames)
                .expect("free frames");
        };
        map(&first, GATE_PAGE, page(900));
        map(&first, CPU_PAGE, page(901));
        map(&first, TIME_PAGE, page(902));
        let second = tables(&first, &mut frames).expect("free frames");
        assert_eq!(second.find(GATE_PAGE), page(900));
        assert!(second.find(CPU_PAGE).is_empty());
        second
            .put(CPU_PAGE, page(903), &mut frames)
            .expect("free frames");
        assert_eq!(first.find(CPU_PAGE), page(901));
        let cells = Cell::ALL.map(|cell| cell.windows().start);
        let later = [BOOT_INFO, SAFE.start, PACKETS.start, APP.start];
        let later = later.into_iter().chain(cells);
        for (number, address) in (910..).zip(later) {
            let last = address + 40 * PAGE_SIZE;
            first
                .put(last, page(number), &mut frames)
                .expect("free frames");
            assert_eq!(second.find(last), page(number), "{address:#x}");
        }
        assert_eq!(second.find(TIME_PAGE), page(902));
    }
}
