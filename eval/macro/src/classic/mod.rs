//! Synthetic benchmarks of the last century, which the paper ran too.

pub(crate) mod dhrystone;
pub(crate) mod linpack;
pub(crate) mod livermore;
pub(crate) mod whetstone;
