//! What the fuzzer asks of readers that are the core's own. No image has it.

pub use crate::boot::fuzzed::{options, pvh, segments};
pub use crate::device::virtio::queue::fuzzed::queue;
