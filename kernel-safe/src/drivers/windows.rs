//! Where in the frames each device's window lies.

use domains::layout::PAGE_SIZE;
use gate::driver::channel::{CHANNELS, PAGES_MAX, SLOTS};
use gate::frames;

const PAGE: usize = PAGE_SIZE as usize;

/// The most bytes that a console is sent at once.
pub const SEND_MAX: usize = 8 * PAGE;
/// The most bytes that a console or a source of entropy brings at once.
pub(super) const RECEIVE_MAX: usize = PAGE;

/// For a console's output.
pub(super) const OUTPUT: usize = 0;
/// For a console's input.
pub(super) const INPUT: usize = OUTPUT + SEND_MAX;
/// For random bytes.
pub(super) const RANDOM: usize = INPUT + RECEIVE_MAX;
const _: () = assert!(RANDOM + RECEIVE_MAX <= frames::SIZE_AT_START);

/// Bytes of a window for a request of a channel and its reply: 64 KiB of data
/// and a page for what is around it.
pub(super) const WINDOW: usize = 17 * PAGE;
// A reply may begin in the page where its request ends, and has to itself
// whatever follows.
const _: () = assert!(WINDOW / PAGE < PAGES_MAX);

/// Bytes of all windows of a channel.
pub(super) const CHANNEL: usize = SLOTS * WINDOW;
/// Where those of the first channel lie, behind what is there from the start.
const FIRST_CHANNEL: usize = frames::SIZE_AT_START;
const _: () = assert!(FIRST_CHANNEL + CHANNELS * CHANNEL <= frames::SIZE);

/// Where the windows of a channel lie.
pub(super) const fn channel(number: u32) -> usize {
    FIRST_CHANNEL.saturating_add((number as usize).saturating_mul(CHANNEL))
}

/// Where one of them lies.
pub(super) const fn window(number: u32, slot: usize) -> usize {
    channel(number).saturating_add(slot.saturating_mul(WINDOW))
}
