//! Time: the clocks of the time page, and when the timer is to fire.

pub(crate) mod clock;
pub(crate) mod pace;
pub(crate) mod refine;
pub(crate) mod timer;
