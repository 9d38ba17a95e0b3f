//! Where each target of a violation lies.

use std::sync::atomic::AtomicU8;

use domains::edge::{Forbidden, Target, forbidden};
use domains::layout::{self, CORE_OFFSET, CORE_PHYSICAL, SAFE};
use domains::{Access, Area, Domain};

/// A byte of our own that may be written.
static OWN: AtomicU8 = AtomicU8::new(0);

/// An address in the target. Text may be executed, so there it is that of a
/// function which only returns.
pub fn address(target: Target, access: Access) -> usize {
    match target {
        Target::Area(Area::Safe) => SAFE.start as usize,
        Target::Area(Area::Packets) => layout::PACKETS.start as usize,
        Target::Area(Area::Cell(cell)) => cell.region().start as usize,
        Target::Area(Area::Info) => layout::BOOT_INFO as usize,
        Target::Area(Area::App) => OWN.as_ptr().expose_provenance(),
        Target::Area(Area::Text) if access == Access::Execute => nothing as *const () as usize,
        Target::Area(Area::Text) => layout::GATE_PAGE as usize,
        Target::Core => (CORE_OFFSET + CORE_PHYSICAL) as usize,
    }
}

/// Whether a wall stands in the way of this access.
pub fn is_forbidden(target: Target, access: Access) -> bool {
    let attempt = Forbidden {
        domain: Domain::App,
        target,
        access,
    };
    forbidden().any(|edge| edge == attempt)
}

/// Does nothing, in our own text.
extern "C" fn nothing() {}
