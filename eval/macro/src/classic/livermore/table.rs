//! The kernels in their order, and the three span sets with published sums.
//!
//! Spans, passes and sums are those of McMahon's Fortran program, as R.
//! Longbottom's C version has them: the passes are made 200, 400 or 1600 times
//! over, and the sums hold for that many. Short spans show what a machine
//! spends on beginning and ending loops.

use super::data::Data;
use super::{grids, particles, recurrences, streams, sums};

/// One pass over a span of the data.
type Pass = fn(&mut Data, usize);
/// The check sum of a span of the data.
type Sum = fn(&Data, usize) -> f64;

/// Kernels 1 to 24.
pub(super) const KERNELS: [(Pass, Sum); 24] = [
    (streams::hydro_fragment, sums::x),
    (recurrences::conjugate_gradient, sums::x_twice_as_far),
    (streams::inner_product, sums::q),
    (recurrences::banded_equations, sums::three_of_v),
    (recurrences::tridiagonal_elimination, sums::x_but_first),
    (recurrences::general_recurrence, sums::w),
    (streams::equation_of_state, sums::x),
    (grids::alternating_directions, sums::unknowns),
    (streams::integrate_predictors, sums::predictors),
    (streams::difference_predictors, sums::predictors),
    (recurrences::first_sum, sums::x_but_first),
    (streams::first_difference, sums::x_but_last),
    (particles::particles_in_plane, sums::particles_and_cells),
    (particles::particles_on_line, sums::particles_and_charges),
    (grids::casual_fortran, sums::vs_and_vy),
    (particles::monte_carlo_search, sums::search),
    (recurrences::conditional_computation, sums::vxne_and_vxnd),
    (grids::explicit_hydro, sums::zz_and_zr),
    (recurrences::recurrence_there_and_back, sums::b5),
    (recurrences::discrete_ordinates, sums::xx_but_first),
    (streams::matrix_product, sums::product),
    (streams::planck_distribution, sums::w),
    (grids::implicit_hydro, sums::za),
    (streams::first_minimum, sums::minimum),
];

/// How far and how often each kernel runs, and what must come of it.
pub(super) struct Set {
    /// Where the random places of kernel 14 start.
    pub(super) seed: u64,
    /// How many zones each group of kernel 16 has.
    pub(super) zones: usize,
    /// How many times over all passes are made.
    pub(super) multiple: usize,
    pub(super) spans: [usize; 24],
    pub(super) passes: [usize; 24],
    pub(super) sums: [f64; 24],
}

/// Long, middling and short spans.
pub(super) const SETS: [Set; 3] = [
    Set {
        seed: 256,
        zones: 75,
        multiple: 200,
        spans: [
            1001, 101, 1001, 1001, 1001, 64, 995, 100, 101, 101, 1001, 1000, 64, 1001, 101, 75,
            101, 100, 101, 1000, 101, 101, 100, 1001,
        ],
        passes: [
            7, 67, 9, 14, 10, 3, 4, 10, 36, 34, 11, 12, 36, 2, 1, 25, 35, 2, 39, 1, 1, 11, 8, 5,
        ],
        sums: [
            5.114652693224671e4,
            1.539721811668385e3,
            1.000742883066363e1,
            5.999250595473891e-1,
            4.548871642387267e3,
            4.375116344729986e3,
            6.104251075174761e4,
            1.501268005625798e5,
            1.189443609974981e5,
            7.310369784325296e4,
            3.342910972650109e7,
            2.907141294167248e-5,
            1.202533961842803e11,
            3.165553044000334e9,
            3.943816690352042e4,
            5.65076e5,
            1.114641772902486e3,
            1.0157270375023e5,
            5.421816960147207e2,
            3.040644339351239e7,
            1.597308280710199e8,
            2.938604376566697e2,
            3.549900501563623e4,
            5.0e2,
        ],
    },
    Set {
        seed: 12_491_249,
        zones: 40,
        multiple: 400,
        spans: [
            101, 101, 101, 101, 101, 32, 101, 100, 101, 101, 101, 100, 32, 101, 101, 40, 101,
            100, 101, 100, 50, 101, 100, 101,
        ],
        passes: [
            40, 40, 53, 70, 55, 7, 22, 6, 21, 19, 64, 68, 41, 10, 1, 27, 20, 1, 23, 8, 1, 7, 5,
            31,
        ],
        sums: [
            5.253344778937972e2,
            1.539721811668385e3,
            1.009741436578952e0,
            5.999250595473891e-1,
            4.589031939600982e1,
            8.63167564533321e1,
            6.345586315784055e2,
            1.501268005625798e5,
            1.189443609974981e5,
            7.310369784325296e4,
            3.433560407475758e4,
            7.127569130821465e-6,
            9.816387810944345e10,
            3.039983465145393e7,
            3.943816690352042e4,
            6.48041e5,
            1.114641772902486e3,
            1.0157270375023e5,
            5.421816960147207e2,
            3.126205178815431e4,
            7.824524877232093e7,
            2.938604376566697e2,
            3.549900501563623e4,
            5.0e1,
        ],
    },
    Set {
        seed: 1_499_352_848,
        zones: 15,
        multiple: 1600,
        spans: [
            27, 15, 27, 27, 27, 8, 21, 14, 15, 15, 27, 26, 8, 27, 15, 15, 15, 14, 15, 26, 20,
            15, 14, 27,
        ],
        passes: [
            28, 46, 37, 38, 40, 21, 20, 9, 26, 25, 46, 48, 31, 8, 1, 14, 26, 2, 28, 7, 1, 8, 7,
            23,
        ],
        sums: [
            3.855104502494961e1,
            3.953296986903059e1,
            2.699309089320672e-1,
            5.999250595473891e-1,
            3.182615248447483e0,
            1.120309393467088e0,
            2.845720217644024e1,
            2.960543667875003e3,
            2.62396846087425e3,
            1.651291227698265e3,
            6.55116133584577e2,
            1.943435981130448e-6,
            3.847124199949426e10,
            2.923540598672011e6,
            1.108997288134785e3,
            5.15216e5,
            2.94736861858936e1,
            9.70064621233704e2,
            1.268230698051003e1,
            5.987713249475302e2,
            5.009945671204667e7,
            6.109968728263972e0,
            4.85034060274997e2,
            1.3e1,
        ],
    },
];
