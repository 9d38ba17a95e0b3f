//! Bytes that are wrong, for every parser that eats foreign ones.
//!
//! A [`target::Target`] is a parser with a name and a folder of seeds. [`mutate`] makes
//! inputs of the seeds, [`course`] gives them to a target and remembers those at which it
//! did something new, and [`supervisor`] does that in a process of its own, which may die
//! of them in any way. [`seeds`] makes the seeds that code can make.
//!
//! It works with the stable compiler, so nothing says which branches an input takes. In
//! place of that a target says in a word what it saw, such as which error, or how many
//! records; inputs with a new word are kept and changed further.

pub mod corpus;
pub mod course;
pub mod heap;
pub mod mutate;
pub mod seeds;
pub mod supervisor;
pub mod target;
pub mod targets;
