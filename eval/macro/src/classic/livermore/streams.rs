//! Kernels whose points need nothing of their neighbours' results.
//!
//! From UCRL-53745: hydrodynamics (1), inner product (3), equation of state
//! (7), predictors (9, 10), first difference (12), matrix product (21), Planck
//! distribution (22), first minimum (24). Each function is one pass over a span.

use super::data::{Data, Scalars};
use super::lines::Lines;
use super::planes::Planes;

/// Kernel 1: hydrodynamics fragment.
pub(super) fn hydro_fragment(data: &mut Data, n: usize) {
    let Scalars { q, r, t, .. } = data.scalars;
    let Lines { x, y, z, .. } = &mut data.lines;
    for k in 0..n {
        x[k] = q + y[k] * (r * z[k + 10] + t * z[k + 11]);
    }
}

/// Kernel 3: inner product.
pub(super) fn inner_product(data: &mut Data, n: usize) {
    let Lines { x, z, .. } = &data.lines;
    data.scalars.q = 0.0;
    for k in 0..n {
        data.scalars.q += z[k] * x[k];
    }
}

/// Kernel 7: equation of state fragment.
pub(super) fn equation_of_state(data: &mut Data, n: usize) {
    let Scalars { q, r, t, .. } = data.scalars;
    let Lines { u, x, y, z, .. } = &mut data.lines;
    for k in 0..n {
        let far = u[k + 6] + q * (u[k + 5] + q * u[k + 4]);
        let near = u[k + 3] + r * (u[k + 2] + r * u[k + 1]);
        x[k] = u[k] + r * (z[k] + r * y[k]) + t * (near + t * far);
    }
}

/// Kernel 9: integrate predictors.
pub(super) fn integrate_predictors(data: &mut Data, n: usize) {
    let Scalars { c0, dm, .. } = data.scalars;
    for point in &mut data.planes.px[..n] {
        let mut sum = dm[6] * point[12];
        for term in (0..6).rev() {
            sum += dm[term] * point[6 + term];
        }
        point[0] = sum + c0 * (point[4] + point[5]) + point[2];
    }
}

/// Kernel 10: difference predictors.
pub(super) fn difference_predictors(data: &mut Data, n: usize) {
    let Planes { px, cx, .. } = &mut data.planes;
    for (point, coefficients) in px[..n].iter_mut().zip(cx) {
        let mut difference = coefficients[4];
        for predictor in &mut point[4..13] {
            let old = std::mem::replace(predictor, difference);
            difference -= old;
        }
        point[13] = difference;
    }
}

/// Kernel 12: first difference.
pub(super) fn first_difference(data: &mut Data, n: usize) {
    let Lines { x, y, .. } = &mut data.lines;
    for k in 0..n {
        x[k] = y[k + 1] - y[k];
    }
}

/// Kernel 21: matrix product.
pub(super) fn matrix_product(data: &mut Data, n: usize) {
    let Planes { px, cx, vy, .. } = &mut data.planes;
    for k in 0..25 {
        for i in 0..25 {
            for j in 0..n {
                px[j][i] += vy[k][i] * cx[j][k];
            }
        }
    }
}

/// Kernel 22: Planck distribution.
pub(super) fn planck_distribution(data: &mut Data, n: usize) {
    let Lines { u, v, w, x, y, .. } = &mut data.lines;
    u[n - 1] = 0.99 * data.scalars.expmax * v[n - 1];
    for k in 0..n {
        y[k] = u[k] / v[k];
        w[k] = x[k] / (y[k].exp() - 1.0);
    }
}

/// Kernel 24: where the first minimum is; it is planted in the middle.
pub(super) fn first_minimum(data: &mut Data, n: usize) {
    let x = &mut data.lines.x;
    x[n / 2] = -1.0e10;
    data.m24 = 0;
    for k in 1..n {
        if x[k] < x[data.m24] {
            data.m24 = k;
        }
    }
}
