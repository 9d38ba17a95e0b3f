//! Kernels of the NAS Parallel Benchmarks: EP, CG, IS and MG.
