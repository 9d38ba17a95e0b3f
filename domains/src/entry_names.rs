//! What the entries of the kernels are called, for reports.
//!
//! The gate's interfaces declare the entries; they compare their own names with
//! these when they are compiled. The host tool, which knows no gate, names what
//! a kernel served when it faulted.

use crate::{Domain, entries};

/// What a thread's kernel stack serves before the thread was ever in the
/// application: no entry, but the start of it.
pub const START: u32 = entries::SLOTS as u32;
/// What it serves while the core has preempted the application.
pub const UPCALL: u32 = START + 1;

/// The entries of the safe kernel.
pub const SAFE: &[(u32, &str)] = &[
    (0, "null"),
    (1, "exit"),
    (2, "abort"),
    (3, "write"),
    (4, "read"),
    (5, "yield_now"),
    (6, "sleep"),
    (7, "spawn"),
    (8, "join"),
    (9, "exit_thread"),
    (10, "futex_wait"),
    (11, "futex_wake"),
    (12, "extend_heap"),
    (13, "entropy"),
    (14, "thread"),
    (15, "priority"),
    (16, "set_priority"),
    (17, "block"),
    (18, "unblock"),
    (19, "close"),
    (20, "duplicate"),
    (21, "describe"),
    (22, "poll"),
    (30, "open"),
    (31, "make_directory"),
    (32, "remove_file"),
    (33, "remove_directory"),
    (34, "file_status"),
    (35, "status"),
    (36, "seek"),
    (37, "list"),
    (38, "sync"),
    (39, "duplicate_from"),
    (40, "flags"),
    (41, "set_flags"),
    (42, "read_vector"),
    (43, "write_vector"),
    (44, "socket"),
    (45, "bind"),
    (46, "listen"),
    (47, "accept"),
    (48, "connect"),
    (49, "receive"),
    (50, "send"),
    (51, "shutdown"),
    (52, "socket_name"),
    (53, "option"),
    (54, "set_option"),
    (55, "network"),
    (60, "release_heap"),
    (61, "grow_heap"),
    (62, "map"),
    (63, "unmap"),
    (64, "protect"),
    (70, "copy"),
    (71, "open_counter"),
    (90, "trace"),
    (120, "hook"),
];
/// The entries of the cell `console`.
pub const CONSOLE: &[(u32, &str)] = &[
    (0, "null"),
    (1, "start"),
    (2, "submit"),
    (3, "add"),
    (4, "poll"),
    (5, "arm"),
    (6, "spin"),
    (7, "hook"),
];
/// The entries of the cell `hostfs`.
pub const HOSTFS: &[(u32, &str)] = &[
    (0, "null"),
    (1, "start"),
    (2, "submit"),
    (3, "poll"),
    (4, "hook"),
];
/// The entries of the cell `nic`.
pub const NIC: &[(u32, &str)] = &[(0, "null"), (1, "start"), (2, "exchange"), (3, "hook")];
/// The entries of the cell `net`.
pub const NET: &[(u32, &str)] = &[
    (0, "null"),
    (1, "start"),
    (2, "configure"),
    (3, "grant"),
    (4, "open"),
    (5, "bind"),
    (6, "connect"),
    (7, "listen"),
    (8, "accept"),
    (9, "shutdown"),
    (10, "close"),
    (11, "option"),
    (12, "error"),
    (13, "datagram"),
    (14, "pump"),
    (15, "hook"),
];
/// The entries of the cell `probe`.
#[cfg(feature = "test-hooks")]
pub const PROBE: &[(u32, &str)] = &[(0, "null"), (1, "start"), (2, "digest"), (3, "hook")];

/// What entry `number` of `domain` is called.
pub fn name(domain: Domain, number: u32) -> Option<&'static str> {
    let entries = match domain {
        Domain::Safe => SAFE,
        Domain::App => return None,
        Domain::Cell(cell) => cell.entries(),
    };
    match number {
        START => Some("start"),
        UPCALL => Some("upcall"),
        _ => {
            let named = entries.iter().find(|(it, _)| *it == number);
            named.map(|(_, name)| *name)
        }
    }
}

/// Whether two lists of entries are the same.
pub const fn agree(one: &[(u32, &str)], other: &[(u32, &str)]) -> bool {
    let mut index = 0;
    while index < one.len() && index < other.len() {
        if one[index].0 != other[index].0 || !same(one[index].1, other[index].1) {
            return false;
        }
        index += 1;
    }
    one.len() == other.len()
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    one.len() == other.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cell;

    #[test]
    fn entries_have_the_names_of_their_own_kernel() {
        assert_eq!(name(Domain::Safe, 22), Some("poll"));
        assert_eq!(name(Domain::Cell(Cell::Console), 4), Some("poll"));
        assert_eq!(name(Domain::Cell(Cell::Hostfs), 4), Some("hook"));
        assert_eq!(name(Domain::Safe, UPCALL), Some("upcall"));
        assert_eq!(name(Domain::App, 0), None);
        assert_eq!(name(Domain::Safe, 127), None);
    }

    #[test]
    fn lists_differ_by_a_number_a_letter_or_a_length() {
        assert!(agree(SAFE, SAFE));
        assert!(!agree(CONSOLE, HOSTFS));
        assert!(!agree(&[(1, "exit")], &[(2, "exit")]));
        assert!(!agree(&[(1, "exit")], &[(1, "exid")]));
        assert!(!agree(&[(1, "exit")], &[(1, "exits")]));
    }
}
