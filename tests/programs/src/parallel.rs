//! `rayon`, on as many CPUs as there are.

use std::thread;

use rayon::prelude::*;

/// The pool is as large as the machine, and an own one as large as asked.
pub fn pool(cpus: usize) -> bool {
    let own = rayon::ThreadPoolBuilder::new().num_threads(3).build();
    let inside = own.unwrap().install(rayon::current_num_threads);
    let there = thread::available_parallelism()
        .map(usize::from)
        .unwrap_or(0);
    there == cpus && rayon::current_num_threads() == cpus && inside == 3
}

/// Sums have their formula, and there are 1,229 primes below ten thousand.
pub fn iterators() -> bool {
    const N: u64 = 100_000;
    let squares: u64 = (1..=N).into_par_iter().map(|n| n * n).sum();
    let is_prime = |n: &u32| {
        (2..*n)
            .take_while(|d| d * d <= *n)
            .all(|d| !n.is_multiple_of(d))
    };
    let primes = (2..10_000_u32).into_par_iter().filter(is_prime).count();
    let words: Vec<String> = (0..1000).into_par_iter().map(|n| n.to_string()).collect();
    squares == N * (N + 1) * (2 * N + 1) / 6
        && primes == 1229
        && words.par_iter().map(String::len).sum::<usize>() == 2890
        && words[999] == "999"
}

/// What was out of order is in order.
pub fn sorting() -> bool {
    const N: u32 = 20_000;
    // 7919 is prime to N, so every number is there once.
    let mut numbers: Vec<u32> = (0..N).map(|n| n * 7919 % N).collect();
    let mut stable = numbers.clone();
    numbers.par_sort_unstable();
    stable.par_sort_by_key(|n| n / 10);
    numbers.into_iter().eq(0..N) && stable.is_sorted_by_key(|n| n / 10)
}

/// Tasks that wait for tasks.
pub fn recursion() -> bool {
    fn fibonacci(n: u32) -> u64 {
        if n < 2 {
            return u64::from(n);
        }
        let (a, b) = rayon::join(|| fibonacci(n - 1), || fibonacci(n - 2));
        a + b
    }
    fibonacci(20) == 6765
}
