//! What QEMU's plugin counted in a run.

use serde::{Deserialize, Serialize};

/// Instructions by CPU, and crossings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Counts {
    /// By the number of the CPU.
    pub(super) instructions: Vec<u64>,
    /// On all CPUs together.
    #[serde(flatten)]
    pub(super) crossings: Crossings,
    /// Rounds of repeated string instructions, on all CPUs together: each counts
    /// as an instruction.
    string: u64,
    /// How often the program began a part that counts, and ended one.
    bounds: [u64; 2],
}

/// How often a wall was crossed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Crossings {
    /// Calls from the application to the safe kernel.
    pub(super) calls_safe: u64,
    /// Calls from the safe kernel to cells.
    pub(super) calls_cells: u64,
    /// Core calls.
    pub(super) core_calls: u64,
    /// Ways out of the core: from core calls, interrupts and faults.
    pub(super) core_exits: u64,
    /// Writes of PKRU.
    pub(super) wrpkru: u64,
}

/// What one thing costs: instructions of all CPUs, and crossings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Cost {
    pub(super) instructions: u64,
    #[serde(flatten)]
    pub(super) crossings: Crossings,
}

impl Counts {
    /// Whether the program said which part of it counts.
    pub(super) fn is_bounded(&self) -> bool {
        self.bounds == [1, 1]
    }

    /// All CPUs together.
    pub(super) fn cost(&self) -> Cost {
        Cost {
            instructions: self.instructions.iter().sum(),
            crossings: self.crossings,
        }
    }

    /// Instructions of all CPUs together, without the rounds of repeated ones:
    /// on a processor these are no instructions, and take as long as bytes take.
    pub(super) fn without_string(&self) -> u64 {
        self.cost().instructions.saturating_sub(self.string)
    }
}

impl Cost {
    /// What is left without `other`, which is contained in this.
    pub(super) fn without(self, other: Cost) -> Cost {
        let (from, less) = (self.crossings, other.crossings);
        Cost {
            instructions: self.instructions.saturating_sub(other.instructions),
            crossings: Crossings {
                calls_safe: from.calls_safe.saturating_sub(less.calls_safe),
                calls_cells: from.calls_cells.saturating_sub(less.calls_cells),
                core_calls: from.core_calls.saturating_sub(less.core_calls),
                core_exits: from.core_exits.saturating_sub(less.core_exits),
                wrpkru: from.wrpkru.saturating_sub(less.wrpkru),
            },
        }
    }
}

impl Crossings {
    /// Interrupts and faults.
    pub(super) fn traps(&self) -> u64 {
        self.core_exits.saturating_sub(self.core_calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"instructions":[100,20],"calls_safe":9,"calls_cells":4,
        "core_calls":2,"core_exits":5,"wrpkru":26,"string":30,"bounds":[0,0]}"#;

    #[test]
    fn the_plugins_words_are_understood() {
        let counts: Counts = serde_json::from_str(TEXT).unwrap();
        let cost = counts.cost();
        assert_eq!(cost.instructions, 120);
        assert_eq!(counts.without_string(), 90);
        assert_eq!(cost.crossings.traps(), 3);
        let rest = cost.without(Cost {
            instructions: 20,
            crossings: Crossings {
                wrpkru: 6,
                ..Crossings::default()
            },
        });
        assert_eq!((rest.instructions, rest.crossings.wrpkru), (100, 20));
    }
}
