//! Settings profiles: which settings modules there are, what each is for, and what every key
//! evaluates to.
//!
//! Roots are the values of `DJANGO_SETTINGS_MODULE` all over the tree and modules that look like
//! settings. Nothing is executed; a key that the environment decides is [`Val::Env`].

pub(super) mod find;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::{as_str, truth};
use crate::python::ModuleId;
use crate::python::value::{Place, Val};
use crate::source::FileId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProfileKind {
    /// Imported by other profiles and used by none directly.
    Base,
    Dev,
    Prod,
    Test,
    /// The one settings module of its project.
    Only,
}

/// One settings module, evaluated with everything it imports.
#[derive(Clone, Debug)]
pub struct Profile {
    pub module: ModuleId,
    /// `config.settings.prod`
    pub name: Arc<str>,
    pub kind: ProfileKind,
    pub file: FileId,
    /// Where `DJANGO_SETTINGS_MODULE` names it (manage.py, wsgi.py, Dockerfile …), and how the
    /// place calls it.
    pub named_at: Vec<(Place, Arc<str>)>,
    values: BTreeMap<Arc<str>, Setting>,
    /// Keys may be missing: `globals().update(…)`, an import that leads nowhere.
    pub open: Option<Arc<str>>,
}

/// The value of one key and where it was written last.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub val: Val,
    pub place: Place,
}

/// A value found by a dotted path into a profile.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    pub val: &'a Val,
    pub place: Place,
}

impl Found<'_> {
    /// Python's truth of the value, as far as it is known.
    pub fn truth(&self) -> Option<bool> {
        truth(self.val)
    }

    /// The text, if it is a known string.
    pub fn str(&self) -> Option<&str> {
        as_str(self.val)
    }

    /// The known strings of a known list; `None` where any element is open.
    pub fn strings(&self) -> Option<Vec<Arc<str>>> {
        super::names::as_strings(self.val)
    }
}

impl Profile {
    pub(super) fn new(module: ModuleId, name: Arc<str>, kind: ProfileKind, file: FileId) -> Self {
        Self {
            module,
            name,
            kind,
            file,
            named_at: Vec::new(),
            values: BTreeMap::new(),
            open: None,
        }
    }

    pub(super) fn insert(&mut self, key: Arc<str>, setting: Setting) {
        self.values.insert(key, setting);
    }

    /// A key, or a path into nested dicts: `"REST_FRAMEWORK.DEFAULT_THROTTLE_RATES.anon"`. `None`:
    /// not there, or the dict on the way is not known ([`Profile::is_open`] tells which).
    pub fn get(&self, path: &str) -> Option<Found<'_>> {
        let mut parts = path.split('.');
        let first = self.values.get(parts.next()?)?;
        let mut found = Found {
            val: &first.val,
            place: first.place,
        };
        for part in parts {
            let Val::Map(items) = found.val else {
                return None;
            };
            let (_, val, place) = items
                .iter()
                .rev()
                .find(|(key, _, _)| as_str(key) == Some(part))?;
            found = Found { val, place: *place };
        }
        Some(found)
    }

    /// Whether absence of this path proves nothing: the profile is open, or a dict on the way is.
    pub fn is_open(&self, path: &str) -> bool {
        if self.open.is_some() {
            return true;
        }
        let mut prefix = path;
        while let Some((shorter, _)) = prefix.rsplit_once('.') {
            prefix = shorter;
            if let Some(found) = self.get(prefix) {
                return !matches!(found.val, Val::Map(_));
            }
        }
        false
    }

    /// All keys in alphabetical order.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.values.iter().map(|(key, setting)| (&**key, setting))
    }
}

/// All settings profiles of the tree.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(super) profiles: Vec<Profile>,
    pub(super) prod: Option<usize>,
}

impl Settings {
    /// Makes this module, by dotted name or path of its file, stand for the project. Does nothing
    /// where there is none of that name.
    pub(super) fn choose(&mut self, tree: &crate::source::Tree, module: &str) {
        let path = format!("{}.py", module.replace('.', "/"));
        let package = format!("{}/__init__.py", module.replace('.', "/"));
        let found = self.profiles.iter().position(|p| {
            let file = &tree.file(p.file).path;
            *p.name == *module
                || **file == *module
                || [&path, &package]
                    .iter()
                    .any(|tail| **file == ***tail || file.ends_with(&format!("/{tail}")))
        });
        if found.is_some() {
            self.prod = found;
        }
    }

    /// All profiles in the order of their files.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// What runs in production: the prod profile, else the one that wsgi, asgi or a container
    /// names, else the only one. `None` in a tree without settings.
    pub fn prod(&self) -> Option<&Profile> {
        self.profiles.get(self.prod?)
    }

    /// A path in the production profile; see [`Profile::get`].
    pub fn get(&self, path: &str) -> Option<Found<'_>> {
        self.prod()?.get(path)
    }

    /// The profile of a settings module.
    pub fn profile(&self, module: ModuleId) -> Option<&Profile> {
        self.profiles.iter().find(|p| p.module == module)
    }

    /// Whether this dotted app path (or its `AppConfig`) is in `INSTALLED_APPS` of production.
    /// `None`: the list is not fully known and does not name it.
    pub fn installs(&self, app: &str) -> Option<bool> {
        let prod = self.prod()?;
        let Some(found) = prod.get("INSTALLED_APPS") else {
            return prod.open.is_none().then_some(false);
        };
        let Val::Seq(items) = found.val else {
            return None;
        };
        let prefix = format!("{app}.");
        let named = items.iter().any(|(item, _)| {
            as_str(item).is_some_and(|text| {
                text == app || (text.starts_with(&prefix) && text.contains(".apps."))
            })
        });
        if named {
            return Some(true);
        }
        items
            .iter()
            .all(|(item, _)| as_str(item).is_some())
            .then_some(false)
    }
}
