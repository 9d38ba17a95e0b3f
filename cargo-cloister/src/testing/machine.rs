//! What runs the tests' program: a machine for each boot.

use domains::report::{Fault, Trace};

use crate::image::symbols::Symbols;
use crate::report::{Backtrace, FaultReport, Style};
use crate::vm::{self, Ending, Sink, Spec};

/// Lets libtest take the flags that it calls unstable.
const UNSTABLE: &[u8] = b"RUSTC_BOOTSTRAP=1";

/// Boots a program again and again.
pub trait Guest {
    /// Boots it once with these arguments, and with these variables besides
    /// its own.
    fn boot(
        &mut self,
        arguments: &[String],
        variables: &[String],
        sink: &mut dyn Sink,
    ) -> Result<Ending, vm::Error>;

    /// Says in words what a fault was.
    fn explain(&self, fault: &Fault) -> String;

    /// Says where a program was that died, as far as that is wanted.
    fn backtraces(&self, _traces: &[Trace]) -> String {
        String::new()
    }
}

/// QEMU with the program's image.
pub struct Machine {
    spec: Spec,
    symbols: Option<Symbols>,
}

impl Machine {
    /// Boots as `spec` says, but for arguments and variables.
    pub fn new(spec: Spec) -> Machine {
        let symbols = Symbols::open(&spec.image);
        Machine { spec, symbols }
    }
}

impl Guest for Machine {
    fn boot(
        &mut self,
        arguments: &[String],
        variables: &[String],
        sink: &mut dyn Sink,
    ) -> Result<Ending, vm::Error> {
        let bytes = |words: &[String]| -> Vec<Vec<u8>> {
            words.iter().map(|word| word.clone().into_bytes()).collect()
        };
        let mut spec = self.spec.clone();
        spec.options.arguments.truncate(1);
        spec.options.arguments.extend(bytes(arguments));
        spec.options.environment.extend(bytes(variables));
        spec.options.environment.push(UNSTABLE.to_vec());
        vm::run(&spec, sink)
    }

    fn explain(&self, fault: &Fault) -> String {
        FaultReport::new(fault, self.symbols.as_ref()).to_string()
    }

    fn backtraces(&self, traces: &[Trace]) -> String {
        let style = Style::in_environment(&self.spec.options.environment);
        if style == Style::Off {
            return String::new();
        }
        let found = Backtrace::read(traces, self.symbols.as_ref());
        found
            .iter()
            .map(|backtrace| backtrace.show(style))
            .collect()
    }
}
