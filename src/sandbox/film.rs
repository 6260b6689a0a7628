//! The videos.
