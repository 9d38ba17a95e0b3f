//! Typed entries on both sides of a gate, from one declaration.
//!
//! An interface is a list of numbered functions over scalars. From it,
//! [`interface!`] generates the caller's functions, the callee's trait
//! `Serve`, and the table that the gate indexes. No reference crosses a gate;
//! an address is a number like any other until the callee has tried it.

/// A value that crosses a gate in one register.
pub(crate) trait Scalar: Copy {
    /// The value as a register holds it.
    fn into_word(self) -> u64;
    /// The value that a register holds; what does not fit is cut off.
    fn from_word(word: u64) -> Self;
}

macro_rules! scalars {
    ($($type:ty),*) => {
        $(impl Scalar for $type {
            #[inline(always)]
            fn into_word(self) -> u64 {
                self as u64
            }

            #[inline(always)]
            fn from_word(word: u64) -> Self {
                word as Self
            }
        })*
    };
}

scalars!(u8, i32, u32, i64, u64, usize, isize);

/// Declares the entries that one domain has for another.
macro_rules! interface {
    (unsafe calls through $gate:ident -> $reply:ty; $($entries:tt)*) => {
        $crate::interface::calls!([unsafe] $gate, $reply; $($entries)*);
        $crate::interface::service!($($entries)*);
    };
    (calls into $cell:expr; $($entries:tt)*) => {
        $crate::call::way_into!($cell);
        $crate::interface::calls!([] into, Result<i64, $crate::cell::Faulted>; $($entries)*);
        $crate::interface::service!($($entries)*);

        const _: () = assert!(
            domains::entry_names::agree(NAMES, $cell.entries()),
            "the row of the cell gives its entries other names"
        );
    };
}

/// The caller's side: a function an entry.
macro_rules! calls {
    ($safety:tt $gate:ident, $reply:ty; $(
        $(#[$doc:meta])* $number:literal => $name:ident($($argument:ident: $type:ty),*);
    )*) => {
        $($crate::interface::call! {
            $safety $gate, $reply; $(#[$doc])* $number => $name($($argument: $type),*)
        })*
    };
}

/// One function of the caller's side.
macro_rules! call {
    (
        [unsafe] $gate:ident, $reply:ty;
        $(#[$doc:meta])* $number:literal => $name:ident($($argument:ident: $type:ty),*)
    ) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// See the head of this module.
        #[inline(always)]
        pub unsafe fn $name($($argument: $type),*) -> $reply {
            // SAFETY: forwarded to the caller.
            unsafe {
                $crate::call::$gate($number, [$($crate::interface::Scalar::into_word($argument)),*])
            }
        }
    };
    (
        [] $gate:ident, $reply:ty;
        $(#[$doc:meta])* $number:literal => $name:ident($($argument:ident: $type:ty),*)
    ) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name($($argument: $type),*) -> $reply {
            $gate($number, [$($crate::interface::Scalar::into_word($argument)),*])
        }
    };
}

/// The callee's side: what it implements, and the table of it.
macro_rules! service {
    ($(
        $(#[$doc:meta])* $number:literal => $name:ident($($argument:ident: $type:ty),*);
    )*) => {
        /// The entries by number.
        pub(crate) const NAMES: &[(u32, &str)] = &[$(($number, stringify!($name))),*];

        /// What the callee implements: one function an entry.
        pub trait Serve {
            $(
                $(#[$doc])*
                fn $name($($argument: $type),*) -> i64;
            )*
        }

        /// The table that the gate indexes, each slot without an entry
        /// answering that it has none.
        pub const fn table<S: Serve>() -> [$crate::entry::Entry; domains::entries::SLOTS] {
            let mut table = [$crate::entry::Entry::unused(); domains::entries::SLOTS];
            $({
                extern "C" fn handler<S: Serve>(
                    first: u64, second: u64, fifth: u64, _: u64, third: u64, fourth: u64,
                ) -> i64 {
                    let _words = [first, second, third, fourth, fifth];
                    let mut _next = 0;
                    $(
                        let $argument = <$type as $crate::interface::Scalar>::from_word(_words[_next]);
                        _next += 1;
                    )*
                    S::$name($($argument),*)
                }
                table[$number] = $crate::entry::Entry::handler(handler::<S>);
            })*
            table
        }
    };
}

pub(crate) use {call, calls, interface, service};
