//! Tests of the stack, by frames as a peer sends and gets them.

mod config;
mod datagrams;
mod errors;
mod fragments;
mod fuzz;
mod groups;
mod link;
mod rig;
mod streams;
mod v6;
