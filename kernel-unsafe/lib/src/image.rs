//! What makes an image of a cell, beside its drivers.

/// The entry page of a cell with this table of entries, and what a panic does. The
/// image is built for the guest only.
#[macro_export]
macro_rules! image {
    ($table:expr) => {
        /// The table that the gate indexes.
        #[cfg(target_os = "none")]
        #[used]
        #[unsafe(no_mangle)]
        #[unsafe(link_section = ".entries")]
        static ENTRIES: gate::entry::Page = gate::entry::cell_page($table);

        /// A fault like any other: the core brings the safe kernel back.
        #[cfg(target_os = "none")]
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            gate::entry::fail()
        }

        #[cfg(not(target_os = "none"))]
        fn main() {}
    };
}
