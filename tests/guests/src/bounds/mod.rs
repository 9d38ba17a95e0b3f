//! What one call of the kernel may cost, whatever the application chose.

mod calls;
mod counters;
mod crowd;
mod order;
mod racer;
mod stretch;

/// Runs the test called `what`.
pub fn run(what: &str) -> Result<(), String> {
    match what {
        "order" => order::run(),
        "crowd" => crowd::run(),
        "calls" => calls::run(),
        "racer" => racer::run(),
        other => Err(format!("no such test: {other}")),
    }
}
