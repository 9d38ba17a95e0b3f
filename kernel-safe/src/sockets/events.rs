//! What poll says of a socket.

use domains::network::window::state;

use crate::network::record::{Kind, Role};
use crate::network::slot::{Slot, ended};
use crate::object::poll_bits::{ERROR, HANG_UP, INPUT, OUTPUT};

/// What there is to know for that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Look {
    /// Bits of [`state`].
    state: u64,
    has_error: bool,
    is_readable: bool,
    is_writable: bool,
    /// Of a listener: whether somebody waits.
    has_guests: bool,
}

/// The events that a socket has.
pub(super) fn of(slot: &Slot) -> u32 {
    let (kind, role) = slot.with(|record| (record.kind, record.role));
    let look = Look {
        state: slot.state(),
        has_error: slot.has_error(),
        is_readable: slot.is_readable(),
        is_writable: slot.is_writable(),
        has_guests: slot.waiting() > 0,
    };
    match kind {
        Kind::Datagram => of_datagrams(look, slot.ended(), slot.is_lost()),
        Kind::Stream => of_stream(look, role),
    }
}

fn of_datagrams(look: Look, ended: u32, is_lost: bool) -> u32 {
    let both = ended::READ | ended::WRITE;
    let is_over = ended & ended::READ != 0 || is_lost;
    // Every datagram is taken, or refused by whoever sends it.
    OUTPUT
        | when(look.is_readable || look.has_error || is_over, INPUT)
        | when(look.has_error, ERROR)
        | when(ended & both == both || is_lost, HANG_UP)
}

fn of_stream(look: Look, role: Role) -> u32 {
    let has = |bits: u64| look.state & bits != 0;
    let error = when(look.has_error, ERROR);
    match role {
        Role::Listener(_) if !has(state::CLOSED) => when(look.has_guests, INPUT),
        Role::Ended => HANG_UP,
        Role::Listener(_) => HANG_UP | INPUT | error,
        _ if !has(state::CONNECTED | state::CONNECTING | state::CLOSED) => {
            OUTPUT | HANG_UP | error
        }
        _ => of_connection(look) | error,
    }
}

/// A peer who has only ended his direction leaves the other one: that is no hang-up.
fn of_connection(look: Look) -> u32 {
    let has = |bits: u64| look.state & bits != 0;
    // DEFENCE: half-closed-is-no-hang-up
    let is_over = has(state::CLOSED) || has(state::READ_END) && has(state::WRITE_END);
    let reads = look.is_readable || has(state::READ_END) || look.has_error;
    let is_connected = has(state::CONNECTED);
    let writes = is_connected && look.is_writable || has(state::WRITE_END) || look.has_error;
    when(is_over, HANG_UP | INPUT | OUTPUT) | when(reads, INPUT) | when(writes, OUTPUT)
}

const fn when(condition: bool, bits: u32) -> u32 {
    if condition { bits } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Look = Look {
        state: 0,
        has_error: false,
        is_readable: false,
        is_writable: false,
        has_guests: false,
    };

    fn stream(state: u64, role: Role, readable: bool, writable: bool, error: bool) -> u32 {
        let look = Look {
            state,
            has_error: error,
            is_readable: readable,
            is_writable: writable,
            ..NOTHING
        };
        of_stream(look, role)
    }

    #[test]
    fn the_events_of_a_stream_are_those_of_linux() {
        use state::{BOUND, CONNECTED, CONNECTING, READ_END, WRITE_END};
        let open = BOUND | CONNECTED;
        let (connected, connecting) = (Role::Connected, Role::Connecting);
        for (what, found, expected) in [
            (
                "new",
                stream(0, Role::New, false, false, false),
                OUTPUT | HANG_UP,
            ),
            (
                "bound",
                stream(BOUND, Role::Known, false, false, false),
                OUTPUT | HANG_UP,
            ),
            (
                "connecting",
                stream(BOUND | CONNECTING, connecting, false, false, false),
                0,
            ),
            (
                "connected",
                stream(open, connecting, false, true, false),
                OUTPUT,
            ),
            (
                "idle, full",
                stream(open, connected, false, false, false),
                0,
            ),
            (
                "data",
                stream(open, connected, true, true, false),
                INPUT | OUTPUT,
            ),
            // A peer who ended his direction: the end can be read, and that is all.
            (
                "half closed",
                stream(open | READ_END, connected, false, true, false),
                INPUT | OUTPUT,
            ),
            (
                "shut down",
                stream(open | WRITE_END, connected, false, false, false),
                OUTPUT,
            ),
        ] {
            assert_eq!(found, expected, "{what}");
        }
    }

    #[test]
    fn the_events_of_a_stream_that_ended_are_those_of_linux() {
        use state::{BOUND, CLOSED, CONNECTED, READ_END, WRITE_END};
        let open = BOUND | CONNECTED;
        let (connected, connecting) = (Role::Connected, Role::Connecting);
        for (what, found, expected) in [
            (
                "both ended",
                stream(open | READ_END | WRITE_END, connected, false, false, false),
                INPUT | OUTPUT | HANG_UP,
            ),
            (
                "refused",
                stream(BOUND | CLOSED | WRITE_END, connecting, false, false, true),
                INPUT | OUTPUT | HANG_UP | ERROR,
            ),
            (
                "refused, told",
                stream(BOUND | CLOSED | WRITE_END, connecting, false, false, false),
                INPUT | OUTPUT | HANG_UP,
            ),
            (
                "reset",
                stream(
                    open | READ_END | WRITE_END | CLOSED,
                    connected,
                    false,
                    false,
                    true,
                ),
                INPUT | OUTPUT | HANG_UP | ERROR,
            ),
            (
                "ended listener",
                stream(0, Role::Ended, false, false, false),
                HANG_UP,
            ),
        ] {
            assert_eq!(found, expected, "{what}");
        }
    }

    #[test]
    fn a_listener_has_input_when_somebody_waits() {
        let look = |has_guests| Look {
            state: state::BOUND | state::LISTENING,
            has_guests,
            ..NOTHING
        };
        assert_eq!(of_stream(look(false), Role::Listener(1)), 0);
        assert_eq!(of_stream(look(true), Role::Listener(1)), INPUT);
    }

    #[test]
    fn datagrams_can_always_be_sent() {
        assert_eq!(of_datagrams(NOTHING, 0, false), OUTPUT);
        let readable = Look {
            is_readable: true,
            ..NOTHING
        };
        assert_eq!(of_datagrams(readable, 0, false), INPUT | OUTPUT);
        let refused = Look {
            has_error: true,
            ..NOTHING
        };
        assert_eq!(of_datagrams(refused, 0, false), INPUT | OUTPUT | ERROR);
        assert_eq!(of_datagrams(NOTHING, ended::READ, false), INPUT | OUTPUT);
        assert_eq!(of_datagrams(NOTHING, 3, false), INPUT | OUTPUT | HANG_UP);
    }
}
