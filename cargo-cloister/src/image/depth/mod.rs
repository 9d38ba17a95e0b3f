//! How deep a kernel's calls go, and that none of them goes round in circles.
//!
//! A kernel's stack is a few pages. What the application can drive into
//! recursion, it can drive through the guard page below it; so the build
//! refuses a kernel whose functions call each other in a circle, but for a
//! short list that says how often each goes round. What is left has a deepest
//! path, which must leave a reserve. The evidence is the compiled code: what
//! each function takes, and the calls that the code itself tells. Calls through
//! tables, of which there is a count, are covered by the trials, which measure
//! how much of its stack a kernel really used.

mod allowed;
mod calls;
mod functions;
mod graph;
mod registers;

use domains::layout::{self, PAGE_SIZE};
use miette::Diagnostic;
use serde::Serialize;
use thiserror::Error;

use super::Component;
use calls::Calls;
use functions::Code;
use graph::Deepest;

/// What the deepest path must leave of a stack, for calls that the graph does
/// not show.
const RESERVE: u64 = PAGE_SIZE;

/// The deepest path of a kernel.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Depth {
    /// Bytes that it takes.
    pub bytes: u64,
    /// Bytes of the smallest stack that the kernel runs on.
    pub stack: u64,
    /// How many calls lead through a table, and are not in any path.
    pub calls_through_tables: usize,
    /// The circles that are let through.
    pub circles: Vec<Circle>,
    /// The functions on the path, the outermost first.
    pub path: Vec<String>,
}

/// A circle of calls that is let through.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Circle {
    /// Its functions.
    pub functions: Vec<String>,
    /// How often they are on the stack at most.
    pub rounds: u64,
    /// Why that is so.
    pub reason: &'static str,
}

/// A kernel that can run out of its stack.
#[derive(Clone, PartialEq, Eq, Debug, Error, Diagnostic)]
pub enum TooDeep {
    /// Functions call each other in a circle.
    #[error(
        "{} has recursion that nothing is known to bound:\n{}",
        component.title(),
        functions.iter().map(|it| format!("  `{it}`")).collect::<Vec<_>>().join("\n")
    )]
    #[diagnostic(
        code(cloister::depth::circle),
        help(
            "use a loop with a work list; or, where the rounds have a bound that no input \
             moves, add them with the reason to the list of allowed circles"
        )
    )]
    Circle {
        /// Whose.
        component: Component,
        /// The functions.
        functions: Vec<String>,
    },
    /// The deepest path takes too much.
    #[error(
        "{} can take {bytes} bytes of a stack of {stack}, of which {RESERVE} must stay free:\n{}",
        component.title(),
        path.iter().map(|it| format!("  `{it}`")).collect::<Vec<_>>().join("\n")
    )]
    #[diagnostic(
        code(cloister::depth::path),
        help("take large arrays off the stack, or call less deep, on this path")
    )]
    Path {
        /// Whose.
        component: Component,
        /// What the path takes.
        bytes: u64,
        /// What there is.
        stack: u64,
        /// The functions, the outermost first.
        path: Vec<String>,
    },
    /// The component does not say what its functions take.
    #[error("{} does not say what its functions take of the stack", component.title())]
    #[diagnostic(
        code(cloister::depth::unknown),
        help(
            "it must be compiled with `-Z emit-stack-sizes`, and its linker keep `.stack_sizes`"
        )
    )]
    Unknown {
        /// Which.
        component: Component,
    },
}

/// The smallest stack that `component` runs on; none if it is no kernel.
const fn stack(component: Component) -> Option<u64> {
    match component {
        Component::Core => Some(layout::CORE_STACK),
        Component::Safe => Some(layout::KERNEL_STACK),
        Component::Cell(cell) => Some(cell.stack(0).size()),
        Component::Gate | Component::App => None,
    }
}

/// Judges the linked kernel in `file`; none for what is no kernel.
pub fn judge(component: Component, file: &[u8]) -> Result<Option<Depth>, TooDeep> {
    let Some(stack) = stack(component) else {
        return Ok(None);
    };
    let code = Code::read(file).ok_or(TooDeep::Unknown { component })?;
    let calls = calls::of(&code);
    // DEFENCE: stack-circles
    let circles = circles(component, &code, &calls)?;
    let depths = graph::deepest(&code.functions, &calls, |group| {
        let known = allowed::entry(&names(&code, group));
        known.map_or(1, |known| known.rounds)
    });
    let depth = Depth {
        stack,
        calls_through_tables: calls.iter().map(|it| it.unknown).sum(),
        circles,
        ..path(&code, &depths)
    };
    // DEFENCE: stack-reserve
    match depth.bytes + RESERVE <= stack {
        true => Ok(Some(depth)),
        false => Err(TooDeep::Path {
            component,
            bytes: depth.bytes,
            stack,
            path: depth.path,
        }),
    }
}

/// The circles in the graph, if all of them are allowed.
fn circles(component: Component, code: &Code, calls: &[Calls]) -> Result<Vec<Circle>, TooDeep> {
    let circle = |group: Vec<usize>| {
        let functions = names(code, &group);
        match allowed::entry(&functions) {
            Some(known) => Ok(Circle {
                functions,
                rounds: known.rounds,
                reason: known.reason,
            }),
            None => Err(TooDeep::Circle {
                component,
                functions,
            }),
        }
    };
    graph::circles(calls).into_iter().map(circle).collect()
}

fn names(code: &Code, group: &[usize]) -> Vec<String> {
    let name = |index: &usize| code.functions[*index].name.clone();
    group.iter().map(name).collect()
}

/// The deepest path of all.
fn path(code: &Code, depths: &[Deepest]) -> Depth {
    let by_bytes = |index: &usize| depths[*index].bytes;
    let first = (0..depths.len()).rev().max_by_key(by_bytes);
    let mut path = Vec::new();
    let mut next = first;
    while let Some(index) = next {
        path.push(code.functions[index].name.clone());
        next = depths[index].next;
    }
    Depth {
        bytes: first.map_or(0, |index| depths[index].bytes),
        stack: 0,
        calls_through_tables: 0,
        circles: Vec::new(),
        path,
    }
}

#[cfg(test)]
mod tests;
