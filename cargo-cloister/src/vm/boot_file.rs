//! The boot options: arguments, environment and settings of one run.

use domains::boot::{OPTIONS_MAX, OptionsHeader};
use zerocopy::IntoBytes;

/// What one run tells its program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BootOptions {
    /// The arguments, the program's name first.
    pub arguments: Vec<Vec<u8>>,
    /// The environment, as `NAME=value`.
    pub environment: Vec<Vec<u8>>,
    /// How much the kernels say: 0 only failures, to 3 for debugging.
    pub log_level: u32,
}

/// More arguments and environment than a guest accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error, miette::Diagnostic)]
#[error("arguments and environment take {size} bytes, and a guest accepts {OPTIONS_MAX}")]
#[diagnostic(
    code(cloister::too_many_arguments),
    help("pass long input on standard input")
)]
pub struct TooLong {
    /// How many bytes there were.
    pub size: usize,
}

impl BootOptions {
    /// The module that QEMU hands to the guest.
    pub fn encode(&self) -> Result<Vec<u8>, TooLong> {
        let strings: Vec<u8> = self
            .arguments
            .iter()
            .chain(&self.environment)
            .flat_map(|text| text.iter().copied().chain([0]))
            .collect();
        let size = size_of::<OptionsHeader>() + strings.len();
        if size > OPTIONS_MAX {
            return Err(TooLong { size });
        }
        Ok([self.header(strings.len()).as_bytes(), &strings].concat())
    }

    fn header(&self, strings: usize) -> OptionsHeader {
        let count = |list: &[Vec<u8>]| u32::try_from(list.len()).unwrap_or(u32::MAX);
        OptionsHeader::new(
            count(&self.arguments),
            count(&self.environment),
            strings as u64,
            self.log_level,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zerocopy::FromBytes;

    #[test]
    fn strings_follow_a_header_that_the_guest_accepts() {
        let options = BootOptions {
            arguments: vec![b"hello".to_vec(), b"".to_vec()],
            environment: vec![b"A=1".to_vec()],
            log_level: 2,
        };
        let bytes = options.encode().expect("short");
        let (header, strings) = OptionsHeader::read_from_prefix(&bytes).expect("a header");
        assert!(header.is_valid(bytes.len()));
        assert_eq!(
            (header.arguments, header.environment, header.log_level),
            (2, 1, 2)
        );
        assert_eq!(strings, b"hello\0\0A=1\0");
    }

    #[test]
    fn what_the_guest_would_refuse_is_not_sent() {
        let arguments = vec![vec![b'x'; OPTIONS_MAX]];
        assert!(
            BootOptions {
                arguments,
                ..BootOptions::default()
            }
            .encode()
            .is_err()
        );
    }
}
