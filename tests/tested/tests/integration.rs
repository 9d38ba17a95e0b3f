//! Tests that see the library from outside.

#[test]
fn two_is_two() {
    assert_eq!(tested::two(), 2);
}
