//! Databases of released versions open in this one, with everything in them.
