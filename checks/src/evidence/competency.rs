//! The 24 competencies of the rubric.

use serde::{Deserialize, Serialize};

/// A competency of the rubric, in the order in which reports list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Competency {
    C01,
    C02,
    C03,
    C04,
    C05,
    C06,
    C07,
    C08,
    C09,
    C10,
    C11,
    C12,
    C13,
    C14,
    C15,
    C16,
    C17,
    C18,
    C19,
    C20,
    C21,
    C22,
    C23,
    C24,
}

impl Competency {
    /// All 24, in order.
    pub const ALL: [Self; 24] = [
        Self::C01,
        Self::C02,
        Self::C03,
        Self::C04,
        Self::C05,
        Self::C06,
        Self::C07,
        Self::C08,
        Self::C09,
        Self::C10,
        Self::C11,
        Self::C12,
        Self::C13,
        Self::C14,
        Self::C15,
        Self::C16,
        Self::C17,
        Self::C18,
        Self::C19,
        Self::C20,
        Self::C21,
        Self::C22,
        Self::C23,
        Self::C24,
    ];

    /// `C01`
    pub fn code(self) -> &'static str {
        match self {
            Self::C01 => "C01",
            Self::C02 => "C02",
            Self::C03 => "C03",
            Self::C04 => "C04",
            Self::C05 => "C05",
            Self::C06 => "C06",
            Self::C07 => "C07",
            Self::C08 => "C08",
            Self::C09 => "C09",
            Self::C10 => "C10",
            Self::C11 => "C11",
            Self::C12 => "C12",
            Self::C13 => "C13",
            Self::C14 => "C14",
            Self::C15 => "C15",
            Self::C16 => "C16",
            Self::C17 => "C17",
            Self::C18 => "C18",
            Self::C19 => "C19",
            Self::C20 => "C20",
            Self::C21 => "C21",
            Self::C22 => "C22",
            Self::C23 => "C23",
            Self::C24 => "C24",
        }
    }

    /// A heading for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::C01 => "Serializers and validators",
            Self::C02 => "ViewSets, routers and generic views",
            Self::C03 => "Authentication, permissions and throttling",
            Self::C04 => "Versioning and backward compatibility",
            Self::C05 => "Pagination, filtering and ordering",
            Self::C06 => "API documentation and schema",
            Self::C07 => "Tokens, sessions, secrets and secure settings",
            Self::C08 => "Input validation and sanitisation",
            Self::C09 => "Audit logging and traceability",
            Self::C10 => "API testing",
            Self::C11 => "CI/CD, packaging and containers",
            Self::C12 => "Monitoring, metrics and tracing",
            Self::C13 => "Modular boundaries and layered design",
            Self::C14 => "Caching, N+1 and performance",
            Self::C15 => "Async tasks, WebSockets and events",
            Self::C16 => "ORM and indexes",
            Self::C17 => "Transactions, concurrency and data integrity",
            Self::C18 => "Migrations, seeding and data lifecycle",
            Self::C19 => "Review discipline and decisions",
            Self::C20 => "Documentation",
            Self::C21 => "Stakeholder alignment and backlog",
            Self::C22 => "Service levels and error budgets",
            Self::C23 => "Delivery and developer velocity",
            Self::C24 => "Cost and footprint",
        }
    }

    /// The competency with this code (`C01` … `C24`).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.code() == code)
    }
}

impl std::fmt::Display for Competency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}
