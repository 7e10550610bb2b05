//! What differs from system to system.

/// Gives memory that was freed back to the system. The allocator of glibc keeps it for itself, page by page wherever
/// something still lives above it, and after a burst that is most of what the program seems to hold. Others give it back
/// by themselves.
pub(crate) fn give_back_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        #[expect(unsafe_code, reason = "there is no safe call for it")]
        // SAFETY: it takes a number and no pointer, may be called from any thread, and touches free memory alone.
        let given = unsafe { libc::malloc_trim(0) };
        tracing::debug!(given = given == 1, "gave free memory back");
    }
}
