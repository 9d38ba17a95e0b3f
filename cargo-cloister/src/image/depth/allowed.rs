//! The circles of calls that are let through, each with its bound and reason.

/// A circle whose rounds have a bound that no input of the application moves.
pub(super) struct Allowed {
    /// A function without which it is another circle.
    through: &'static str,
    /// What the names of its other functions begin with.
    others: &'static [&'static str],
    /// How often its functions are on the stack at most.
    pub(super) rounds: u64,
    /// Why.
    pub(super) reason: &'static str,
}

/// All of them.
const CIRCLES: [Allowed; 3] = [
    Allowed {
        through: "__rustc::rust_begin_unwind",
        others: &[
            "core::panicking::",
            "core::fmt::write",
            "gate::core_call::exit",
            "kernel_safe::report::",
            "trusted_core::report::",
        ],
        rounds: 2,
        reason: "a panic prints its message, and printing has checks that could panic. \
                 They compare lengths of messages that the compiler made. The first \
                 panic ends the machine when it is printed",
    },
    Allowed {
        through: "gate::hooks::overflow",
        others: &[],
        rounds: 1,
        reason: "an attack of the tests, there to run into the guard page",
    },
    Allowed {
        through: "<smoltcp::iface::interface::InterfaceInner>::dispatch_ip::\
                  <cell_net::tcp::device::Leaves>",
        others: &[],
        rounds: 2,
        reason: "before a packet leaves on Ethernet its neighbour may have to be asked for, \
                 by a packet to a group, whose neighbour is known. The interfaces of TCP are \
                 of no such medium, so none is ever asked for",
    },
];

/// The entry that knows every one of these functions.
pub(super) fn entry(functions: &[String]) -> Option<&'static Allowed> {
    CIRCLES.iter().find(|known| {
        let is_other = |name: &&String| known.others.iter().any(|it| name.starts_with(it));
        let others = functions.iter().filter(|name| *name != known.through);
        others.clone().count() < functions.len() && others.clone().all(|name| is_other(&name))
    })
}
