//! Which screens there are, and how one leads to another.

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum View {
    Overview,
    Queue,
    Failures,
    Keys,
    Models,
    Customers,
    Payments,
    Alerts,
    Audit,
    /// The demo's: be the customer.
    Chat,
    /// One video, by its id.
    Job(i64),
    /// One customer, by their Telegram id.
    Customer(i64),
}

/// A screen, whichever job or customer it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Overview,
    Queue,
    Failures,
    Keys,
    Models,
    Customers,
    Payments,
    Alerts,
    Audit,
    Chat,
    Job,
    Customer,
}

impl View {
    /// In the order of their number keys: 1 to 9, then 0.
    pub(super) const TABS: [Self; 10] = [
        Self::Overview,
        Self::Queue,
        Self::Failures,
        Self::Keys,
        Self::Models,
        Self::Customers,
        Self::Payments,
        Self::Alerts,
        Self::Audit,
        Self::Chat,
    ];

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Overview => Kind::Overview,
            Self::Queue => Kind::Queue,
            Self::Failures => Kind::Failures,
            Self::Keys => Kind::Keys,
            Self::Models => Kind::Models,
            Self::Customers => Kind::Customers,
            Self::Payments => Kind::Payments,
            Self::Alerts => Kind::Alerts,
            Self::Audit => Kind::Audit,
            Self::Chat => Kind::Chat,
            Self::Job(_) => Kind::Job,
            Self::Customer(_) => Kind::Customer,
        }
    }
}

impl Kind {
    /// The id of its name in the texts.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Overview => "tab-overview",
            Self::Queue => "tab-queue",
            Self::Failures => "tab-failures",
            Self::Keys => "tab-keys",
            Self::Models => "tab-models",
            Self::Customers => "tab-customers",
            Self::Payments => "tab-payments",
            Self::Alerts => "tab-alerts",
            Self::Audit => "tab-audit",
            Self::Chat => "tab-chat",
            Self::Job => "tab-job",
            Self::Customer => "tab-customer",
        }
    }

    /// The id of its name on a narrow screen.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Failures => "short-failures",
            Self::Customers => "short-customers",
            Self::Payments => "short-payments",
            Self::Alerts => "short-alerts",
            other => other.title(),
        }
    }

    /// The same where the chat needs room, too.
    pub(super) fn tight(self) -> &'static str {
        match self {
            Self::Overview => "tight-overview",
            Self::Failures => "tight-failures",
            other => other.short(),
        }
    }

    /// Rows with a cursor, or lines that scroll.
    pub(super) fn is_list(self) -> bool {
        !matches!(self, Self::Overview | Self::Job | Self::Chat)
    }
}
