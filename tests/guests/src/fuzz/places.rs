//! Where hostile pointers point, and where valid ones do.

use domains::layout::{
    APP, CORE_OFFSET, CORE_PHYSICAL, CPU_PAGE, GATE_PAGE, INFO, PHYSICAL_MAP, SAFE,
};
use domains::{Cell, Isolation};
use gate::hooks::CANARY;
use gate::{info, safe};

use super::random::Random;
use crate::hooks::{KERNELS, hook};

/// Where valid pointers point; behind it lies as much again that nothing else
/// uses.
pub const ARENA: usize = 64 << 10;
/// Where nobody maps anything: the end of the application's region.
const HOLE: usize = APP.end as usize - (64 << 20);

/// Everything that can be pointed to.
#[derive(Debug)]
pub struct Places {
    arena: usize,
    /// That of the safe kernel, and those of the cells.
    canaries: [usize; KERNELS.len()],
}

impl Places {
    /// The places of this run.
    pub fn find() -> Result<Places, String> {
        // SAFETY: what is mapped is new, and used for nothing else.
        let arena = unsafe { safe::extend_heap(2 * ARENA) };
        let canaries = KERNELS.map(|kernel| hook(CANARY | kernel, 0, 0));
        if arena <= 0 || canaries.iter().any(|address| *address <= 0) {
            return Err(format!(
                "no arena at {arena}, or no canaries at {canaries:?}"
            ));
        }
        Ok(Places {
            arena: arena as usize,
            canaries: canaries.map(|address| address as usize),
        })
    }

    /// The canary of the safe kernel.
    pub fn safe_canary(&self) -> usize {
        self.canaries[0]
    }

    /// An address in the arena, with at least `size` bytes up to its end.
    pub fn valid(&self, random: &mut Random, size: usize, align: usize) -> usize {
        let offset = random.below((ARENA - size) as u64) as usize;
        self.arena + offset / align * align
    }

    /// Whether an address is one of the arena.
    pub fn is_valid(&self, address: u64) -> bool {
        (self.arena as u64..(self.arena + ARENA) as u64).contains(&address)
    }

    /// An address that is not zero and from which `size` bytes do not lie in
    /// the application's region.
    pub fn foreign(&self, random: &mut Random, size: usize, align: usize) -> usize {
        loop {
            let address = self.anywhere_else(random) / align * align;
            let is_own = APP.contains_range(address as u64, size as u64);
            if address != 0 && !is_own {
                return address;
            }
        }
    }

    fn anywhere_else(&self, random: &mut Random) -> usize {
        let offset = random.below(1 << 16);
        let cell = Cell::ALL[random.below(Cell::ALL.len() as u64) as usize];
        let near = match random.below(20) {
            0 => offset & 0xfff,
            1 => SAFE.start + offset,
            2 => SAFE.heap().start + offset,
            3 => SAFE.start_stack(0).end.wrapping_sub(offset),
            4 => cell.region().start + offset,
            5 => cell.region().stacks().start + offset,
            6 => cell.dma().start + offset,
            7 => cell.windows().start + offset,
            8 => INFO.start + offset,
            9 => CPU_PAGE + (offset & 0xfff),
            10 => GATE_PAGE + (offset & 0xfff),
            11 => CORE_OFFSET + CORE_PHYSICAL + offset,
            12 => PHYSICAL_MAP + random.next() % (64 << 20),
            13 => APP.start.wrapping_sub(1 + (offset & 0xff)),
            14 => APP.end - (offset & 7),
            15 => u64::MAX - (offset & 0xff),
            16 => (1 << 47) + offset,
            17 => random.next(),
            18 => self.canaries[0] as u64 + (offset & 0xff8),
            _ => self.canaries[1 + cell.number()] as u64 + (offset & 0xff8),
        };
        near as usize
    }

    /// An address of the application's region that it cannot write.
    pub fn unwritable(&self, random: &mut Random) -> usize {
        match random.below(3) {
            0 => info::boot().app_entry as usize,
            1 => c"a constant".as_ptr().addr(),
            _ => HOLE + random.below(1 << 20) as usize,
        }
    }

    /// An address of the application's region that it cannot read. Without keys
    /// its text is none.
    pub fn unreadable(&self, random: &mut Random) -> usize {
        match random.below(2) {
            0 if info::isolation() == Isolation::Mpk => info::boot().app_entry as usize,
            _ => HOLE + random.below(1 << 20) as usize,
        }
    }

    /// A pointer for a call that the safe kernel serves: anything at all, but
    /// nothing of the program that it needs.
    pub fn any(&self, random: &mut Random, size: usize) -> usize {
        match random.below(4) {
            0 => 0,
            1 => self.foreign(random, size, 1),
            2 => self.unwritable(random),
            _ => self.valid(random, size, 1),
        }
    }

    /// A pointer for a call that is served here, where only what lies outside
    /// of the region is refused.
    pub fn any_here(&self, random: &mut Random, size: usize) -> usize {
        match random.below(3) {
            0 => 0,
            1 => self.foreign(random, size, 8),
            _ => self.valid(random, size, 8),
        }
    }
}

/// How many words of the kernels' canaries have changed.
pub fn changed_canaries() -> i64 {
    KERNELS
        .map(|kernel| hook(CANARY | kernel, 0, 1))
        .into_iter()
        .sum()
}
