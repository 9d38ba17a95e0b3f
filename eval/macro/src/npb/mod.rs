//! Kernels of the NAS Parallel Benchmarks: EP, CG, IS and MG.
//!
//! Written from their definition, NASA's report "The NAS Parallel Benchmarks"
//! (RNR-94-007), with the sizes and the published results of NPB 3.3.1. EP and
//! CG exist twice, by one thread and by rayon's; both do the same arithmetic on
//! the same code. The untimed first pass of the originals is left out: it warms
//! caches for a clock, and here nobody reads one.

pub(crate) mod cg;
pub(crate) mod ep;
pub(crate) mod is;
pub(crate) mod mg;
mod random;
