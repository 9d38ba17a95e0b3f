//! The entries that the application calls.
//!
//! Each line takes an entry's scalars to the module that serves it and turns
//! the answer into the word that goes back. Nothing is decided here.

use domains::report::TraceKind;
use gate::safe::{FOREVER, Serve};
use gate::user::UserSlice;
use gate::{clock, core_call};

use crate::descriptors::sockets;
use crate::errno::{Answer, Errno, word};
use crate::files::walk::Last;
use crate::life::{self, Wish, park};
use crate::memory::{heap, mapping};
use crate::priority::Priority;
use crate::schedule::alarm::NEVER;
use crate::schedule::cpu::{self, FLEET};
use crate::sockets::address;
use crate::thread::id::ThreadId;
use crate::thread::task::Task;
use crate::{copy, counter, descriptors, entropy, files, futex, poll, schedule, wait};

/// The safe kernel, as the gate sees it.
#[derive(Debug)]
pub struct Kernel;

impl Serve for Kernel {
    fn null() -> i64 {
        0
    }

    fn exit(status: i32) -> i64 {
        life::exit(status)
    }

    fn abort() -> i64 {
        life::abort()
    }

    fn write(descriptor: i32, address: usize, size: usize) -> i64 {
        let buffer = UserSlice::new(address, size);
        word(descriptors::write(descriptor, &[buffer]))
    }

    fn read(descriptor: i32, address: usize, size: usize) -> i64 {
        let buffer = UserSlice::new(address, size);
        word(descriptors::read(descriptor, &[buffer]))
    }

    fn yield_now() -> i64 {
        schedule::yield_now();
        0
    }

    fn sleep(duration: u64) -> i64 {
        word(wait::sleep_until(after(duration)).map(|()| 0))
    }

    fn spawn(
        start: usize,
        argument: usize,
        priority: u8,
        stack_size: usize,
        cpu: isize,
    ) -> i64 {
        word(spawn(start, argument, priority, stack_size, cpu))
    }

    fn join(thread: u32) -> i64 {
        word(life::join(ThreadId::alleged(thread)))
    }

    fn exit_thread() -> i64 {
        word(life::exit_thread())
    }

    fn futex_wait(address: usize, expected: u32, deadline: u64, flags: u32) -> i64 {
        word(futex::wait(address, expected, deadline, flags))
    }

    fn futex_wake(address: usize, count: i32) -> i64 {
        word(futex::wake(address, count))
    }

    fn extend_heap(size: usize) -> i64 {
        word(heap::extend(size))
    }

    fn entropy(address: usize, size: usize, flags: u32) -> i64 {
        word(entropy::fill(address, size, flags))
    }

    fn thread() -> i64 {
        word(schedule::current().map(|thread| i64::from(thread.id().number())))
    }

    fn priority() -> i64 {
        word(schedule::current().map(|thread| i64::from(thread.priority().level())))
    }

    fn set_priority(thread: u32, priority: u8) -> i64 {
        word(set_priority(ThreadId::alleged(thread), priority))
    }

    fn block(deadline: u64) -> i64 {
        word(park::block(if deadline == FOREVER {
            NEVER
        } else {
            deadline
        }))
    }

    fn unblock(thread: u32) -> i64 {
        word(park::unblock(ThreadId::alleged(thread)))
    }

    fn close(descriptor: i32) -> i64 {
        word(descriptors::close(descriptor))
    }

    fn duplicate(descriptor: i32) -> i64 {
        word(descriptors::duplicate(descriptor, 0))
    }

    fn describe(descriptor: i32) -> i64 {
        word(descriptors::describe(descriptor))
    }

    fn poll(address: usize, count: usize, limit: u64) -> i64 {
        word(poll::poll(address, count, limit))
    }

    fn open(path: usize, flags: u32, mode: u32) -> i64 {
        word(
            files::open(path, flags, mode)
                .and_then(|(file, flags)| descriptors::add(file, flags)),
        )
    }

    fn make_directory(path: usize, mode: u32) -> i64 {
        word(files::make_directory(path, mode))
    }

    fn remove_file(path: usize) -> i64 {
        word(files::remove_file(path))
    }

    fn remove_directory(path: usize) -> i64 {
        word(files::remove_directory(path))
    }

    fn file_status(path: usize, address: usize, follow: u32) -> i64 {
        let last = if follow == 0 {
            Last::Stay
        } else {
            Last::Follow
        };
        word(files::status(path, address, last))
    }

    fn status(descriptor: i32, address: usize) -> i64 {
        word(descriptors::status(descriptor, address))
    }

    fn seek(descriptor: i32, offset: i64, whence: i32) -> i64 {
        word(descriptors::seek(descriptor, offset, whence))
    }

    fn list(descriptor: i32, address: usize, size: usize) -> i64 {
        word(descriptors::list(descriptor, address, size))
    }

    fn sync(descriptor: i32) -> i64 {
        word(descriptors::sync(descriptor))
    }

    fn duplicate_from(descriptor: i32, lowest: i32) -> i64 {
        word(descriptors::duplicate(descriptor, lowest))
    }

    fn flags(descriptor: i32) -> i64 {
        word(descriptors::flags(descriptor))
    }

    fn set_flags(descriptor: i32, flags: u32) -> i64 {
        word(descriptors::set_flags(descriptor, flags))
    }

    fn read_vector(descriptor: i32, address: usize, count: usize) -> i64 {
        word(descriptors::read_vector(descriptor, address, count))
    }

    fn write_vector(descriptor: i32, address: usize, count: usize) -> i64 {
        word(descriptors::write_vector(descriptor, address, count))
    }

    fn socket(family: i32, kind: i32) -> i64 {
        word(sockets::open(family, kind))
    }

    fn bind(descriptor: i32, name: usize) -> i64 {
        word(sockets::bind(descriptor, name))
    }

    fn listen(descriptor: i32, backlog: i32) -> i64 {
        word(sockets::listen(descriptor, backlog))
    }

    fn accept(descriptor: i32, name: usize) -> i64 {
        word(sockets::accept(descriptor, name))
    }

    fn connect(descriptor: i32, name: usize) -> i64 {
        word(sockets::connect(descriptor, name))
    }

    fn receive(descriptor: i32, address: usize, size: usize, flags: u32, name: usize) -> i64 {
        let buffer = UserSlice::new(address, size);
        word(sockets::receive(descriptor, buffer, flags, name))
    }

    fn send(descriptor: i32, address: usize, size: usize, flags: u32, name: usize) -> i64 {
        let buffer = UserSlice::new(address, size);
        word(sockets::send(descriptor, buffer, flags, name))
    }

    fn shutdown(descriptor: i32, how: i32) -> i64 {
        word(sockets::shutdown(descriptor, how))
    }

    fn socket_name(descriptor: i32, peer: u32, name: usize) -> i64 {
        word(sockets::tell_name(descriptor, peer, name))
    }

    fn option(descriptor: i32, option: u32) -> i64 {
        word(sockets::option(descriptor, option))
    }

    fn set_option(descriptor: i32, option: u32, value: u64, name: usize) -> i64 {
        word(sockets::set_option(descriptor, option, value, name))
    }

    fn network(address: usize, limit: u64) -> i64 {
        word(address::network(address, limit))
    }

    fn release_heap(address: usize, size: usize) -> i64 {
        word(heap::release(address, size))
    }

    fn grow_heap(address: usize, size: usize, more: usize) -> i64 {
        word(heap::grow(address, size, more))
    }

    fn open_counter(value: u64, flags: u32) -> i64 {
        word(
            counter::make(value, flags)
                .and_then(|(counter, flags)| descriptors::add(counter, flags)),
        )
    }

    fn copy(target: usize, source: usize, size: usize) -> i64 {
        word(copy::within(
            UserSlice::new(target, size),
            UserSlice::new(source, size),
        ))
    }

    fn map(size: usize, protection: u32, place: usize) -> i64 {
        word(mapping::map(size, protection, place))
    }

    fn unmap(address: usize, size: usize) -> i64 {
        word(mapping::unmap(address, size))
    }

    fn protect(address: usize, size: usize, protection: u32) -> i64 {
        word(mapping::protect(address, size, protection))
    }

    fn trace(kind: u32, value: usize) -> i64 {
        // What the program says of itself is a backtrace: notices are ours.
        // DEFENCE: trace-kinds
        match TraceKind::from_number(kind.into()) {
            Some(kind) => core_call::trace(kind, value as u64),
            None => word(Err(Errno::Invalid)),
        }
    }

    #[cfg(feature = "test-hooks")]
    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        word(crate::hooks::call(kind, address, argument))
    }

    #[cfg(not(feature = "test-hooks"))]
    fn hook(_: u32, _: usize, _: usize) -> i64 {
        word(Err(Errno::NotSupported))
    }
}

fn spawn(start: usize, argument: usize, priority: u8, stack_size: usize, cpu: isize) -> Answer {
    life::spawn(&Wish {
        entry: start as u64,
        argument: argument as u64,
        priority: Priority::new(priority).ok_or(Errno::Invalid)?,
        stack_size,
        cpu: wished_cpu(cpu)?,
    })
}

/// The CPU that a new thread must stay on, if its creator names one.
fn wished_cpu(cpu: isize) -> Result<Option<usize>, Errno> {
    match cpu {
        -1 => Ok(None),
        _ => usize::try_from(cpu)
            .ok()
            .filter(|cpu| *cpu < cpu::count())
            .map(Some)
            .ok_or(Errno::Invalid),
    }
}

fn set_priority(id: ThreadId, priority: u8) -> Answer {
    let priority = Priority::new(priority).ok_or(Errno::Invalid)?;
    FLEET.reserve(priority, life::slots())?;
    life::with(id, |thread| schedule::set_priority(thread, priority))?;
    schedule::give_way();
    Ok(0)
}

/// The point in time `duration` from now.
fn after(duration: u64) -> u64 {
    match duration {
        FOREVER => NEVER,
        _ => clock::monotonic_ns().saturating_add(duration),
    }
}
