//! Recompiles the crate when a migration or the checked queries change: the compiler does not see either.

#[expect(clippy::print_stdout, reason = "this is how a build script speaks")]
fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=../../.sqlx");
}
