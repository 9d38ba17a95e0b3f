//! The gates into cells, a line each, for both gate pages.
//!
//! Where a gate lies and with which rights its cell runs follows from the row of
//! the cell. The page says what a gate is.

use domains::Cell;

gate_into!(console, Cell::Console);
gate_into!(hostfs, Cell::Hostfs);
gate_into!(nic, Cell::Nic);
gate_into!(net, Cell::Net);
#[cfg(feature = "test-hooks")]
gate_into!(probe, Cell::Probe);
