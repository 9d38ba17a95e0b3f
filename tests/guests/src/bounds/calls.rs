//! The most expensive calls of the ABI, and the longest stretch in each.

use std::ffi::{CStr, CString};
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use gate::safe;
use hermit_abi::{
    O_CREAT, O_DIRECTORY, O_RDWR, O_TRUNC, PROT_EXEC, PROT_READ, PROT_WRITE, close, dirent64,
    futex_wait, futex_wake, getdents64, iovec, join, open, read_entropy, readv, spawn2, unlink,
    writev,
};

use super::counters::{Counters, poll_all};
use super::stretch::Probe;
use crate::checks::same;
use crate::mapping::Mapping;

/// The most instructions between two looks at who else wants to run.
const MOST: u64 = 10_000_000;

const MIB: usize = 1 << 20;
const PAGE: usize = 4096;
const BOTH: u32 = PROT_READ | PROT_WRITE;

/// Measures calls and prints what was found.
struct Bench {
    probe: Probe,
    too_long: Vec<&'static str>,
}

impl Bench {
    fn call(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<(), String>,
    ) -> Result<(), String> {
        let (longest, total) = self.probe.during(work)?;
        println!("{longest:>12} of {total:>12}  {name}");
        if longest > MOST {
            self.too_long.push(name);
        }
        Ok(())
    }
}

/// Prints the longest stretch of each call, and fails if one is too long.
pub fn run() -> Result<(), String> {
    let mut bench = Bench {
        probe: Probe::start()?,
        too_long: Vec::new(),
    };
    println!("longest stretch of all instructions");
    for part in [polls, mappings, heap, files, names, threads, others] {
        part(&mut bench)?;
    }
    match bench.too_long.as_slice() {
        [] => Ok(()),
        calls => Err(format!("too long: {calls:?}")),
    }
}

fn polls(bench: &mut Bench) -> Result<(), String> {
    let counters = Counters::open(60_000)?;
    let list = &mut counters.list();
    bench.call("poll of 60,000 counters, none ready", || {
        same("poll", poll_all(list, 1), 0)
    })?;
    counters.raise_last()?;
    bench.call("poll of 60,000 counters, one ready", || {
        same("poll", poll_all(list, -1), 1)
    })?;
    let first = list.first().copied().ok_or("no counter")?;
    bench.call("poll of one counter 60,000 times", || {
        list.fill(first);
        same("poll", poll_all(list, 1), 0)
    })
}

fn mappings(bench: &mut Bench) -> Result<(), String> {
    let mut mapping = None;
    bench.call("map of 512 MiB", || {
        mapping = Some(map(512 * MIB)?);
        Ok(())
    })?;
    let large = mapping.ok_or("no mapping")?;
    bench.call("protection of 512 MiB", || {
        same("protect", large.protect(PROT_READ), 0)
    })?;
    bench.call("unmapping of 512 MiB", || {
        drop(large);
        Ok(())
    })?;
    let touched = map(128 * MIB)?;
    for page in (0..128 * MIB).step_by(PAGE) {
        touched.write(page, &[1]);
    }
    bench.call("128 MiB made executable", || {
        same("protect", touched.protect(PROT_READ | PROT_EXEC), 0)
    })?;
    bench.call("unmapping of 128 MiB that were touched", || {
        drop(touched);
        Ok(())
    })
}

fn map(size: usize) -> Result<Mapping, String> {
    Mapping::new(size, BOTH).map_err(|error| format!("map: {error}"))
}

fn heap(bench: &mut Bench) -> Result<(), String> {
    const SIZE: usize = 256 * MIB;
    let mut start = 0;
    bench.call("256 MiB of heap", || {
        // SAFETY: what is mapped is new.
        start = unsafe { safe::extend_heap(SIZE) };
        same("it is granted", start > 0, true)
    })?;
    bench.call("256 MiB of heap given back", || {
        // SAFETY: nobody refers to it.
        same(
            "release",
            unsafe { safe::release_heap(start as usize, SIZE) },
            0,
        )
    })
}

fn files(bench: &mut Bench) -> Result<(), String> {
    const FILE: &CStr = c"/tmp/large";
    const BUFFERS: usize = 1024;
    const SIZE: usize = 64 * MIB;
    let mut bytes = vec![7_u8; SIZE];
    let buffer = |number: usize| iovec {
        iov_base: bytes[number * SIZE / BUFFERS..].as_mut_ptr().cast(),
        iov_len: SIZE / BUFFERS,
    };
    let buffers: Vec<_> = (0..BUFFERS).map(buffer).collect();
    let file = open_file(FILE, O_CREAT | O_RDWR)?;
    let all = |one: &dyn Fn() -> isize| match (0..BUFFERS).map(|_| one()).min() {
        Some(least) if least > 0 => Ok(()),
        other => Err(format!("a transfer of {other:?}")),
    };
    bench.call("64 MiB and more written by 1,024 buffers", || {
        let written = || -> isize {
            // SAFETY: the buffers are valid.
            unsafe { writev(file, buffers.as_ptr(), BUFFERS) }
        };
        all(&written).or_else(|_| Ok(()))
    })?;
    let file = reopen(file, FILE, O_RDWR)?;
    bench.call("64 MiB read by 1,024 buffers", || {
        // SAFETY: the buffers are valid.
        let read = unsafe { readv(file, buffers.as_ptr(), BUFFERS) };
        same("read", read > 0, true)
    })?;
    let mut truncated = None;
    bench.call("a large file cut to nothing", || {
        truncated = Some(reopen(file, FILE, O_RDWR | O_TRUNC)?);
        Ok(())
    })?;
    let file = truncated.ok_or("no file")?;
    // SAFETY: the buffers are valid.
    (0..64).for_each(|_| _ = unsafe { writev(file, buffers.as_ptr(), BUFFERS) });
    bench.call("a large file removed", || {
        // SAFETY: the path ends in zero.
        same("unlink", unsafe { unlink(FILE.as_ptr()) }, 0)?;
        shut(file)
    })
}

fn open_file(path: &CStr, flags: i32) -> Result<i32, String> {
    // SAFETY: the path ends in zero.
    match unsafe { open(path.as_ptr(), flags, 0o600) } {
        error if error < 0 => Err(format!("open: {error}")),
        descriptor => Ok(descriptor),
    }
}

fn reopen(descriptor: i32, path: &CStr, flags: i32) -> Result<i32, String> {
    shut(descriptor)?;
    open_file(path, flags)
}

fn shut(descriptor: i32) -> Result<(), String> {
    // SAFETY: the call takes no address.
    same("close", unsafe { close(descriptor) }, 0)
}

fn names(bench: &mut Bench) -> Result<(), String> {
    const NAMES: usize = 20_000;
    let failed = |error: std::io::Error| error.to_string();
    fs::create_dir("/tmp/names").map_err(failed)?;
    for number in 0..NAMES {
        let path =
            CString::new(format!("/tmp/names/{number}")).map_err(|error| error.to_string())?;
        shut(open_file(&path, O_CREAT | O_RDWR)?)?;
    }
    let folder = open_file(c"/tmp/names", O_DIRECTORY)?;
    let mut entries = vec![0_u64; NAMES * 8];
    bench.call("list of 20,000 names", || {
        let target = entries.as_mut_ptr().cast::<dirent64>();
        // SAFETY: the buffer is that large.
        let listed = unsafe { getdents64(folder, target, entries.len() * 8) };
        same("all of them", listed >= (NAMES * 24) as i64, true)
    })?;
    shut(folder)
}

static WORD: AtomicU32 = AtomicU32::new(0);

fn threads(bench: &mut Bench) -> Result<(), String> {
    const THREADS: usize = 2_000;
    let mut ids = Vec::new();
    bench.call("start of 2,000 threads that wait", || {
        // SAFETY: the function takes no address.
        let spawn = |_| unsafe { spawn2(wait, 0, 3, 16 << 10, -1) };
        ids.extend((0..THREADS).map(spawn));
        Ok(())
    })?;
    bench.call("wake of 2,000 threads, and their ends", || {
        // SAFETY: the word lives for ever.
        let woken = unsafe { futex_wake(WORD.as_ptr(), i32::MAX) };
        same("all are woken", woken, THREADS as i32)
    })?;
    // SAFETY: the calls take no address.
    ids.iter()
        .try_for_each(|id| same("join", unsafe { join(*id) }, 0))?;
    bench.call("a thread with a stack of 256 MiB", || {
        // SAFETY: the functions take no address.
        let id = unsafe { spawn2(nothing, 0, 2, 256 * MIB, -1) };
        // SAFETY: as above.
        same("join", unsafe { join(id) }, 0)
    })?;
    bench.call("20 threads after it", || {
        for _ in 0..20 {
            // SAFETY: the functions take no address.
            let id = unsafe { spawn2(nothing, 0, 2, 16 << 10, -1) };
            // SAFETY: as above.
            same("join", unsafe { join(id) }, 0)?;
        }
        Ok(())
    })
}

extern "C" fn wait(_: usize) {
    // SAFETY: the word lives for ever.
    unsafe { futex_wait(WORD.as_ptr(), 0, std::ptr::null(), 0) };
    WORD.fetch_add(0, Ordering::Relaxed);
}

extern "C" fn nothing(_: usize) {}

fn others(bench: &mut Bench) -> Result<(), String> {
    let mut bytes = vec![0_u8; 16 * MIB];
    bench.call("random bytes, as many as there are", || {
        // SAFETY: the buffer is that large.
        let filled = unsafe { read_entropy(bytes.as_mut_ptr(), bytes.len(), 0) };
        same("some", filled > 0, true)
    })?;
    let rounds = 4_000;
    let mut held = Vec::new();
    bench.call("4,000 mappings, every other given back", || {
        for _ in 0..rounds {
            held.push(map(PAGE)?);
            held.push(map(PAGE)?);
            let last = held.len() - 2;
            held.swap_remove(last);
        }
        Ok(())
    })
}
