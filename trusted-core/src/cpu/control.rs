//! Control registers: the walls that the hardware puts up.
//!
//! Set once, the same on every CPU, and never changed again: WP, SMEP, SMAP,
//! UMIP and PKE stay on, AM stays off (an alignment check is nothing the
//! application may cause in a kernel), and SYSENTER leads nowhere.

#![expect(unsafe_code, reason = "writes control registers")]

use core::arch::asm;
use core::sync::atomic::{AtomicBool, Ordering};

use domains::report::feature;
use domains::{Isolation, Pkru};
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags};
use x86_64::registers::model_specific::Msr;
use x86_64::registers::xcontrol::XCr0;

use super::features::Features;
use super::{pkru, vector_state};

/// IA32_SYSENTER_CS: zero makes SYSENTER fault.
const SYSENTER_CS: u32 = 0x174;
/// EFER, IA32_STAR, IA32_LSTAR, IA32_FMASK.
const SYSCALL: [u32; 4] = [0xc000_0080, 0xc000_0081, 0xc000_0082, 0xc000_0084];

static HAS_SMAP: AtomicBool = AtomicBool::new(false);

/// Puts the CPU into the state in which it runs domains. The features must
/// have been found sufficient for `isolation`.
pub(crate) fn enable(features: &Features, isolation: Isolation) {
    // SAFETY: the core's tables have no use for what these bits change, and
    // no table holds a no-execute bit before this.
    unsafe { Efer::update(|efer| efer.insert(EferFlags::NO_EXECUTE_ENABLE)) };
    let set = Cr0Flags::WRITE_PROTECT | Cr0Flags::NUMERIC_ERROR | Cr0Flags::MONITOR_COPROCESSOR;
    let clear =
        Cr0Flags::ALIGNMENT_MASK | Cr0Flags::EMULATE_COPROCESSOR | Cr0Flags::TASK_SWITCHED;
    // SAFETY: the core writes to none of its read-only pages, and nothing relies
    // on what is cleared.
    unsafe { Cr0::update(|cr0| *cr0 = (*cr0 | set) - clear) };
    // SAFETY: every bit is gated on CPUID, and the core touches no user page.
    unsafe { Cr4::update(|cr4| cr4.insert(protections(features, isolation))) };
    if isolation == Isolation::Mpk {
        // At once: QEMU 7.2 does not flush its TLB when keys are enabled, only
        // when PKRU changes.
        pkru::write(Pkru::DENY_ALL);
    }
    HAS_SMAP.store(features.has(feature::SMAP), Ordering::Relaxed);
    // SAFETY: zero is the value that disables the instruction.
    unsafe { Msr::new(SYSENTER_CS).write(0) };
    vector_state::enable();
}

/// What must be the same on all CPUs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Settings {
    /// How the domains are kept apart.
    pub(crate) isolation: Isolation,
    /// What the CPU can do.
    pub(crate) features: Features,
    /// Control registers, XCR0, and where SYSCALL and SYSENTER lead.
    registers: [u64; 8],
}

impl Settings {
    /// Those of this CPU, which has these features.
    pub(crate) fn now(features: Features, isolation: Isolation) -> Settings {
        // SAFETY: every 64-bit CPU has these registers.
        let register = |number| unsafe { Msr::new(number).read() };
        let [efer, star, target, mask] = SYSCALL.map(register);
        let (cr0, cr4, xcr0) = (Cr0::read_raw(), Cr4::read_raw(), XCr0::read_raw());
        let sysenter = register(SYSENTER_CS);
        Settings {
            isolation,
            features,
            registers: [cr0, cr4, xcr0, efer, star, target, mask, sysenter],
        }
    }
}

#[cfg(feature = "test-hooks")]
impl Settings {
    /// The register with this number.
    pub(crate) fn register(&self, number: u64) -> Option<u64> {
        self.registers.get(usize::try_from(number).ok()?).copied()
    }
}

/// Forbids access to user pages again, which ring 3 can allow by POPF. An
/// interrupt gate leaves the flag as it was.
pub(crate) fn close_user_pages() {
    if HAS_SMAP.load(Ordering::Relaxed) {
        // SAFETY: SMAP is present, so CLAC is; it clears a flag.
        unsafe { asm!("clac", options(nomem, nostack)) };
    }
}

/// What CR4 has on this CPU for `isolation`.
fn protections(features: &Features, isolation: Isolation) -> Cr4Flags {
    let mut all =
        Cr4Flags::OSFXSR | Cr4Flags::OSXMMEXCPT_ENABLE | Cr4Flags::OSXSAVE | Cr4Flags::FSGSBASE;
    let has = |feature| features.has(feature);
    all.set(
        Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION,
        has(feature::SMEP),
    );
    all.set(
        Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION,
        has(feature::SMAP),
    );
    all.set(
        Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION,
        has(feature::UMIP),
    );
    all.set(Cr4Flags::PROTECTION_KEY_USER, isolation == Isolation::Mpk);
    all
}
