//! Declares the commands that exist, so that Tauri refuses any other name, and says what to do when the page is missing.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=ui/dist");
    println!("cargo::rerun-if-changed=src-tauri/capabilities");
    // Without the feature the page comes from Vite's own server, and no built one is needed.
    let embeds_page = std::env::var_os("CARGO_FEATURE_CUSTOM_PROTOCOL").is_some();
    if embeds_page && !Path::new("ui/dist/index.html").is_file() {
        println!(
            "cargo::error=ui/dist/index.html is missing: run `npm ci` and then `npm run build` in ui/ first (`cargo xtask test` and `cargo xtask demo` do it by themselves)"
        );
        return;
    }
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .app_manifest(tauri_build::AppManifest::new().commands(&[
            "rpc",
            "subscribe",
            "unsubscribe",
        ]));
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
