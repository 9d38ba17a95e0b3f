//! What the CPU can do, and what an image needs of it.
//!
//! A control bit that the CPU does not know hangs QEMU 7.2 without a word, so
//! every one is gated on CPUID; what the isolation of an image needs and the
//! CPU lacks ends the boot with a line that names it.

use domains::Isolation;
use domains::report::feature;
use raw_cpuid::{CpuId, CpuIdReaderNative};

/// The features that the core asks about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Features {
    /// Bits of [`feature`].
    present: u64,
    /// Pages of one gibibyte.
    pub(crate) has_gib_pages: bool,
    /// The state that XCR0 can enable.
    pub(crate) vector_state: u64,
}

impl Features {
    /// Asks CPUID.
    pub(crate) fn detect() -> Features {
        let cpuid = CpuId::new();
        let extended = cpuid.get_extended_processor_and_feature_identifiers();
        Features {
            present: present(&cpuid),
            has_gib_pages: extended.is_some_and(|leaf| leaf.has_1gib_pages()),
            vector_state: vector_state(),
        }
    }

    /// Whether all the features in `bits` are present.
    pub(crate) const fn has(&self, bits: u64) -> bool {
        self.present & bits == bits
    }

    /// What `isolation` needs and the CPU lacks.
    pub(crate) const fn missing(&self, isolation: Isolation) -> u64 {
        needed(isolation) & !self.present
    }
}

/// What an image with `isolation` needs, as bits of [`feature`].
const fn needed(isolation: Isolation) -> u64 {
    let always = feature::FSGSBASE | feature::NX | feature::XSAVE;
    match isolation {
        Isolation::None => always,
        Isolation::Mpk => {
            let walls = feature::PKU | feature::SMEP | feature::SMAP | feature::UMIP;
            always | walls | feature::AVX
        }
    }
}

fn present(cpuid: &CpuId<CpuIdReaderNative>) -> u64 {
    let basic = cpuid.get_feature_info();
    let structured = cpuid.get_extended_feature_info();
    let structured = structured.as_ref();
    let extended = cpuid.get_extended_processor_and_feature_identifiers();
    let found = [
        (feature::PKU, structured.is_some_and(|leaf| leaf.has_pku())),
        (
            feature::FSGSBASE,
            structured.is_some_and(|leaf| leaf.has_fsgsbase()),
        ),
        (
            feature::SMEP,
            structured.is_some_and(|leaf| leaf.has_smep()),
        ),
        (
            feature::SMAP,
            structured.is_some_and(|leaf| leaf.has_smap()),
        ),
        (
            feature::UMIP,
            structured.is_some_and(|leaf| leaf.has_umip()),
        ),
        (
            feature::NX,
            extended.is_some_and(|leaf| leaf.has_execute_disable()),
        ),
        (
            feature::XSAVE,
            basic.as_ref().is_some_and(|leaf| leaf.has_xsave()),
        ),
        (
            feature::AVX,
            basic.as_ref().is_some_and(|leaf| leaf.has_avx()),
        ),
    ];
    found
        .into_iter()
        .filter(|(_, is_present)| *is_present)
        .fold(0, |all, (bit, _)| all | bit)
}

/// The mask of CPUID leaf 0xd, the highest that QEMU's CPUs answer to.
fn vector_state() -> u64 {
    let leaf = raw_cpuid::cpuid!(0xd, 0);
    u64::from(leaf.edx) << 32 | u64::from(leaf.eax)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mpk_needs_protection_keys() {
        let bare = Features {
            present: 0,
            has_gib_pages: false,
            vector_state: 0,
        };
        assert_eq!(
            bare.missing(Isolation::Mpk),
            (1 << feature::NAMES.len()) - 1
        );
        assert_eq!(bare.missing(Isolation::None) & feature::PKU, 0);
        let full = Features {
            present: !0,
            ..bare
        };
        assert_eq!(full.missing(Isolation::Mpk), 0);
    }
}
