//! The entries of the safe kernel, for the application.
//!
//! Results are those of the ABI: zero or more on success, a negative errno
//! otherwise. Addresses are the application's; the safe kernel tries each one
//! against the domain map before it copies. Durations and points in time are
//! nanoseconds; [`FOREVER`] means no limit.
//!
//! # Safety
//!
//! A function that takes an address lets the safe kernel read or write the
//! application's memory there. The caller answers for it as for a raw pointer:
//! a buffer to be written must be the caller's alone.

use domains::entry_names;

use crate::interface::interface;

/// The deadline that never comes.
pub const FOREVER: u64 = u64::MAX;

/// Bits of the `flags` of [`futex_wait`].
pub mod futex {
    /// The deadline counts from now, not from boot.
    pub const RELATIVE: u32 = 1 << 0;
    /// The deadline is one of the real-time clock.
    pub const REALTIME: u32 = 1 << 1;
}

/// Bits of the `flags` of [`receive`].
pub mod receive_flags {
    /// What is received stays there to be received.
    pub const PEEK: u32 = 1 << 0;
}

interface! {
    unsafe calls through to_safe -> i64;

    /// Does nothing: what a call costs.
    0 => null();
    /// Ends the program with `status`.
    1 => exit(status: i32);
    /// Ends the program as `abort` does.
    2 => abort();
    /// Writes `size` bytes at `address` to the descriptor.
    3 => write(descriptor: i32, address: usize, size: usize);
    /// Reads at most `size` bytes to `address`; zero is the end of the file.
    4 => read(descriptor: i32, address: usize, size: usize);
    /// Lets another thread of the same or a higher priority run.
    5 => yield_now();
    /// Sleeps for `duration` nanoseconds.
    6 => sleep(duration: u64);
    /// Starts a thread at `start` (the ABI's trampoline) with `argument`, on a
    /// new stack of `stack_size` bytes; its number.
    7 => spawn(start: usize, argument: usize, priority: u8, stack_size: usize, cpu: isize);
    /// Waits until the thread has ended.
    8 => join(thread: u32);
    /// Ends the calling thread.
    9 => exit_thread();
    /// Sleeps until woken at `address`, if the word there is `expected`.
    10 => futex_wait(address: usize, expected: u32, deadline: u64, flags: u32);
    /// Wakes at most `count` sleepers at `address`; how many.
    11 => futex_wake(address: usize, count: i32);
    /// Maps `size` bytes of new, zeroed memory for the heap; its address.
    12 => extend_heap(size: usize);
    /// Fills `size` bytes at `address` with random bytes.
    13 => entropy(address: usize, size: usize, flags: u32);
    /// The calling thread's number.
    14 => thread();
    /// The priority of the calling thread.
    15 => priority();
    /// Sets the priority of a thread.
    16 => set_priority(thread: u32, priority: u8);
    /// Sleeps until another thread wakes this one, or until `deadline`.
    17 => block(deadline: u64);
    /// Wakes a thread that sleeps in [`block`].
    18 => unblock(thread: u32);
    /// Closes a descriptor.
    19 => close(descriptor: i32);
    /// Duplicates a descriptor; the new one.
    20 => duplicate(descriptor: i32);
    /// What a descriptor is: 0 if it is open to a character device, 1 if to
    /// anything else.
    21 => describe(descriptor: i32);
    /// Waits at most `limit` nanoseconds until one of the `count` descriptors in
    /// the ABI's list at `address` has events; how many have some.
    22 => poll(address: usize, count: usize, limit: u64);
    /// Opens the file whose path lies at `path`; its descriptor. Flags and mode
    /// are those of the ABI.
    30 => open(path: usize, flags: u32, mode: u32);
    /// Makes a directory.
    31 => make_directory(path: usize, mode: u32);
    /// Removes the name of a file.
    32 => remove_file(path: usize);
    /// Removes an empty directory.
    33 => remove_directory(path: usize);
    /// Writes a `domains::files::Status` of the file at `path` to `address`; of
    /// a link itself if `follow` is zero.
    34 => file_status(path: usize, address: usize, follow: u32);
    /// Writes a `domains::files::Status` of what is open to `address`.
    35 => status(descriptor: i32, address: usize);
    /// Moves the position of a file; where it is then.
    36 => seek(descriptor: i32, offset: i64, whence: i32);
    /// Writes the entries of a directory to `address`; how many bytes.
    37 => list(descriptor: i32, address: usize, size: usize);
    /// Waits until a file is on its disk.
    38 => sync(descriptor: i32);
    /// Duplicates a descriptor to the lowest free one that is not below
    /// `lowest`.
    39 => duplicate_from(descriptor: i32, lowest: i32);
    /// The flags of what is open.
    40 => flags(descriptor: i32);
    /// Sets those flags of what is open that can be changed.
    41 => set_flags(descriptor: i32, flags: u32);
    /// Reads to the `count` buffers that are described at `address`.
    42 => read_vector(descriptor: i32, address: usize, count: usize);
    /// Writes from the `count` buffers that are described at `address`.
    43 => write_vector(descriptor: i32, address: usize, count: usize);
    /// Opens a socket; its descriptor. Family, kind and flags are those of the ABI.
    44 => socket(family: i32, kind: i32);
    /// Gives a socket the address in the `domains::network::Name` at `name`.
    45 => bind(descriptor: i32, name: usize);
    /// Has a socket take connections; `backlog` of them may wait.
    46 => listen(descriptor: i32, backlog: i32);
    /// Takes a connection that waits; its descriptor. Writes whose it is to the
    /// name at `name`, unless that is null.
    47 => accept(descriptor: i32, name: usize);
    /// Connects a socket to the address at `name`.
    48 => connect(descriptor: i32, name: usize);
    /// Receives at most `size` bytes to `address`; flags are those of [`receive_flags`].
    /// Writes whose they are to the name at `name`, unless that is null.
    49 => receive(descriptor: i32, address: usize, size: usize, flags: u32, name: usize);
    /// Sends `size` bytes at `address`, to the address at `name` unless that is null.
    50 => send(descriptor: i32, address: usize, size: usize, flags: u32, name: usize);
    /// Ends one direction of a connection, or both: 0 to read, 1 to write, 2 both.
    51 => shutdown(descriptor: i32, how: i32);
    /// Writes the address of a socket, or with `peer` that of whom it is connected to,
    /// to the name at `name`.
    52 => socket_name(descriptor: i32, peer: u32, name: usize);
    /// The value of an option of `domains::network::option`.
    53 => option(descriptor: i32, option: u32);
    /// Sets an option. If it is about a group, that is the name at `name`, and `value`
    /// says on which interface: by its address of IPv4 as a number (`u32::from_be_bytes`)
    /// for a group of IPv4, by its own number for one of IPv6, zero for any.
    54 => set_option(descriptor: i32, option: u32, value: u64, name: usize);
    /// Writes the `domains::network::Setting` that is in force to `address`. Waits at
    /// most `limit` nanoseconds for it to be settled.
    55 => network(address: usize, limit: u64);
    /// Takes `size` bytes of the heap's memory back.
    60 => release_heap(address: usize, size: usize);
    /// Maps `more` bytes of the heap's memory behind the `size` bytes of it at
    /// `address`.
    61 => grow_heap(address: usize, size: usize, more: usize);
    /// Maps `size` bytes, with the rights in `protection`: bits of
    /// [`domains::core_call::rights`]. Writes their address to `place`.
    62 => map(size: usize, protection: u32, place: usize);
    /// Unmaps `size` bytes at `address`, which [`map`] gave.
    63 => unmap(address: usize, size: usize);
    /// Changes the rights over `size` bytes at `address`, which [`map`] gave.
    64 => protect(address: usize, size: usize, protection: u32);
    /// Copies `size` bytes, at most a page, within the application's memory.
    70 => copy(target: usize, source: usize, size: usize);
    /// Opens an event counter of `value`; its descriptor. Flags are those of
    /// the ABI.
    71 => open_counter(value: u64, flags: u32);
    /// Tells the host a line of the backtrace of a program that dies: its kind
    /// and its value, as the control channel has them.
    90 => trace(kind: u32, value: usize);
    /// With `test-hooks`: a foothold in the kernels, see the hooks module.
    120 => hook(kind: u32, address: usize, argument: usize);
}

const _: () = assert!(
    entry_names::agree(NAMES, entry_names::SAFE),
    "reports would name another entry"
);
