//! From crossings to cycles, by what others published of WRPKRU.
//!
//! This is a model and no measurement: an emulator has no cycles, and a count
//! of instructions gives WRPKRU no more weight than a move. The model adds, to
//! what was counted, so many cycles for each WRPKRU. What an instruction costs
//! is given as a range too, from one cycle to a quarter of one: the fewer, the
//! more a WRPKRU weighs. So each answer is a range.

use super::counts::Cost;

/// Cycles of one WRPKRU on a CPU, as somebody published them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cpu {
    pub(super) name: &'static str,
    /// The least and the most.
    pub(super) wrpkru: [f64; 2],
    pub(super) source: &'static str,
}

/// The CPU that figures show: its cycles lie in the middle of all.
pub(super) const SHOWN: Cpu = CPUS[2];

/// The CPUs for which figures were found. Where a gate was published, its
/// surplus over a call is divided by the two WRPKRU in it.
pub(super) const CPUS: [Cpu; 4] = [
    Cpu {
        name: "Skylake-SP",
        wrpkru: [11.0, 260.0],
        source: "ERIM (USENIX Security 2019), as others cite it: WRPKRU takes 11 to 260 cycles",
    },
    Cpu {
        name: "Xeon Gold 6142",
        wrpkru: [27.5, 40.0],
        source: "ERIM, as others cite it: a round trip adds 55 to 80 cycles",
    },
    Cpu {
        name: "Xeon Silver 4210",
        wrpkru: [20.0, 20.0],
        source: "CubicleOS (ASPLOS 2021), as others cite it: about 20 cycles",
    },
    Cpu {
        name: "Xeon Silver 4114",
        wrpkru: [30.0, 30.0],
        source: "FlexOS (ASPLOS 2022), from its data: a light gate takes 62 cycles, a call 2",
    },
];

/// Cycles of an ordinary instruction, from the most to the least.
const CYCLES_OF_INSTRUCTION: [f64; 2] = [1.0, 0.25];

/// By how much `mpk` takes longer than `none`: as a share, from the least that
/// the model allows to the most.
pub(super) fn overhead(cpu: &Cpu, none: Cost, mpk: Cost) -> [f64; 2] {
    let more = mpk.instructions as f64 - none.instructions as f64;
    let writes = mpk.crossings.wrpkru as f64 - none.crossings.wrpkru as f64;
    let share = |wrpkru: f64, cycles: f64| {
        (more + writes * wrpkru / cycles) / none.instructions.max(1) as f64
    };
    let [slow, fast] = CYCLES_OF_INSTRUCTION;
    [share(cpu.wrpkru[0], slow), share(cpu.wrpkru[1], fast)]
}

/// The most that any CPU of the list allows.
pub(super) fn worst(none: Cost, mpk: Cost) -> f64 {
    let most = |cpu: &Cpu| overhead(cpu, none, mpk)[1];
    CPUS.iter().map(most).fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::counts::Crossings;

    fn cost(instructions: u64, wrpkru: u64) -> Cost {
        let crossings = Crossings {
            wrpkru,
            ..Crossings::default()
        };
        Cost {
            instructions,
            crossings,
        }
    }

    #[test]
    fn a_write_of_pkru_weighs_more_where_instructions_are_fast() {
        let (none, mpk) = (cost(1000, 0), cost(1010, 2));
        let [least, most] = overhead(&CPUS[2], none, mpk);
        assert!((least - 0.05).abs() < 1e-12, "{least}");
        assert!((most - 0.17).abs() < 1e-12, "{most}");
        assert!((worst(none, mpk) - 2.09).abs() < 1e-12);
    }
}
