//! What the CPU can do, and what an image needs of it.
//!
//! A control bit that the CPU does not know hangs QEMU 7.2 without a word, so
//! every one is gated on CPUID; what the isolation of an image needs and the
//! CPU lacks ends the boot with a line that names it.

use domains::Isolation;
use domains::report::feature;
use raw_cpuid::{CpuId, ExtendedFeatures};

/// Pages of one gibibyte, which no image needs: a bit beyond those of
/// [`feature`].
pub(crate) const GIB_PAGES: u64 = 1 << 63;

/// What every image needs.
const ALWAYS: u64 = feature::FSGSBASE | feature::NX | feature::XSAVE;
/// What the walls need.
const WALLS: u64 = feature::PKU | feature::SMEP | feature::SMAP | feature::UMIP | feature::AVX;

/// The features that the core asks about: bits of [`feature`], and
/// [`GIB_PAGES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Features(u64);

impl Features {
    /// Asks CPUID.
    pub(crate) fn detect() -> Features {
        let cpuid = CpuId::new();
        let basic = cpuid.get_feature_info();
        let basic = basic.as_ref();
        let extended = cpuid.get_extended_processor_and_feature_identifiers();
        let extended = extended.as_ref();
        let structured = cpuid.get_extended_feature_info();
        let has =
            |feature: fn(&ExtendedFeatures) -> bool| structured.as_ref().is_some_and(feature);
        let found = [
            (feature::PKU, has(ExtendedFeatures::has_pku)),
            (feature::FSGSBASE, has(ExtendedFeatures::has_fsgsbase)),
            (feature::SMEP, has(ExtendedFeatures::has_smep)),
            (feature::SMAP, has(ExtendedFeatures::has_smap)),
            (feature::UMIP, has(ExtendedFeatures::has_umip)),
            (
                feature::NX,
                extended.is_some_and(|leaf| leaf.has_execute_disable()),
            ),
            (
                GIB_PAGES,
                extended.is_some_and(|leaf| leaf.has_1gib_pages()),
            ),
            (feature::XSAVE, basic.is_some_and(|leaf| leaf.has_xsave())),
            (feature::AVX, basic.is_some_and(|leaf| leaf.has_avx())),
        ];
        let present = found.iter().filter(|(_, is_present)| *is_present);
        Features(present.fold(0, |all, (bit, _)| all | bit))
    }

    /// Whether all the features in `bits` are present.
    pub(crate) const fn has(&self, bits: u64) -> bool {
        self.0 & bits == bits
    }

    /// What `isolation` needs and the CPU lacks.
    pub(crate) const fn missing(&self, isolation: Isolation) -> u64 {
        let needed = match isolation {
            Isolation::None => ALWAYS,
            Isolation::Mpk => ALWAYS | WALLS,
        };
        needed & !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mpk_needs_protection_keys() {
        let bare = Features(0);
        assert_eq!(
            bare.missing(Isolation::Mpk),
            (1 << feature::NAMES.len()) - 1
        );
        assert_eq!(bare.missing(Isolation::None) & feature::PKU, 0);
        assert_eq!(Features(!0).missing(Isolation::Mpk), 0);
    }
}
