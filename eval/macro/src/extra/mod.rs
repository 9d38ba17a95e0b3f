//! Programs that the paper did not run, with published results.

pub(crate) mod blackscholes;
pub(crate) mod fannkuch;
pub(crate) mod n_body;
pub(crate) mod spectral_norm;
