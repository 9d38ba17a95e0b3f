//! What a world is to go through, what is left out in it, what it may not do.

/// What is left out, to see that it is missed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    Full,
    NoFence,
    FenceOnlyWithEntries,
    FlagsOnlyWithEntries,
    DriverLooksOnce,
    DeviceLooksOnce,
    InFlightAccepted,
    HeadReadTwice,
    IndexBeforeSlot,
    BellOnlyIfEmpty,
    UsedBeforeIndex,
    NoWaitForReset,
}

/// What may not happen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Fault {
    DriverSleepsForever,
    DeviceSleepsForever,
    WrittenInFlight,
    Mixture,
    DoneTwice,
    RefusedWithoutReason,
    WriteAfterReset,
}

/// What a world is to go through.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) care: Care,
    pub(super) requests: u8,
    /// How often another CPU publishes the queue.
    pub(super) calls: u8,
    pub(super) resets: u8,
    /// The value that all indexes begin at.
    pub(super) start: u8,
    pub(super) is_hostile: bool,
}
