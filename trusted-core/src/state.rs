//! The core's state that all CPUs share.

use core::sync::atomic::AtomicU64;

use domains::Isolation;

use crate::device::virtio::Devices;
use crate::hooks::Sweep;
use crate::lock::Lock;
use crate::memory::frame::Frame;
use crate::memory::physical::WORDS;
use crate::memory::space::Space;
use crate::smp::Cpus;

/// Everything that the core decides with.
pub(crate) struct Core {
    /// How the domains are kept apart.
    pub(crate) isolation: Isolation,
    /// What ring 3 sees.
    pub(crate) space: Space,
    /// The devices that drivers have.
    pub(crate) devices: Devices,
    /// How long a call of a cell may take, in milliseconds; zero for as long as its row
    /// says.
    pub(crate) cell_deadline_ms: u32,
    /// The CPUs that are up.
    pub(crate) cpus: Cpus,
    /// Where the safe kernel takes an upcall.
    pub(crate) upcall: u64,
    /// Attempts on the gate page, while there are any.
    pub(crate) sweep: Option<Sweep>,
}

static CORE: Lock<Option<Core>> = Lock::new(None);

/// Puts the state where traps find it.
pub(crate) fn install(core: Core) {
    CORE.with(|state| *state = Some(core));
}

/// Gives the state to `work`. Only boot, traps from ring 3 and the idle loop ask, and
/// never in `work`.
pub(crate) fn with<R>(work: impl FnOnce(&mut Core) -> R) -> R {
    CORE.with(|state| work(state.as_mut().expect("installed before ring 3 runs")))
}

impl Core {
    /// The words of `frame`.
    pub(crate) fn words(&self, frame: Frame) -> &'static [AtomicU64; WORDS] {
        self.space.tables.physical().words(frame)
    }
}
