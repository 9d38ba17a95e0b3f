//! What went wrong in a guest, said to people and to programs.
//!
//! The guest reports a fault in numbers; [`FaultReport`] adds names out of the
//! image's symbols and the domain table. [`Terminal`] and [`Events`] are the
//! two listeners of a run that `cargo cloister run` offers.

mod backtrace;
mod events;
mod fault;
mod place;
mod terminal;
mod words;

pub use backtrace::{BACKTRACE_VARIABLE, Backtrace, Style};
pub use events::Events;
pub use fault::FaultReport;
pub use place::Place;
pub use terminal::{Detail, Terminal};
