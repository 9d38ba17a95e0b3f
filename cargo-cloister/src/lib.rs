//! The host tool: builds, packs, verifies and runs images.
//!
//! [`build`] turns a cargo package into a packed image, [`image`] knows the
//! image's form and verifies it, [`rootfs`] makes the files that travel in it,
//! [`vm`] runs one in QEMU, [`report`] says what went wrong in it, [`dump`] what it left, [`testing`]
//! runs tests in it, [`setup`] finds and installs what all of this needs, and
//! [`cli`] is the command line over them. Whatever is printed leaves by
//! [`outlet`], and [`plain`] takes the sting out of others' words. The tests of the project use the same
//! functions as the command line does.

#![forbid(unsafe_code)]

pub mod build;
pub mod cli;
pub mod dump;
pub mod image;
pub mod outlet;
pub mod plain;
pub mod report;
pub mod rootfs;
pub mod setup;
pub mod testing;
pub mod vm;
