//! The cases of `lxc_apt`, and what they stand on.

pub(crate) mod bench;
pub(crate) mod broken;
pub(crate) mod moved;
pub(crate) mod plain;
pub(crate) mod troubled;
