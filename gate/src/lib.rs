//! Call gates: the one way from domain to domain.
//!
//! The instructions that change PKRU are not in this library. They stand on
//! one page of their own, the *gate page*, which the package `gate-page`
//! builds; components know only its address. This library is what surrounds
//! that page on both sides:
//!
//! | module | for | what |
//! |---|---|---|
//! | [`safe`] | app, safe kernel | the entries of the safe kernel, declared once |
//! | [`cell`] | safe kernel, cells | the entries of each cell, declared once |
//! | [`user`] | safe kernel | pointers of the application: allegations to be tried |
//! | [`used`] | safe kernel | what the devices of a cell have done |
//! | [`view`] | safe kernel, cells | copying views of the windows between them |
//! | [`core_call`] | safe kernel, cells | requests to the trusted core |
//! | [`memory`], [`switch`], [`cpu`] | safe kernel | mappings, stacks, the CPU page |
//! | [`info`], [`clock`], [`entropy`] | all | what everyone may read |
//! | [`client`], [`bytes`] | app | thread pointer, first entry, memory functions |
//! | [`call`], [`entry`] | all | ways to the gate page, and what a component shows it |
//!
//! It is also where the safe kernel's assembly lives, so that the safe kernel
//! has none: every function of [`user`], [`used`], [`view`], [`memory`], [`switch`] and
//! [`cpu`] is safe to call with any argument.

#![no_std]
#![expect(
    unsafe_code,
    reason = "gates, stack switches and views of foreign memory"
)]

#[cfg(feature = "played")]
extern crate std;

mod interface;

pub mod bytes;
pub mod call;
pub mod cell;
pub mod client;
pub mod clock;
pub mod core_call;
pub mod cpu;
pub mod entropy;
pub mod entry;
#[cfg(feature = "test-hooks")]
pub mod hooks;
pub mod info;
pub mod memory;
#[cfg(feature = "played")]
pub mod played;
pub mod safe;
pub mod switch;
pub mod used;
pub mod user;
pub mod view;
