//! QEMU's plugin that counts instructions and crossings.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use goblin::elf::Elf;

use super::command::escaped;

/// The plugin, and what it is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counter {
    /// The plugin.
    pub plugin: PathBuf,
    /// The file that gets the counts.
    pub counts: PathBuf,
    /// The socket of whoever wants counts while the guest runs.
    pub ask: Option<PathBuf>,
    /// The first instruction of the kernel: the plugin says how many came before.
    pub entry: Option<u64>,
}

impl Counter {
    /// A plugin that tells its counts at the end.
    pub fn new(plugin: PathBuf, counts: PathBuf) -> Counter {
        Counter {
            plugin,
            counts,
            ask: None,
            entry: None,
        }
    }

    /// The first instruction of the kernel in an image, if it is one.
    pub fn entry_of(image: &Path) -> Option<u64> {
        let bytes = fs::read(image).ok()?;
        Some(Elf::parse(&bytes).ok()?.entry)
    }

    /// What stands behind `-plugin`.
    pub(super) fn argument(&self) -> OsString {
        let mut value = OsString::from("file=");
        value.push(escaped(&self.plugin));
        value.push(",out=");
        value.push(escaped(&self.counts));
        if let Some(socket) = &self.ask {
            value.push(",ask=");
            value.push(escaped(socket));
        }
        if let Some(entry) = self.entry {
            value.push(format!(",entry={entry:#x}"));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugin_is_told_only_what_is_wanted() {
        let counter = Counter::new("a,b.so".into(), "counts".into());
        assert_eq!(counter.argument(), "file=a,,b.so,out=counts");
        let more = Counter {
            ask: Some("socket".into()),
            entry: Some(0x10_0000),
            ..counter
        };
        let argument = "file=a,,b.so,out=counts,ask=socket,entry=0x100000";
        assert_eq!(more.argument(), argument);
    }
}
