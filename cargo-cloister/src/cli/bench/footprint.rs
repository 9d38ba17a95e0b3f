//! How large it all is: images, memory, and what must be trusted.

mod memory;
mod sizes;
mod sources;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::How;
use super::results::Measured;
use super::rows;
use crate::cli::failure::Failure;
use memory::Smallest;
pub(super) use memory::least;
use sizes::Image;
use sources::Crate;

/// The largest that an optimised `hello` may be, with the network that it does not
/// use. Before there was one the limit was the peer's stripped image of the same
/// program without its loader, 598,000 bytes.
pub(super) const IMAGE_BYTES: u64 = 1_060_000;
/// In how much memory an optimised `hello` must run, in KiB: the peer's.
pub(super) const MEMORY_KIB: u64 = 10 << 10;

/// Everything that has a size.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Footprint {
    pub(super) images: Vec<Image>,
    pub(super) memory: Vec<Smallest>,
    pub(super) sources: Vec<Crate>,
    within_limits: bool,
}

/// Measures and counts it.
pub(super) fn measure(how: &How) -> Result<Footprint, Failure> {
    let builds = sizes::builds(how)?;
    let images = sizes::of(&builds)?;
    let memory = memory::smallest(&builds)?;
    let within_limits = images.iter().all(|image| image.is_small(IMAGE_BYTES))
        && memory.iter().all(|smallest| smallest.is_little(MEMORY_KIB));
    Ok(Footprint {
        images,
        memory,
        sources: sources::count()?,
        within_limits,
    })
}

impl Footprint {
    /// Images by component.
    pub(super) fn image_rows(&self) -> String {
        let header = [
            "image",
            "isolation",
            "part",
            "text",
            "constants",
            "data",
            "file",
        ];
        rows::table(&header, 3, self.images.iter().flat_map(Image::cells))
    }

    /// The smallest memory of each program.
    pub(super) fn memory_rows(&self) -> String {
        let header = ["program", "isolation", "KiB"];
        rows::table(&header, 2, self.memory.iter().map(Smallest::cells))
    }

    /// Lines and unsafe code by crate.
    pub(super) fn source_rows(&self) -> String {
        let header = [
            "crate",
            "lines of code",
            "unsafe blocks",
            "unsafe functions",
            "unsafe impls and traits",
        ];
        rows::table(&header, 1, self.sources.iter().map(Crate::cells))
    }
}

impl super::Table for Footprint {
    fn is_within_limits(&self) -> bool {
        self.within_limits
    }

    /// Without the sources, which grow with what they can.
    fn measured(&self) -> Vec<Measured> {
        let images = self.images.iter().map(Image::measured);
        let memory = self.memory.iter().map(Smallest::measured);
        images.chain(memory).collect()
    }
}

impl fmt::Display for Footprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = [self.image_rows(), self.memory_rows(), self.source_rows()];
        f.write_str(&tables.join("\n\n"))
    }
}
