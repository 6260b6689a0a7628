//! The doorway: see `neurocards::cli`.

fn main() -> std::process::ExitCode {
    neurocards::cli::main()
}
