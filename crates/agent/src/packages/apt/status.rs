//! Reads lines of `APT::Status-Fd`.

/// (what apt says, percent of its present phase) of `dlstatus:1:20.5:Retrieving file 1 of 3` and
/// `pmstatus:curl:50.0:Unpacking curl (amd64)`.
pub(super) fn progress(line: &str) -> Option<(&str, f32)> {
    let rest = line
        .strip_prefix("dlstatus:")
        .or_else(|| line.strip_prefix("pmstatus:"))?;
    // A package may be named with its architecture: `libc6:amd64`. The percentage is the first number after it.
    let mut rest = rest.split_once(':')?.1;
    loop {
        let (field, after) = rest.split_once(':')?;
        match field.parse::<f32>() {
            Ok(percent) if percent.is_finite() => {
                return Some((after, percent.clamp(0.0, 100.0)));
            }
            _ => rest = after,
        }
    }
}

/// The configuration file that dpkg would have asked about: `pmconffile:/etc/x:12:'/etc/x' '/etc/x.dpkg-new' 1 1`.
pub(super) fn conffile(line: &str) -> Option<&str> {
    line.strip_prefix("pmconffile:")?.split(':').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn progress_is_read_with_and_without_architecture() {
        assert_eq!(
            progress("dlstatus:1:20.5:Retrieving file 1 of 3 (2s remaining)"),
            Some(("Retrieving file 1 of 3 (2s remaining)", 20.5))
        );
        assert_eq!(
            progress("pmstatus:libc6:amd64:50.0000:Unpacking libc6:amd64"),
            Some(("Unpacking libc6:amd64", 50.0))
        );
        assert_eq!(
            progress("pmstatus:dpkg-exec:0.0:Running dpkg"),
            Some(("Running dpkg", 0.0))
        );
        assert_eq!(progress("pmerror:x:1:no"), None);
        assert_eq!(
            conffile("pmconffile:/etc/a:1:'/etc/a' '/etc/a.dpkg-new' 1 1"),
            Some("/etc/a")
        );
    }

    proptest! {
        #[test]
        fn never_panics(line in "(dl|pm)status:[a-z:0-9.]{0,30}") {
            let _ = progress(&line);
        }
    }
}
