//! Commits one violation, and is stopped.
//!
//! ```text
//! wild-write [read|write|execute] [safe|console|hostfs|text|info|core|app]
//! ```
//!
//! Without arguments it writes to the safe kernel's memory. The access is what
//! a bug or an exploit would do: one load, store or call through a wild
//! pointer. Where a wall stands, the program dies there; where none should, it
//! ends as any program does. If a wall is missing, the program says so and
//! ends with status 1.

mod target;

use std::env;
use std::hint::black_box;
use std::io::{self, Write};
use std::process::ExitCode;

use domains::edge::Target;
use domains::{Access, Area};

const USAGE: &str =
    "usage: wild-write [read|write|execute] [safe|console|hostfs|text|info|core|app]";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some((access, target)) = parse(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let address = target::address(target, access);
    println!("about to {access} {} memory at {address:#x}", target.name());
    let _ = io::stdout().flush();
    commit(access, address);
    if target::is_forbidden(target, access) {
        println!("nothing stopped it");
        ExitCode::FAILURE
    } else {
        println!("done, as it should be");
        ExitCode::SUCCESS
    }
}

/// The access and its target; none if the words make no sense.
fn parse(arguments: &[String]) -> Option<(Access, Target)> {
    let mut words = arguments.iter();
    let access = words
        .next()
        .map_or(Some(Access::Write), |word| Access::from_name(word))?;
    let target = words
        .next()
        .map_or(Some(Target::Area(Area::Safe)), |word| {
            Target::from_name(word)
        })?;
    words.next().is_none().then_some((access, target))
}

/// Touches `address`.
fn commit(access: Access, address: usize) {
    let pointer: *mut u8 = std::ptr::with_exposed_provenance_mut(address);
    match access {
        // SAFETY: none is claimed. This is the bug that the walls are for.
        Access::Read => _ = black_box(unsafe { *pointer }),
        // SAFETY: as above.
        Access::Write => unsafe { *black_box(pointer) = 0x41 },
        Access::Execute => {
            // SAFETY: as above.
            let function: extern "C" fn() = unsafe { std::mem::transmute(pointer) };
            function();
        }
    }
}
