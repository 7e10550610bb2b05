//! Recompiles the crate when a migration or the checked queries change: the compiler does not see either.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rerun-if-changed=../../.sqlx");
}
