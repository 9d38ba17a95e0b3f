//! The image of the cell `hostfs`.

#![cfg_attr(target_os = "none", no_std, no_main)]

kernel_unsafe::image!(gate::cell::hostfs::table::<cell_hostfs::Drivers>());
