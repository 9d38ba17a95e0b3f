//! The data of all kernels, and the scalars among them.
//!
//! UCRL-53745 keeps them in common blocks: `Lines` is the first, `Planes` the
//! second, `Scalars` the third. The names are the original's. Nothing outlives
//! a kernel, so what one leaves behind never reaches another.

use super::lines::Lines;
use super::noise::Noise;
use super::planes::Planes;

/// What a kernel works on.
pub(super) struct Data {
    /// Vectors.
    pub(super) lines: Lines,
    /// Matrices.
    pub(super) planes: Planes,
    /// Single numbers.
    pub(super) scalars: Scalars,
    /// What the search of kernel 16 counts.
    pub(super) search: Search,
    /// Where kernel 24 found the minimum.
    pub(super) m24: usize,
}

/// Coefficients, and the few results that are single numbers.
pub(super) struct Scalars {
    /// a11 to a33 of kernel 8.
    pub(super) a: [[f64; 3]; 3],
    pub(super) c0: f64,
    pub(super) dk: f64,
    /// dm22 to dm28 of kernel 9.
    pub(super) dm: [f64; 7],
    pub(super) expmax: f64,
    pub(super) flx: f64,
    pub(super) q: f64,
    pub(super) r: f64,
    pub(super) s: f64,
    pub(super) sig: f64,
    pub(super) stb5: f64,
    pub(super) t: f64,
    pub(super) xnm: f64,
}

/// Counters and places of the search of kernel 16.
#[derive(Default)]
pub(super) struct Search {
    /// Zones looked at.
    pub(super) k2: usize,
    /// Zones for which the long formula was needed.
    pub(super) k3: usize,
    /// The last zone.
    pub(super) j5: usize,
    /// The group of zones, from 1.
    pub(super) m16: usize,
}

impl Data {
    /// Fresh data; kernel 14 starts from `seed`, kernel 16 has `zones`.
    pub(super) fn new(seed: u64, zones: usize) -> Data {
        Data {
            lines: Lines::new(seed, zones),
            planes: Planes::new(),
            scalars: Scalars::new(),
            search: Search::default(),
            m24: 0,
        }
    }
}

impl Scalars {
    /// The block has 39 places, counted from 1, of which some are unused.
    fn new() -> Scalars {
        let block = Noise::new().line(39);
        let at = |place: usize| block[place - 1];
        Scalars {
            a: std::array::from_fn(|row| {
                std::array::from_fn(|column| at(1 + 3 * row + column))
            }),
            c0: at(12),
            dk: at(15),
            dm: std::array::from_fn(|term| at(16 + term)),
            expmax: 20.0,
            flx: 0.001,
            q: at(28),
            r: at(30),
            s: at(32),
            sig: at(34),
            stb5: at(35),
            t: at(36),
            xnm: at(39),
        }
    }
}
