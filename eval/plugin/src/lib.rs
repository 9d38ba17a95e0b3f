//! QEMU's plugin interface, as far as the plugins here use it.
//!
//! | module | holds |
//! |---|---|
//! | [`interface`] | its functions and types |
//! | [`version`] | which version of it a QEMU speaks |
//!
//! A plugin says [`begin!`] once, and has `qemu_plugin_install`.

#![expect(unsafe_code, reason = "the interface to QEMU is one of C")]

pub mod interface;
pub mod version;

/// Defines what QEMU looks for when it loads a plugin, but for the function that it
/// calls.
#[macro_export]
macro_rules! begin {
    () => {
        /// The version that is meant here; QEMU reads it when the plugin is loaded.
        #[unsafe(no_mangle)]
        pub static qemu_plugin_version: ::core::sync::atomic::AtomicI32 =
            ::core::sync::atomic::AtomicI32::new($crate::version::FIRST);

        /// Called by the loader, before QEMU looks at the version.
        #[used]
        #[unsafe(link_section = ".init_array")]
        static CHOOSE: extern "C" fn() = {
            extern "C" fn choose() {
                $crate::version::choose(&qemu_plugin_version);
            }
            choose
        };
    };
}
