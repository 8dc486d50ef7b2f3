//! Evidence becomes a level per competency, and each level explains itself. Never sees the
//! candidate's name.

mod assess;
mod count;
mod result;
mod words;

pub use assess::assess;
pub use result::{
    CheckCount, CompetencyResult, EvidenceLine, NotAssessed, Overall, RubricResult, SeededResult,
    SeededState,
};
