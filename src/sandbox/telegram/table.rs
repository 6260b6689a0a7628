//! The table.
pub struct Table;
impl Table {
    pub fn built_in() -> anyhow::Result<Self> {
        Ok(Self)
    }
}
