//! A driver that makes interrupts of its own.

use core::hint::spin_loop;

use gate::cell::REQUESTS_MAX;
use gate::clock;
use gate::view::View;

use super::{Refused, Request, Requests, pieces};

/// A 9P message that asks for nothing: to forget a file that is not open.
const CLUNK: [u8; 11] = [11, 0, 0, 0, 120, 0xf0, 0xff, 0xff, 0xff, 0xff, 0x7f];
/// Room for the answer.
const REPLY: usize = 64;

impl Requests {
    /// Asks the server for nothing, and waits until it has answered: so there is
    /// another interrupt when this call returns. What comes meanwhile is kept
    /// back.
    pub(super) fn storm(&mut self) -> Result<(), Refused> {
        self.lie.count_interrupt();
        let (own, token) = self.ask_for_nothing()?;
        let end = clock::monotonic_ns().saturating_add(self.lie.delay());
        while clock::monotonic_ns() < end {
            spin_loop();
        }
        // A call that takes too long is ended from outside.
        while self.keep_back(own)? != Some(token) {
            spin_loop();
        }
        Ok(())
    }

    fn ask_for_nothing(&mut self) -> Result<(Request, u16), Refused> {
        let window = View::request(0, REQUESTS_MAX - 1);
        assert!(window.write(&CLUNK), "it fits");
        let pieces = pieces(&self.windows, window.address(), CLUNK.len(), REPLY);
        let (given, taken) = pieces.ok_or(Refused::Invalid)?;
        let own = Request {
            token: 0,
            given,
            taken,
        };
        // SAFETY: the pieces stay in the windows.
        let added = own.with_slices(|given, taken| unsafe { self.queue.add(given, taken) });
        let token = added.map_err(|_| Refused::Busy)?;
        self.publish()?;
        Ok((own, token))
    }

    /// Takes what has come, if something has; its token.
    fn keep_back(&mut self, own: Request) -> Result<Option<u16>, Refused> {
        let Some(token) = self.queue.peek_used() else {
            return Ok(None);
        };
        let is_it =
            |request: &Option<Request>| request.is_some_and(|request| request.token == token);
        let slot = self.under_way.iter().position(is_it);
        let request = match slot {
            Some(slot) => self.under_way[slot].take().ok_or(Refused::Broken)?,
            None => own,
        };
        // SAFETY: these are the slices that were added for the token.
        let size = request
            .with_slices(|given, taken| unsafe { self.queue.pop_used(token, given, taken) });
        let size = size.map_err(|_| Refused::Broken)?;
        if let Some(slot) = slot {
            self.lie.keep(slot, size);
        }
        Ok(Some(token))
    }
}
