//! Answers of git that cannot change, kept: what a full commit id leads to is the same for ever.
//! Nothing that names a branch is kept.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes kept for one store; above it everything is forgotten at once.
const MOST: usize = 16 * 1024 * 1024;

/// Answers by their question, shared by all handles of one store.
#[derive(Debug, Clone, Default)]
pub(super) struct Memo(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    answers: BTreeMap<String, Arc<[u8]>>,
    bytes: usize,
}

impl Memo {
    pub(super) fn get(&self, question: &str) -> Option<Arc<[u8]>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.answers.get(question).cloned()
    }

    pub(super) fn keep(&self, question: String, answer: &Arc<[u8]>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes > MOST {
            *kept = Kept::default();
        }
        kept.bytes += question.len() + answer.len();
        kept.answers.insert(question, Arc::clone(answer));
    }
}

/// Whether a text is the full id of an object.
pub(super) fn is_full_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
