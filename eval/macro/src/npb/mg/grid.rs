//! A periodic cube of numbers.

/// A cube of points, with a copy of the opposite face before each face, so that
/// no stencil needs to know that the cube is periodic.
///
/// A point's place is its plane, its row and its column, each from 1; 0 and the
/// number of points plus 1 are the copies.
pub(super) struct Grid {
    /// How many points are on an edge, with the copies.
    side: usize,
    cells: Vec<f64>,
}

impl Grid {
    /// One of zeros, with `points` on each edge.
    pub(super) fn new(points: usize) -> Grid {
        let side = points + 2;
        Grid {
            side,
            cells: vec![0.0; side * side * side],
        }
    }

    pub(super) fn side(&self) -> usize {
        self.side
    }

    pub(super) fn row(&self, plane: usize, row: usize) -> &[f64] {
        let start = self.start(plane, row);
        &self.cells[start..start + self.side]
    }

    pub(super) fn row_mut(&mut self, plane: usize, row: usize) -> &mut [f64] {
        let start = self.start(plane, row);
        &mut self.cells[start..start + self.side]
    }

    /// Makes everything 0.
    pub(super) fn clear(&mut self) {
        self.cells.fill(0.0);
    }

    /// Makes the copies what they are copies of.
    pub(super) fn wrap(&mut self) {
        let last = self.side - 2;
        for plane in 1..=last {
            for row in 1..=last {
                let row = self.row_mut(plane, row);
                row[0] = row[last];
                row[last + 1] = row[1];
            }
            self.copy((plane, last), (plane, 0), self.side);
            self.copy((plane, 1), (plane, last + 1), self.side);
        }
        let area = self.side * self.side;
        self.copy((last, 0), (0, 0), area);
        self.copy((1, 0), (last + 1, 0), area);
    }

    /// The root of the mean square of the points.
    pub(super) fn norm(&self) -> f64 {
        let points = self.side - 2;
        let mut sum = 0.0;
        for plane in 1..=points {
            for row in 1..=points {
                let row = &self.row(plane, row)[1..=points];
                sum += row.iter().map(|value| value * value).sum::<f64>();
            }
        }
        (sum / points.pow(3) as f64).sqrt()
    }

    fn copy(&mut self, from: (usize, usize), to: (usize, usize), cells: usize) {
        let [from, to] = [from, to].map(|(plane, row)| self.start(plane, row));
        self.cells.copy_within(from..from + cells, to);
    }

    fn start(&self, plane: usize, row: usize) -> usize {
        (plane * self.side + row) * self.side
    }
}
