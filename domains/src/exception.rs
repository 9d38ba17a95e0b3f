//! The exceptions of the processor by their names.
//!
//! Intel SDM volume 3, table 6-1; the last of them are AMD's (volume 2, table
//! 8-1).

/// The vector of a general-protection fault.
pub const PROTECTION: u8 = 13;
/// The bit of its error code that says that an entry of the interrupt table was
/// asked for.
const OF_INTERRUPT_TABLE: u64 = 1 << 1;

/// The names, by vector.
pub const NAMES: [&str; 32] = [
    "division error",
    "debug exception",
    "non-maskable interrupt",
    "breakpoint",
    "overflow",
    "bound range exceeded",
    "invalid opcode",
    "device not available",
    "double fault",
    "coprocessor segment overrun",
    "invalid task state segment",
    "segment not present",
    "stack-segment fault",
    "general protection fault",
    "page fault",
    "reserved exception 15",
    "x87 floating-point exception",
    "alignment check",
    "machine check",
    "SIMD floating-point exception",
    "virtualization exception",
    "control protection exception",
    "reserved exception 22",
    "reserved exception 23",
    "reserved exception 24",
    "reserved exception 25",
    "reserved exception 26",
    "reserved exception 27",
    "hypervisor injection exception",
    "VMM communication exception",
    "security exception",
    "reserved exception 31",
];

/// The name of what came by `vector`.
pub fn name(vector: u8) -> &'static str {
    let name = NAMES.get(usize::from(vector));
    name.copied().unwrap_or("interrupt")
}

/// The number in an `int n` that ring 3 may not execute: the processor turns it
/// into a general-protection fault, whose error code tells (section 6.13).
pub fn refused_interrupt(vector: u8, error: u64) -> Option<u8> {
    let is_it = vector == PROTECTION && error & OF_INTERRUPT_TABLE != 0;
    is_it.then(|| u8::try_from(error >> 3).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vector_has_a_name_of_its_own() {
        for (vector, name) in NAMES.iter().enumerate() {
            let others = NAMES.iter().skip(vector + 1);
            assert!(others.into_iter().all(|other| other != name), "{name}");
        }
        assert_eq!(name(14), "page fault");
        assert_eq!(name(32), "interrupt");
    }

    #[test]
    fn a_refused_interrupt_is_told_from_other_protection_faults() {
        assert_eq!(refused_interrupt(PROTECTION, 3 << 3 | 2), Some(3));
        assert_eq!(refused_interrupt(PROTECTION, 0x80 << 3 | 2), Some(0x80));
        assert_eq!(refused_interrupt(PROTECTION, 3 << 3), None);
        assert_eq!(refused_interrupt(14, 2), None);
    }
}
