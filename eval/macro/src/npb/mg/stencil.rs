//! What happens within a grid: taking the residual, and smoothing.
//!
//! Both weigh a point and its 26 neighbours by their distance: one weight for
//! the point itself, one for its 6 neighbours across faces, one for the 12 across
//! edges, and one for the 8 across corners. [`Neighbours`] adds up the ones that
//! lie in other rows but in the same column, so that each sum serves three points.

use super::grid::Grid;

/// The Laplacian's weights; the one across faces is 0.
const CENTRE: f64 = -8.0 / 3.0;
const EDGE: f64 = 1.0 / 6.0;
const CORNER: f64 = 1.0 / 12.0;

/// The smoother's weights; the one across corners is 0.
const SMOOTH_CENTRE: f64 = -3.0 / 8.0;
const SMOOTH_FACE: f64 = 1.0 / 32.0;
const SMOOTH_EDGE: f64 = -1.0 / 64.0;

/// Makes `residual` what the Laplacian of `solution` lacks of `charges`.
pub(super) fn residual(solution: &Grid, charges: &Grid, residual: &mut Grid) {
    sweep(solution, residual, |plane, row, around, residual| {
        residual.copy_from_slice(charges.row(plane, row));
        subtract_laplacian(around, residual);
    });
}

/// Takes the Laplacian of `solution` from `residual`.
pub(super) fn reduce_residual(solution: &Grid, residual: &mut Grid) {
    sweep(solution, residual, |_, _, around, residual| {
        subtract_laplacian(around, residual);
    });
}

/// Brings `solution` nearer to what would leave no `residual`.
pub(super) fn smooth(residual: &Grid, solution: &mut Grid) {
    sweep(residual, solution, |_, _, around, solution| {
        for (value, [c, f, e]) in inner(solution).zip(around.threes()) {
            *value += SMOOTH_CENTRE * c[1]
                + SMOOTH_FACE * (c[0] + c[2] + f[1])
                + SMOOTH_EDGE * (e[1] + f[0] + f[2]);
        }
    });
}

fn subtract_laplacian(around: &Neighbours<'_>, residual: &mut [f64]) {
    for (value, [c, f, e]) in inner(residual).zip(around.threes()) {
        *value -= CENTRE * c[1] + EDGE * (e[1] + f[0] + f[2]) + CORNER * (e[0] + e[2]);
    }
}

/// Calls `change` for each row of `to`, with its plane, its number, and what is
/// around it in `from`.
fn sweep(
    from: &Grid,
    to: &mut Grid,
    change: impl Fn(usize, usize, &Neighbours<'_>, &mut [f64]),
) {
    let last = from.side() - 2;
    let mut sums = Sums::new(from);
    for plane in 1..=last {
        for row in 1..=last {
            let around = sums.neighbours(from, plane, row);
            change(plane, row, &around, to.row_mut(plane, row));
        }
    }
    to.wrap();
}

/// The points of a row, without the copies at both ends.
fn inner(row: &mut [f64]) -> impl Iterator<Item = &mut f64> {
    let last = row.len() - 2;
    row[1..=last].iter_mut()
}

/// Room for the sums of [`Neighbours`].
pub(super) struct Sums {
    faces: Vec<f64>,
    edges: Vec<f64>,
}

impl Sums {
    pub(super) fn new(grid: &Grid) -> Sums {
        let zeros = || vec![0.0; grid.side()];
        Sums {
            faces: zeros(),
            edges: zeros(),
        }
    }

    pub(super) fn neighbours<'a>(
        &'a mut self,
        grid: &'a Grid,
        plane: usize,
        row: usize,
    ) -> Neighbours<'a> {
        let (up, down, left, right) = (plane - 1, plane + 1, row - 1, row + 1);
        let faces = [(up, row), (down, row), (plane, left), (plane, right)];
        let edges = [(up, left), (up, right), (down, left), (down, right)];
        add_rows(grid, faces, &mut self.faces);
        add_rows(grid, edges, &mut self.edges);
        Neighbours {
            centre: grid.row(plane, row),
            faces: &self.faces,
            edges: &self.edges,
        }
    }
}

/// Makes `sum` the sum of four rows.
fn add_rows(grid: &Grid, rows: [(usize, usize); 4], sum: &mut [f64]) {
    let [a, b, c, d] = rows.map(|(plane, row)| grid.row(plane, row));
    for ((((sum, a), b), c), d) in sum.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *sum = (a + b) + (c + d);
    }
}

/// A row, and the rows around it added up.
pub(super) struct Neighbours<'a> {
    centre: &'a [f64],
    /// The four rows that touch this one with a face.
    faces: &'a [f64],
    /// The four that touch it only with an edge.
    edges: &'a [f64],
}

impl Neighbours<'_> {
    /// Three columns at a time: of the row, and of the two sums.
    #[inline]
    pub(super) fn threes(&self) -> impl Iterator<Item = [&[f64; 3]; 3]> {
        let [centre, faces, edges] =
            [self.centre, self.faces, self.edges].map(<[f64]>::array_windows);
        let threes = centre.zip(faces).zip(edges);
        threes.map(|((centre, faces), edges)| [centre, faces, edges])
    }
}
