//! What the fuzzer asks of readers that are this crate's own. No image has it.

pub use crate::names::fuzzed::{dns, hosts, settings};
