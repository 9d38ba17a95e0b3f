//! QEMU's plugin that makes a domain's code go wrong.

use std::ffi::OsString;
use std::path::PathBuf;

use super::Version;
use super::command::escaped;

/// The plugin, and what it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Injector {
    /// The plugin.
    pub plugin: PathBuf,
    /// The file that says what is to go wrong.
    pub plan: PathBuf,
    /// Whether this QEMU has a property for what it had an option for before 8.1.
    pub has_property: bool,
}

impl Injector {
    /// From this version on a property of the translator has it translate an instruction at
    /// a time.
    const PROPERTY: Version = Version { major: 8, minor: 1 };

    /// A plugin for a QEMU that says this of itself.
    pub fn new(plugin: PathBuf, plan: PathBuf, qemu: Option<&str>) -> Injector {
        let version = qemu.and_then(Version::said);
        Injector {
            plugin,
            plan,
            has_property: version.is_none_or(|version| version >= Injector::PROPERTY),
        }
    }

    /// What stands behind `-plugin`.
    pub(super) fn argument(&self) -> OsString {
        let mut value = OsString::from("file=");
        value.push(escaped(&self.plugin));
        value.push(",plan=");
        value.push(escaped(&self.plan));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_is_told_its_plan() {
        let of = |qemu: Option<&str>| Injector::new("a,b.so".into(), "plan".into(), qemu);
        assert_eq!(of(None).argument(), "file=a,,b.so,plan=plan");
        for (version, has) in [("7.2.22", false), ("8.1.0", true), ("10.0.2", true)] {
            let said = format!("QEMU emulator version {version}");
            assert_eq!(of(Some(&said)).has_property, has, "{version}");
        }
    }
}
