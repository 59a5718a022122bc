//! What does not compile is answered where the mistake is, and what is right compiles under strict lints.

#[test]
fn compile_time() {
    let cases = trybuild::TestCases::new();
    for macro_name in ["cache_key", "hexsha_cached", "invalidates", "leader", "ttl_cached"] {
        cases.compile_fail(format!("../tests/ui/{macro_name}/*.rs"));
    }
    cases.pass("../tests/ui/pass/*.rs");
}
