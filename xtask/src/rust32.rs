//! A private compiler for the loader.
