//! Tests of the stack.
