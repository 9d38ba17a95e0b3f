//! What was found, beside what must have been found.

use std::fmt;

/// One result of a program, and the value that it must have.
#[derive(Clone, Debug)]
pub struct Check {
    what: String,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    /// Whole numbers that must be equal.
    Exact { found: i64, expected: i64 },
    /// Texts that must be equal.
    Text { found: String, expected: String },
    /// Numbers that may differ by a share of the expected one.
    Close {
        found: f64,
        expected: f64,
        relative: f64,
    },
    /// A number that must not reach a limit; no number at all fails.
    Below { found: f64, limit: f64 },
}

impl Check {
    /// `found` must be `expected`.
    pub fn exact(what: impl Into<String>, found: i64, expected: i64) -> Check {
        let rule = Rule::Exact { found, expected };
        Check::new(what, rule)
    }

    /// `found` must be `expected`, letter by letter.
    pub fn text(what: impl Into<String>, found: &str, expected: &str) -> Check {
        let [found, expected] = [found, expected].map(str::to_owned);
        Check::new(what, Rule::Text { found, expected })
    }

    /// `found` must be `expected`, give or take the share `relative` of it.
    pub fn close(what: impl Into<String>, found: f64, expected: f64, relative: f64) -> Check {
        let rule = Rule::Close {
            found,
            expected,
            relative,
        };
        Check::new(what, rule)
    }

    /// The size of `found` must be below `limit`.
    pub fn below(what: impl Into<String>, found: f64, limit: f64) -> Check {
        Check::new(what, Rule::Below { found, limit })
    }

    fn new(what: impl Into<String>, rule: Rule) -> Check {
        let what = what.into();
        Check { what, rule }
    }

    /// Whether it was found.
    pub fn holds(&self) -> bool {
        match &self.rule {
            Rule::Exact { found, expected } => found == expected,
            Rule::Text { found, expected } => found == expected,
            Rule::Close {
                found,
                expected,
                relative,
            } => (found - expected).abs() <= relative * expected.abs(),
            Rule::Below { found, limit } => found.abs() < *limit,
        }
    }

    /// The same with a wrong expectation, just beyond what is allowed.
    pub fn distorted(&self) -> Check {
        let mut check = self.clone();
        match &mut check.rule {
            Rule::Exact { expected, .. } => *expected += 1,
            Rule::Text { expected, .. } => expected.push('?'),
            Rule::Close {
                expected, relative, ..
            } => *expected *= 1.0 + 3.0 * *relative,
            Rule::Below { found, limit } => *limit = found.abs(),
        }
        check
    }
}

/// Those that do not hold.
pub fn failures(checks: &[Check]) -> Vec<&Check> {
    checks.iter().filter(|check| !check.holds()).collect()
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = &self.what;
        match &self.rule {
            Rule::Exact { found, expected } => write!(f, "{what} is {found}, not {expected}"),
            Rule::Text { found, expected } => write!(f, "{what} is {found}, not {expected}"),
            Rule::Close {
                found,
                expected,
                relative,
            } => write!(
                f,
                "{what} is {found:e}, not {expected:e} give or take {relative:e} of it"
            ),
            Rule::Below { found, limit } => {
                write!(f, "{what} is {found:e}, not below {limit:e}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_of_each() -> [Check; 4] {
        [
            Check::exact("count", 3, 3),
            Check::text("name", "a", "a"),
            Check::close("sum", 1.0, 1.0 + 1e-9, 1e-8),
            Check::below("rest", -0.5, 1.0),
        ]
    }

    #[test]
    fn what_is_right_holds_and_what_is_wrong_does_not() {
        assert!(failures(&one_of_each()).is_empty());
        let wrong = one_of_each().map(|check| check.distorted());
        assert_eq!(failures(&wrong).len(), 4);
    }

    #[test]
    fn what_is_no_number_never_holds() {
        assert!(!Check::close("sum", f64::NAN, 1.0, 1e-8).holds());
        assert!(!Check::below("rest", f64::NAN, 1.0).holds());
    }
}
