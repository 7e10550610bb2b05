//! Declares the commands that exist, so that Tauri refuses any other name, says what to do when the page is missing, and
//! compiles in which agent the package carries.

use std::{env, fs, path::Path};

use sha2::{Digest, Sha256};

/// Names the agent that goes into the package. Without it the program takes whichever agent it finds.
const CARRIED: &str = "REDFLAG_CARRIED_AGENT";

fn main() {
    println!("cargo::rerun-if-changed=ui/dist");
    println!("cargo::rerun-if-changed=src-tauri/capabilities");
    // Without the feature the page comes from Vite's own server, and no built one is needed.
    let embeds_page = env::var_os("CARGO_FEATURE_CUSTOM_PROTOCOL").is_some();
    if embeds_page && !Path::new("ui/dist/index.html").is_file() {
        println!(
            "cargo::error=ui/dist/index.html is missing: run `npm ci` and then `npm run build` in ui/ first (`cargo xtask test` and `cargo xtask demo` do it by themselves)"
        );
        return;
    }
    if let Err(error) = carried() {
        println!("cargo::error={error}");
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

/// Writes `carried.rs`: the SHA-256 of that agent, if one is named.
fn carried() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed={CARRIED}");
    let sha256 = match env::var_os(CARRIED).filter(|path| !path.is_empty()) {
        Some(path) => {
            let path = Path::new(&path);
            println!("cargo::rerun-if-changed={}", path.display());
            let agent =
                fs::read(path).map_err(|e| format!("{CARRIED}: {}: {e}", path.display()))?;
            let sha256: [u8; 32] = Sha256::digest(agent).into();
            format!("Some({sha256:?})")
        }
        None => "None".to_owned(),
    };
    let folder = env::var_os("OUT_DIR").ok_or("there is no OUT_DIR")?;
    let file = Path::new(&folder).join("carried.rs");
    fs::write(&file, sha256).map_err(|e| format!("{}: {e}", file.display()))
}
