//! Time: how often the core looks in, and when the timer is to fire.

pub(crate) mod looks;
pub(crate) mod timer;
