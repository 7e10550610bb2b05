//! Starting with the user's session: an entry of the system, which the program sets and removes.

use auto_launch::AutoLaunchBuilder;

/// Given at such a start: the window stays out of sight until it is asked for.
pub(crate) const HIDDEN: &str = "--hidden";

/// Brings the system's entry to what is wanted.
///
/// # Errors
/// Why it could not be written.
pub(crate) fn set(wanted: bool) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let program = program.to_str().ok_or("the program's path is not UTF-8")?;
    let entry = AutoLaunchBuilder::new()
        .set_app_name("RedFlag")
        .set_app_path(program)
        .set_args(&[HIDDEN])
        .build()
        .map_err(|error| error.to_string())?;
    let present = entry.is_enabled().map_err(|error| error.to_string())?;
    let done = match (wanted, present) {
        (true, false) => entry.enable(),
        (false, true) => entry.disable(),
        (true, true) | (false, false) => Ok(()),
    };
    done.map_err(|error| error.to_string())
}
