//! How often a cell may be started anew before it is given up.

use core::num::ParseIntError;
use core::str::FromStr;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The most restarts in a second, and in a minute.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
pub struct RestartLimit {
    second: u32,
    minute: u32,
}

/// Text that is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoLimit;

impl RestartLimit {
    /// The most that either can be: so many are remembered.
    pub const MOST: u32 = 64;
    /// There is no limit.
    pub const NONE: RestartLimit = RestartLimit::new(u32::MAX, u32::MAX);
    /// What each cell's row says, as boot options say it.
    pub const OF_ROW: RestartLimit = RestartLimit::new(u32::MAX, 0);

    /// So many in a second and in a minute.
    pub const fn new(second: u32, minute: u32) -> RestartLimit {
        RestartLimit { second, minute }
    }

    /// Whether one more is allowed, after so many in the last second and minute.
    pub const fn allows(self, second: u32, minute: u32) -> bool {
        let is_none = self.second == u32::MAX && self.minute == u32::MAX;
        is_none || second < self.second && minute < self.minute
    }
}

impl FromStr for RestartLimit {
    type Err = NoLimit;

    /// `16/s,64/min`, or `none`.
    fn from_str(text: &str) -> Result<RestartLimit, NoLimit> {
        if text == "none" {
            return Ok(RestartLimit::NONE);
        }
        let (second, minute) = text.split_once(',').ok_or(NoLimit)?;
        let number = |text: &str, unit| {
            let number = text.strip_suffix(unit).ok_or(NoLimit)?;
            let number = number.parse().map_err(|_: ParseIntError| NoLimit)?;
            (number <= RestartLimit::MOST)
                .then_some(number)
                .ok_or(NoLimit)
        };
        Ok(RestartLimit::new(
            number(second, "/s")?,
            number(minute, "/min")?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_of_seconds_and_of_minutes() {
        assert_eq!("16/s,64/min".parse(), Ok(RestartLimit::new(16, 64)));
        assert_eq!("0/s,0/min".parse(), Ok(RestartLimit::new(0, 0)));
        assert_eq!("none".parse(), Ok(RestartLimit::NONE));
        for text in [
            "",
            "16",
            "16/s",
            "16/s,64",
            "16/s,65/min",
            "-1/s,1/min",
            "1/min,1/s",
        ] {
            assert_eq!(text.parse::<RestartLimit>(), Err(NoLimit), "{text}");
        }
    }

    #[test]
    fn both_have_to_allow_it() {
        let limit = RestartLimit::new(2, 3);
        assert!(limit.allows(1, 2));
        assert!(!limit.allows(2, 2));
        assert!(!limit.allows(0, 3));
        assert!(!RestartLimit::new(0, 0).allows(0, 0));
        assert!(RestartLimit::NONE.allows(u32::MAX, u32::MAX));
    }
}
