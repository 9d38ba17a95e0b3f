//! Kernels in which each result needs the one before.
//!
//! From UCRL-53745: conjugate gradient (2), banded (4) and tri-diagonal (5)
//! equations, linear recurrences (6, 19), first sum (11), conditional
//! computation (17), transport (20). Each function is one pass over a span.

use super::data::{Data, Scalars};
use super::lines::Lines;

/// Kernel 2: incomplete Cholesky conjugate gradient.
pub(super) fn conjugate_gradient(data: &mut Data, n: usize) {
    let Lines { v, x, .. } = &mut data.lines;
    let mut length = n;
    let mut end = 0;
    while length > 0 {
        let start = end;
        end += length;
        length /= 2;
        let sources = (start + 1..end).step_by(2);
        for (k, target) in sources.zip(end + 1..) {
            x[target] = x[k] - v[k] * x[k - 1] - v[k + 1] * x[k + 1];
        }
    }
}

/// Kernel 4: banded linear equations, always at the same three places.
pub(super) fn banded_equations(data: &mut Data, n: usize) {
    let Lines { x, y, .. } = &mut data.lines;
    for k in [6, 503, 1000] {
        let mut rest = x[k - 1];
        for (j, band) in (4..n).step_by(5).zip(k - 6..) {
            rest -= x[band] * y[j];
        }
        x[k - 1] = y[4] * rest;
    }
}

/// Kernel 5: tri-diagonal elimination, below the diagonal.
pub(super) fn tridiagonal_elimination(data: &mut Data, n: usize) {
    let Lines { x, y, z, .. } = &mut data.lines;
    for i in 1..n {
        x[i] = z[i] * (y[i] - x[i - 1]);
    }
}

/// Kernel 6: general linear recurrence equations.
pub(super) fn general_recurrence(data: &mut Data, n: usize) {
    let w = &mut data.lines.w;
    let b = &data.planes.b;
    for i in 1..n {
        w[i] = 0.01;
        for k in 0..i {
            w[i] += b[k][i] * w[i - k - 1];
        }
    }
}

/// Kernel 11: first sum.
pub(super) fn first_sum(data: &mut Data, n: usize) {
    let Lines { x, y, .. } = &mut data.lines;
    x[0] = y[0];
    for k in 1..n {
        x[k] = x[k - 1] + y[k];
    }
}

/// Kernel 17: implicit, conditional computation.
pub(super) fn conditional_computation(data: &mut Data, n: usize) {
    let lines = &mut data.lines;
    let scale = 5.0 / 3.0;
    let mut xnm = 1.0 / 3.0;
    let mut e6 = 1.03 / 3.07;
    for i in (1..n).rev() {
        let e3 = xnm * lines.vlr[i] + lines.vlin[i];
        let xnei = lines.vxne[i];
        let xnc = scale * e3;
        lines.vxnd[i] = e6;
        if xnm > xnc || xnei > xnc {
            e6 = xnm * lines.vsp[i] + lines.vstp[i];
            lines.vxne[i] = e6;
            lines.ve3[i] = e6;
        } else {
            e6 = e3 + e3 - xnm;
            lines.vxne[i] = e3 + e3 - xnei;
            lines.ve3[i] = e3;
        }
        xnm = e6;
    }
    data.scalars.xnm = xnm;
}

/// Kernel 19: general linear recurrence equations, there and back.
pub(super) fn recurrence_there_and_back(data: &mut Data, n: usize) {
    let Lines { b5, sa, sb, .. } = &mut data.lines;
    let stb5 = &mut data.scalars.stb5;
    for k in (0..n).chain((0..n).rev()) {
        b5[k] = sa[k] + *stb5 * sb[k];
        *stb5 = b5[k] - *stb5;
    }
}

/// Kernel 20: discrete ordinates transport, a conditional recurrence on xx.
pub(super) fn discrete_ordinates(data: &mut Data, n: usize) {
    let Scalars { dk, s, t, .. } = data.scalars;
    let lines = &mut data.lines;
    for k in 0..n {
        let xx = lines.xx[k];
        let di = lines.y[k] - lines.g[k] / (xx + dk);
        let dn = if di == 0.0 {
            0.2
        } else {
            (lines.z[k] / di).min(t).max(s)
        };
        let flow = lines.v[k] * dn;
        lines.x[k] = ((lines.w[k] + flow) * xx + lines.u[k]) / (lines.vx[k] + flow);
        lines.xx[k + 1] = (lines.x[k] - xx) * dn + xx;
    }
}
