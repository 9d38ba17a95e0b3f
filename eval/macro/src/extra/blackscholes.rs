//! PARSEC's blackscholes: European options, priced by the closed formula.
//!
//! Single precision, and the cumulative normal distribution by the polynomial
//! of Abramowitz and Stegun 26.2.17, as in PARSEC 3.0. Each option comes with
//! the price that the program DerivaGem gives it; PARSEC's `ERR_CHK` wants all
//! within a ten-thousandth. Its loop prices all options a hundred times, and
//! there are few of them here, so that loop is repeated.

#![expect(
    clippy::excessive_precision,
    reason = "the factors have the digits that were published"
)]

mod options;

use std::hint::black_box;
use std::num::ParseFloatError;
use std::str::FromStr;

use crate::{Check, Class};

/// PARSEC's `NUM_RUNS`.
const RUNS: usize = 100;
const TOLERANCE: f32 = 1e-4;

pub(crate) fn run(class: Class) -> Vec<Check> {
    let repetitions = match class {
        Class::S => 1000,
        Class::W | Class::A => 10_000,
    };
    let options: Vec<_> = options::OPTIONS.lines().map(read_option).collect();
    let mut prices = vec![0.0; options.len()];
    let mut right = 0;
    for _ in 0..repetitions * RUNS {
        right += price_all(black_box(&options), &mut prices);
    }
    let expected = (repetitions * RUNS * options.len()) as i64;
    let mut checks = vec![Check::exact("options priced right", right, expected)];
    checks.push(Check::exact("options", options.len() as i64, 40));
    checks
}

/// How many are priced as DerivaGem prices them.
fn price_all(options: &[QuotedOption], prices: &mut [f32]) -> i64 {
    let mut right = 0;
    for (option, price) in options.iter().zip(prices) {
        *price = option.price();
        right += i64::from((option.reference - *price).abs() < TOLERANCE);
    }
    right
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// To buy.
    Call,
    /// To sell.
    Put,
}

struct QuotedOption {
    spot: f32,
    strike: f32,
    rate: f32,
    volatility: f32,
    /// Until it expires.
    years: f32,
    kind: Kind,
    /// DerivaGem's price.
    reference: f32,
}

fn read_option(line: &str) -> QuotedOption {
    line.parse().expect("the options are written correctly")
}

impl FromStr for QuotedOption {
    type Err = ParseFloatError;

    /// Dividends are there, but PARSEC does not use them.
    fn from_str(line: &str) -> Result<QuotedOption, ParseFloatError> {
        let mut words = line.split_whitespace();
        let mut word = || words.next().unwrap_or("");
        let spot = word().parse()?;
        let strike = word().parse()?;
        let rate = word().parse()?;
        let _dividend_rate: f32 = word().parse()?;
        let volatility = word().parse()?;
        let years = word().parse()?;
        let kind = if word() == "P" { Kind::Put } else { Kind::Call };
        let _dividends: f32 = word().parse()?;
        let reference = word().parse()?;
        Ok(QuotedOption {
            spot,
            strike,
            rate,
            volatility,
            years,
            kind,
            reference,
        })
    }
}

impl QuotedOption {
    fn price(&self) -> f32 {
        let deviation = self.volatility * self.years.sqrt();
        let drift = (self.rate + 0.5 * self.volatility * self.volatility) * self.years;
        let d1 = (drift + (self.spot / self.strike).ln()) / deviation;
        let [n1, n2] = [d1, d1 - deviation].map(cumulative_normal);
        let discounted = self.strike * (-self.rate * self.years).exp();
        match self.kind {
            Kind::Call => self.spot * n1 - discounted * n2,
            Kind::Put => discounted * (1.0 - n2) - self.spot * (1.0 - n1),
        }
    }
}

/// The chance that a normally distributed number is below `x`.
fn cumulative_normal(x: f32) -> f32 {
    const FACTORS: [f32; 5] = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    /// One over the square root of two pi.
    const PEAK: f32 = 0.398_942_280_401;
    let k = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let polynomial = FACTORS
        .iter()
        .rev()
        .fold(0.0, |sum, factor| (sum + factor) * k);
    let above = PEAK * (-0.5 * x * x).exp() * polynomial;
    if x < 0.0 { above } else { 1.0 - above }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;

    #[test]
    fn every_option_is_priced_as_derivagem_prices_it() {
        let checks = run(Class::S);
        assert_eq!(checks.len(), 2);
        assert!(failures(&checks).is_empty(), "{checks:?}");
    }
}
