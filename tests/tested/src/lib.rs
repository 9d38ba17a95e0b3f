//! Tests that end in every way in which a test can end.

/// The number that the tests are about.
pub fn two() -> u32 {
    2
}

#[cfg(test)]
mod tests {
    use std::{process, thread};

    use super::two;

    #[test]
    fn passes() {
        println!("said by one that passes");
        assert_eq!(two(), 2);
    }

    #[test]
    fn fails() {
        println!("said by one that fails");
        assert_eq!(two(), 3);
    }

    #[test]
    fn fails_by_its_result() -> Result<(), String> {
        Err("no".into())
    }

    #[test]
    #[should_panic]
    fn panics_as_it_should() {
        panic!("on purpose");
    }

    #[test]
    #[should_panic(expected = "purpose")]
    fn panics_with_the_right_words() {
        panic!("on purpose");
    }

    #[test]
    #[should_panic(expected = "purpose")]
    fn panics_with_other_words() {
        panic!("by accident");
    }

    #[test]
    #[should_panic]
    fn does_not_panic() {}

    #[test]
    fn panics_in_a_thread() {
        assert!(thread::spawn(|| panic!("elsewhere")).join().is_err());
    }

    #[test]
    #[ignore = "for the trial of ignored tests"]
    fn is_ignored() {}

    #[test]
    fn hangs() {
        loop {
            thread::park();
        }
    }

    #[test]
    fn exits() {
        process::exit(0);
    }

    #[test]
    fn reads_where_nothing_is() {
        // SAFETY: there is none; the read is a fault, as the trial wants it.
        let byte = unsafe { std::ptr::without_provenance::<u8>(4096).read_volatile() };
        assert_eq!(byte, 0);
    }

    #[test]
    fn z_comes_after_all_of_them() {}
}
