//! The vectors that the kernels work on, and what they start with.
//!
//! The first common block of UCRL-53745, in its order, and the integers that
//! go with it. Fortran and C let a subscript run on into the next variable, and
//! three kernels do: x, z and rh are longer here by what they find there.

use std::array::from_fn;

use super::noise::Noise;

/// The length of most.
const LONG: usize = 1001;
const SHORT: usize = 101;
const ZONES: usize = 300;
const CELLS: usize = 2048;

/// How far kernel 4 reads beyond x, into y.
const BEYOND_X: usize = 193;
/// How far kernel 1 reads beyond z, into g.
const BEYOND_Z: usize = 11;
/// How far kernel 14 may write beyond rh, into vsp.
const BEYOND_RH: usize = 1;

/// Vectors.
pub(super) struct Lines {
    pub(super) u: Vec<f64>,
    pub(super) v: Vec<f64>,
    pub(super) w: Vec<f64>,
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
    pub(super) z: Vec<f64>,
    pub(super) g: Vec<f64>,
    /// du1 to du3 of kernel 8.
    pub(super) du: [Vec<f64>; 3],
    pub(super) grd: Vec<f64>,
    pub(super) dex: Vec<f64>,
    pub(super) xi: Vec<f64>,
    pub(super) ex: Vec<f64>,
    pub(super) ex1: Vec<f64>,
    pub(super) dex1: Vec<f64>,
    pub(super) vx: Vec<f64>,
    pub(super) xx: Vec<f64>,
    pub(super) rx: Vec<f64>,
    pub(super) rh: Vec<f64>,
    pub(super) vsp: Vec<f64>,
    pub(super) vstp: Vec<f64>,
    pub(super) vxne: Vec<f64>,
    pub(super) vxnd: Vec<f64>,
    pub(super) ve3: Vec<f64>,
    pub(super) vlr: Vec<f64>,
    pub(super) vlin: Vec<f64>,
    pub(super) b5: Vec<f64>,
    pub(super) plan: Vec<f64>,
    pub(super) d: Vec<f64>,
    pub(super) sa: Vec<f64>,
    pub(super) sb: Vec<f64>,
    pub(super) e: Vec<usize>,
    pub(super) f: Vec<usize>,
    pub(super) ix: Vec<usize>,
    pub(super) ir: Vec<usize>,
    pub(super) zone: Vec<i64>,
}

impl Lines {
    /// Fresh vectors; see [`Data::new`](super::data::Data::new).
    pub(super) fn new(seed: u64, zones: usize) -> Lines {
        let mut lines = Lines::of_noise(&mut Noise::new());
        lines.lengthen();
        lines.ix = random_places(seed);
        lines.grd = lines.ix.iter().map(|&place| place as f64).collect();
        lines.dex.iter_mut().for_each(|slope| *slope *= -100.0);
        lines.lay_out(zones);
        lines
    }

    fn of_noise(noise: &mut Noise) -> Lines {
        Lines {
            u: noise.line(LONG),
            v: noise.line(LONG),
            w: noise.line(LONG),
            x: noise.line(LONG),
            y: noise.line(LONG),
            z: noise.line(LONG),
            g: noise.line(LONG),
            du: from_fn(|_| noise.line(SHORT)),
            grd: noise.line(LONG),
            dex: noise.line(LONG),
            xi: noise.line(LONG),
            ex: noise.line(LONG),
            ex1: noise.line(LONG),
            dex1: noise.line(LONG),
            vx: noise.line(LONG),
            xx: noise.line(LONG),
            rx: noise.line(LONG),
            rh: noise.line(CELLS),
            vsp: noise.line(SHORT),
            vstp: noise.line(SHORT),
            vxne: noise.line(SHORT),
            vxnd: noise.line(SHORT),
            ve3: noise.line(SHORT),
            vlr: noise.line(SHORT),
            vlin: noise.line(SHORT),
            b5: noise.line(SHORT),
            plan: noise.line(ZONES),
            d: noise.line(ZONES),
            sa: noise.line(SHORT),
            sb: noise.line(SHORT),
            e: vec![1; 96],
            f: vec![1; 96],
            ix: vec![0; LONG],
            ir: vec![0; LONG],
            zone: vec![0; ZONES + 1],
        }
    }

    fn lengthen(&mut self) {
        self.x.extend_from_slice(&self.y[..BEYOND_X]);
        self.z.extend_from_slice(&self.g[..BEYOND_Z]);
        self.rh.extend_from_slice(&self.vsp[..BEYOND_RH]);
    }

    /// Four rounds of `zones` zones for kernel 16, which looks for zone
    /// `zones`; it stands once more at the start of the second half.
    fn lay_out(&mut self, zones: usize) {
        self.d[0] = 1.01980486428764;
        for place in 1..ZONES {
            self.d[place] = self.d[place - 1] + 1.0e-4 / self.d[place - 1];
        }
        let scale = self.d[zones - 1];
        for place in 0..4 * zones {
            let number = place % zones + 1;
            self.plan[place] = scale * ((number as f64 + 1.0) / number as f64);
            self.zone[place] = 2 * number as i64;
        }
        self.zone[2 * zones] = zones as i64;
    }
}

/// Places from 1 to 1000 from the "minimal standard" generator, which keeps
/// `seed` below its modulus; the original computes it in floating point, but
/// all its numbers are whole and exact.
fn random_places(mut seed: u64) -> Vec<usize> {
    const FACTOR: u64 = 16_807;
    const MODULUS: u64 = (1 << 31) - 1;
    let span = LONG as u64 - 1;
    let mut place = || {
        seed = seed * FACTOR % MODULUS;
        1 + (seed * span / MODULUS) as usize
    };
    (0..LONG).map(|_| place()).collect()
}
