//! The image of the cell `nic`.

#![cfg_attr(target_os = "none", no_std, no_main)]

kernel_unsafe::image!(gate::cell::nic::table::<cell_nic::Driver>());
