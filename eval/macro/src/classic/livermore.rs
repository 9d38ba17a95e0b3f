//! The Livermore loops: 24 kernels of physics codes, with check sums.
//!
//! F. H. McMahon, "The Livermore Fortran Kernels" (UCRL-53745, 1986). Each
//! kernel starts from fresh data, makes its passes, and a weighted sum of what
//! it left behind must be the published one. A span set says how long the
//! vectors are and how many passes there are; there are three. Class S is the
//! first set, W all three, A all three twenty times over.

use self::data::Data;
use self::table::{KERNELS, SETS, Set};
use crate::{Check, Class};

mod data;
mod grids;
mod lines;
mod noise;
mod particles;
mod planes;
mod recurrences;
mod streams;
mod sums;
mod table;

/// What a sum may differ by: the published ones have 16 digits, and the last
/// depend on the compiler, most of all where differences cancel.
const RELATIVE: f64 = 1e-11;

/// Runs the kernels; one check for each kernel, span set and repetition.
pub(crate) fn run(class: Class) -> Vec<Check> {
    let (sets, repetitions) = match class {
        Class::S => (1, 1),
        Class::W => (SETS.len(), 1),
        Class::A => (SETS.len(), 20),
    };
    (0..repetitions)
        .flat_map(|_| (0..sets).flat_map(checks_of_set))
        .collect()
}

fn checks_of_set(index: usize) -> Vec<Check> {
    let set = &SETS[index];
    (0..KERNELS.len())
        .map(|kernel| {
            let what = format!("kernel {}, span set {}", kernel + 1, index + 1);
            Check::close(what, sum_of_kernel(set, kernel), set.sums[kernel], RELATIVE)
        })
        .collect()
}

fn sum_of_kernel(set: &Set, kernel: usize) -> f64 {
    let (pass, sum) = KERNELS[kernel];
    let span = set.spans[kernel];
    let mut data = Data::new(set.seed, set.zones);
    for _ in 0..set.passes[kernel] * set.multiple {
        pass(&mut data, span);
    }
    sum(&data, span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn the_sums_of_the_first_span_set_are_the_published_ones() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), KERNELS.len());
        let wrong = failures(&checks);
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
