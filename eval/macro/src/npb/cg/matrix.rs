//! A square sparse matrix, by the nonzeros of each row.

use std::ops::Range;

/// Rows of pairs of a column and a value.
pub(super) struct Matrix {
    columns: Vec<u32>,
    values: Vec<f64>,
    /// Where each row begins in the two above, and where the last one ends.
    starts: Vec<usize>,
}

impl Matrix {
    /// One without rows, with room for some.
    pub(super) fn with_room(rows: usize, nonzeros: usize) -> Matrix {
        let mut starts = Vec::with_capacity(rows + 1);
        starts.push(0);
        Matrix {
            columns: Vec::with_capacity(nonzeros),
            values: Vec::with_capacity(nonzeros),
            starts,
        }
    }

    /// How many rows it has, and as many columns.
    pub(super) fn order(&self) -> usize {
        self.starts.len() - 1
    }

    /// Adds a row at the end.
    pub(super) fn push_row(&mut self, nonzeros: impl Iterator<Item = (u32, f64)>) {
        for (column, value) in nonzeros {
            self.columns.push(column);
            self.values.push(value);
        }
        self.starts.push(self.columns.len());
    }

    /// The columns and values of a row.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = (u32, f64)> {
        let range = self.range(row);
        let columns = self.columns[range.clone()].iter();
        columns.copied().zip(self.values[range].iter().copied())
    }

    /// The matrix with rows and columns exchanged.
    pub(super) fn transposed(&self) -> Matrix {
        let mut starts = vec![0; self.order() + 1];
        for &column in &self.columns {
            starts[column as usize + 1] += 1;
        }
        for row in 0..self.order() {
            starts[row + 1] += starts[row];
        }
        let mut ends = starts.clone();
        let mut columns = vec![0; self.columns.len()];
        let mut values = vec![0.0; self.values.len()];
        for row in 0..self.order() {
            for (column, value) in self.row(row) {
                let end = &mut ends[column as usize];
                columns[*end] = row as u32;
                values[*end] = value;
                *end += 1;
            }
        }
        Matrix {
            columns,
            values,
            starts,
        }
    }

    /// Makes `product` the rows from `first` times `x`.
    pub(super) fn multiply_rows(&self, first: usize, x: &[f64], product: &mut [f64]) {
        let starts = &self.starts[first..=first + product.len()];
        for (product, ends) in product.iter_mut().zip(starts.windows(2)) {
            let columns = &self.columns[ends[0]..ends[1]];
            let values = &self.values[ends[0]..ends[1]];
            *product = sparse_dot(columns, values, x);
        }
    }

    fn range(&self, row: usize) -> Range<usize> {
        self.starts[row]..self.starts[row + 1]
    }
}

/// The scalar product of a row and `x`.
fn sparse_dot(columns: &[u32], values: &[f64], x: &[f64]) -> f64 {
    // Four sums at once: one alone would wait for each addition to end.
    let (column_quads, columns) = columns.as_chunks::<4>();
    let (value_quads, values) = values.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (columns, values) in column_quads.iter().zip(value_quads) {
        for ((sum, column), value) in sums.iter_mut().zip(columns).zip(values) {
            *sum += value * x[*column as usize];
        }
    }
    let rest = columns.iter().zip(values);
    let rest: f64 = rest
        .map(|(column, value)| value * x[*column as usize])
        .sum();
    sums.iter().sum::<f64>() + rest
}
