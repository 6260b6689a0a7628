//! neurocards: a Telegram bot that turns a product photo into short vertical videos.
//!
//! `ARCHITECTURE.md` is the map. The modules stand here from the bottom up; `tests/layers.rs`
//! holds them to it.

pub mod clock;
pub mod meter;
pub mod photo;
pub mod text;

pub mod db;

pub mod audit;
pub mod inbox;
pub mod instance;
pub mod outbox;
pub mod users;

pub mod alerts;
pub mod keys;
pub mod ledger;
pub mod models;
pub mod templates;

pub mod growth;
pub mod jobs;

pub mod orders;
pub mod payments;

pub mod broadcasts;
pub mod tickets;

pub mod flow;

pub mod operator;

pub mod api;
pub mod sandbox;

pub mod backup;
pub mod bot;
pub mod console;
pub mod import;
pub mod worker;

pub mod config;

pub mod serve;

pub mod cli;
