//! Pointers of the application: allegations that must be tried.
//!
//! The safe kernel has rights over the application's memory, so a pointer that
//! leads elsewhere would make it read or write what its caller may not: the
//! confused deputy. A [`UserSlice`] is therefore compared with the domain map,
//! and copied once, under an armed recovery: where a page is missing, is text
//! or is read-only, the core continues the copy at its end with an error.
//! Nothing is ever read twice, so the application cannot change its mind
//! between check and use.

use core::arch::naked_asm;

use domains::cpu_page::offset;
use domains::layout::{APP, CPU_PAGE};

use crate::view::View;

/// The address is not the application's, or not mapped as the access needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadAddress;

/// Bytes that the application alleges to own.
#[derive(Clone, Copy, Debug)]
pub struct UserSlice {
    address: usize,
    size: usize,
}

impl UserSlice {
    /// The `size` bytes alleged to lie at `address`.
    pub const fn new(address: usize, size: usize) -> UserSlice {
        UserSlice { address, size }
    }

    /// How many bytes there are alleged to be.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The part from `start` of at most `size` bytes.
    pub const fn part(&self, start: usize, size: usize) -> UserSlice {
        let start = if start < self.size { start } else { self.size };
        let rest = self.size - start;
        UserSlice {
            address: self.address.wrapping_add(start),
            size: if size < rest { size } else { rest },
        }
    }

    /// Fails if the slice is not the application's at all.
    pub fn check(&self) -> Result<(), BadAddress> {
        // DEFENCE: user-region
        if APP.contains_range(self.address as u64, self.size as u64) || blunt::passes() {
            Ok(())
        } else {
            Err(BadAddress)
        }
    }

    /// Copies the first bytes into `buffer`, which must not be longer.
    pub fn read(&self, buffer: &mut [u8]) -> Result<(), BadAddress> {
        let source = self.start_of(buffer.len())?;
        // SAFETY: the buffer is exclusive and as long as the copy.
        unsafe { copy(buffer.as_mut_ptr().addr(), source, buffer.len()) }
    }

    /// Copies `bytes`, which must not be longer than the slice, into it.
    pub fn write(&self, bytes: &[u8]) -> Result<(), BadAddress> {
        let target = self.start_of(bytes.len())?;
        // SAFETY: the target is in the application's region, where the safe
        // kernel holds no Rust reference.
        unsafe { copy(target, bytes.as_ptr().addr(), bytes.len()) }
    }

    /// Copies the whole slice to the beginning of a window.
    pub fn read_to(&self, window: View) -> Result<(), BadAddress> {
        let target = window.first(self.size).ok_or(BadAddress)?;
        // SAFETY: nobody holds a Rust reference into a window.
        unsafe { copy(target.address(), self.tried()?, self.size) }
    }

    /// Fills the whole slice from the beginning of a window.
    pub fn write_from(&self, window: View) -> Result<(), BadAddress> {
        let source = window.first(self.size).ok_or(BadAddress)?;
        // SAFETY: as in `write`.
        unsafe { copy(self.tried()?, source.address(), self.size) }
    }

    /// Where `size` bytes are that the slice has, all the application's.
    fn start_of(&self, size: usize) -> Result<usize, BadAddress> {
        // DEFENCE: user-size
        if size > self.size {
            return Err(BadAddress);
        }
        self.part(0, size).tried()
    }

    fn tried(&self) -> Result<usize, BadAddress> {
        // DEFENCE: user-tried
        self.check().map(|()| self.address)
    }
}

/// Fills `buffer` from `source`, wherever that is; fails if nothing is there.
pub(crate) fn try_copy(buffer: &mut [u8], source: usize) -> Result<(), BadAddress> {
    // SAFETY: the buffer is exclusive and as long as the copy.
    unsafe { copy(buffer.as_mut_ptr().addr(), source, buffer.len()) }
}

/// The check, taken out by tests that want to see the others catch it.
mod blunt {
    #[cfg(feature = "test-hooks")]
    static IS_BLUNT: core::sync::atomic::AtomicBool =
        core::sync::atomic::AtomicBool::new(false);

    /// Lets every pointer pass from now on.
    #[cfg(feature = "test-hooks")]
    pub(super) fn set() {
        IS_BLUNT.store(true, core::sync::atomic::Ordering::Relaxed);
    }

    #[cfg(feature = "test-hooks")]
    pub(super) fn passes() -> bool {
        IS_BLUNT.load(core::sync::atomic::Ordering::Relaxed)
    }

    #[cfg(not(feature = "test-hooks"))]
    pub(super) const fn passes() -> bool {
        false
    }
}

/// Lets every pointer of the application pass from now on.
#[cfg(feature = "test-hooks")]
pub fn take_checks_out() {
    blunt::set();
}

/// The word at an address that the application alleges to own.
pub fn load_u32(address: usize) -> Result<u32, BadAddress> {
    let address = tried_word(address)?;
    // SAFETY: the address is in the application's region; a missing page ends
    // in the recovery.
    let loaded = unsafe { load_word(address) };
    if loaded.failed == 0 {
        Ok(loaded.word)
    } else {
        Err(BadAddress)
    }
}

/// The address of a word, if all of it is the application's and it is aligned.
fn tried_word(address: usize) -> Result<usize, BadAddress> {
    // DEFENCE: user-word-region
    UserSlice::new(address, size_of::<u32>()).check()?;
    // DEFENCE: user-word-alignment
    let is_aligned = address.is_multiple_of(align_of::<u32>());
    is_aligned.then_some(address).ok_or(BadAddress)
}

/// Copies `size` bytes between the application and memory of ours.
///
/// # Safety
///
/// The side that is not the application's must be valid for the copy, and
/// neither side may be borrowed by anyone who would mind.
unsafe fn copy(target: usize, source: usize, size: usize) -> Result<(), BadAddress> {
    #[cfg(feature = "played")]
    // SAFETY: forwarded to the caller.
    if unsafe { crate::played::copy(target, source, size) } {
        return Ok(());
    }
    // SAFETY: forwarded to the caller.
    if unsafe { copy_bytes(target, source, size) } == 0 {
        Ok(())
    } else {
        Err(BadAddress)
    }
}

/// Copies bytes with the recovery armed; zero on success.
///
/// In: RDI target, RSI source, RDX size. Out: EAX. Clobbers RCX, RSI, RDI.
/// The core clears the recovery when it takes it. The stack pointer is the
/// same at every instruction, so the error path returns like the other.
///
/// # Safety
///
/// As [`copy`].
#[unsafe(naked)]
unsafe extern "C" fn copy_bytes(target: usize, source: usize, size: usize) -> u64 {
    naked_asm!(
        // Arm: a fault from here on continues at the label.
        "lea rax, [rip + 2f]",
        "mov qword ptr ds:[{recovery}], rax",
        // Eight bytes at a time: an emulator does each time by itself.
        "mov rcx, rdx",
        "shr rcx, 3",
        "rep movsq",
        "mov ecx, edx",
        "and ecx, 7",
        "rep movsb",
        // Disarm.
        "mov qword ptr ds:[{recovery}], 0",
        "xor eax, eax",
        "ret",
        "2:",
        "mov eax, 1",
        "ret",
        recovery = const CPU_PAGE + offset::RECOVERY as u64,
    )
}

/// What [`load_word`] brings back, in RAX.
#[repr(C)]
struct Loaded {
    word: u32,
    failed: u32,
}

/// Loads a word with the recovery armed.
///
/// In: RDI address. Out: RAX, the word below and the failure above. Clobbers
/// RCX.
///
/// # Safety
///
/// The address is the application's, or valid.
#[unsafe(naked)]
unsafe extern "C" fn load_word(address: usize) -> Loaded {
    naked_asm!(
        "lea rcx, [rip + 2f]",
        "mov qword ptr ds:[{recovery}], rcx",
        "mov eax, dword ptr [rdi]",
        "mov qword ptr ds:[{recovery}], 0",
        "ret",
        "2:",
        "movabs rax, 0x100000000",
        "ret",
        recovery = const CPU_PAGE + offset::RECOVERY as u64,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_applications_region_passes() {
        let start = APP.start as usize;
        assert!(UserSlice::new(start, 4096).check().is_ok());
        assert!(UserSlice::new(start - 1, 2).check().is_err());
        assert!(UserSlice::new(usize::MAX, 2).check().is_err());
        assert!(UserSlice::new(APP.end as usize - 1, 2).check().is_err());
        assert!(UserSlice::new(0, 0).check().is_err());
    }

    #[test]
    fn a_part_stays_inside() {
        let slice = UserSlice::new(APP.start as usize, 10);
        assert_eq!(slice.part(4, 100).size(), 6);
        assert_eq!(slice.part(40, 1).size(), 0);
    }

    #[test]
    fn no_more_is_copied_than_the_slice_has_and_the_application_owns() {
        let start = APP.start as usize;
        let slice = UserSlice::new(start, 10);
        assert_eq!(slice.start_of(10), Ok(start));
        assert_eq!(slice.start_of(11), Err(BadAddress));
        let foreign = UserSlice::new(start - 1, 10);
        assert_eq!(foreign.start_of(1), Err(BadAddress));
        assert_eq!(foreign.tried(), Err(BadAddress));
        assert_eq!(
            UserSlice::new(APP.end as usize - 8, 9).start_of(9),
            Err(BadAddress)
        );
    }

    #[test]
    fn words_are_the_applications_and_aligned() {
        let (start, end) = (APP.start as usize, APP.end as usize);
        assert_eq!(tried_word(start), Ok(start));
        assert_eq!(tried_word(end - 4), Ok(end - 4));
        for address in [
            start + 1,
            start + 2,
            start + 3,
            start - 4,
            end,
            0,
            usize::MAX - 3,
        ] {
            assert_eq!(tried_word(address), Err(BadAddress), "{address:#x}");
        }
    }

    #[test]
    fn a_bad_pointer_is_refused_before_it_is_touched() {
        let mut buffer = [0; 4];
        assert_eq!(UserSlice::new(8, 4).read(&mut buffer), Err(BadAddress));
        assert_eq!(UserSlice::new(8, 4).write(&buffer), Err(BadAddress));
        assert_eq!(load_u32(APP.start as usize + 1), Err(BadAddress));
    }
}
