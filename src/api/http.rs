//! One place that makes agents.
