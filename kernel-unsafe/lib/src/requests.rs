//! A queue, and the requests that its device has.
//!
//! A request is a piece of a window for the device to read, another for it to
//! write, or both. What they say is the safe kernel's business; here they are
//! bytes, and the device reads and writes them where they are. The safe kernel
//! keeps the piece to itself until the request comes back, so several may be
//! under way.

use core::array;
use core::mem;
use core::slice;

use domains::boot::VOLUMES_MAX;
use domains::layout::Region;
use domains::windows::{self, ENTRIES};
use gate::cell::{REPLY_ALIGN, REQUESTS_MAX};
use gate::core_call::driver;
use virtio_drivers::queue::VirtQueue;

use crate::device::Device;
use crate::machine::{self, Machine};

#[cfg(feature = "test-hooks")]
mod lies;

/// When the device interrupts because a request comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Interrupts {
    /// Each time.
    Always,
    /// When the queue was armed, until one is taken.
    WhenArmed,
}

/// Why a request was not taken, or none came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The slot is taken; nothing has come back yet.
    Busy,
    /// It is not in the windows.
    Invalid,
    /// The device does not behave.
    Broken,
}

/// A queue of requests.
#[derive(Debug)]
pub struct Requests {
    queue: VirtQueue<Machine, ENTRIES>,
    device: usize,
    number: u16,
    /// The windows of the cell.
    windows: Region,
    under_way: [Option<Request>; REQUESTS_MAX],
    /// Whether the device interrupts just for the next one.
    is_armed: bool,
    /// Whether the device does not know of all that it has.
    has_new: bool,
    /// How it lies.
    #[cfg(feature = "test-hooks")]
    lie: crate::lies::Lie,
}

/// A request that the device has.
#[derive(Clone, Copy, Debug)]
struct Request {
    token: u16,
    /// Address and size of what the device reads.
    given: (usize, usize),
    /// Of what it writes.
    taken: (usize, usize),
}

impl Requests {
    /// Sets queue `number` of a device up; none if it has no such queue.
    pub fn new(device: &mut Device, number: u16, interrupts: Interrupts) -> Option<Requests> {
        machine::next_queue(device.cell(), device.number(), number);
        let mut queue = VirtQueue::new(device, number, false, false).ok()?;
        queue.set_dev_notify(interrupts == Interrupts::Always);
        device.has_queue(number).then_some(Requests {
            queue,
            device: device.number(),
            number,
            windows: windows::all(device.cell(), VOLUMES_MAX),
            under_way: [None; REQUESTS_MAX],
            is_armed: false,
            has_new: false,
            #[cfg(feature = "test-hooks")]
            lie: crate::lies::Lie::default(),
        })
    }

    /// Gives the device `request` bytes at `address`, and room for `reply` bytes
    /// behind them.
    pub fn submit(
        &mut self,
        slot: usize,
        address: usize,
        request: usize,
        reply: usize,
    ) -> Result<(), Refused> {
        self.add(slot, address, request, reply)?;
        self.publish()
    }

    /// Does the same, except that the device does not get to see it yet.
    pub fn add(
        &mut self,
        slot: usize,
        address: usize,
        request: usize,
        reply: usize,
    ) -> Result<(), Refused> {
        let under_way = self.under_way.get_mut(slot).ok_or(Refused::Invalid)?;
        if under_way.is_some() {
            return Err(Refused::Busy);
        }
        #[cfg(feature = "test-hooks")]
        self.lie.ask(address, request);
        let (given, taken) =
            pieces(&self.windows, address, request, reply).ok_or(Refused::Invalid)?;
        let request = Request {
            token: 0,
            given,
            taken,
        };
        // SAFETY: the pieces stay in the windows; see `Request::with_slices`.
        let added = request.with_slices(|given, taken| unsafe { self.queue.add(given, taken) });
        let token = added.map_err(|_| Refused::Busy)?;
        *under_way = Some(Request { token, ..request });
        self.has_new = true;
        Ok(())
    }

    /// Takes a request that has come back: its slot, and how much the device
    /// says it has written.
    pub fn poll(&mut self) -> Result<(usize, u32), Refused> {
        #[cfg(feature = "test-hooks")]
        if let Some(again) = self.lie.again() {
            return Ok(again);
        }
        #[cfg(feature = "test-hooks")]
        while self.lie.storms_for_ever() {
            self.storm()?;
        }
        #[cfg(feature = "test-hooks")]
        if self.lie.storms() {
            self.storm()?;
            return Err(Refused::Busy);
        }
        let token = self.queue.peek_used().ok_or(Refused::Busy)?;
        let is_it = |request: &Option<Request>| {
            request
                .as_ref()
                .is_some_and(|request| request.token == token)
        };
        let Some(slot) = self.under_way.iter().position(is_it) else {
            // The core looks, too, and gives the device up.
            self.publish()?;
            return Err(Refused::Broken);
        };
        let request = self.under_way[slot].take().ok_or(Refused::Broken)?;
        // SAFETY: these are the slices that were added for the token.
        let size = request
            .with_slices(|given, taken| unsafe { self.queue.pop_used(token, given, taken) });
        let size = size.map_err(|_| Refused::Broken)?;
        self.disarm();
        #[cfg(feature = "test-hooks")]
        let (slot, size) = self
            .lie
            .tell(slot, size, request.taken.0)
            .ok_or(Refused::Busy)?;
        Ok((slot, size))
    }

    /// Does the same, but has the device interrupt if there is none. The second
    /// look is for what comes back before the device sees that it shall.
    pub fn arm(&mut self) -> Result<(usize, u32), Refused> {
        match self.poll() {
            Err(Refused::Busy) => {}
            come => return come,
        }
        if self.is_armed && !self.has_new {
            return Err(Refused::Busy);
        }
        self.queue.set_dev_notify(true);
        self.publish()?;
        self.is_armed = true;
        self.poll()
    }

    /// Lies from now on about what a server of this kind answers, as `argument`
    /// says.
    #[cfg(feature = "test-hooks")]
    pub fn begin_to_lie(
        &mut self,
        argument: usize,
        kind: Option<domains::device::Kind>,
    ) -> i64 {
        self.lie.begin(argument, kind)
    }

    /// Has it interrupt no more. The device sees that with the next request.
    fn disarm(&mut self) {
        if mem::take(&mut self.is_armed) {
            self.queue.set_dev_notify(false);
        }
    }

    /// Has the core give the device what is new.
    pub fn publish(&mut self) -> Result<(), Refused> {
        match driver::publish(self.device, self.number) {
            0 => {
                self.has_new = false;
                Ok(())
            }
            _ => Err(Refused::Broken),
        }
    }
}

/// Address and size of a request and of its reply; none if they are not in
/// `windows`.
fn pieces(
    windows: &Region,
    address: usize,
    request: usize,
    reply: usize,
) -> Option<((usize, usize), (usize, usize))> {
    let behind = address.checked_add(request)?;
    let answer = behind.checked_next_multiple_of(REPLY_ALIGN)?;
    let is_in = |address, size| windows.contains_range(address as u64, size as u64);
    let is_something = request > 0 || reply > 0;
    let are_in = is_in(address, request) && is_in(answer, reply);
    (is_something && are_in).then_some(((address, request), (answer, reply)))
}

impl Request {
    /// Calls `then` with the pieces as the queue wants to see them, without
    /// those that are empty.
    fn with_slices<T>(
        &self,
        then: impl for<'a> FnOnce(&'a [&'a [u8]], &'a mut [&'a mut [u8]]) -> T,
    ) -> T {
        let (start, size) = self.given;
        // SAFETY: windows stay mapped. The queue takes address and length of the
        // slice and looks at no byte, nor does anybody here.
        let given: [&[u8]; 1] = array::from_fn(|_| unsafe {
            slice::from_raw_parts(core::ptr::with_exposed_provenance(start), size)
        });
        let (start, room) = self.taken;
        // SAFETY: as above.
        let mut taken: [&mut [u8]; 1] = array::from_fn(|_| unsafe {
            slice::from_raw_parts_mut(core::ptr::with_exposed_provenance_mut(start), room)
        });
        then(
            &given[..usize::from(size > 0)],
            &mut taken[..usize::from(room > 0)],
        )
    }
}

#[cfg(test)]
mod tests {
    use domains::Cell;

    use super::*;

    const WINDOWS: Region = windows::all(Cell::Hostfs, 1);
    const FIRST: usize = WINDOWS.start as usize;
    const SIZE: usize = WINDOWS.size() as usize;

    fn pieces_at(
        offset: usize,
        request: usize,
        reply: usize,
    ) -> Option<((usize, usize), (usize, usize))> {
        pieces(&WINDOWS, FIRST.wrapping_add(offset), request, reply)
    }

    #[test]
    fn a_reply_lies_behind_its_request_at_the_next_line() {
        assert_eq!(
            pieces_at(0, 1, 9),
            Some(((FIRST, 1), (FIRST + REPLY_ALIGN, 9)))
        );
        let behind = FIRST + 2 * REPLY_ALIGN;
        assert_eq!(
            pieces_at(REPLY_ALIGN, REPLY_ALIGN, 9),
            Some(((FIRST + REPLY_ALIGN, REPLY_ALIGN), (behind, 9)))
        );
        let last = SIZE - REPLY_ALIGN;
        assert!(pieces_at(last, 0, REPLY_ALIGN).is_some());
    }

    #[test]
    fn what_is_nothing_or_not_all_in_the_windows_is_no_request() {
        for (offset, request, reply) in [
            (0, 0, 0),
            (SIZE, 1, 0),
            (SIZE, 0, 1),
            (SIZE - 1, 1, 1),
            (SIZE - 1, 2, 0),
            (0, 1, SIZE),
            (usize::MAX, 1, 1),
            (usize::MAX - FIRST, 1, 1),
            (1, usize::MAX, 1),
            (0, usize::MAX, 1),
            (0, 1, usize::MAX),
        ] {
            assert_eq!(
                pieces_at(offset, request, reply),
                None,
                "{offset} {request} {reply}"
            );
        }
    }
}
