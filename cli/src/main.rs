//! The program: everything it does is in the library beside it, where tests reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    larder_cli::main()
}
