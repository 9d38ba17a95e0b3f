//! What the cell `probe` says of a program's bytes, for tests.

use domains::Cell;
use domains::windows::PROBE_SIZE;
use gate::cell::probe;
use gate::user::UserSlice;
use gate::view::View;

use super::handle;
use super::held::steadily;
use crate::errno::{Answer, Errno};

/// Shows the cell these bytes of the application; its answer. A cell that has to
/// be started anew meanwhile is asked again.
///
/// # Errors
///
/// They are more than the window holds, or not the application's, or the cell
/// has failed.
pub fn digest(address: usize, size: usize) -> Answer {
    if size > PROBE_SIZE {
        return Err(Errno::Invalid);
    }
    let window = View::probe();
    let mut held = handle(Cell::Probe).lock();
    UserSlice::new(address, size).read_to(window)?;
    let answer = steadily(|| held.call(|| probe::digest(window.address(), size)));
    answer.map_err(|_| Errno::Device)
}
