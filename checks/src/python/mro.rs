//! Method resolution order (C3) over project classes and names outside the project.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::link::ClassId;

/// Longer than this is no hierarchy that a person wrote; the class is open.
const MAX_ENTRIES: usize = 64;

/// One entry of a class's MRO, or one base.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    Project(ClassId),
    /// Fully qualified name as far as imports tell: `rest_framework.viewsets.ModelViewSet`.
    External(Arc<str>),
}

/// The class itself first. External classes stand where C3 puts them, without their own bases:
/// those are the framework catalogue's knowledge. `object` is left out.
#[derive(Clone, Debug, Default)]
pub struct Mro {
    pub entries: Vec<Base>,
    /// A base could not be resolved (dynamic base, cycle, inconsistent order): absence of an
    /// attribute proves nothing. The reason is a clause for people.
    pub open: Option<Arc<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    /// Its bases are being ordered: to meet it again is a cycle.
    Open,
    Done,
}

/// The MRO of every class, from the bases of every class. No recursion: a hierarchy may be as deep
/// as a file is long.
pub(super) fn all(bases: &[Vec<Result<Base, Arc<str>>>]) -> Vec<Mro> {
    let mut mros: Vec<Mro> = vec![Mro::default(); bases.len()];
    let mut states = vec![State::New; bases.len()];
    for start in 0..bases.len() {
        let mut stack = vec![start];
        while let Some(&at) = stack.last() {
            let (Some(state), Some(own)) = (states.get_mut(at), bases.get(at)) else {
                stack.pop();
                continue;
            };
            if *state == State::Done {
                stack.pop();
                continue;
            }
            let first_visit = *state == State::New;
            *state = State::Open;
            if first_visit {
                let before = stack.len();
                for base in own.iter().flatten() {
                    if let Base::Project(ClassId(id)) = base
                        && states.get(*id as usize) == Some(&State::New)
                    {
                        stack.push(*id as usize);
                    }
                }
                if stack.len() > before {
                    continue;
                }
            }
            let mro = order(ClassId(at as u32), own, &mros, &states);
            if let (Some(slot), Some(state)) = (mros.get_mut(at), states.get_mut(at)) {
                *slot = mro;
                *state = State::Done;
            }
            stack.pop();
        }
    }
    mros
}

fn order(class: ClassId, bases: &[Result<Base, Arc<str>>], mros: &[Mro], states: &[State]) -> Mro {
    let mut open: Option<Arc<str>> = None;
    let mut lists: Vec<VecDeque<Base>> = Vec::new();
    let mut direct = Vec::new();
    for base in bases {
        match base {
            Err(reason) => open = open.or_else(|| Some(Arc::clone(reason))),
            Ok(external @ Base::External(_)) => {
                direct.push(external.clone());
                lists.push(VecDeque::from([external.clone()]));
            }
            Ok(project @ Base::Project(ClassId(id))) => {
                let id = *id as usize;
                if states.get(id) != Some(&State::Done) {
                    open = Some("its bases lead in a circle".into());
                    continue;
                }
                direct.push(project.clone());
                if let Some(mro) = mros.get(id) {
                    lists.push(mro.entries.iter().cloned().collect());
                    open = open.or_else(|| mro.open.clone());
                }
            }
        }
    }
    lists.push(direct.into());
    let mut entries = vec![Base::Project(class)];
    if !merge(&mut lists, &mut entries) {
        open = Some("its bases have no consistent order".into());
        // Whatever remains, in the order of the text.
        for base in lists.into_iter().flatten() {
            if !entries.contains(&base) {
                entries.push(base);
            }
        }
    }
    if entries.len() > MAX_ENTRIES {
        entries.truncate(MAX_ENTRIES);
        open = Some("it inherits from too many classes".into());
    }
    Mro { entries, open }
}

/// C3: takes the first head that is in no tail. False where there is none; `lists` then holds what
/// is left.
fn merge(lists: &mut [VecDeque<Base>], entries: &mut Vec<Base>) -> bool {
    // One base, the usual case: its order stands.
    if let [only, direct] = lists
        && direct.len() <= 1
    {
        direct.clear();
        entries.extend(only.drain(..));
        return true;
    }
    // How many tails hold a class.
    let mut in_tails: HashMap<Base, usize> = HashMap::new();
    for base in lists.iter().flat_map(|list| list.iter().skip(1)) {
        *in_tails.entry(base.clone()).or_default() += 1;
    }
    loop {
        if lists.iter().all(VecDeque::is_empty) || entries.len() > MAX_ENTRIES {
            return true;
        }
        let head = lists
            .iter()
            .filter_map(VecDeque::front)
            .find(|head| in_tails.get(*head).is_none_or(|count| *count == 0))
            .cloned();
        let Some(head) = head else {
            return false;
        };
        for list in lists.iter_mut() {
            if list.front() == Some(&head) {
                list.pop_front();
                // The next one is a head now.
                if let Some(count) = list.front().and_then(|next| in_tails.get_mut(next)) {
                    *count = count.saturating_sub(1);
                }
            }
        }
        entries.push(head);
    }
}
