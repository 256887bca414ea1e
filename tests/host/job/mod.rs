//! What a program does that uses the library without its command line.

mod check;
mod copy;
mod errors;
mod examples;
mod extract;
mod many;
mod receipts;
mod resume;
mod shrink;
mod stick;
mod trim;

ctor::declarative::ctor! {
    // SAFETY: it runs before `main` and its threads. It sets a flag; only in a process that it started itself does it do
    // more, and that process never comes to `main`.
    #[ctor(unsafe)]
    fn look_without_rights() {
        // What every program says first that looks at images as root. The frame of tests has no place for it.
        if let Some(exit) = ramkey::sandbox::serve() {
            std::process::exit(i32::from(exit != std::process::ExitCode::SUCCESS));
        }
    }
}
mod worn;
