//! Atomics that can be watched: each access is a step of the model.

use std::fmt;
use std::sync::atomic::{self, Ordering};
use std::sync::{Arc, OnceLock};

use crate::run::{self, Word};

/// Memory for one atomic, made when it is first used: so it can be a constant.
struct Shared {
    first: u64,
    word: OnceLock<Word>,
}

impl Shared {
    const fn new(first: u64) -> Shared {
        Shared {
            first,
            word: OnceLock::new(),
        }
    }

    fn word(&self) -> &Word {
        self.word
            .get_or_init(|| Arc::new(atomic::AtomicU64::new(self.first)))
    }

    fn load(&self) -> u64 {
        match run::own() {
            Some((run, number)) => run.load(number, self.word()),
            None => self.word().load(Ordering::SeqCst),
        }
    }

    fn store(&self, value: u64, order: Ordering) {
        match run::own() {
            Some((run, number)) => {
                run.store(number, self.word(), value, order == Ordering::SeqCst);
            }
            None => self.word().store(value, Ordering::SeqCst),
        }
    }

    fn change(&self, change: impl Fn(u64) -> Option<u64>) -> Result<u64, u64> {
        let word = self.word();
        match run::own() {
            Some((run, number)) => run.change(number, word, change),
            None => word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, change),
        }
    }

    /// Changes it whatever it is; what it was.
    fn update(&self, change: impl Fn(u64) -> u64) -> u64 {
        let (Ok(old) | Err(old)) = self.change(|old| Some(change(old)));
        old
    }
}

macro_rules! atomic {
    ($($name:ident: $type:ty, $from:expr, $to:expr;)*) => {
        $(
            /// As in `core`.
            pub struct $name(Shared);

            impl $name {
                /// As in `core`.
                pub const fn new(value: $type) -> $name {
                    $name(Shared::new(value as u64))
                }

                /// As in `core`.
                pub fn load(&self, _: Ordering) -> $type {
                    $to(self.0.load())
                }

                /// As in `core`.
                pub fn store(&self, value: $type, order: Ordering) {
                    self.0.store($from(value), order);
                }

                /// As in `core`.
                pub fn swap(&self, value: $type, _: Ordering) -> $type {
                    $to(self.0.update(|_| $from(value)))
                }

                /// As in `core`.
                ///
                /// # Errors
                ///
                /// It is something else.
                pub fn compare_exchange(
                    &self,
                    current: $type,
                    new: $type,
                    _: Ordering,
                    _: Ordering,
                ) -> Result<$type, $type> {
                    let change = |old| (old == $from(current)).then_some($from(new));
                    self.0.change(change).map($to).map_err($to)
                }

                fn update(&self, change: impl Fn($type) -> $type) -> $type {
                    $to(self.0.update(|old| $from(change($to(old)))))
                }

                /// As in `core`.
                pub fn fetch_or(&self, value: $type, _: Ordering) -> $type {
                    self.update(|old| old | value)
                }

                /// As in `core`.
                pub fn fetch_and(&self, value: $type, _: Ordering) -> $type {
                    self.update(|old| old & value)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.load(Ordering::Relaxed).fmt(f)
                }
            }
        )*
    };
}

macro_rules! number {
    ($($name:ident: $type:ty;)*) => {
        atomic! { $($name: $type, |value: $type| value as u64, |word: u64| word as $type;)* }
        $(
            impl $name {
                /// As in `core`.
                pub fn fetch_add(&self, value: $type, _: Ordering) -> $type {
                    self.update(|old| old.wrapping_add(value))
                }

                /// As in `core`.
                pub fn fetch_sub(&self, value: $type, _: Ordering) -> $type {
                    self.update(|old| old.wrapping_sub(value))
                }

                /// As in `core`.
                pub fn fetch_max(&self, value: $type, _: Ordering) -> $type {
                    self.update(|old| old.max(value))
                }
            }
        )*
    };
}

atomic! { AtomicBool: bool, |value: bool| u64::from(value), |word: u64| word != 0; }
number! {
    AtomicU8: u8;
    AtomicU32: u32;
    AtomicU64: u64;
    AtomicUsize: usize;
}
