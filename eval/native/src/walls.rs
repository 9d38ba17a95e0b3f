//! The walls: the domain table's keys and regions, in a Linux process.
//!
//! Every page lies where it lies in an image and carries the key that it
//! carries there. Two things differ. The handlers' code is the process's own,
//! with key 0, because protection keys do not judge fetches; and the process
//! may write everything while it has its own rights, to set up and to look.

#![expect(unsafe_code, reason = "it looks at pages by their address")]

use std::ptr;
use std::slice;

use domains::cell::CELLS_MAX;
use domains::cpu_page::CpuPage;
use domains::entries::EntryPage;
use domains::layout::{APP, CPU_PAGE, GATE_PAGE, PAGE_SIZE, Region, SAFE, gate};
use domains::{Area, Cell, Domain};
use libc::{PROT_EXEC, PROT_READ, PROT_WRITE};

use crate::Stop;
use crate::pages::{map, protect, take_keys};

/// Where samples are written: the application's, which both sides that measure
/// may write to.
pub(crate) const SAMPLES: u64 = APP.heap().start;
/// How many there is room for.
pub(crate) const SAMPLES_MAX: usize = 1_000_000;
/// The cell that is called where calls are timed; each of them is attacked.
pub(crate) const TIMED: Cell = Cell::Console;
/// What it fills, one page.
pub(crate) const SINK: u64 = TIMED.region().heap().start;
/// What it fills it with.
pub(crate) const FILLING: u8 = 0x5a;

/// The entry tables of the kernels.
#[derive(Debug)]
pub(crate) struct Tables {
    /// The safe kernel's.
    pub(crate) safe: EntryPage<u64>,
    /// Each cell's.
    pub(crate) cell: EntryPage<u64>,
}

/// That everything is mapped.
#[derive(Debug)]
pub(crate) struct Walls(());

/// Takes the keys and maps everything; the gate page is still empty.
pub(crate) fn raise(tables: &Tables) -> Result<Walls, Stop> {
    take_keys()?;
    let read_write = PROT_READ | PROT_WRITE;
    let one = |start| Region::new(start, PAGE_SIZE);
    let samples = (SAMPLES_MAX as u64 * 4).next_multiple_of(PAGE_SIZE);
    map(one(GATE_PAGE), Area::Text, PROT_READ | PROT_EXEC, &[])?;
    map(one(CPU_PAGE), Area::Info, read_write, &[])?;
    map(
        one(SAFE.start),
        Area::Safe,
        PROT_READ,
        bytes_of(&tables.safe),
    )?;
    for cell in Cell::ALL {
        let entries = bytes_of(&tables.cell);
        map(
            one(cell.region().start),
            Area::Cell(cell),
            PROT_READ,
            entries,
        )?;
    }
    map(Region::new(SAMPLES, samples), Area::App, read_write, &[])?;
    map(one(SINK), Area::Cell(TIMED), read_write, &[])?;
    for domain in Domain::ALL {
        map(stack(domain), area(domain), read_write, &[])?;
    }
    Ok(Walls(()))
}

impl Walls {
    /// Makes the gate page hold `code` and zeros, and empties what will be filled.
    pub(crate) fn set_gates(&mut self, code: &[u8]) -> Result<(), String> {
        let place = Region::new(GATE_PAGE, PAGE_SIZE);
        let mut code = code.to_vec();
        code.resize(PAGE_SIZE as usize, 0);
        protect(place, Area::Text, PROT_READ | PROT_WRITE)?;
        let start: *mut u8 = ptr::with_exposed_provenance_mut(GATE_PAGE as usize);
        // SAFETY: the page is mapped, writable, and nobody runs there.
        unsafe { ptr::copy_nonoverlapping(code.as_ptr(), start, code.len()) };
        let sink: *mut u8 = ptr::with_exposed_provenance_mut(SINK as usize);
        // SAFETY: the page is mapped, and we have all rights.
        unsafe { sink.write_bytes(0, PAGE_SIZE as usize) };
        protect(place, Area::Text, PROT_READ | PROT_EXEC)
    }

    /// Sets the CPU page as it is while `domain` runs.
    pub(crate) fn set_running(&mut self, domain: Domain) {
        let page = running(domain);
        // SAFETY: the page is mapped, and we have all rights.
        unsafe { cpu_page().write_volatile(page) };
    }

    /// Whether a gate to a cell has noted a call, if the CPU page is else as
    /// [`Walls::set_running`] left it.
    pub(crate) fn has_called_a_cell(&self, domain: Domain) -> Result<bool, String> {
        // SAFETY: as above; the page holds words, for which any value is one.
        let found = unsafe { cpu_page().read_volatile() };
        let left = running(domain);
        match (found.entry_stack, found.armed) == (left.entry_stack, left.armed) {
            true => Ok(found.cell_entry != NO_ENTRY),
            false => Err(format!("the gates left the tokens wrong: {found:x?}")),
        }
    }

    /// The first `count` samples.
    pub(crate) fn samples(&self, count: usize) -> Vec<u32> {
        assert!(count <= SAMPLES_MAX, "there are no more samples");
        let first: *const u32 = ptr::with_exposed_provenance(SAMPLES as usize);
        // SAFETY: so many words are mapped; nobody writes them while we run.
        unsafe { slice::from_raw_parts(first, count) }.to_vec()
    }

    /// Whether the whole page has been filled since the gates were set.
    pub(crate) fn is_filled(&self) -> bool {
        let first: *const u8 = ptr::with_exposed_provenance(SINK as usize);
        // SAFETY: it is a mapped page; nobody writes it while we look.
        let page = unsafe { slice::from_raw_parts(first, PAGE_SIZE as usize) };
        page.iter().all(|byte| *byte == FILLING)
    }
}

/// The stack of `domain`.
pub(crate) const fn stack(domain: Domain) -> Region {
    match domain {
        Domain::Safe => SAFE.start_stack(0),
        Domain::App => APP.start_stack(0),
        Domain::Cell(cell) => cell.stack(0),
    }
}

const fn area(domain: Domain) -> Area {
    match domain {
        Domain::Safe => Area::Safe,
        Domain::App => Area::App,
        Domain::Cell(cell) => Area::Cell(cell),
    }
}

fn cpu_page() -> *mut CpuPage {
    ptr::with_exposed_provenance_mut(CPU_PAGE as usize)
}

/// No number of an entry.
const NO_ENTRY: u64 = u64::MAX;

/// The CPU page while `domain` runs: `entry_stack` is there for the
/// application only.
pub(crate) const fn running(domain: Domain) -> CpuPage {
    CpuPage {
        entry_stack: match domain {
            Domain::App => stack(Domain::Safe).end - 8,
            Domain::Safe | Domain::Cell(_) => 0,
        },
        app_to_safe: GATE_PAGE + gate::APP_TO_SAFE,
        cell_entry: NO_ENTRY,
        cell_stacks: stacks(),
        ..CpuPage::CLEAR
    }
}

/// The tops of the cells' stacks, by number.
const fn stacks() -> [u64; CELLS_MAX] {
    let mut stacks = [0; CELLS_MAX];
    let mut number = 0;
    while number < Cell::ALL.len() {
        stacks[number] = Cell::ALL[number].stack(0).end;
        number += 1;
    }
    stacks
}

fn bytes_of(page: &EntryPage<u64>) -> &[u8] {
    let size = size_of::<EntryPage<u64>>();
    // SAFETY: the page is an array of words without gaps.
    unsafe { slice::from_raw_parts(ptr::from_ref(page).cast(), size) }
}
