//! What a driver may try that breaks no rule, or none at once.
//!
//! The core lets some of it pass, refuses some, and ends what goes on for too
//! long. Nobody is harmed by any of it, and whoever is not a driver goes on.

mod calls;
mod chance;
mod device;
mod nonsense;
mod resets;
mod rings;
mod server;
mod turns;
mod waiting;

use domains::core_call::CoreCall;
use gate::hooks::NOTHING;

pub use device::call_from;

use super::victim::Victim;
use crate::hooks::{CONSOLE, hook};

/// Tries what has this name.
pub fn run(what: &str) -> Result<(), String> {
    match what {
        "calls" => return calls::by_chance(),
        "complaints" => resets::with_complaints()?,
        "empty" => rings::empty()?,
        "behind-end" => return rings::behind_end(),
        "index" => turns::index()?,
        "input" => return waiting::input(),
        "nonsense" => return nonsense::run(),
        "own-rings" => return turns::own_rings(),
        "repeat-config" => return calls::repeat(CoreCall::DeviceConfig),
        "repeat-null" => return calls::repeat(CoreCall::Null),
        "repeat-publish" => return calls::repeat(CoreCall::Publish),
        "repeat-reset" => return calls::repeat(CoreCall::DeviceBegin),
        "resets" => resets::beside_publishing()?,
        "server" => return server::run(),
        "shared-rings" => rings::shared()?,
        "small" => return rings::small(),
        other => return Err(format!("no such attempt: {other}")),
    }
    super::works()
}

/// Whether the drivers are still called.
fn are_alive() -> bool {
    hook(NOTHING | CONSOLE, 0, 0) == 0
}

/// Has the console bring something back: drivers whose devices interrupt for
/// nothing again and again are called no more, and that is not what is tried.
fn say_round(round: u64) {
    println!("round {round}");
}

/// Fails if the drivers were convicted of `what`.
fn alive_after(what: &str) -> Result<(), String> {
    match are_alive() {
        true => Ok(()),
        false => Err(format!("convicted of {what}")),
    }
}

/// Fails if anything has happened to the victim.
fn unharmed(victim: &Victim) -> Result<(), String> {
    match victim.is_whole() {
        true => Ok(()),
        false => Err("harmed".to_owned()),
    }
}
