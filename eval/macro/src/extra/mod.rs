//! Programs that the paper did not run, with published results.
