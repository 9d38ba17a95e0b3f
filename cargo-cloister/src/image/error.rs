//! Why a file is no component or no image.

use miette::Diagnostic;
use thiserror::Error;

use super::Component;

/// A file that cannot become part of an image, or is none.
#[derive(Clone, PartialEq, Eq, Debug, Error, Diagnostic)]
pub enum ImageError {
    /// The bytes are not those of an ELF file.
    #[error("{what} is not an ELF file")]
    #[diagnostic(
        code(cloister::image::not_elf),
        help("give an image that `cargo cloister build` made, or a cargo package")
    )]
    NotElf {
        /// The file, in words.
        what: String,
    },
    /// An ELF file for another machine or of another kind.
    #[error("{what} is an ELF file for something else: {why}")]
    #[diagnostic(
        code(cloister::image::foreign),
        help("only 64-bit little-endian x86-64 executables can be packed and booted")
    )]
    Foreign {
        /// The file, in words.
        what: String,
        /// What is different.
        why: String,
    },
    /// Headers that point behind the end of the file, or make no sense.
    #[error("{what} is truncated or corrupt: {why}")]
    #[diagnostic(code(cloister::image::corrupt), help("build it again"))]
    Corrupt {
        /// The file, in words.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// An ELF file without a manifest.
    #[error("this ELF file is not an image of cargo cloister: {why}")]
    #[diagnostic(
        code(cloister::image::not_an_image),
        help("make an image of a cargo package with `cargo cloister build PATH`")
    )]
    NotAnImage {
        /// What is missing.
        why: String,
    },
    /// The application has no entry, so the linker kept nothing of it.
    #[error("the application is empty: {why}")]
    #[diagnostic(
        code(cloister::image::empty),
        help(
            "the program must be linked with the `app-abi` object and `-e _start`; \
             build it with `cargo cloister build`"
        )
    )]
    Empty {
        /// What is missing.
        why: String,
    },
    /// A relocation that packing cannot apply.
    #[error("{title} needs a dynamic linker: relocation {name} at {address:#x}", title = component.title())]
    #[diagnostic(
        code(cloister::image::relocation),
        help("link everything statically: an image has no dynamic linker")
    )]
    Relocation {
        /// Whose relocation it is.
        component: Component,
        /// The relocation's name in the psABI.
        name: String,
        /// Where it applies, as linked.
        address: u64,
    },
    /// The component wants a shared library or an interpreter.
    #[error("{title} needs a dynamic linker: it asks for {library}", title = component.title())]
    #[diagnostic(
        code(cloister::image::library),
        help("link everything statically: an image has no dynamic linker")
    )]
    Library {
        /// Whose wish it is.
        component: Component,
        /// The library or interpreter.
        library: String,
    },
    /// A component that breaks the rules of the memory layout.
    #[error("{title} cannot be packed: {why}", title = component.title())]
    #[diagnostic(
        code(cloister::image::layout),
        help("the component's linker script and the domain table disagree")
    )]
    Layout {
        /// The component.
        component: Component,
        /// Which rule.
        why: String,
    },
}
