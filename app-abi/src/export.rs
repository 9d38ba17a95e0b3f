//! The form of an exported function.

/// Defines functions of the ABI, each exported under its own name.
macro_rules! export {
    ($(
        $(#[$attribute:meta])*
        fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block
    )*) => {
        $(
            $(#[$attribute])*
            ///
            /// # Safety
            ///
            /// Pointers must be what the function of the ABI asks for.
            #[unsafe(no_mangle)]
            pub(crate) unsafe extern "C" fn $name($($argument: $type),*) $(-> $result)? $body
        )*
    };
}

/// Defines functions that are not served yet: each fails with one errno,
/// given as an expression of the function's arguments.
macro_rules! refuse {
    ($(
        $(#[$attribute:meta])*
        fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty: $errno:expr;
    )*) => {
        $crate::export::export! {
            $(
                $(#[$attribute])*
                fn $name($($argument: $type),*) -> $result {
                    $(let _ = $argument;)*
                    $crate::errno::fail($errno) as $result
                }
            )*
        }
    };
}

pub(crate) use {export, refuse};
