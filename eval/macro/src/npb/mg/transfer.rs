//! What happens between a grid and the next coarser one, at half its points.

use super::grid::Grid;
use super::stencil::Sums;

/// Makes `coarse` the averages of `fine` around every other point.
pub(super) fn restrict(fine: &Grid, coarse: &mut Grid) {
    let last = coarse.side() - 2;
    let mut sums = Sums::new(fine);
    for plane in 1..=last {
        for row in 1..=last {
            let around = sums.neighbours(fine, 2 * plane, 2 * row);
            // The first three columns are around the column 1, and the second
            // three around the column 2, where the first coarse point lies.
            let threes = around.threes().skip(1).step_by(2);
            let row = coarse.row_mut(plane, row)[1..].iter_mut();
            for (value, [c, f, e]) in row.zip(threes) {
                *value = 0.5 * c[1]
                    + 0.25 * (c[0] + c[2] + f[1])
                    + 0.125 * (f[0] + f[2] + e[1])
                    + 0.0625 * (e[0] + e[2]);
            }
        }
    }
    coarse.wrap();
}

/// Adds `coarse` to `fine`, and between its points what lies between.
pub(super) fn prolong(coarse: &Grid, fine: &mut Grid) {
    let last = coarse.side() - 2;
    let mut sum = vec![0.0; coarse.side()];
    for plane in 0..=last {
        for row in 0..=last {
            let rows = [(0, 0), (0, 1), (1, 0), (1, 1)]
                .map(|(down, right)| coarse.row(plane + down, row + right));
            let mut put = |down, right, sum: &[f64], share| {
                spread(share, sum, fine.row_mut(2 * plane + down, 2 * row + right));
            };
            put(0, 0, rows[0], 1.0);
            add(rows[0], rows[1], &mut sum);
            put(0, 1, &sum, 0.5);
            add_to(rows[2], rows[3], &mut sum);
            put(1, 1, &sum, 0.25);
            add(rows[0], rows[2], &mut sum);
            put(1, 0, &sum, 0.5);
        }
    }
}

/// Adds a share of a coarse row to a fine one, and halfway between two points
/// the mean of the two.
fn spread(share: f64, coarse: &[f64], fine: &mut [f64]) {
    let (pairs, _) = fine.as_chunks_mut();
    for ([at, after], [here, next]) in pairs.iter_mut().zip(coarse.array_windows()) {
        *at += share * here;
        *after += 0.5 * share * (here + next);
    }
}

fn add(a: &[f64], b: &[f64], sum: &mut [f64]) {
    for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
        *sum = a + b;
    }
}

fn add_to(a: &[f64], b: &[f64], sum: &mut [f64]) {
    for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
        *sum += a + b;
    }
}
