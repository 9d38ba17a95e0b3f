//! TCP against itself over a simulated wire, and against peers that lie.
//!
//! Time is virtual: nothing waits, and a day passes in milliseconds. What a test needs
//! of the rest of the system it has here: the wire, cards that compute checksums, and
//! a safe kernel that reads and writes windows.

#![expect(
    unsafe_code,
    reason = "the safe kernel reads and writes windows that the stack has, as in the guest"
)]

mod ends;
mod floods;
mod half;
mod kernel;
mod limits;
mod names;
mod nic;
mod past;
mod peer;
mod random;
mod reports;
mod rings;
mod streams;
mod world;
