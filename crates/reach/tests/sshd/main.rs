//! The reach against a real `sshd` on loopback, with guests that are private views of a few folders.
#![cfg(target_os = "linux")]

mod double;
mod entries;
mod failures;
mod fixture;
mod keys;
mod many;
mod verbs;
mod ways;
