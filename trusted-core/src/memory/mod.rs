//! Physical frames and the page tables over them.
//!
//! One byte a frame says who owns it ([`owner`]); [`frames`] hands frames out;
//! [`physical`] is the core's view of all memory; [`tables`] maps frames for
//! ring 3 with key and rights in one write; [`kernel_map`] maps the core;
//! [`hatch`] is what each further CPU has for itself. [`space`] is what ring 3
//! sees; [`retire`] takes ranges away, by way of the [`quarantine`];
//! [`protect`] changes the application's rights over its own, and [`scan`] keeps
//! WRPKRU out of what it executes; from a [`template`] a cell's memory is made anew.

pub(crate) mod entry;
pub(crate) mod frame;
pub(crate) mod frames;
pub(crate) mod hatch;
pub(crate) mod kernel_map;
pub(crate) mod owner;
pub(crate) mod physical;
mod protect;
pub(crate) mod quarantine;
pub(crate) mod retire;
mod scan;
pub(crate) mod space;
pub(crate) mod tables;
pub(crate) mod template;
