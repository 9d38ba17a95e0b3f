//! The CPU: its features, its tables, and the way into and out of ring 0.

pub(crate) mod control;
pub(crate) mod features;
pub(crate) mod local;
pub(crate) mod page;
pub(crate) mod pkru;
pub(crate) mod segments;
pub(crate) mod shared;
pub(crate) mod stacks;
pub(crate) mod syscall;
pub(crate) mod tlb;
pub(crate) mod vector_state;
pub(crate) mod vectors;
