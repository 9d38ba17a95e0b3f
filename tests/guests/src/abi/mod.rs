//! Hermit's ABI where std does not reach it: semaphores, queues, names.

mod events;
mod lies;
mod names;
mod queues;
mod semaphores;
mod simple;

/// Runs every check.
pub fn run() -> Result<(), String> {
    let all: [(&str, fn() -> Result<(), String>); 6] = [
        ("lies", lies::run),
        ("events", events::run),
        ("semaphores", semaphores::run),
        ("queues", queues::run),
        ("names", names::run),
        ("simple calls", simple::run),
    ];
    for (name, check) in all {
        check().map_err(|error| format!("{name}: {error}"))?;
    }
    println!("abi: all passed");
    Ok(())
}

/// Has a thread call itself until its stack is full.
pub fn recurse_in_a_thread() -> Result<(), String> {
    fn deeper(depth: usize) -> usize {
        let frame = std::hint::black_box([depth as u8; 256]);
        match std::hint::black_box(depth) {
            usize::MAX => 0,
            depth => deeper(depth + 1) + usize::from(std::hint::black_box(frame)[depth % 256]),
        }
    }
    println!("about to recurse");
    let depth = std::thread::spawn(|| deeper(0)).join();
    Err(format!("the stack has no end: {depth:?}"))
}

/// A word that several threads pass to the ABI.
#[derive(Clone, Copy)]
struct Shared<T>(*mut T);

// SAFETY: the ABI accesses the word atomically, and the checks keep it alive.
unsafe impl<T> Send for Shared<T> {}

impl<T> Shared<T> {
    /// A word that lives as long as the program.
    fn new(value: T) -> Shared<T> {
        Shared(Box::leak(Box::new(value)))
    }

    fn get(self) -> *mut T {
        self.0
    }
}
