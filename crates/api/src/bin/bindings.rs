//! Writes the TypeScript types of the API into the folder named by the first argument.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args_os().nth(1).ok_or("usage: bindings DIR")?;
    std::fs::create_dir_all(&dir)?;
    api::commands::write_bindings(dir.as_ref())
}
