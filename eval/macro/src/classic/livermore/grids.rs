//! Kernels on two-dimensional meshes.
//!
//! From UCRL-53745: alternating directions (8), "casual Fortran" (15), explicit
//! (18) and implicit (23) hydrodynamics. Each function is one pass over a span.

use std::array::from_fn;

use super::data::{Data, Scalars};
use super::planes::{Mesh, Planes};

/// Kernel 8: alternating direction, implicit integration.
pub(super) fn alternating_directions(data: &mut Data, n: usize) {
    let Scalars { a, sig, .. } = data.scalars;
    let du = &mut data.lines.du;
    for kx in 1..3 {
        for ky in 1..n {
            let old = data.planes.unknowns.each_ref().map(|unknown| &unknown[0]);
            for (difference, u) in du.iter_mut().zip(old) {
                difference[ky] = u[ky + 1][kx] - u[ky - 1][kx];
            }
            let [du1, du2, du3] = from_fn(|unknown| du[unknown][ky]);
            for (a, [old, new]) in a.iter().zip(&mut data.planes.unknowns) {
                let u = &old[ky];
                new[ky][kx] = u[kx]
                    + a[0] * du1
                    + a[1] * du2
                    + a[2] * du3
                    + sig * (u[kx + 1] - 2.0 * u[kx] + u[kx - 1]);
            }
        }
    }
}

/// Kernel 15: casual Fortran, as a physicist first writes it down.
pub(super) fn casual_fortran(data: &mut Data, n: usize) {
    let planes = &mut data.planes;
    for j in 1..7 {
        for k in 1..n {
            let is_inside = j + 1 < 7;
            planes.vy[j][k] = if is_inside {
                casual_vy(planes, j, k)
            } else {
                0.0
            };
            if is_inside {
                planes.vs[j][k] = if k + 1 < n {
                    casual_vs(planes, j, k)
                } else {
                    0.0
                };
            }
        }
    }
}

const AR: f64 = 0.053;
const BR: f64 = 0.073;

fn casual_vy(Planes { vf, vg, vh, .. }: &Planes, j: usize, k: usize) -> f64 {
    let t = if vh[j + 1][k] > vh[j][k] { AR } else { BR };
    let from = if vf[j][k] < vf[j][k - 1] { k - 1 } else { k };
    let r = vh[j][from].max(vh[j + 1][from]);
    (vg[j][k] * vg[j][k] + r * r).sqrt() * t / vf[j][from]
}

fn casual_vs(Planes { vf, vg, vh, .. }: &Planes, j: usize, k: usize) -> f64 {
    let is_below = vf[j][k] < vf[j - 1][k];
    let (from, t) = if is_below { (j - 1, BR) } else { (j, AR) };
    let r = vg[from][k].max(vg[from][k + 1]);
    (vh[j][k] * vh[j][k] + r * r).sqrt() * t / vf[from][k]
}

/// Kernel 18: two-dimensional explicit hydrodynamics fragment.
pub(super) fn explicit_hydro(data: &mut Data, n: usize) {
    fluxes(&mut data.planes, n);
    velocities(&mut data.planes, n);
    let Planes { zr, zu, zv, zz, .. } = &mut data.planes;
    let t = 0.0037;
    for k in 1..6 {
        for j in 1..n {
            zr[k][j] += t * zu[k][j];
            zz[k][j] += t * zv[k][j];
        }
    }
}

fn fluxes(planes: &mut Planes, n: usize) {
    let Planes {
        za,
        zb,
        zm,
        zp,
        zq,
        zr,
        ..
    } = planes;
    for k in 1..6 {
        for j in 1..n {
            za[k][j] = (zp[k + 1][j - 1] + zq[k + 1][j - 1] - zp[k][j - 1] - zq[k][j - 1])
                * (zr[k][j] + zr[k][j - 1])
                / (zm[k][j - 1] + zm[k + 1][j - 1]);
            zb[k][j] = (zp[k][j - 1] + zq[k][j - 1] - zp[k][j] - zq[k][j])
                * (zr[k][j] + zr[k - 1][j])
                / (zm[k][j] + zm[k][j - 1]);
        }
    }
}

fn velocities(planes: &mut Planes, n: usize) {
    let Planes {
        za,
        zb,
        zr,
        zu,
        zv,
        zz,
        ..
    } = planes;
    let s = 0.0041;
    for k in 1..6 {
        for j in 1..n {
            let pull = |z: &Mesh| {
                za[k][j] * (z[k][j] - z[k][j + 1])
                    - za[k][j - 1] * (z[k][j] - z[k][j - 1])
                    - zb[k][j] * (z[k][j] - z[k - 1][j])
                    + zb[k + 1][j] * (z[k][j] - z[k + 1][j])
            };
            zu[k][j] += s * pull(zz);
            zv[k][j] += s * pull(zr);
        }
    }
}

/// Kernel 23: two-dimensional implicit hydrodynamics fragment.
pub(super) fn implicit_hydro(data: &mut Data, n: usize) {
    let Planes {
        za,
        zb,
        zr,
        zu,
        zv,
        zz,
        ..
    } = &mut data.planes;
    for j in 1..6 {
        for k in 1..n {
            let qa = za[j + 1][k] * zr[j][k]
                + za[j - 1][k] * zb[j][k]
                + za[j][k + 1] * zu[j][k]
                + za[j][k - 1] * zv[j][k]
                + zz[j][k];
            za[j][k] += 0.175 * (qa - za[j][k]);
        }
    }
}
