//! The entries of the cell.

use cell_net::random::SEED;
use cell_net::stack::Stack;
use domains::errno;
use domains::network::desk::POOR;
use gate::cell::net::Serve;
use gate::{clock, entropy};
use spin::Mutex;

use crate::image;
use crate::lends::{Mapped, desk};

/// The stack; none before it is first asked for something.
static STACK: Mutex<Option<Stack<Mapped>>> = Mutex::new(None);

/// What the gate calls.
#[derive(Debug)]
pub(crate) struct Entries;

impl Serve for Entries {
    fn null() -> i64 {
        0
    }

    fn start() -> i64 {
        0
    }

    fn configure() -> i64 {
        with(Stack::configure)
    }

    fn grant(size: usize) -> i64 {
        if image::grant(size) {
            0
        } else {
            -errno::ENOBUFS
        }
    }

    fn open(socket: u32, kind: u32, pages: u32) -> i64 {
        with(|stack| stack.open(socket, kind, pages))
    }

    fn bind(socket: u32, reuse: u32) -> i64 {
        with(|stack| stack.bind(socket, reuse))
    }

    fn connect(socket: u32) -> i64 {
        with(|stack| stack.connect(socket))
    }

    fn listen(socket: u32, backlog: u32) -> i64 {
        with(|stack| stack.listen(socket, backlog))
    }

    fn accept(socket: u32) -> i64 {
        with(|stack| stack.accept(socket))
    }

    fn shutdown(socket: u32, how: u32) -> i64 {
        with(|stack| stack.shutdown(socket, how))
    }

    fn close(socket: u32, abort: u32) -> i64 {
        with(|stack| stack.close(socket, abort))
    }

    fn option(socket: u32, option: u32, value: u64) -> i64 {
        with(|stack| stack.option(socket, option, value))
    }

    fn error(socket: u32) -> i64 {
        with(|stack| stack.error(socket))
    }

    fn datagram(socket: u32, size: usize, has_name: u32) -> i64 {
        with(|stack| stack.datagram(socket, size, has_name))
    }

    fn pump(counts: u64, flags: u32, budget: u32, now: u64) -> i64 {
        let answer = at(now, |stack| stack.pump(counts, flags, budget, now));
        match image::was_short() {
            true if answer >= 0 => answer | POOR.cast_signed(),
            _ => answer,
        }
    }

    #[cfg(feature = "test-hooks")]
    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        if kind == gate::hooks::LIE {
            return with(|stack| stack.fail_at(argument));
        }
        // SAFETY: none is claimed; images with hooks are for attacks.
        unsafe { gate::hooks::attack(kind, address, argument) }
    }

    #[cfg(not(feature = "test-hooks"))]
    fn hook(_: u32, _: usize, _: usize) -> i64 {
        -errno::ENOSYS
    }
}

/// What the stack says, at the time that it is.
fn with(ask: impl FnOnce(&mut Stack<Mapped>) -> i64) -> i64 {
    at(clock::monotonic_ns(), ask)
}

/// What the stack says when it is `now`.
fn at(now: u64, ask: impl FnOnce(&mut Stack<Mapped>) -> i64) -> i64 {
    let mut stack = STACK.lock();
    if stack.is_none() {
        make(&mut stack);
    }
    let Some(stack) = stack.as_mut() else {
        return -errno::ENOBUFS;
    };
    stack.set_now(now);
    ask(stack)
}

/// Makes the stack. Its frame is large, and nobody else should have it.
#[inline(never)]
fn make(place: &mut Option<Stack<Mapped>>) {
    *place = Some(Stack::new(Mapped, desk(), seed()));
}

/// What hardware there is to make keys from. The safe kernel adds to it.
fn seed() -> [u8; SEED] {
    let mut seed = [0; SEED];
    let (words, _) = seed.as_chunks_mut::<8>();
    for word in words {
        let random = entropy::hardware_word().unwrap_or(0);
        *word = (random ^ clock::ticks()).to_ne_bytes();
    }
    seed
}
