//! I/O ports. Only ring 0 reaches any.

#![expect(unsafe_code, reason = "IN and OUT")]

use core::marker::PhantomData;

use x86_64::instructions::port::{Port as RawPort, PortRead, PortWrite};

/// A port of a device that the module which names it owns.
pub(crate) struct Port<T>(u16, PhantomData<T>);

impl<T: PortRead + PortWrite> Port<T> {
    /// The port `number`.
    ///
    /// # Safety
    ///
    /// No access to it may break the memory of the core, whatever is written.
    pub(crate) const unsafe fn new(number: u16) -> Port<T> {
        Port(number, PhantomData)
    }

    /// Reads.
    pub(crate) fn read(&self) -> T {
        // SAFETY: as promised to `new`.
        unsafe { RawPort::new(self.0).read() }
    }

    /// Writes.
    pub(crate) fn write(&self, value: T) {
        // SAFETY: as promised to `new`.
        unsafe { RawPort::new(self.0).write(value) }
    }
}
