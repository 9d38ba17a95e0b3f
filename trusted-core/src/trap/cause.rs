//! Tells apart why an instruction faulted.

use domains::Access;
use domains::layout::{self, GATE_PAGE, PAGE_SIZE};
use domains::report::{Cause, Page};
use x86_64::structures::idt::PageFaultErrorCode;

use crate::memory::entry::{Bits, Entry, GUARD, WITHHELD};

/// Debug trap.
pub(crate) const DEBUG: u64 = 1;
/// Invalid instruction.
pub(crate) const INVALID: u64 = 6;
/// Stack fault: a non-canonical address by way of RSP.
pub(crate) const STACK: u64 = 12;
/// General protection.
pub(crate) const PROTECTION: u64 = 13;
/// Page fault.
pub(crate) const PAGE_FAULT: u64 = 14;

/// Whose page the `entry` for `address` maps.
pub(crate) fn page(address: u64, entry: Entry) -> Page {
    match entry.area() {
        Some(area) => Page::Area(area),
        None if entry.has(Bits::PRESENT) || layout::CORE.contains(address) => Page::Core,
        None => Page::Nothing,
    }
}

/// The cause of a page fault with error code `error` on what `entry` maps.
pub(crate) fn of_page_fault(error: u64, entry: Entry) -> Cause {
    let error = PageFaultErrorCode::from_bits_truncate(error);
    if !entry.has(Bits::PRESENT) {
        return if entry.has(GUARD) {
            Cause::StackOverflow
        } else if entry.has(WITHHELD) {
            Cause::Permission
        } else {
            Cause::Unmapped
        };
    }
    if !entry.has(Bits::USER_ACCESSIBLE) {
        Cause::Supervisor
    } else if error.contains(PageFaultErrorCode::PROTECTION_KEY) {
        Cause::Key
    } else {
        Cause::Permission
    }
}

/// Whether a page fault with error code `error` would not happen with `entry`:
/// another CPU has mapped the page, or given rights to it, in the meantime.
/// Keys are not looked at: no page changes its key while it is mapped.
pub(crate) fn is_outdated(error: u64, entry: Entry) -> bool {
    const CURED: PageFaultErrorCode =
        PageFaultErrorCode::CAUSED_BY_WRITE.union(PageFaultErrorCode::INSTRUCTION_FETCH);
    const NEVER: PageFaultErrorCode =
        PageFaultErrorCode::PROTECTION_KEY.union(PageFaultErrorCode::MALFORMED_TABLE);
    let error = PageFaultErrorCode::from_bits_truncate(error);
    let was_there = error.contains(PageFaultErrorCode::PROTECTION_VIOLATION);
    let is_about_rights = error.intersects(CURED) && !error.intersects(NEVER);
    entry.has(Bits::PRESENT | Bits::USER_ACCESSIBLE)
        && (!was_there || is_about_rights && permits(error, entry))
}

/// Whether the bits of `entry` permit what an access with `error` wanted.
fn permits(error: PageFaultErrorCode, entry: Entry) -> bool {
    let writes = error.contains(PageFaultErrorCode::CAUSED_BY_WRITE);
    let fetches = error.contains(PageFaultErrorCode::INSTRUCTION_FETCH);
    (!writes || entry.has(Bits::WRITABLE)) && (!fetches || !entry.has(Bits::NO_EXECUTE))
}

/// The cause of any other exception at `rip`.
pub(crate) fn of_exception(vector: u64, rip: u64) -> Cause {
    match vector {
        // The gate executes UD2 when a check fails. A debug trap there means
        // that somebody wanted to step through it.
        INVALID | DEBUG if is_in_gate(rip) => Cause::Gate,
        INVALID => Cause::Instruction,
        STACK | PROTECTION => Cause::Protection,
        _ => Cause::Other,
    }
}

/// What a page fault with error code `error` was about to do.
pub(crate) fn access(error: u64) -> Access {
    let error = PageFaultErrorCode::from_bits_truncate(error);
    if error.contains(PageFaultErrorCode::INSTRUCTION_FETCH) {
        Access::Execute
    } else if error.contains(PageFaultErrorCode::CAUSED_BY_WRITE) {
        Access::Write
    } else {
        Access::Read
    }
}

/// Whether `rip` lies in the gate page.
pub(crate) fn is_in_gate(rip: u64) -> bool {
    (GATE_PAGE..GATE_PAGE + PAGE_SIZE).contains(&rip)
}

#[cfg(test)]
mod tests {
    use domains::{Area, Isolation};

    use super::*;
    use crate::memory::entry::Rights;
    use crate::memory::frame::Frame;

    const FRAME: Frame = Frame::from_number(5);

    #[test]
    fn page_faults_are_told_apart() {
        let safe = Entry::user(FRAME, Area::Safe, Rights::Write, Isolation::Mpk);
        assert_eq!(of_page_fault(0x27, safe), Cause::Key);
        assert_eq!(of_page_fault(0x15, safe), Cause::Permission);
        let withheld = safe.with_rights(Rights::None);
        assert_eq!(of_page_fault(0x04, withheld), Cause::Permission);
        assert_eq!(
            of_page_fault(0x07, Entry::core(FRAME, Bits::WRITABLE)),
            Cause::Supervisor
        );
        assert_eq!(of_page_fault(0x06, Entry::EMPTY), Cause::Unmapped);
        assert_eq!(
            of_page_fault(0x06, Entry::guard(Area::App)),
            Cause::StackOverflow
        );
    }

    #[test]
    fn a_fault_that_another_cpu_has_cured_is_outdated() {
        let page = |rights| Entry::user(FRAME, Area::App, rights, Isolation::Mpk);
        let (read, write, execute) = (
            page(Rights::Read),
            page(Rights::Write),
            page(Rights::Execute),
        );
        for (error, entry, expected) in [
            (0x04, read, true),
            (0x06, write, true),
            (0x07, write, true),
            (0x07, read, false),
            (0x15, execute, true),
            (0x15, write, false),
            (0x05, read, false),
            (0x27, write, false),
            (0x0f, write, false),
            (0x04, Entry::EMPTY, false),
            (0x06, Entry::lazy(Area::App), false),
            (0x04, Entry::core(FRAME, Bits::WRITABLE), false),
        ] {
            assert_eq!(is_outdated(error, entry), expected, "{error:#x} {entry:?}");
        }
    }

    #[test]
    fn pages_have_an_owner_or_none() {
        let app = Entry::user(FRAME, Area::App, Rights::Write, Isolation::None);
        assert_eq!(page(layout::APP.start, app), Page::Area(Area::App));
        assert_eq!(
            page(layout::APP.start, Entry::guard(Area::App)),
            Page::Area(Area::App)
        );
        assert_eq!(
            page(layout::CORE_CPU_PAGE, Entry::core(FRAME, Bits::WRITABLE)),
            Page::Core
        );
        assert_eq!(page(layout::PHYSICAL_MAP, Entry::EMPTY), Page::Core);
        assert_eq!(page(0, Entry::EMPTY), Page::Nothing);
    }

    #[test]
    fn the_gate_dies_by_an_invalid_instruction() {
        assert_eq!(of_exception(INVALID, GATE_PAGE + 7), Cause::Gate);
        assert_eq!(of_exception(DEBUG, GATE_PAGE), Cause::Gate);
        assert_eq!(
            of_exception(INVALID, GATE_PAGE + PAGE_SIZE),
            Cause::Instruction
        );
        assert_eq!(of_exception(PROTECTION, GATE_PAGE), Cause::Protection);
        assert_eq!(of_exception(DEBUG, GATE_PAGE - 1), Cause::Other);
    }

    #[test]
    fn exceptions_are_told_apart() {
        const TEXT: u64 = layout::APP.start;
        for vector in 0..32 {
            let expected = match vector {
                6 => Cause::Instruction,
                12 | 13 => Cause::Protection,
                _ => Cause::Other,
            };
            assert_eq!(of_exception(vector, TEXT), expected, "{vector}");
        }
    }
}
