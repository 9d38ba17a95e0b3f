//! The image of the cell `probe`.

#![cfg_attr(target_os = "none", no_std, no_main)]

kernel_unsafe::image!(gate::cell::probe::table::<cell_probe::Probe>());
