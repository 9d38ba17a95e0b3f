//! Calls that are right but for one pointer: each must answer EFAULT.

use std::ptr;

use hermit_abi::{
    CLOCK_MONOTONIC, EAI_SYSTEM, EFAULT, EFD_NONBLOCK, O_DIRECTORY, add_queue, addrinfo,
    clock_gettime, close, destroy_queue, eventfd, fstat, futex_wait, futex_wake, get_errno,
    getaddrbyname, getaddrinfo, getdents64, init_queue, iovec, lstat, mkdir, nanosleep, notify,
    open, poll, read, read_entropy, readv, rmdir, sem_destroy, sem_init, sem_post, sem_t,
    sem_timedwait, sem_trywait, spawn, stat, timespec, unlink, write, writev,
};

use super::places::Places;
use super::random::Random;

unsafe extern "C" {
    // The crate asks for a reference, which would be valid.
    fn sys_mmap(size: usize, protection: u32, address: *mut *mut u8) -> i32;
}

/// How a call follows its pointer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follows {
    /// The safe kernel writes there: what the program cannot write is refused.
    Writes,
    /// The safe kernel reads there.
    Reads,
    /// Only what lies outside of the region is refused for certain.
    Here,
}

/// A call with one pointer.
pub struct Probe {
    pub name: &'static str,
    follows: Follows,
    align: usize,
    call: unsafe fn(usize) -> i64,
}

impl Probe {
    /// The probe of this name, whose call follows its pointer so.
    pub const fn new(
        name: &'static str,
        follows: Follows,
        align: usize,
        call: unsafe fn(usize) -> i64,
    ) -> Probe {
        Probe {
            name,
            follows,
            align,
            call,
        }
    }

    /// A pointer that the call must refuse.
    pub fn bad_pointer(&self, places: &Places, random: &mut Random) -> usize {
        let inside = random.once_in(4);
        match self.follows {
            Follows::Writes if inside => places.unwritable(random),
            Follows::Reads if inside => places.unreadable(random),
            _ => places.foreign(random, 1, self.align),
        }
    }

    /// Whether the safe kernel writes at the pointer.
    pub fn writes(&self) -> bool {
        self.follows == Follows::Writes
    }

    /// Whether the call refuses `pointer` as it must; its answer if not.
    pub fn refuses(&self, pointer: usize) -> Result<(), i64> {
        // SAFETY: the pointer leads to nothing that this program uses.
        match unsafe { (self.call)(pointer) } {
            answer if answer == -i64::from(EFAULT) => Ok(()),
            answer => Err(answer),
        }
    }
}

/// A probe that takes the pointer as `$pointer`.
macro_rules! probe {
    ($name:literal, $follows:ident, $align:literal, |$pointer:ident| $call:expr) => {{
        unsafe fn call($pointer: usize) -> i64 {
            // SAFETY: the caller answers for the pointer; the rest is valid.
            unsafe { ($call) as i64 }
        }
        Probe {
            name: $name,
            follows: Follows::$follows,
            align: $align,
            call,
        }
    }};
}

/// A pointer of any type to `address`.
fn to<T>(address: usize) -> *mut T {
    ptr::with_exposed_provenance_mut(address)
}

/// What `getaddrinfo` answers, as an errno.
fn looked_up(code: i32) -> i32 {
    match code {
        // SAFETY: the call takes no address.
        EAI_SYSTEM => -unsafe { get_errno() },
        code => code,
    }
}

extern "C" fn nothing(_: usize) {}

const ZERO: timespec = timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// Has a semaphore of value zero wait until the time at `pointer`.
unsafe fn wait_until(pointer: usize) -> i32 {
    let mut word: sem_t = ptr::null();
    // SAFETY: the word is valid; the caller answers for the pointer.
    unsafe {
        sem_init(&mut word, 0, 0);
        sem_timedwait(&mut word, to(pointer))
    }
}

/// The calls.
pub fn all() -> Vec<Probe> {
    let mut probes = own_calls();
    probes.extend(kernel_calls());
    probes.extend(file_and_mapping_calls());
    probes.extend(super::aimed::probes());
    probes
}

fn own_calls() -> Vec<Probe> {
    vec![
        probe!("clock_gettime", Here, 1, |p| clock_gettime(
            CLOCK_MONOTONIC,
            to(p)
        )),
        probe!("futex_wait", Here, 4, |p| futex_wait(to(p), 0, &ZERO, 1)),
        probe!("futex_wait, time", Here, 1, |p| futex_wait(
            &mut 0,
            0,
            to(p),
            1
        )),
        probe!("futex_wake", Here, 4, |p| futex_wake(to(p), 1)),
        probe!("sem_init", Here, 8, |p| sem_init(to(p), 0, 1)),
        probe!("sem_destroy", Here, 8, |p| sem_destroy(to(p))),
        probe!("sem_post", Here, 8, |p| sem_post(to(p))),
        probe!("sem_trywait", Here, 8, |p| sem_trywait(to(p))),
        probe!("sem_timedwait", Here, 8, |p| sem_timedwait(to(p), &ZERO)),
        probe!("init_queue", Here, 8, |p| init_queue(p)),
        probe!("destroy_queue", Here, 8, |p| destroy_queue(p)),
        probe!("add_queue", Here, 8, |p| add_queue(p, 1)),
        probe!("notify", Here, 8, |p| notify(p, 1)),
        probe!("spawn", Here, 4, |p| spawn(to(p), nothing, 0, 2, -1)),
    ]
}

fn kernel_calls() -> Vec<Probe> {
    vec![
        probe!("write", Reads, 1, |p| write(2, to(p), 8)),
        // At the end of the input nothing is copied.
        probe!("read", Here, 1, |p| read(0, to(p), 8)),
        probe!("writev, a buffer", Reads, 1, |p| writev(2, &buffer(p), 1)),
        probe!("readv, a buffer", Here, 1, |p| readv(0, &buffer(p), 1)),
        probe!("fstat", Writes, 8, |p| fstat(1, to(p))),
        probe!("poll", Writes, 1, |p| poll(to(p), 1, 0)),
        probe!("counter, read", Writes, 1, |p| with_counter(|fd| read(
            fd,
            to(p),
            8
        ))),
        probe!("counter, write", Reads, 1, |p| with_counter(|fd| write(
            fd,
            to(p),
            8
        ))),
        probe!("readv, list", Reads, 1, |p| readv(0, to(p), 1)),
        probe!("writev, list", Reads, 1, |p| writev(2, to(p), 1)),
        probe!("nanosleep", Reads, 1, |p| nanosleep(to(p))),
        probe!("sem_timedwait, time", Reads, 1, |p| wait_until(p)),
        probe!("read_entropy", Writes, 1, |p| read_entropy(to(p), 8, 0)),
        probe!("getaddrbyname, name", Reads, 1, |p| getaddrbyname(
            to(p),
            [0; 4].as_mut_ptr(),
            4
        )),
        probe!("getaddrbyname, place", Writes, 1, |p| getaddrbyname(
            c"::1".as_ptr(),
            to(p),
            16
        )),
        probe!("getaddrinfo, node", Reads, 1, |p| look_up(
            to(p),
            ptr::null(),
            ptr::null(),
            &mut ptr::null_mut()
        )),
        probe!("getaddrinfo, service", Reads, 1, |p| look_up(
            ptr::null(),
            to(p),
            ptr::null(),
            &mut ptr::null_mut()
        )),
        probe!("getaddrinfo, hints", Reads, 8, |p| look_up(
            c"::1".as_ptr(),
            ptr::null(),
            to(p),
            &mut ptr::null_mut()
        )),
        probe!("getaddrinfo, list", Writes, 8, |p| look_up(
            c"::1".as_ptr(),
            ptr::null(),
            ptr::null(),
            to(p)
        )),
    ]
}

fn file_and_mapping_calls() -> Vec<Probe> {
    vec![
        probe!("mmap", Writes, 8, |p| sys_mmap(4096, 3, to(p))),
        probe!("open", Reads, 1, |p| open(to(p), 0, 0)),
        probe!("unlink", Reads, 1, |p| unlink(to(p))),
        probe!("mkdir", Reads, 1, |p| mkdir(to(p), 0)),
        probe!("rmdir", Reads, 1, |p| rmdir(to(p))),
        probe!("stat, name", Reads, 1, |p| stat(
            to(p),
            [0_u64; 32].as_mut_ptr().cast()
        )),
        probe!("stat, place", Writes, 8, |p| stat(c"/".as_ptr(), to(p))),
        probe!("lstat, place", Writes, 8, |p| lstat(c"/".as_ptr(), to(p))),
        probe!("getdents64", Writes, 8, |p| list_root(p)),
    ]
}

/// What `call` makes of a counter that can be read and written.
fn with_counter(call: impl Fn(i32) -> isize) -> isize {
    // SAFETY: the call takes no address.
    let descriptor = unsafe { eventfd(1, EFD_NONBLOCK) };
    let answer = call(descriptor);
    // SAFETY: as above.
    unsafe { close(descriptor) };
    answer
}

/// Lists the root at `address`.
unsafe fn list_root(address: usize) -> i64 {
    // SAFETY: the name is valid; the caller answers for the address.
    unsafe {
        let descriptor = open(c"/".as_ptr(), O_DIRECTORY, 0);
        let answer = getdents64(descriptor, to(address), 1024);
        close(descriptor);
        answer
    }
}

fn buffer(address: usize) -> iovec {
    iovec {
        iov_base: to(address),
        iov_len: 8,
    }
}

unsafe fn look_up(
    node: *const std::ffi::c_char,
    service: *const std::ffi::c_char,
    hints: *const addrinfo,
    list: *mut *mut addrinfo,
) -> i32 {
    // SAFETY: forwarded to the caller.
    looked_up(unsafe { getaddrinfo(node, service, hints, list) })
}
