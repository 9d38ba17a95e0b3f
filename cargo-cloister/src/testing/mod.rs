//! Tests in the guest: libtest's lists, and verdicts on what ran.
//!
//! A panic aborts in the guest and ends its machine, so libtest alone cannot
//! run a list to its end. [`run`] asks a program for its tests, has it run
//! many of them in one machine, and where one of them ends the machine gives
//! that one its verdict and goes on with the rest in the next. A test that
//! should panic gets a machine of its own, where libtest itself compares the
//! panic with what was expected.

mod course;
mod flags;
mod list;
mod machine;
mod show;
mod skips;
mod stream;
mod verdict;
mod watch;

pub use course::{Stopped, run};
pub use flags::{Flags, Format};
pub use list::{Listed, Test, list};
pub use machine::{Guest, Machine};
pub use show::{Reporter, Show};
pub use skips::{Entry, SkipList, Skipped};
pub use stream::{Event, Piece, Stream};
pub use verdict::{Tally, Verdict};

use crate::build::Suite;

/// What is skipped of a suite of Rust's library.
pub fn skip_list(suite: Suite) -> Result<SkipList, toml::de::Error> {
    SkipList::read(match suite {
        Suite::Core => include_str!("../../../tests/suites/core.toml"),
        Suite::Alloc => include_str!("../../../tests/suites/alloc.toml"),
        Suite::Std => include_str!("../../../tests/suites/std.toml"),
        Suite::Net => include_str!("../../../tests/suites/net.toml"),
    })
}
