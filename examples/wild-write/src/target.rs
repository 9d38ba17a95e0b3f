//! What a violation can be aimed at.

use std::sync::atomic::AtomicU8;

use domains::layout::{self, CORE_OFFSET, CORE_PHYSICAL, FRAMES, SAFE, UNSAFE};
use domains::{Access, Area, Domain, table};

/// A victim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// The data of one area, or all text.
    Area(Area),
    /// The trusted core, in ring 0.
    Core,
}

/// A byte of our own that may be written.
static OWN: AtomicU8 = AtomicU8::new(0);

impl Default for Target {
    fn default() -> Target {
        Target::Area(Area::Safe)
    }
}

impl Target {
    /// The word for it on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Target::Area(area) => area.name(),
            Target::Core => "core",
        }
    }

    /// The target called `name`.
    pub fn from_name(name: &str) -> Option<Target> {
        if name == "core" {
            return Some(Target::Core);
        }
        Area::from_name(name).map(Target::Area)
    }

    /// An address there. Text may be executed, so there it is that of a
    /// function which only returns.
    pub fn address(self, access: Access) -> usize {
        match self {
            Target::Area(Area::Safe) => SAFE.start as usize,
            Target::Area(Area::Unsafe) => UNSAFE.start as usize,
            Target::Area(Area::Frames) => FRAMES.start as usize,
            Target::Area(Area::Info) => layout::BOOT_INFO as usize,
            Target::Area(Area::App) => OWN.as_ptr().expose_provenance(),
            Target::Area(Area::Text) if access == Access::Execute => {
                nothing as *const () as usize
            }
            Target::Area(Area::Text) => layout::GATE_PAGE as usize,
            Target::Core => (CORE_OFFSET + CORE_PHYSICAL) as usize,
        }
    }

    /// Whether the application has the right to this access.
    pub fn allows(self, access: Access) -> bool {
        match self {
            Target::Area(Area::Text) => access == Access::Execute,
            Target::Area(area) => table::rights(Domain::App, area).allow(access),
            Target::Core => false,
        }
    }
}

/// Does nothing, in our own text.
extern "C" fn nothing() {}
