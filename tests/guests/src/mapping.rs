//! Mappings: what the ABI promises of them.

use std::ptr;

use domains::layout::{APP, SAFE};
use gate::safe;
use hermit_abi::{
    EACCES, EINVAL, ENOMEM, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE, mmap, mprotect, munmap,
};

const PAGE: usize = 4096;
const BOTH: u32 = PROT_READ | PROT_WRITE;

/// A mapping that goes when it is dropped.
#[derive(Debug)]
pub struct Mapping {
    /// Where it begins.
    pub start: *mut u8,
    size: usize,
}

impl Mapping {
    /// Maps `size` bytes.
    pub fn new(size: usize, protection: u32) -> Result<Mapping, i32> {
        let mut start = ptr::null_mut();
        // SAFETY: the place is ours.
        match unsafe { mmap(size, protection, &mut start) } {
            0 => Ok(Mapping { start, size }),
            error => Err(error),
        }
    }

    /// Changes the rights over all of it.
    pub fn protect(&self, protection: u32) -> i32 {
        // SAFETY: nobody refers to the pages.
        unsafe { mprotect(self.start, self.size, protection) }
    }

    /// The byte at `offset`.
    pub fn byte(&self, offset: usize) -> *mut u8 {
        self.start.wrapping_add(offset)
    }

    /// Writes `bytes` at `offset`.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        // SAFETY: the tests stay inside, and write when they may.
        unsafe {
            self.byte(offset)
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
        };
    }

    /// What the safe kernel says to reading the byte at `offset`.
    fn is_readable(&self, offset: usize) -> bool {
        const NOT_A_DESCRIPTOR_BUT_READ_FIRST: i32 = 1;
        let place = self.byte(offset).expose_provenance();
        // SAFETY: the kernel only reads.
        unsafe { safe::write(NOT_A_DESCRIPTOR_BUT_READ_FIRST, place, 1) >= 0 }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nobody refers to the pages.
        unsafe { munmap(self.start, self.size) };
    }
}

/// Tries what mappings promise.
pub fn run() -> Result<(), String> {
    rights()?;
    parts()?;
    refusals()?;
    println!("\nmappings are as promised");
    Ok(())
}

fn ensure(holds: bool, what: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("not so: {what}"))
    }
}

fn new(pages: usize, protection: u32) -> Result<Mapping, String> {
    Mapping::new(pages * PAGE, protection).map_err(|error| format!("mmap: {error}"))
}

fn rights() -> Result<(), String> {
    let mapping = new(3, BOTH)?;
    // SAFETY: the pages are mapped.
    let all = unsafe { std::slice::from_raw_parts(mapping.start, 3 * PAGE) };
    ensure(all.iter().all(|byte| *byte == 0), "new pages are zero")?;
    mapping.write(PAGE, b"kept");
    ensure(mapping.protect(PROT_NONE) == 0, "rights go")?;
    ensure(
        !mapping.is_readable(PAGE),
        "the kernel reads no withheld page",
    )?;
    ensure(mapping.protect(PROT_READ) == 0, "rights come back")?;
    // SAFETY: the page can be read again.
    let kept = unsafe { mapping.byte(PAGE).cast::<[u8; 4]>().read() };
    ensure(&kept == b"kept", "bytes are kept")?;
    ensure(
        mapping.is_readable(PAGE),
        "the kernel reads what the program may",
    )?;
    let place = mapping.start.expose_provenance();
    // SAFETY: the page cannot be written, so nothing is.
    let entropy = unsafe { safe::entropy(place, 8, 0) };
    ensure(entropy == -14, "the kernel writes no read-only page")?;
    let withheld = new(1, PROT_NONE)?;
    ensure(!withheld.is_readable(0), "mapped without rights")?;
    ensure(withheld.protect(BOTH) == 0, "rights come")?;
    withheld.write(0, &[1]);
    let large = new(1024, BOTH)?;
    large.write(700 * PAGE, &[1]);
    ensure(large.protect(PROT_READ) == 0, "large mappings change too")
}

fn parts() -> Result<(), String> {
    let mapping = new(4, BOTH)?;
    let page = |number: usize| mapping.byte(number * PAGE);
    mapping.write(3 * PAGE, &[7]);
    // SAFETY: nobody refers to the pages.
    let answer = unsafe { munmap(page(1), PAGE) };
    ensure(answer == 0, "a part goes")?;
    ensure(!mapping.is_readable(PAGE), "it is gone")?;
    // SAFETY: as above.
    let answer = unsafe { munmap(page(0), 2 * PAGE) };
    ensure(answer == -EINVAL, "what is gone in part does not go")?;
    // SAFETY: as above.
    let answer = unsafe { mprotect(page(0), 4 * PAGE, PROT_READ) };
    ensure(answer == -EINVAL, "nor change")?;
    // SAFETY: the page is mapped.
    ensure(unsafe { page(3).read() } == 7, "the rest stays")?;
    // SAFETY: as above.
    let answer = unsafe { munmap(page(2), 2 * PAGE) + munmap(page(0), PAGE) };
    ensure(answer == 0, "the rest goes")
}

fn refusals() -> Result<(), String> {
    let map = |size, protection| Mapping::new(size, protection).err();
    ensure(map(0, BOTH) == Some(-EINVAL), "nothing is not mapped")?;
    ensure(map(PAGE, 8) == Some(-EINVAL), "unknown rights")?;
    let all = BOTH | PROT_EXEC;
    ensure(map(PAGE, all) == Some(-EACCES), "writing and executing")?;
    ensure(map(usize::MAX, BOTH) == Some(-ENOMEM), "too much")?;
    ensure(map(1 << 40, BOTH) == Some(-ENOMEM), "too much")?;
    let boxed = vec![1_u8; 1 << 20].into_boxed_slice();
    let local = [0_u8; 64];
    let mapping = new(1, BOTH)?;
    for address in [
        boxed.as_ptr().addr() & !(PAGE - 1),
        local.as_ptr().addr() & !(PAGE - 1),
        run as *const () as usize & !(PAGE - 1),
        mapping.start.addr() + 1,
        mapping.start.addr() + PAGE,
        APP.heap().start as usize,
        SAFE.heap().start as usize,
        0,
        usize::MAX & !(PAGE - 1),
    ] {
        for size in [PAGE, 1, 0, usize::MAX] {
            let address: *mut u8 = ptr::with_exposed_provenance_mut(address);
            // SAFETY: none of these is a mapping, so nothing happens.
            let answers =
                unsafe { [munmap(address, size), mprotect(address, size, PROT_NONE)] };
            ensure(answers == [-EINVAL; 2], "only mappings go and change")?;
        }
    }
    ensure(boxed.iter().all(|byte| *byte == 1), "the heap stays")?;
    // SAFETY: the place is the kernel's, and refused.
    let answer = unsafe { safe::map(PAGE, BOTH, SAFE.heap().start as usize) };
    ensure(answer == -14, "no address is written elsewhere")
}
