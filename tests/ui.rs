//! What does not compile is answered where the mistake is, what is right compiles under strict lints, and an expansion that
//! is asked for is printed.

use std::path::Path;
use std::process::Command;

#[test]
fn compile_time() {
    let cases = trybuild::TestCases::new();
    for macro_name in ["cache_key", "hexsha_cached", "invalidates", "leader", "ttl_cached"] {
        cases.compile_fail(format!("../tests/ui/{macro_name}/*.rs"));
    }
    cases.pass("../tests/ui/pass/*.rs");
}

/// Records are there with the features that have a Redis, or a stand-in for it.
#[cfg(any(feature = "redis", feature = "testkit"))]
#[test]
fn records() {
    trybuild::TestCases::new().compile_fail("../tests/ui/record/*.rs");
}

#[test]
fn an_expansion_that_is_asked_for_is_printed() -> std::io::Result<()> {
    // What was compiled before would not be compiled again, and print nothing.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("expand");
    if target.exists() {
        std::fs::remove_dir_all(&target)?;
    }
    let compiled = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--locked", "-p", "metadata-base", "--target-dir"])
        .arg(&target)
        .env("LARDER_EXPAND", "providers")
        .output()?;
    let printed = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{printed}");
    let lines: Vec<_> = printed.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("pub async fn providers(")), "{printed}");
    assert!(lines.iter().any(|line| line.contains("::larder::__private::look(")), "{printed}");
    assert_eq!(lines.iter().filter(|line| line.contains("look(")).count(), 1, "and no other: {printed}");
    Ok(())
}
