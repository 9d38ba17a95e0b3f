//! The machine: whether it can run gates, and what a report says of it.
//!
//! An emulator that counts no cycles is recognised by the name that it gives
//! in CPUID, so that its numbers are never taken for a processor's.

#![expect(unsafe_code, reason = "what the kernel tells a process comes by libc")]

use std::ffi::CStr;
use std::fmt;
use std::fs;

use raw_cpuid::{CpuId, CpuIdReaderNative, Hypervisor};

use crate::Stop;

/// Bit of AT_HWCAP2: the kernel lets programs use RDFSBASE and WRFSBASE, which
/// the gates to cells do.
const HWCAP2_FSGSBASE: u64 = 1 << 1;

/// What a report says of the machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Machine {
    /// The processor's name, which a hypervisor may have shortened.
    pub(crate) cpu_model: String,
    /// Its family, model and stepping, which say what it is.
    pub(crate) signature: String,
    /// Whose virtual machine this is, if it is one.
    pub(crate) hypervisor: Option<String>,
    /// Its microcode, where the kernel tells.
    pub(crate) microcode: Option<String>,
    /// The kernel's version.
    pub(crate) kernel: String,
    /// Whether the processor is QEMU's interpreter, which has no cycles.
    pub(crate) emulated: bool,
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.cpu_model, self.signature)?;
        if let Some(hypervisor) = &self.hypervisor {
            write!(f, " in a virtual machine of {hypervisor}")?;
        }
        let microcode = self.microcode.as_deref().unwrap_or("unknown");
        write!(f, ", microcode {microcode}, Linux {}", self.kernel)
    }
}

impl Machine {
    /// Looks at the machine; refuses one that cannot run gates.
    pub(crate) fn look() -> Result<Machine, Stop> {
        let cpuid = CpuId::new();
        check_keys(&cpuid)?;
        check_instructions(&cpuid)?;
        Ok(Machine {
            cpu_model: cpuid
                .get_processor_brand_string()
                .map_or("unknown".into(), |name| name.as_str().trim().to_owned()),
            signature: signature(&cpuid),
            hypervisor: hypervisor(&cpuid),
            microcode: fs::read_to_string("/proc/cpuinfo")
                .ok()
                .and_then(|text| microcode(&text)),
            kernel: kernel(),
            emulated: is_emulated(&cpuid),
        })
    }
}

fn check_keys(cpuid: &CpuId<CpuIdReaderNative>) -> Result<(), Stop> {
    let features = cpuid.get_extended_feature_info();
    let missing = match features {
        Some(features) if features.has_ospke() => return Ok(()),
        Some(features) if features.has_pku() => {
            "the kernel has not enabled protection keys (CPUID 7.0 ECX bit 4, OSPKE)"
        }
        _ => "this processor has no protection keys (CPUID 7.0 ECX bit 3, PKU)",
    };
    Err(Stop::Skipped(missing.into()))
}

/// What else the gates and the measurement execute.
fn check_instructions(cpuid: &CpuId<CpuIdReaderNative>) -> Result<(), Stop> {
    // SAFETY: reads a word that the kernel gave the process.
    let hwcap2 = unsafe { libc::getauxval(libc::AT_HWCAP2) };
    let has_rdtscp = cpuid
        .get_extended_processor_and_feature_identifiers()
        .is_some_and(|features| features.has_rdtscp());
    let needs = [
        (hwcap2 & HWCAP2_FSGSBASE != 0, "RDFSBASE in programs"),
        (std::arch::is_x86_feature_detected!("avx"), "AVX (VZEROALL)"),
        (has_rdtscp, "RDTSCP"),
        (std::arch::is_x86_feature_detected!("bmi2"), "BMI2 (RORX)"),
    ];
    match needs.into_iter().find(|(has, _)| !has) {
        Some((_, what)) => Err(Stop::Skipped(format!("processor or kernel lack {what}"))),
        None => Ok(()),
    }
}

fn signature(cpuid: &CpuId<CpuIdReaderNative>) -> String {
    cpuid.get_feature_info().map_or("unknown".into(), |info| {
        let (family, model, stepping) = (info.family_id(), info.model_id(), info.stepping_id());
        let core = core_name(family, model);
        let core = core.map_or(String::new(), |name| format!("{name}, "));
        format!("{core}family {family}, model {model}, stepping {stepping}")
    })
}

/// What servers with protection keys are called by who makes them (Intel SDM volume
/// 4, table 2-1; AMD's revision guides for family 19h).
fn core_name(family: u8, model: u8) -> Option<&'static str> {
    Some(match (family, model) {
        (0x06, 0x55) => "Skylake, Cascade Lake or Cooper Lake",
        (0x06, 0x6a) => "Ice Lake",
        (0x06, 0x8f) => "Sapphire Rapids",
        (0x06, 0xcf) => "Emerald Rapids",
        (0x06, 0xad) => "Granite Rapids",
        (0x19, 0x00..=0x0f) => "Zen 3",
        (0x19, 0x10..=0x1f) => "Zen 4",
        _ => return None,
    })
}

fn hypervisor(cpuid: &CpuId<CpuIdReaderNative>) -> Option<String> {
    let info = cpuid.get_hypervisor_info()?;
    Some(match info.identify() {
        Hypervisor::Unknown(..) => "an unknown hypervisor".into(),
        known => format!("{known:?}"),
    })
}

fn is_emulated(cpuid: &CpuId<CpuIdReaderNative>) -> bool {
    // The name is "TCGTCGTCGTCG", which only QEMU's interpreter gives.
    cpuid
        .get_hypervisor_info()
        .is_some_and(|info| matches!(info.identify(), Hypervisor::QEMU))
}

/// The microcode of the first processor in what the kernel says of them.
fn microcode(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("microcode"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn kernel() -> String {
    // SAFETY: the structure is words of bytes, for which zero is a value.
    let mut name: libc::utsname = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a structure of our own.
    if unsafe { libc::uname(&raw mut name) } != 0 {
        return "unknown".into();
    }
    // SAFETY: the kernel has ended the release by a zero, in its field.
    let release = unsafe { CStr::from_ptr(name.release.as_ptr()) };
    version(&release.to_string_lossy()).to_owned()
}

/// The version in a release: what its builder added says nothing.
fn version(release: &str) -> &str {
    release.split('-').next().unwrap_or(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_microcode_is_found_where_it_stands() {
        let text = "processor\t: 0\nmicrocode\t: 0x2b000603\ncpu MHz\t: 1\n";
        assert_eq!(microcode(text).as_deref(), Some("0x2b000603"));
        assert_eq!(microcode("processor\t: 0\n"), None);
    }

    #[test]
    fn the_kernel_has_a_version() {
        assert!(kernel().contains('.'));
        assert_eq!(version("6.1.0-31-amd64"), "6.1.0");
    }
}
