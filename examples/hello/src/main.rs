//! Hello from an ordinary program.
//!
//! Nothing here knows of Cloister. The program greets whoever its arguments
//! name, counts their letters, does a little arithmetic, and looks at the
//! clock: memory, formatting, floating point and time, as anywhere.

use std::collections::BTreeMap;
use std::env;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

fn main() {
    let start = Instant::now();
    let names: Vec<String> = env::args().skip(1).collect();
    println!("Hello, {}!", audience(&names));
    if !names.is_empty() {
        println!("letters: {:?}", letters(&names));
    }
    if let Ok(greeting) = env::var("GREETING") {
        println!("GREETING says {greeting:?}");
    }
    println!("pi is about {:.6}", leibniz(1_000));
    println!(
        "sin(1) = {:.6}, 2^0.5 = {:.6}",
        1_f64.sin(),
        2_f64.powf(0.5)
    );
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(now) => println!("{} days since 1970", now.as_secs() / 86_400),
        Err(_) => println!("the clock is set before 1970"),
    }
    println!("all of it took {:?}", start.elapsed());
}

/// Whom to greet.
fn audience(names: &[String]) -> String {
    match names {
        [] => "world".into(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

/// How often each letter occurs.
fn letters(names: &[String]) -> BTreeMap<char, usize> {
    let mut counts = BTreeMap::new();
    for letter in names.iter().flat_map(|name| name.chars()) {
        *counts.entry(letter).or_default() += 1;
    }
    counts
}

/// Pi by the series of Leibniz, with the mean of the last two sums.
fn leibniz(terms: u32) -> f64 {
    let sum = |terms: u32| -> f64 {
        (0..terms)
            .map(|n| if n % 2 == 0 { 4.0 } else { -4.0 } / f64::from(2 * n + 1))
            .sum()
    };
    (sum(terms) + sum(terms + 1)) / 2.0
}
