//! What has one word on the channel for each of its values.

/// Declares an enum whose variants have one word each on the channel.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The word on the channel.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The value with this word.
            pub fn from_name(name: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    };
}

words! {
    /// Why an instruction faulted.
    Cause {
        /// A protection key denied the access.
        // DEFENCE: cause-key
        Key = "key",
        /// The page belongs to the core.
        // DEFENCE: cause-supervisor
        Supervisor = "supervisor",
        /// The page is not writable, or not executable.
        // DEFENCE: cause-permission
        Permission = "permission",
        /// The guard page below a stack.
        // DEFENCE: cause-stack-overflow
        StackOverflow = "stack-overflow",
        /// Nothing is mapped there.
        // DEFENCE: cause-unmapped
        Unmapped = "unmapped",
        /// No frame was left for a page touched for the first time.
        // DEFENCE: cause-out-of-memory
        OutOfMemory = "out-of-memory",
        /// A privileged instruction, or a non-canonical address.
        // DEFENCE: cause-protection
        Protection = "protection",
        /// An invalid instruction.
        // DEFENCE: cause-instruction
        Instruction = "instruction",
        /// A gate found its token or PKRU forged.
        // DEFENCE: cause-gate
        Gate = "gate",
        /// A driver gave its device memory that is not for devices.
        // DEFENCE: cause-dma
        Dma = "dma",
        /// A driver broke the rules of a virtqueue.
        // DEFENCE: cause-queue
        Queue = "queue",
        /// A call into a cell took too long.
        // DEFENCE: cause-deadline
        Deadline = "deadline",
        /// Any other exception.
        // DEFENCE: cause-other
        Other = "other",
    }
}

words! {
    /// What the core did about a fault.
    Action {
        /// Ended the application.
        Terminate = "terminate",
        /// Returned from the call into a cell with an error.
        Rewind = "rewind",
        /// Ended the machine: the safe kernel cannot go on.
        Halt = "halt",
    }
}

words! {
    /// What a line of a backtrace says.
    TraceKind {
        /// A backtrace begins: the number of the thread that it is of.
        Thread = "thread",
        /// The address behind a call that has not returned, innermost first.
        Frame = "frame",
    }
}

impl TraceKind {
    /// The kind with this number.
    pub fn from_number(number: u64) -> Option<TraceKind> {
        TraceKind::ALL.get(usize::try_from(number).ok()?).copied()
    }
}

words! {
    /// Why the core does not start an image.
    Reason {
        /// The CPU lacks features that the image's isolation needs.
        Cpu = "cpu",
        /// There is too little memory.
        Memory = "memory",
        /// The manifest or the boot options are corrupt.
        Image = "image",
    }
}
