//! Hermit's ABI where std does not reach it: semaphores, queues, names.

mod events;
mod names;
mod queues;
mod semaphores;
mod simple;

/// Runs every check.
pub fn run() -> Result<(), String> {
    let all: [(&str, fn() -> Result<(), String>); 5] = [
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

/// Fails unless the call answered as it should.
#[track_caller]
fn expect<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: T,
    wanted: T,
) -> Result<(), String> {
    if found == wanted {
        return Ok(());
    }
    let place = std::panic::Location::caller();
    Err(format!("{what}: {found:?}, not {wanted:?} ({place})"))
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
