//! Stacks of the application's threads.
//!
//! Only the addresses and the first few pages are set aside when a thread
//! starts, so that it can start; the core maps each further page when it is
//! first touched. The page below a stack stays unmapped, so that a stack that
//! overflows faults instead of running into its neighbour.

use domains::Isolation;
use domains::layout::{APP, PAGE_SIZE};
use gate::info;
use gate::memory::{self, Populate};
use spin::Mutex;

use crate::errno::Errno;
use crate::space::Space;

/// What a thread gets at least.
const LEAST: u64 = 16 * PAGE_SIZE;

static SPACE: Mutex<Space> = Mutex::new(Space::new(APP.stacks()));

/// A thread's stack in the application.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stack {
    /// The first address above the guard page.
    start: u64,
    size: u64,
}

impl Stack {
    /// Sets a stack of at least `size` bytes aside.
    ///
    /// # Errors
    ///
    /// Addresses or memory are used up.
    pub fn map(size: usize) -> Result<Stack, Errno> {
        let size = Stack::rounded(size)?;
        if size > info::boot().memory {
            // Page tables for the range would use up what there is.
            return Err(Errno::NoMemory);
        }
        let range = size.checked_add(PAGE_SIZE).ok_or(Errno::NoMemory)?;
        let guard = SPACE.lock().take(range, PAGE_SIZE).ok_or(Errno::NoMemory)?;
        let start = guard.saturating_add(PAGE_SIZE);
        let mapped = memory::map_app(start, size / PAGE_SIZE, Populate::TopNow);
        if let Err(error) = mapped {
            SPACE.lock().give_back(guard, range);
            return Err(error.into());
        }
        Ok(Stack { start, size })
    }

    /// Gives the stack's memory and addresses back.
    pub fn unmap(self) {
        // A stack has pages of the smallest size only: nothing can fail.
        let _ = memory::unmap_app_later(self.start, self.size / PAGE_SIZE);
        let guard = self.start.saturating_sub(PAGE_SIZE);
        let range = self.size.saturating_add(PAGE_SIZE);
        SPACE.lock().give_back(guard, range);
    }

    /// Whether the stack is what [`Stack::map`] would make for `size`.
    pub fn fits(&self, size: usize) -> bool {
        Stack::rounded(size) == Ok(self.size)
    }

    /// The stack pointer at the first instruction of a function that nobody
    /// called: eight below a multiple of sixteen.
    pub const fn top(&self) -> u64 {
        self.start.saturating_add(self.size).saturating_sub(8)
    }

    fn rounded(size: usize) -> Result<u64, Errno> {
        let size = u64::try_from(size).map_err(|_| Errno::NoMemory)?;
        let size = size.max(LEAST).saturating_add(kernel_share());
        size.checked_next_multiple_of(PAGE_SIZE)
            .filter(|size| *size <= APP.stacks().size())
            .ok_or(Errno::NoMemory)
    }
}

/// What the kernel needs of the stack: without walls it runs on its caller's.
fn kernel_share() -> u64 {
    match info::isolation() {
        Isolation::None => memory::KernelStack::PAGES * PAGE_SIZE,
        Isolation::Mpk => 0,
    }
}
