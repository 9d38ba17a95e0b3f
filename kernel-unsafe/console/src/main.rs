//! The image of the cell `console`.

#![cfg_attr(target_os = "none", no_std, no_main)]

kernel_unsafe::image!(gate::cell::console::table::<cell_console::Drivers>());
