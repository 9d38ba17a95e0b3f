//! Memory, cells and a clock that a test on the host plays.
//!
//! What lies in the windows of cells or in the application's region is kept here by
//! pages, and a call of a cell goes to whoever plays it. One test plays at a time:
//! the safe kernel's own state is the process's.

use std::boxed::Box;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use domains::boot::BootInfo;
use domains::device::{DEVICES_MAX, Kind};
use domains::layout::{APP, CELLS, PACKETS, PAGE_SIZE, Region};
use domains::{Cell, Cells, Purpose};
use zerocopy::FromZeros;

use crate::cell::Faulted;

const PAGE: usize = PAGE_SIZE as usize;

/// Whoever plays cells.
pub trait Player: Send {
    /// Serves entry `number` of `cell`.
    ///
    /// # Errors
    ///
    /// The cell faults.
    fn call(&mut self, cell: Cell, number: u32, words: [u64; 4]) -> Result<i64, Faulted>;
}

/// Answers zero, whatever it is asked.
#[derive(Debug)]
pub struct Nobody;

impl Player for Nobody {
    fn call(&mut self, _: Cell, _: u32, _: [u64; 4]) -> Result<i64, Faulted> {
        Ok(0)
    }
}

type Pages = BTreeMap<usize, Box<[u8; PAGE]>>;

static PAGES: Mutex<Pages> = Mutex::new(BTreeMap::new());
static PLAYER: Mutex<Option<Box<dyn Player>>> = Mutex::new(None);
static IS_ON: AtomicBool = AtomicBool::new(false);
static NOW: AtomicU64 = AtomicU64::new(0);
static CPU: [AtomicU64; 512] = [const { AtomicU64::new(0) }; 512];

/// A play, while no other is on.
#[derive(Debug)]
pub struct Play {
    _alone: MutexGuard<'static, ()>,
}

fn locked<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

static ALONE: Mutex<()> = Mutex::new(());

/// Keeps plays off: for a test on the host as it is, without cells.
pub fn keep_off() -> Play {
    Play {
        _alone: locked(&ALONE),
    }
}

/// Begins a play, with memory that is empty.
pub fn begin(player: Box<dyn Player>) -> Play {
    let alone = locked(&ALONE);
    locked(&PAGES).clear();
    *locked(&PLAYER) = Some(player);
    CPU.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    NOW.store(1_000_000, Ordering::Relaxed);
    IS_ON.store(true, Ordering::Relaxed);
    Play { _alone: alone }
}

impl Drop for Play {
    fn drop(&mut self) {
        IS_ON.store(false, Ordering::Relaxed);
        *locked(&PLAYER) = None;
    }
}

/// Whether a play is on.
pub fn is_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}

/// What the clock says, in nanoseconds.
pub fn now() -> u64 {
    NOW.load(Ordering::Relaxed)
}

/// Has time pass.
pub fn pass(ns: u64) {
    NOW.fetch_add(ns, Ordering::Relaxed);
}

/// Copies what lies at `address`.
pub fn read(address: usize, bytes: &mut [u8]) {
    let mut pages = locked(&PAGES);
    for (place, byte) in (address..).zip(bytes) {
        *byte = *byte_at(&mut pages, place);
    }
}

/// Changes what lies at `address`.
pub fn write(address: usize, bytes: &[u8]) {
    let mut pages = locked(&PAGES);
    for (place, byte) in (address..).zip(bytes) {
        *byte_at(&mut pages, place) = *byte;
    }
}

pub(crate) fn call(cell: Cell, number: u32, given: &[u64]) -> Result<i64, Faulted> {
    let mut words = [0; 4];
    words
        .iter_mut()
        .zip(given)
        .for_each(|(word, given)| *word = *given);
    let mut player = locked(&PLAYER);
    match player.as_mut() {
        Some(player) => player.call(cell, number, words),
        None => Err(Faulted),
    }
}

/// The word at `address`; none if that is not played.
pub(crate) fn word(address: usize) -> Option<u64> {
    let mut bytes = [0; 8];
    is_played(address).then(|| read(address, &mut bytes))?;
    Some(u64::from_ne_bytes(bytes))
}

/// Changes the word at `address`, if that is played; whether it is.
pub(crate) fn set_word(address: usize, word: u64) -> bool {
    let is_played = is_played(address);
    if is_played {
        write(address, &word.to_ne_bytes());
    }
    is_played
}

/// Copies bytes of which one side, or both, are played; whether that is so.
///
/// # Safety
///
/// The side that is not played is valid for the copy.
pub(crate) unsafe fn copy(target: usize, source: usize, size: usize) -> bool {
    if !is_played(target) && !is_played(source) {
        return false;
    }
    let mut pages = locked(&PAGES);
    for offset in 0..size {
        let from = source + offset;
        let byte = match is_played(from) {
            true => *byte_at(&mut pages, from),
            // SAFETY: the caller says so.
            false => unsafe { *core::ptr::with_exposed_provenance::<u8>(from) },
        };
        let to = target + offset;
        match is_played(to) {
            true => *byte_at(&mut pages, to) = byte,
            // SAFETY: the caller says so.
            false => unsafe { *core::ptr::with_exposed_provenance_mut::<u8>(to) = byte },
        }
    }
    true
}

fn byte_at(pages: &mut Pages, address: usize) -> &mut u8 {
    let page = pages.entry(address / PAGE);
    &mut page.or_insert_with(|| Box::new([0; PAGE]))[address % PAGE]
}

fn is_played(address: usize) -> bool {
    const PLAYED: [Region; 3] = [CELLS, PACKETS, APP];
    is_on() && PLAYED.iter().any(|region| region.contains(address as u64))
}

/// A word of the CPU page.
pub(crate) fn word_of_cpu(offset: usize) -> &'static AtomicU64 {
    &CPU[offset / 8 % CPU.len()]
}

/// A machine with a network card and 256 MiB of memory.
pub(crate) fn boot() -> &'static BootInfo {
    static BOOT: OnceLock<BootInfo> = OnceLock::new();
    BOOT.get_or_init(|| {
        let mut devices = [0; DEVICES_MAX];
        devices[0] = Kind::Network as u32;
        BootInfo {
            memory: 256 << 20,
            cells: Cells::of(Purpose::OWN).bits(),
            devices,
            cpus: 1,
            ..BootInfo::new_zeroed()
        }
    })
}
