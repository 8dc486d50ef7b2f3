//! Django apps: packages with models, configs, migrations, and whether settings install them.

pub(super) mod find;

use std::sync::Arc;

use super::names::{AppId, ClassRef};
use crate::python::ModuleId;
use crate::python::value::Place;

/// One app of the project.
#[derive(Clone, Debug)]
pub struct App {
    pub id: AppId,
    /// Dotted package: `apps.orders`.
    pub package: Arc<str>,
    pub label: Arc<str>,
    /// Path of the package's folder from the root of the tree, without `/` at the end.
    pub folder: Arc<str>,
    /// Its `AppConfig`, if there is one.
    pub config: Option<ClassRef>,
    /// `default_auto_field` of the config, or of the settings.
    pub default_auto_field: Option<Arc<str>>,
    /// The module or package `models`.
    pub models_module: Option<ModuleId>,
    /// Paths of the files in its `migrations` package, `__init__.py` not counted; `None` without
    /// the package.
    pub migrations: Option<Vec<Arc<str>>>,
    /// Settings profiles that install it, by name, each with the place of the entry.
    pub installed_in: Vec<(Arc<str>, Place)>,
    /// Modules that `AppConfig.ready` imports.
    pub ready_imports: Vec<Arc<str>>,
    /// Whether any profile's list of apps is fully known (else not being installed proves nothing).
    pub installation_known: bool,
}

impl App {
    pub fn is_installed(&self) -> Option<bool> {
        if !self.installed_in.is_empty() {
            Some(true)
        } else if self.installation_known {
            Some(false)
        } else {
            None
        }
    }
}
