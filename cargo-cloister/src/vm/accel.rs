//! How the guest's instructions are run: by the processor or by translation.
//!
//! The choice is made here, never by QEMU: asked for "KVM or else TCG", QEMU
//! takes a KVM without protection keys, and an image with walls would not boot.

use std::fmt;
use std::fs;

use domains::Isolation;

use super::Error;

/// What runs the guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accel {
    /// Translation in software. Has every feature that an image can need.
    Tcg,
    /// The processor's own virtualisation.
    Kvm,
}

/// What the user asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccelChoice {
    /// KVM where it is known to serve the image, else TCG.
    #[default]
    Auto,
    /// Translation in software.
    Tcg,
    /// The processor's own virtualisation.
    Kvm,
}

/// What this host offers to virtual machines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Host {
    /// The KVM device exists and this user may use it.
    pub kvm: bool,
    /// The processor has protection keys and the host's kernel uses them.
    pub pku: bool,
    /// The host is itself a virtual machine.
    pub nested: bool,
}

impl Host {
    /// Looks at this host.
    pub fn probe() -> Host {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let kvm = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/kvm")
            .is_ok();
        Host {
            kvm,
            pku: has_flag(&cpu, "pku"),
            nested: has_flag(&cpu, "hypervisor"),
        }
    }
}

fn has_flag(cpuinfo: &str, flag: &str) -> bool {
    cpuinfo
        .lines()
        .filter_map(|line| line.strip_prefix("flags"))
        .any(|flags| flags.split_whitespace().any(|word| word == flag))
}

impl AccelChoice {
    /// What to use for an image with this isolation on this host.
    ///
    /// Left alone, we do not use a KVM inside a virtual machine: such a one
    /// opens, but often boots nothing and hides protection keys. Counting
    /// instructions needs translation.
    pub fn resolve(
        self,
        isolation: Isolation,
        counted: bool,
        host: Host,
    ) -> Result<Accel, Error> {
        let walls = isolation == Isolation::Mpk;
        match self {
            AccelChoice::Tcg => Ok(Accel::Tcg),
            AccelChoice::Auto => {
                let serves = host.kvm && !host.nested && (host.pku || !walls) && !counted;
                Ok(if serves { Accel::Kvm } else { Accel::Tcg })
            }
            AccelChoice::Kvm if counted => Err(Error::KvmCannotCount),
            AccelChoice::Kvm if !host.kvm => Err(Error::NoKvm),
            AccelChoice::Kvm if walls && !host.pku => Err(Error::NoKeysUnderKvm),
            AccelChoice::Kvm => Ok(Accel::Kvm),
        }
    }
}

impl Accel {
    /// The CPU model: all that there is.
    pub(super) const fn cpu(self) -> &'static str {
        match self {
            Accel::Tcg => "max",
            Accel::Kvm => "host",
        }
    }
}

impl fmt::Display for Accel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Accel::Tcg => "tcg",
            Accel::Kvm => "kvm",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Host = Host {
        kvm: true,
        pku: true,
        nested: false,
    };

    fn auto(isolation: Isolation, host: Host) -> Accel {
        AccelChoice::Auto
            .resolve(isolation, false, host)
            .expect("auto always finds one")
    }

    #[test]
    fn kvm_is_chosen_only_where_it_serves_the_image() {
        let without_keys = Host { pku: false, ..FULL };
        assert_eq!(auto(Isolation::Mpk, FULL), Accel::Kvm);
        assert_eq!(auto(Isolation::Mpk, without_keys), Accel::Tcg);
        assert_eq!(auto(Isolation::None, without_keys), Accel::Kvm);
        assert_eq!(
            auto(
                Isolation::None,
                Host {
                    nested: true,
                    ..FULL
                }
            ),
            Accel::Tcg
        );
        assert_eq!(
            auto(Isolation::None, Host { kvm: false, ..FULL }),
            Accel::Tcg
        );
    }

    #[test]
    fn kvm_on_demand_says_what_it_lacks() {
        let kvm = |isolation, counted, host| AccelChoice::Kvm.resolve(isolation, counted, host);
        let without_keys = Host { pku: false, ..FULL };
        assert!(matches!(
            kvm(Isolation::Mpk, false, without_keys),
            Err(Error::NoKeysUnderKvm)
        ));
        assert!(matches!(
            kvm(Isolation::None, false, Host { kvm: false, ..FULL }),
            Err(Error::NoKvm)
        ));
        assert!(matches!(
            kvm(Isolation::None, true, FULL),
            Err(Error::KvmCannotCount)
        ));
        assert!(matches!(
            kvm(Isolation::None, false, without_keys),
            Ok(Accel::Kvm)
        ));
    }

    #[test]
    fn flags_are_whole_words() {
        let cpuinfo = "model name : pku\nflags\t\t: fpu ospku vme\n";
        assert!(has_flag(cpuinfo, "vme"));
        assert!(!has_flag(cpuinfo, "pku"));
    }
}
