//! The form of an exported function, and what is said of it.
//!
//! A function of the ABI is declared once: with its signature, and with an
//! attribute that says who serves it, which errors it has and what differs
//! from Hermit. From that the table in the documentation is made, by a test.

/// Who serves a function.
#[cfg(test)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(non_camel_case_types, reason = "named as the attribute names them")]
pub(crate) enum Server {
    /// The application's own domain: no gate is crossed.
    here,
    /// The safe kernel.
    kernel,
    /// The application's own domain where it can, else the safe kernel.
    both,
}

/// A function of the ABI, as the documentation shows it.
#[cfg(test)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol {
    pub(crate) name: &'static str,
    pub(crate) docs: &'static [&'static str],
    pub(crate) signature: &'static str,
    pub(crate) served: Option<Served>,
}

/// What the attribute says.
#[cfg(test)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served {
    pub(crate) by: Server,
    pub(crate) errors: &'static [&'static str],
    /// At most one text.
    pub(crate) differs: &'static [&'static str],
}

/// Defines functions of the ABI, each exported under its own name.
macro_rules! export {
    ($(
        $(#[doc = $doc:expr])*
        $(#[abi($by:ident, [$($error:ident),* $(,)?] $(, $differs:literal)?)])?
        fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block
    )*) => {
        $(
            $(#[doc = $doc])*
            ///
            /// # Safety
            ///
            /// Pointers must be what the function of the ABI asks for.
            #[unsafe(no_mangle)]
            pub(crate) unsafe extern "C" fn $name($($argument: $type),*) $(-> $result)? $body

            /// What the documentation says of the function of this name.
            #[cfg(test)]
            pub(crate) mod $name {
                pub(crate) const SYMBOL: $crate::export::Symbol = $crate::export::Symbol {
                    name: stringify!($name),
                    docs: &[$($doc),*],
                    signature: concat!(
                        "fn(", $crate::export::listed!($($argument: $type),*), ")"
                        $(, " -> ", stringify!($result))?
                    ),
                    served: $crate::export::served!(
                        $($by, [$($error),*] $(, $differs)?)?
                    ),
                };
            }
        )*
    };
}

/// Arguments, as a signature shows them.
#[cfg(test)]
macro_rules! listed {
    () => { "" };
    ($argument:ident: $type:ty $(, $others:ident: $other_type:ty)*) => {
        concat!(
            stringify!($argument), ": ", stringify!($type)
            $(, ", ", stringify!($others), ": ", stringify!($other_type))*
        )
    };
}

/// What an attribute says; none if there is no attribute.
#[cfg(test)]
macro_rules! served {
    () => { None };
    ($by:ident, [$($error:ident),*] $(, $differs:literal)?) => {{
        // Only errors that the ABI has a number for.
        const _: &[i32] = &[$(hermit_abi::$error),*];
        Some($crate::export::Served {
            by: $crate::export::Server::$by,
            errors: &[$(stringify!($error)),*],
            differs: &[$($differs)?],
        })
    }};
}

pub(crate) use export;
#[cfg(test)]
pub(crate) use {listed, served};
