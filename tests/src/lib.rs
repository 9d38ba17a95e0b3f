//! What the tests share: the sources, and how to boot an image.

#![forbid(unsafe_code)]

pub mod attacks;
pub mod boot;
pub mod marks;
pub mod modules;
pub mod mutants;
pub mod promises;
pub mod sources;
