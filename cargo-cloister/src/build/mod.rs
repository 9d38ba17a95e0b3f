//! The build: toolchain, components, application, image.
