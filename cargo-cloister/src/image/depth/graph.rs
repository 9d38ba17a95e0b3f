//! Circles and the deepest path of a graph of calls.

use super::calls::{Calls, Kind};
use super::functions::Function;

/// Bytes of a return address.
const RETURN: u64 = 8;

/// Functions that call each other in a circle; each list by its order in the
/// code. A function that calls itself is one too.
pub(super) fn circles(calls: &[Calls]) -> Vec<Vec<usize>> {
    groups(calls)
        .into_iter()
        .filter(|group| {
            let is_own = |&(_, to): &(Kind, usize)| to == group[0];
            group.len() > 1 || calls[group[0]].edges.iter().any(is_own)
        })
        .collect()
}

/// How deep each function goes, and through which other.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Deepest {
    /// Bytes below its return address.
    pub(super) bytes: u64,
    /// What it calls on that path.
    pub(super) next: Option<usize>,
}

/// The depth of every function. `rounds` says how often the functions of a
/// circle are on the stack at most; edges within a circle lead nowhere else.
pub(super) fn deepest(
    functions: &[Function],
    calls: &[Calls],
    rounds: impl Fn(&[usize]) -> u64,
) -> Vec<Deepest> {
    let mut found = vec![Deepest::default(); functions.len()];
    for group in groups(calls) {
        let own: u64 = group.iter().map(|it| functions[*it].frame + RETURN).sum();
        let circle = own * rounds(&group).saturating_sub(1);
        // The first go through a circle can begin at any of its functions.
        let within = if group.len() > 1 { own } else { 0 };
        for &at in &group {
            let mut best = Deepest {
                bytes: functions[at].frame,
                next: None,
            };
            for from in &group {
                let outside = calls[*from]
                    .edges
                    .iter()
                    .filter(|(_, to)| !group.contains(to));
                for &(kind, to) in outside {
                    let bytes = through(&functions[*from], kind, found[to].bytes);
                    if bytes > best.bytes {
                        best = Deepest {
                            bytes,
                            next: Some(to),
                        };
                    }
                }
            }
            best.bytes += circle + within;
            found[at] = best;
        }
    }
    found
}

/// The depth of a function by way of one of its calls.
fn through(function: &Function, kind: Kind, below: u64) -> u64 {
    match kind {
        Kind::Call => function.frame + RETURN + below,
        Kind::Jump if function.is_compiled => below,
        Kind::Jump => function.frame + below,
    }
}

/// The strongly connected parts of the graph, callees first.
fn groups(calls: &[Calls]) -> Vec<Vec<usize>> {
    let mut search = Search {
        calls,
        order: vec![0; calls.len()],
        low: vec![0; calls.len()],
        open: Vec::new(),
        is_open: vec![false; calls.len()],
        count: 0,
        groups: Vec::new(),
    };
    for start in 0..calls.len() {
        if search.order[start] == 0 {
            search.visit(start);
        }
    }
    search.groups
}

/// Tarjan's search; its own recursion is as deep as the kernel's calls.
struct Search<'c> {
    calls: &'c [Calls],
    order: Vec<usize>,
    low: Vec<usize>,
    open: Vec<usize>,
    is_open: Vec<bool>,
    count: usize,
    groups: Vec<Vec<usize>>,
}

impl Search<'_> {
    fn visit(&mut self, at: usize) {
        self.count += 1;
        (self.order[at], self.low[at]) = (self.count, self.count);
        self.open.push(at);
        self.is_open[at] = true;
        for &(_, to) in &self.calls[at].edges {
            if self.order[to] == 0 {
                self.visit(to);
                self.low[at] = self.low[at].min(self.low[to]);
            } else if self.is_open[to] {
                self.low[at] = self.low[at].min(self.order[to]);
            }
        }
        if self.low[at] == self.order[at] {
            self.close(at);
        }
    }

    /// Takes the part that began with `at`.
    fn close(&mut self, at: usize) {
        let first = self.open.iter().rposition(|it| *it == at);
        let mut group = self.open.split_off(first.unwrap_or_default());
        group.iter().for_each(|it| self.is_open[*it] = false);
        group.sort_unstable();
        self.groups.push(group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(frame: u64) -> Function {
        Function {
            name: String::new(),
            start: 0,
            end: 0,
            frame,
            is_compiled: true,
        }
    }

    fn calls(edges: &[(Kind, usize)]) -> Calls {
        Calls {
            edges: edges.to_vec(),
            unknown: 0,
        }
    }

    #[test]
    fn the_deepest_path_counts_return_addresses_and_forgets_frames_that_were_left() {
        let functions = [function(16), function(100), function(40), function(200)];
        let graph = [
            calls(&[(Kind::Call, 1), (Kind::Call, 2)]),
            calls(&[]),
            calls(&[(Kind::Jump, 3)]),
            calls(&[]),
        ];
        let found = deepest(&functions, &graph, |_| 1);
        assert_eq!(
            found[0],
            Deepest {
                bytes: 16 + 8 + 200,
                next: Some(2)
            }
        );
        assert!(circles(&graph).is_empty());
    }

    #[test]
    fn circles_of_one_and_of_several_are_found_and_counted_by_their_rounds() {
        let functions = [function(8), function(24), function(40)];
        let graph = [
            calls(&[(Kind::Call, 1)]),
            calls(&[(Kind::Call, 1), (Kind::Call, 2)]),
            calls(&[(Kind::Call, 0)]),
        ];
        assert_eq!(circles(&graph), [vec![0, 1, 2]]);
        let alone = [calls(&[(Kind::Call, 0)])];
        assert_eq!(circles(&alone), [vec![0]]);
        let deep = |rounds| deepest(&functions[..1], &alone, |_| rounds)[0].bytes;
        assert_eq!((deep(1), deep(3)), (8, 8 + 2 * 16));
    }
}
