//! Kernels that look up what they need where their data send them.
//!
//! From UCRL-53745: particles in cells of a plane (13) and of a line (14), and
//! a Monte Carlo search among zones (16). Each function is one pass over a span.

use super::data::{Data, Search};
use super::lines::Lines;
use super::planes::Planes;

/// The 64 cells along either side of the plane wrap around.
fn cell_of_plane(coordinate: f64) -> usize {
    (coordinate as i64 & 63) as usize
}

/// Kernel 13: particles in cells of a plane.
pub(super) fn particles_in_plane(data: &mut Data, n: usize) {
    let Lines { e, f, y, z, .. } = &data.lines;
    let Planes { b, c, h, p, .. } = &mut data.planes;
    for particle in &mut p[..n] {
        let [column, row] = [particle[0], particle[1]].map(cell_of_plane);
        particle[2] += b[row][column];
        particle[3] += c[row][column];
        particle[0] += particle[2];
        particle[1] += particle[3];
        let [column, row] = [particle[0], particle[1]].map(cell_of_plane);
        particle[0] += y[column + 31];
        particle[1] += z[row + 31];
        h[row + f[row + 31] - 1][column + e[column + 31] - 1] += 1.0;
    }
}

/// Kernel 14: particles in cells of a line.
pub(super) fn particles_on_line(data: &mut Data, n: usize) {
    fetch_fields(&mut data.lines, n);
    push(&mut data.lines, n, data.scalars.flx);
    let Lines { ir, rh, rx, .. } = &mut data.lines;
    for k in 0..n {
        rh[ir[k] - 1] += 1.0 - rx[k];
        rh[ir[k]] += rx[k];
    }
}

fn fetch_fields(lines: &mut Lines, n: usize) {
    for k in 0..n {
        lines.vx[k] = 0.0;
        lines.xx[k] = 0.0;
        let place = lines.grd[k] as usize;
        lines.ix[k] = place;
        lines.xi[k] = place as f64;
        lines.ex1[k] = lines.ex[place - 1];
        lines.dex1[k] = lines.dex[place - 1];
    }
}

fn push(lines: &mut Lines, n: usize, flx: f64) {
    let Lines {
        dex1,
        ex1,
        ir,
        rx,
        vx,
        xi,
        xx,
        ..
    } = lines;
    for k in 0..n {
        vx[k] = vx[k] + ex1[k] + (xx[k] - xi[k]) * dex1[k];
        xx[k] = xx[k] + vx[k] + flx;
        let cell = xx[k] as i64;
        rx[k] = xx[k] - cell as f64;
        ir[k] = (cell & 2047) as usize + 1;
        xx[k] = rx[k] + ir[k] as f64;
    }
}

/// Kernel 16: Monte Carlo search, group after group of zones.
pub(super) fn monte_carlo_search(data: &mut Data, n: usize) {
    let Data { lines, search, .. } = data;
    search.m16 = 1;
    while needs_next_group(lines, search, n) {
        search.m16 += 1;
        if search.m16 as i64 > lines.zone[0] {
            search.m16 = 1;
        }
        if search.m16 == 1 {
            break;
        }
    }
}

/// Whether the search leaves its group for the next, rather than end there.
fn needs_next_group(lines: &Lines, search: &mut Search, n: usize) -> bool {
    let start = 2 * n * (search.m16 - 1) + 1;
    for k in 1..=n {
        search.k2 += 1;
        let place = start + 2 * k;
        search.j5 = lines.zone[place - 1] as usize;
        if search.j5 == n {
            return false;
        }
        search.k3 += usize::from(search.j5 > n);
        let distance = distance_of_zone(lines, search.j5, n);
        let side = lines.zone[place - 2];
        if distance == 0.0 || side == 0 {
            return false;
        }
        if (distance < 0.0) != (side < 0) {
            return true;
        }
    }
    false
}

fn distance_of_zone(Lines { d, plan, .. }: &Lines, zone: usize, n: usize) -> f64 {
    let [r, s, t] = [d[n - 1], d[n - 2], d[n - 3]];
    let third = n / 3;
    if zone > n {
        let [dt, ds, dr] = [t - d[zone - 3], s - d[zone - 4], r - d[zone - 5]];
        d[zone - 1] - (d[zone - 2] * dt * dt + ds * ds + dr * dr)
    } else if zone + 2 * third < n {
        plan[zone - 1] - t
    } else if zone + third < n {
        plan[zone - 1] - s
    } else {
        plan[zone - 1] - r
    }
}
