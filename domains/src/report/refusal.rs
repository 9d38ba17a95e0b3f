//! Why an image is not started.

use super::words::Reason;

/// Why the core will not start the image; the details stand on its console.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The kind of reason.
    pub reason: Reason,
    /// CPU: bits of [`feature`]. Memory: bytes needed. Image: zero.
    pub need: u64,
    /// Memory: bytes there are. Else zero.
    pub have: u64,
}

/// CPU features that an image can need, as bits of [`Refusal::need`].
pub mod feature {
    /// The names, by bit.
    pub const NAMES: [&str; 8] = [
        "pku", "fsgsbase", "smep", "smap", "umip", "nx", "xsave", "avx",
    ];
    /// Protection keys for user pages.
    pub const PKU: u64 = 1 << 0;
    /// RDFSBASE and its relatives.
    pub const FSGSBASE: u64 = 1 << 1;
    /// Supervisor-mode execution prevention.
    pub const SMEP: u64 = 1 << 2;
    /// Supervisor-mode access prevention.
    pub const SMAP: u64 = 1 << 3;
    /// User-mode instruction prevention.
    pub const UMIP: u64 = 1 << 4;
    /// No-execute pages.
    pub const NX: u64 = 1 << 5;
    /// XSAVE.
    pub const XSAVE: u64 = 1 << 6;
    /// AVX, for VZEROALL.
    pub const AVX: u64 = 1 << 7;
}
