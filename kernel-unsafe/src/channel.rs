//! A channel: requests to a server of the host, and its replies.
//!
//! Request and reply lie in the frames, and the device reads and writes them
//! there. What they say is the safe kernel's business; here they are bytes. The
//! safe kernel keeps the window of a request to itself until its reply is
//! taken, so several requests may be under way. Nobody waits: an interrupt
//! tells when it is worth asking for replies.

use core::array;
use core::slice;

use gate::driver::channel::{PAGES_MAX, REPLY_ALIGN, SLOTS};
use gate::frames;
use virtio_drivers::device::common::Feature;
use virtio_drivers::queue::VirtQueue;
use virtio_drivers::transport::{SomeTransport, Transport};

use crate::machine::Machine;
use crate::places::{self, Piece};

/// Descriptors of a queue: as many as all slots together can need.
const DESCRIPTORS: usize = 128;
const _: () = assert!(SLOTS * PAGES_MAX <= DESCRIPTORS);

/// Why a request was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refused {
    /// The slot is taken.
    Busy,
    /// It is not in the frames, or too long.
    Invalid,
}

/// A queue of requests.
#[derive(Debug)]
pub(crate) struct Channel {
    transport: SomeTransport<'static>,
    queue: VirtQueue<Machine, DESCRIPTORS>,
    number: u16,
    kind: i64,
    under_way: [Option<Request>; SLOTS],
    /// How it lies.
    #[cfg(feature = "test-hooks")]
    pub(crate) lie: crate::lies::Lie,
}

/// A request that the device has.
#[derive(Clone, Debug)]
struct Request {
    token: u16,
    chain: Chain,
}

/// The pieces of a request, and behind them those of its reply.
#[derive(Clone, Debug)]
struct Chain {
    pieces: [Piece; PAGES_MAX],
    /// How many are the request's.
    request: usize,
    /// How many there are.
    all: usize,
}

impl Channel {
    /// Starts the device behind `transport`, whose requests go by queue
    /// `number`; none if it does not behave.
    pub(crate) fn new(
        mut transport: SomeTransport<'static>,
        number: u16,
        kind: i64,
    ) -> Option<Channel> {
        transport.begin_init(Feature::VERSION_1);
        let queue = VirtQueue::new(&mut transport, number, false, false).ok()?;
        transport.finish_init();
        Some(Channel {
            transport,
            queue,
            number,
            kind,
            under_way: [const { None }; SLOTS],
            #[cfg(feature = "test-hooks")]
            lie: crate::lies::Lie::default(),
        })
    }

    /// What the server speaks.
    pub(crate) fn kind(&self) -> i64 {
        self.kind
    }

    /// Gives the device a request of `request` bytes at `offset` of the frames,
    /// and room for a reply of `reply` bytes behind it; some have none.
    pub(crate) fn submit(
        &mut self,
        slot: usize,
        offset: usize,
        request: usize,
        reply: usize,
    ) -> Result<(), Refused> {
        let under_way = self.under_way.get_mut(slot).ok_or(Refused::Invalid)?;
        if under_way.is_some() {
            return Err(Refused::Busy);
        }
        let chain = Chain::new(offset, request, reply).ok_or(Refused::Invalid)?;
        #[cfg(feature = "test-hooks")]
        self.lie.ask(self.kind, offset, request);
        // SAFETY: the pieces stay frames; see `Chain::with_slices`.
        let added = chain.with_slices(|given, taken| unsafe { self.queue.add(given, taken) });
        let token = added.map_err(|_| Refused::Busy)?;
        *under_way = Some(Request { token, chain });
        if self.queue.should_notify() {
            self.transport.notify(self.number);
        }
        Ok(())
    }

    /// Takes a reply that has come: its slot and its size as the device says.
    pub(crate) fn poll(&mut self) -> Option<(usize, u32)> {
        #[cfg(feature = "test-hooks")]
        if let Some(again) = self.lie.again() {
            return Some(again);
        }
        let token = self.queue.peek_used()?;
        let is_it = |request: &Option<Request>| {
            request
                .as_ref()
                .is_some_and(|request| request.token == token)
        };
        let slot = self.under_way.iter().position(is_it);
        let slot = slot.expect("the device finishes only what it was given");
        let request = self.under_way[slot].take();
        let chain = request.expect("the position is one of a request").chain;
        // SAFETY: these are the slices that were added for the token.
        let size = chain
            .with_slices(|given, taken| unsafe { self.queue.pop_used(token, given, taken) });
        let size = size.expect("the token was just seen");
        #[cfg(feature = "test-hooks")]
        let (slot, size) = self.lie.tell(slot, size, chain.reply_offset())?;
        Some((slot, size))
    }

    /// Takes note of an interrupt.
    pub(crate) fn acknowledge(&mut self) {
        self.transport.ack_interrupt();
    }
}

impl Chain {
    /// The chain of a request and its reply; none if it is not all frames.
    fn new(offset: usize, request: usize, reply: usize) -> Option<Chain> {
        let mut pieces = [Piece { offset: 0, size: 0 }; PAGES_MAX];
        let behind = offset.checked_add(request)?;
        let answer = behind.checked_next_multiple_of(REPLY_ALIGN)?;
        if request == 0 || frames::address(answer, reply).is_none() {
            return None;
        }
        let first = places::cut(offset, request, &mut pieces)?;
        let second = places::cut(answer, reply, &mut pieces[first..])?;
        Some(Chain {
            pieces,
            request: first,
            all: first + second,
        })
    }

    /// Where in the frames the reply lies.
    #[cfg(feature = "test-hooks")]
    fn reply_offset(&self) -> usize {
        self.pieces[self.request].offset
    }

    /// Calls `then` with the pieces as the queue wants to see them.
    fn with_slices<T>(
        &self,
        then: impl for<'a> FnOnce(&'a [&'a [u8]], &'a mut [&'a mut [u8]]) -> T,
    ) -> T {
        let request: [&[u8]; PAGES_MAX] = array::from_fn(|number| {
            let (start, size) = self.place(number);
            // SAFETY: frames stay mapped. The queue takes address and length of
            // the slice and looks at no byte, nor does anybody here.
            unsafe { slice::from_raw_parts(start, size) }
        });
        let mut reply: [&mut [u8]; PAGES_MAX] = array::from_fn(|number| {
            let (start, size) = self.place(self.request + number);
            // SAFETY: as above.
            unsafe { slice::from_raw_parts_mut(start, size) }
        });
        then(
            &request[..self.request],
            &mut reply[..self.all - self.request],
        )
    }

    /// Address and size of a piece; nothing, behind the last.
    fn place(&self, number: usize) -> (*mut u8, usize) {
        let piece = self.pieces[..self.all].get(number);
        let place = |piece: &Piece| {
            let address = frames::address(piece.offset, piece.size)?;
            Some((core::ptr::with_exposed_provenance_mut(address), piece.size))
        };
        let nothing = (core::ptr::NonNull::dangling().as_ptr(), 0);
        piece.and_then(place).unwrap_or(nothing)
    }
}
