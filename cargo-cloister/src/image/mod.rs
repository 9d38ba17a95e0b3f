//! The packed image: made, checked, explained.
//!
//! An image is one bootable ELF that holds the trusted core, the gate page,
//! the safe kernel, the cells and the application, with a manifest that names the owner and
//! the rights of every page. [`pack`] makes it from separately linked
//! components, [`verify`] proves its walls from its bytes alone, [`symbols`]
//! names its addresses and [`inspect`] describes it.

pub mod component;
pub mod depth;
pub mod elf;
pub mod error;
pub mod gate_page;
pub mod inspect;
pub mod listed;
pub mod pack;
pub mod packed;
pub mod scan;
pub mod sidecar;
pub mod symbol_file;
pub mod symbols;
pub mod verify;

mod blank;
mod crates;
mod pages;
mod relocate;
mod write;

#[cfg(test)]
mod hostile_names;
#[cfg(test)]
mod seeds;
#[cfg(test)]
pub(crate) mod testing;

pub use component::Component;
pub(crate) use crates::crate_of;
pub use error::ImageError;
