//! Synthetic benchmarks of the last century, which the paper ran too.
