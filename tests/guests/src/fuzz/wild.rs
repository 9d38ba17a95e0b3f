//! Calls with any arguments at all: they must come back.
//!
//! Left out are only calls that would end the program as asked (`exit`,
//! `abort`), that would wait for ever as asked, and pointers with which the
//! program would overwrite itself.

use std::ptr;

use hermit_abi::{
    EFD_NONBLOCK, O_NONBLOCK, Tid, add_queue, alloc, alloc_zeroed, available_parallelism,
    block_current_task_with_timeout, clock_gettime, close, dealloc, destroy_queue, dup, errno,
    eventfd, fcntl, free, fstat, fsync, futex_wait, futex_wake, get_errno, getdents64,
    getpagesize, getpid, init_queue, ioctl, iovec, join, lseek, lstat, malloc, mkdir, munmap,
    nanosleep, notify, open, poll, pollfd, read, read_entropy, readv, realloc, rmdir,
    sem_destroy, sem_init, sem_post, sem_timedwait, sem_trywait, spawn, spawn2, stat, timespec,
    unlink, usleep, wait, wakeup_task, write, writev, yield_now,
};

use super::places::{ARENA, Places};
use super::random::Random;

unsafe extern "C" {
    fn sys_get_priority() -> u8;
    fn sys_set_priority(thread: Tid, priority: u8);
    fn sys_mmap(size: usize, protection: u32, address: *mut *mut u8) -> i32;
    fn sys_mprotect(address: *mut u8, size: usize, protection: u32) -> i32;
    fn sys_opendir(name: *const i8) -> i32;
    fn sys_get_processor_count() -> usize;
}

/// How many calls there are.
const CALLS: u64 = 82;

/// The places and the numbers that arguments are made of.
pub struct Wild<'a> {
    pub places: &'a Places,
    pub random: &'a mut Random,
}

extern "C" fn nothing(_: usize) {}

impl Wild<'_> {
    /// A pointer that the safe kernel tries, to `size` bytes.
    pub(super) fn any<T>(&mut self, size: usize) -> *mut T {
        ptr::with_exposed_provenance_mut(self.places.any(self.random, size))
    }

    /// A pointer that is only compared with the region.
    fn here<T>(&mut self) -> *mut T {
        let size = size_of::<T>().max(8);
        ptr::with_exposed_provenance_mut(self.places.any_here(self.random, size))
    }

    /// A size, with a pointer for which it is harmless.
    pub(super) fn buffer<T>(&mut self) -> (*mut T, usize) {
        let size = match self.random.below(4) {
            0 => self.random.next() as usize,
            1 => self
                .random
                .pick(&[0, usize::MAX, isize::MAX as usize, 1 << 32, 1 << 20]),
            _ => self.random.below(300) as usize,
        };
        let address = if size < ARENA {
            self.places.any(self.random, size)
        } else {
            self.places.foreign(self.random, 1, 1)
        };
        (ptr::with_exposed_provenance_mut(address), size)
    }

    /// A descriptor for reading: any.
    pub(super) fn descriptor(&mut self) -> i32 {
        match self.random.below(4) {
            0 => self.number(),
            1 => self.random.below(3) as i32,
            _ => self.random.below(40) as i32,
        }
    }

    /// A descriptor, but not one that the program needs.
    fn other_descriptor(&mut self) -> i32 {
        match self.descriptor() {
            0..3 => 3,
            other => other,
        }
    }

    pub(super) fn number(&mut self) -> i32 {
        let all = [
            0,
            1,
            -1,
            2,
            3,
            4,
            1024,
            i32::MIN,
            i32::MAX,
            0o200000,
            0o1101,
            0o4000,
        ];
        match self.random.below(2) {
            0 => self.random.pick(&all),
            _ => self.random.next() as i32,
        }
    }

    /// A string, a missing one, or one that does not end where it should.
    pub(super) fn name(&mut self) -> *const i8 {
        let names = [
            c"/tmp/fuzz",
            c"/tmp/fuzz-b",
            c"/",
            c"",
            c"/tmp",
            c"..",
            c"/tmp/../tmp",
            c"a/b",
        ];
        match self.random.below(3) {
            0 => self.any(1),
            1 => self.places.valid(self.random, 2, 1) as *const i8,
            _ => self.random.pick(&names).as_ptr(),
        }
    }

    /// A time that is short, or makes no sense.
    fn time(&mut self) -> timespec {
        let short = (0, self.random.below(1000) as i32);
        let (tv_sec, tv_nsec) = self.random.pick(&[
            short,
            short,
            (0, -1),
            (-1, 0),
            (0, 1_000_000_000),
            (i64::MIN, i32::MIN),
        ]);
        timespec { tv_sec, tv_nsec }
    }

    /// Such a time, or a pointer that leads elsewhere; never null, which waits
    /// for ever.
    fn time_pointer(&mut self, time: &timespec) -> *const timespec {
        match self.random.below(3) {
            0 => ptr::with_exposed_provenance(self.places.foreign(self.random, 1, 1)),
            _ => ptr::from_ref(time),
        }
    }

    /// A vector of buffers, some of which lie.
    fn vector(&mut self) -> Vec<iovec> {
        let count = self.random.below(5);
        let one = |_| {
            let (iov_base, iov_len) = self.buffer();
            iovec { iov_base, iov_len }
        };
        (0..count).map(one).collect()
    }

    fn layout(&mut self) -> (usize, usize) {
        let align = self
            .random
            .pick(&[0, 1, 2, 3, 8, 16, 4096, 1 << 20, 1 << 63, usize::MAX]);
        match self.random.below(4) {
            0 => (self.random.next() as usize, align),
            1 => (usize::MAX, align),
            _ => (self.random.below(4096) as usize, align),
        }
    }

    /// Makes one call; its answer, for those that may be an errno.
    pub fn call(&mut self) -> i64 {
        let number = self.random.below(CALLS);
        // SAFETY: the arguments are such that nothing the program uses is
        // written to; the rest is what is tested.
        unsafe {
            match number {
                0..16 => self.call_for_memory_and_time(number),
                16..34 => self.call_for_waiting(number),
                34..60 => self.call_for_files(number),
                _ => self.call_for_sockets(number),
            }
        }
    }

    unsafe fn call_for_memory_and_time(&mut self, number: u64) -> i64 {
        let (size, align) = self.layout();
        // SAFETY: what is allocated is freed with the same layout.
        unsafe {
            match number {
                0 => dealloc(alloc(size, align), size, align),
                1 => free(malloc(size, align), size, align),
                2 if size < 1 << 20 => dealloc(alloc_zeroed(size, align), size, align),
                3 => {
                    let block = malloc(64, 16);
                    match realloc(block, 64, 16, size) {
                        moved if moved.is_null() => free(block, 64, 16),
                        moved => free(moved, size, 16),
                    }
                }
                4 => dealloc(ptr::null_mut(), size, align),
                5 => return clock_gettime(self.number() % 8, self.here()).into(),
                6 => usleep(self.random.below(3)),
                7 => {
                    let time = self.time();
                    return nanosleep(self.time_pointer(&time)).into();
                }
                8 => return (errno() + get_errno()).into(),
                9 => return getpid().into(),
                10 => return getpagesize().into(),
                11 => return (available_parallelism() + sys_get_processor_count()) as i64,
                12 => {
                    let (buffer, size) = self.buffer();
                    return read_entropy(buffer, size, self.random.below(6) as u32) as i64;
                }
                13 => return self.map(size),
                14 => return munmap(self.any(8), size).into(),
                _ => return sys_mprotect(self.any(8), size, self.number() as u32).into(),
            }
        }
        0
    }

    unsafe fn map(&mut self, size: usize) -> i64 {
        let mut address = ptr::null_mut();
        let target = match self.random.below(2) {
            0 => &raw mut address,
            _ => ptr::with_exposed_provenance_mut(self.places.foreign(self.random, 1, 8)),
        };
        let size = size % (1 << 30);
        // SAFETY: what is mapped is unmapped at once.
        unsafe {
            let answer = sys_mmap(size, self.random.below(9) as u32, target);
            if answer == 0 && !address.is_null() {
                munmap(address, size);
            }
            answer.into()
        }
    }

    unsafe fn call_for_waiting(&mut self, number: u64) -> i64 {
        let time = self.time();
        // SAFETY: as in `call`.
        let answer = unsafe {
            match number {
                16 => sem_init(self.here(), self.number(), self.number() as u32),
                17 => sem_destroy(self.here()),
                18 => sem_post(self.here()),
                19 => sem_trywait(self.here()),
                20 => sem_timedwait(self.here(), self.time_pointer(&time)),
                21 => init_queue(self.here::<u64>().addr()),
                22 => destroy_queue(self.here::<u64>().addr()),
                23 => add_queue(
                    self.here::<u64>().addr(),
                    1 + self.random.below(1000) as i64,
                ),
                24 => wait(self.here::<u64>().addr()),
                25 => notify(self.here::<u64>().addr(), self.number()),
                26 => {
                    let flags = self.random.below(4) as u32;
                    let expected = self.random.next() as u32;
                    futex_wait(self.here(), expected, self.time_pointer(&time), flags)
                }
                27 => futex_wake(self.here(), self.number()),
                28 => self.start_thread(),
                29 => join(self.some_thread()),
                30 => {
                    sys_set_priority(self.some_thread(), self.number() as u8);
                    sys_set_priority(getpid() as Tid, 2);
                    sys_get_priority().into()
                }
                31 => {
                    wakeup_task(self.some_thread());
                    0
                }
                32 => {
                    block_current_task_with_timeout(self.random.below(2));
                    yield_now();
                    0
                }
                _ => {
                    yield_now();
                    0
                }
            }
        };
        answer.into()
    }

    /// A thread that there is not, or this one.
    fn some_thread(&mut self) -> Tid {
        match self.random.below(2) {
            // SAFETY: the call takes no address.
            0 => unsafe { getpid() as Tid },
            _ => 1000 + self.random.next() as Tid % 1_000_000,
        }
    }

    unsafe fn start_thread(&mut self) -> i32 {
        let mut id = 0;
        let (cpu, stack) = (self.number() as isize, self.layout().0);
        let priority = self.random.below(40) as u8;
        let function = nothing;
        // SAFETY: the function does nothing, and who was started is joined.
        unsafe {
            if self.random.once_in(2) {
                id = spawn2(function, 0, priority, stack, cpu);
            } else {
                spawn(&mut id, function, 0, priority, cpu);
            }
            if id == 0 { 0 } else { join(id) }
        }
    }

    unsafe fn call_for_files(&mut self, number: u64) -> i64 {
        let (buffer, size) = self.buffer();
        let other = self.other_descriptor();
        let any = self.descriptor();
        // SAFETY: as in `call`.
        unsafe {
            match number {
                34 => read(any, buffer, size) as i64,
                35 => write(other, buffer, size) as i64,
                36 => readv(any, self.any(64), self.random.below(4) as usize) as i64,
                37 => writev(other, self.any(64), self.random.next() as usize) as i64,
                38 => {
                    let vector = self.vector();
                    readv(any, vector.as_ptr(), vector.len()) as i64
                }
                39 => {
                    let vector = self.vector();
                    writev(other, vector.as_ptr(), vector.len()) as i64
                }
                40 | 41 => close(other).into(),
                // Output is for the verdict.
                42 => dup(other).into(),
                43 => fstat(any, self.any(256)).into(),
                44 => lseek(any, self.random.next() as isize, self.number() % 5) as i64,
                45 => ioctl(any, self.number(), self.any(8)).into(),
                46 => {
                    let argument = self.number() | O_NONBLOCK;
                    fcntl(other, self.number() % 8, argument).into()
                }
                47 => self.poll(),
                48 => fsync(any).into(),
                49 => eventfd(self.random.next(), self.number() as i16 | EFD_NONBLOCK).into(),
                50 | 51 => open(self.name(), self.number(), self.number()).into(),
                52 => sys_opendir(self.name()).into(),
                53 => unlink(self.name()).into(),
                54 => rmdir(self.name()).into(),
                55 => mkdir(self.name(), self.number() as u32).into(),
                56 => stat(self.name(), self.any(256)).into(),
                57 => lstat(self.name(), self.any(256)).into(),
                _ => getdents64(any, buffer.cast(), size),
            }
        }
    }

    /// A poll that has something to tell at once, or does not wait.
    unsafe fn poll(&mut self) -> i64 {
        let timeout = self.random.pick(&[0, 1, 0, 0]);
        let count = self.random.next() as usize;
        let one = |_| pollfd {
            fd: self.descriptor(),
            events: self.random.next() as i16,
            revents: self.random.next() as i16,
        };
        let mut descriptors: Vec<pollfd> = (0..count % 7).map(one).collect();
        // SAFETY: as in `call`.
        unsafe {
            match self.random.below(3) {
                0 => poll(self.any(80), count % 10, timeout).into(),
                1 => poll(
                    self.places.foreign(self.random, 1, 1) as *mut pollfd,
                    count,
                    timeout,
                )
                .into(),
                _ => poll(descriptors.as_mut_ptr(), descriptors.len(), timeout).into(),
            }
        }
    }
}
