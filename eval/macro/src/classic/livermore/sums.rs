//! What is summed up after each kernel, each number times its place.
//!
//! The sums are those of UCRL-53745, flaw included: the sum of kernel 4 covers
//! three numbers that the kernel never writes, for the original copies the
//! results to places further on. It is kept since only its value is published.
//! The table calls kernels through pointers, so the work is done all the same.

use super::data::Data;

/// `start`, plus each number times its place, counted from 1, in order.
fn weighted(start: f64, numbers: &[f64]) -> f64 {
    let places = (1_u32..).map(f64::from);
    let terms = numbers
        .iter()
        .zip(places)
        .map(|(number, place)| number * place);
    terms.fold(start, |sum, term| sum + term)
}

/// The same for two vectors, which are added first.
fn weighted_pairs(start: f64, left: &[f64], right: &[f64]) -> f64 {
    let both: Vec<f64> = left.iter().zip(right).map(|(l, r)| l + r).collect();
    weighted(start, &both)
}

/// Of x, after kernels 1 and 7.
pub(super) fn x(data: &Data, n: usize) -> f64 {
    weighted(0.0, &data.lines.x[..n])
}

/// Of x twice as far, after kernel 2.
pub(super) fn x_twice_as_far(data: &Data, n: usize) -> f64 {
    weighted(0.0, &data.lines.x[..2 * n])
}

/// Of x without its first, after kernels 5 and 11.
pub(super) fn x_but_first(data: &Data, n: usize) -> f64 {
    weighted(0.0, &data.lines.x[1..n])
}

/// Of x without its last, after kernel 12.
pub(super) fn x_but_last(data: &Data, n: usize) -> f64 {
    weighted(0.0, &data.lines.x[..n - 1])
}

/// The inner product, after kernel 3.
pub(super) fn q(data: &Data, _: usize) -> f64 {
    data.scalars.q
}

/// Of the beginning of v, after kernel 4.
pub(super) fn three_of_v(data: &Data, _: usize) -> f64 {
    weighted(0.0, &data.lines.v[..3])
}

/// Of w, after kernels 6 and 22.
pub(super) fn w(data: &Data, n: usize) -> f64 {
    weighted(0.0, &data.lines.w[..n])
}

/// Of all three unknowns, old and new, after kernel 8.
pub(super) fn unknowns(data: &Data, n: usize) -> f64 {
    let flat = data
        .planes
        .unknowns
        .each_ref()
        .map(|unknown| unknown.concat());
    let flat = flat.each_ref().map(|unknown| unknown.as_flattened());
    (0..10 * n).fold(0.0, |sum, place| {
        let weight = (place + 1) as f64;
        sum + flat[0][place] * weight + flat[1][place] * weight + flat[2][place] * weight
    })
}

/// Of a part of the predictors, after kernels 9 and 10.
pub(super) fn predictors(data: &Data, n: usize) -> f64 {
    weighted(0.0, &data.planes.px.as_flattened()[..15 * n])
}

/// Of particles and of how many each cell has seen, after kernel 13.
pub(super) fn particles_and_cells(data: &Data, n: usize) -> f64 {
    let particles = weighted(0.0, &data.planes.p.as_flattened()[..8 * n]);
    weighted(particles, &data.planes.h.as_flattened()[..8 * n])
}

/// Of particles and charges, after kernel 14.
pub(super) fn particles_and_charges(data: &Data, n: usize) -> f64 {
    let particles = weighted_pairs(0.0, &data.lines.xx[..n], &data.lines.vx[..n]);
    weighted(particles, &data.lines.rh[..67])
}

/// Of vs and vy, after kernel 15.
pub(super) fn vs_and_vy(data: &Data, n: usize) -> f64 {
    let [vs, vy] = [&data.planes.vs, &data.planes.vy].map(|mesh| mesh.as_flattened());
    weighted_pairs(0.0, &vs[..7 * n], &vy[..7 * n])
}

/// What the search has counted, and where it ended, after kernel 16.
pub(super) fn search(data: &Data, _: usize) -> f64 {
    let search = &data.search;
    (search.k3 + search.k2 + search.j5 + search.m16) as f64
}

/// Of vxne and vxnd, after kernel 17.
pub(super) fn vxne_and_vxnd(data: &Data, n: usize) -> f64 {
    weighted_pairs(
        data.scalars.xnm,
        &data.lines.vxne[..n],
        &data.lines.vxnd[..n],
    )
}

/// Of both coordinates of the mesh, after kernel 18.
pub(super) fn zz_and_zr(data: &Data, n: usize) -> f64 {
    let [zz, zr] = [&data.planes.zz, &data.planes.zr].map(|mesh| mesh.as_flattened());
    weighted_pairs(0.0, &zz[..7 * n], &zr[..7 * n])
}

/// Of b5, after kernel 19.
pub(super) fn b5(data: &Data, n: usize) -> f64 {
    weighted(data.scalars.stb5, &data.lines.b5[..n])
}

/// Of xx without its first, after kernel 20.
pub(super) fn xx_but_first(data: &Data, n: usize) -> f64 {
    weighted(0.0, &data.lines.xx[1..n + 1])
}

/// Of the product, after kernel 21.
pub(super) fn product(data: &Data, n: usize) -> f64 {
    weighted(0.0, &data.planes.px.as_flattened()[..25 * n])
}

/// Of za, after kernel 23.
pub(super) fn za(data: &Data, n: usize) -> f64 {
    weighted(0.0, &data.planes.za.as_flattened()[..7 * n])
}

/// Where the minimum is, after kernel 24.
pub(super) fn minimum(data: &Data, _: usize) -> f64 {
    data.m24 as f64
}
