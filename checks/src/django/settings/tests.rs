use super::ProfileKind;
use crate::django::testing::facts;
use crate::python::Val;

#[test]
fn layers_by_star_imports_and_the_profile_that_runs() {
    let facts = facts([
        (
            "back/manage.py",
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings.dev')\n",
        ),
        ("back/config/__init__.py", ""),
        (
            "back/config/wsgi.py",
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'config.settings.prod')\n",
        ),
        ("back/config/settings/__init__.py", ""),
        (
            "back/config/settings/base.py",
            "import os\nDEBUG = True\nINSTALLED_APPS = ['a']\nROOT_URLCONF = 'config.urls'\nREST_FRAMEWORK = {'PAGE_SIZE': 10, 'DEFAULT_THROTTLE_RATES': {'anon': '5/day'}}\nSECRET_KEY = os.environ.get('KEY', 'fallback')\n",
        ),
        (
            "back/config/settings/dev.py",
            "from .base import *\nINSTALLED_APPS += ['debug_toolbar']\n",
        ),
        (
            "back/config/settings/prod.py",
            "from .base import *\nDEBUG = False\nREST_FRAMEWORK['PAGE_SIZE'] = 50\n",
        ),
    ]);
    let settings = facts.django.settings();
    let kinds: Vec<_> = settings
        .profiles()
        .iter()
        .map(|p| (&*p.name, p.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ("config.settings.base", ProfileKind::Base),
            ("config.settings.dev", ProfileKind::Dev),
            ("config.settings.prod", ProfileKind::Prod),
        ]
    );
    let prod = settings.prod().unwrap();
    assert_eq!(prod.kind, ProfileKind::Prod);
    assert_eq!(prod.get("DEBUG").unwrap().truth(), Some(false));
    assert_eq!(
        facts
            .tree
            .file(prod.get("DEBUG").unwrap().place.file)
            .name(),
        "prod.py"
    );
    assert!(matches!(
        prod.get("REST_FRAMEWORK.PAGE_SIZE").unwrap().val,
        Val::Known(crate::python::Literal::Int(50))
    ));
    assert_eq!(
        prod.get("REST_FRAMEWORK.DEFAULT_THROTTLE_RATES.anon")
            .unwrap()
            .str(),
        Some("5/day")
    );
    assert!(matches!(
        prod.get("SECRET_KEY").unwrap().val,
        Val::Env { .. }
    ));
    assert!(prod.get("REST_FRAMEWORK.NOTHING").is_none());
    assert!(!prod.is_open("REST_FRAMEWORK.NOTHING"));
    assert_eq!(settings.installs("a"), Some(true));
    assert_eq!(settings.installs("b"), Some(false));
}

#[test]
fn an_import_that_leads_nowhere_leaves_the_profile_open() {
    let facts = facts([(
        "settings.py",
        "from company.settings import *\nINSTALLED_APPS = []\nROOT_URLCONF = 'urls'\n",
    )]);
    let prod = facts.django.settings().prod().unwrap();
    assert_eq!(prod.kind, ProfileKind::Only);
    assert!(prod.open.as_ref().unwrap().contains("company.settings"));
    assert!(prod.is_open("REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES"));
}

#[test]
fn an_optional_local_overlay_does_not_open_it() {
    let facts = facts([(
        "app/settings.py",
        "INSTALLED_APPS = []\nROOT_URLCONF = 'app.urls'\ntry:\n    from .local_settings import *\nexcept ImportError:\n    pass\n",
    )]);
    assert!(facts.django.settings().prod().unwrap().open.is_none());
}

#[test]
fn no_settings_at_all() {
    let facts = facts([("a.py", "x = 1\n")]);
    assert!(facts.django.settings().prod().is_none());
    assert_eq!(facts.django.settings().installs("x"), None);
}
