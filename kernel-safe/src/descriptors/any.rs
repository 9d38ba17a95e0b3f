//! An object of any kind.

use domains::files::Status;
use gate::user::UserSlice;

use crate::counter::Counter;
use crate::errno::{Answer, Errno};
use crate::files::file::File;
use crate::object::source::Source;
use crate::object::{Description, Object};
use crate::sockets::Socket;
use crate::stdio::Stream;

/// Makes the kinds one, and gives each request to the kind that it is for. A
/// table of functions would do as well, but the build follows no calls through
/// one when it proves how deep the stack can get.
macro_rules! any_of {
    ($($(#[$doc:meta])* $kind:ident),*) => {
        /// What is open.
        #[derive(Clone, Copy, Debug)]
        pub enum AnyObject {
            $($(#[$doc])* $kind($kind),)*
        }

        $(impl From<$kind> for AnyObject {
            fn from(object: $kind) -> AnyObject {
                AnyObject::$kind(object)
            }
        })*

        any_of! { forward [$($kind),*]
            fn read(description: &Description, buffers: &[UserSlice]) -> Answer;
            fn write(description: &Description, buffers: &[UserSlice]) -> Answer;
            fn events() -> u32;
            fn source() -> Option<Source>;
            fn is_device() -> bool;
            fn status() -> Result<Status, Errno>;
            fn seek(description: &Description, offset: i64, whence: i32) -> Answer;
            fn list(description: &Description, target: UserSlice) -> Answer;
            fn sync() -> Result<(), Errno>;
            fn close() -> ();
        }
    };
    (forward $kinds:tt $(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl Object for AnyObject {
            $(any_of! { one $kinds $name, ($($argument: $type),*), ($($argument),*), $result })*
        }
    };
    (one [$($kind:ident),*] $name:ident, ($($argument:ident: $type:ty),*), $given:tt, $result:ty) => {
        #[inline]
        fn $name(&self, $($argument: $type),*) -> $result {
            match self {
                $(AnyObject::$kind(object) => object.$name $given,)*
            }
        }
    };
}

any_of! {
    /// A standard stream.
    Stream,
    /// A file, a directory, or a device.
    File,
    /// An event counter.
    Counter,
    /// A socket.
    Socket
}
