//! The Benchmarks Game's n-body: the sun and its four giant planets.
//!
//! Steps of a hundredth of a year by the symplectic integrator that the Game
//! prescribes, with its initial orbits in astronomical units and solar masses.
//! The energies before and after are those that it publishes, to its nine
//! places.

#![expect(
    clippy::excessive_precision,
    reason = "the orbits have the digits that were published"
)]

use std::f64::consts::PI;
use std::hint::black_box;

use crate::{Check, Class};

const SOLAR_MASS: f64 = 4.0 * PI * PI;
const DAYS_PER_YEAR: f64 = 365.24;
const STEP: f64 = 0.01;

pub(crate) fn run(class: Class) -> Vec<Check> {
    let (steps, expected) = match class {
        Class::S | Class::W => (1000, "-0.169087605"),
        Class::A => (50_000_000, "-0.169059907"),
    };
    let mut bodies = black_box(solar_system());
    let before = energy(&bodies);
    for _ in 0..steps {
        advance(&mut bodies);
    }
    let [before, after] = [before, energy(&bodies)].map(|energy| format!("{energy:.9}"));
    vec![
        Check::text("energy before", &before, "-0.169075164"),
        Check::text("energy after", &after, expected),
    ]
}

type Vector = [f64; 3];

#[derive(Clone, Copy)]
struct Body {
    position: Vector,
    velocity: Vector,
    mass: f64,
}

impl Body {
    /// From a velocity in units a day and a mass in solar masses.
    fn new(position: Vector, velocity: Vector, mass: f64) -> Body {
        Body {
            position,
            velocity: velocity.map(|v| v * DAYS_PER_YEAR),
            mass: mass * SOLAR_MASS,
        }
    }

    fn accelerate(&mut self, direction: Vector, factor: f64) {
        for (v, d) in self.velocity.iter_mut().zip(direction) {
            *v += d * factor;
        }
    }
}

/// The sun moves so that the whole does not.
fn solar_system() -> [Body; 5] {
    let mut bodies = [
        Body::new([0.0; 3], [0.0; 3], 1.0),
        jupiter(),
        saturn(),
        uranus(),
        neptune(),
    ];
    for planet in 1..bodies.len() {
        let Body { velocity, mass, .. } = bodies[planet];
        bodies[0].accelerate(velocity, -mass / SOLAR_MASS);
    }
    bodies
}

fn jupiter() -> Body {
    Body::new(
        [
            4.84143144246472090e+00,
            -1.16032004402742839e+00,
            -1.03622044471123109e-01,
        ],
        [
            1.66007664274403694e-03,
            7.69901118419740425e-03,
            -6.90460016972063023e-05,
        ],
        9.54791938424326609e-04,
    )
}

fn saturn() -> Body {
    Body::new(
        [
            8.34336671824457987e+00,
            4.12479856412430479e+00,
            -4.03523417114321381e-01,
        ],
        [
            -2.76742510726411003e-03,
            4.99852801234917238e-03,
            2.30417297573763929e-05,
        ],
        2.85885980666130812e-04,
    )
}

fn uranus() -> Body {
    Body::new(
        [
            1.28943695621391310e+01,
            -1.51111514016986312e+01,
            -2.23307578892655734e-01,
        ],
        [
            2.96460137564761618e-03,
            2.37847173959480950e-03,
            -2.96589568540237556e-05,
        ],
        4.36624404335156298e-05,
    )
}

fn neptune() -> Body {
    Body::new(
        [
            1.53796971148509165e+01,
            -2.59193146099879641e+01,
            1.79258772950371181e-01,
        ],
        [
            2.68067772490389322e-03,
            1.62824170038242295e-03,
            -9.51592254519715870e-05,
        ],
        5.15138902046611451e-05,
    )
}

/// Each pair attracts each other, then all move.
fn advance(bodies: &mut [Body; 5]) {
    for i in 0..bodies.len() {
        for j in i + 1..bodies.len() {
            let between = difference(&bodies[i], &bodies[j]);
            let squared = dot(between, between);
            let magnitude = STEP / (squared * squared.sqrt());
            let [mass_i, mass_j] = [bodies[i].mass, bodies[j].mass];
            bodies[i].accelerate(between, -mass_j * magnitude);
            bodies[j].accelerate(between, mass_i * magnitude);
        }
    }
    for body in bodies {
        for (x, v) in body.position.iter_mut().zip(body.velocity) {
            *x += STEP * v;
        }
    }
}

/// Kinetic and potential.
fn energy(bodies: &[Body; 5]) -> f64 {
    let mut energy = 0.0;
    for (i, body) in bodies.iter().enumerate() {
        energy += 0.5 * body.mass * dot(body.velocity, body.velocity);
        for other in &bodies[i + 1..] {
            let between = difference(body, other);
            energy -= body.mass * other.mass / dot(between, between).sqrt();
        }
    }
    energy
}

fn difference(a: &Body, b: &Body) -> Vector {
    std::array::from_fn(|axis| a.position[axis] - b.position[axis])
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn a_thousand_steps_keep_the_energy_that_they_should() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), 2);
        assert!(failures(&checks).is_empty(), "{checks:?}");
    }
}
