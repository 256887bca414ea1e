//! Generates the includes from the format crate.

pub fn run(_arguments: &[String]) -> Result<(), String> {
    Ok(())
}
