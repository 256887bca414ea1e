//! The tasks of this repository: `cargo xtask TASK`.

use std::process::ExitCode;

mod boot;
mod demo;
mod fuzz;
mod layout;
mod package;
mod rust32;
mod same_names;
mod sources;
mod test;
mod tools;

fn main() -> ExitCode {
    if std::env::var_os(same_names::WRAPPER).is_some() {
        return same_names::compile(std::env::args_os().skip(1));
    }
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match task.as_str() {
        "bench" => test::bench(&rest),
        "boot" => boot::run(&rest),
        "layout" => layout::run(&rest),
        "demo" => demo::run(&rest),
        "fuzz" => fuzz::run(&rest),
        "matrix" => test::matrix(&rest),
        "package" => package::run(&rest),
        "test" => test::run(&rest),
        "tools" => tools::run(&rest),
        _ => Err("tasks: bench, boot, demo, fuzz, layout, matrix, package, test, tools".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
