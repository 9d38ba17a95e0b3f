//! The matrices that the kernels work on, and what they start with.
//!
//! The second common block of UCRL-53745, in its order. Subscripts stand as in
//! the C version of the kernels: the last runs fastest.

use std::array::from_fn;

use super::noise::Noise;

/// 101 columns in rows of the mesh.
pub(super) type Mesh = Vec<[f64; 101]>;
/// Predictors and coefficients, 25 for each point.
pub(super) type Points = Vec<[f64; 25]>;
/// 64 columns.
pub(super) type Square = Vec<[f64; 64]>;
/// One unknown of kernel 8, old and new.
pub(super) type Unknown = [Vec<[f64; 5]>; 2];

/// Matrices.
pub(super) struct Planes {
    /// Particles: two coordinates, two velocities.
    pub(super) p: Vec<[f64; 4]>,
    pub(super) px: Points,
    pub(super) cx: Points,
    pub(super) vy: Mesh,
    pub(super) vh: Mesh,
    pub(super) vf: Mesh,
    pub(super) vg: Mesh,
    pub(super) vs: Mesh,
    pub(super) za: Mesh,
    pub(super) zp: Mesh,
    pub(super) zq: Mesh,
    pub(super) zr: Mesh,
    pub(super) zm: Mesh,
    pub(super) zb: Mesh,
    pub(super) zu: Mesh,
    pub(super) zv: Mesh,
    pub(super) zz: Mesh,
    pub(super) b: Square,
    pub(super) c: Square,
    pub(super) h: Square,
    /// u1 to u3 of kernel 8.
    pub(super) unknowns: [Unknown; 3],
}

impl Planes {
    /// Fresh matrices.
    pub(super) fn new() -> Planes {
        let mut planes = Planes::of_noise(&mut Noise::new());
        planes.place_particles();
        planes
    }

    fn of_noise(noise: &mut Noise) -> Planes {
        Planes {
            p: noise.plane(512),
            px: noise.plane(101),
            cx: noise.plane(101),
            vy: noise.plane(25),
            vh: noise.plane(7),
            vf: noise.plane(7),
            vg: noise.plane(7),
            vs: noise.plane(7),
            za: noise.plane(7),
            zp: noise.plane(7),
            zq: noise.plane(7),
            zr: noise.plane(7),
            zm: noise.plane(7),
            zb: noise.plane(7),
            zu: noise.plane(7),
            zv: noise.plane(7),
            zz: noise.plane(7),
            b: noise.plane(64),
            c: noise.plane(64),
            h: noise.plane(64),
            unknowns: from_fn(|_| from_fn(|_| noise.plane(101))),
        }
    }

    /// Half a cell from one particle to the next, through all components.
    fn place_particles(&mut self) {
        let mut next = 1.0;
        for component in 0..4 {
            for particle in &mut self.p {
                particle[component] = next;
                next += 0.5;
            }
        }
    }
}
