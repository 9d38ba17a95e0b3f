//! Tests without libtest's harness: a program that judges itself.

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    println!("own main with {arguments:?}");
    assert!(!arguments.iter().any(|word| word == "fail"));
}
