//! Tests of the test mapping that need no routes: collection, callers, assertions.

use super::{AssertKind, AuthState, Test, find};
use crate::infra::Infra;
use crate::python::Program;
use crate::source::Tree;

fn tests_of(files: &[(&str, &str)]) -> Vec<Test> {
    let tree = Tree::of_texts(files.iter().copied());
    let infra = Infra::of(&tree);
    let program = Program::of(&tree);
    find(&tree, &program, &infra, &mut [])
}

#[test]
fn callers_and_statuses() {
    let tests = tests_of(&[(
        "notes/tests.py",
        "from django.urls import reverse\n\
         from rest_framework import status\n\
         from rest_framework.test import APITestCase\n\n\
         class NoteTests(APITestCase):\n\
         \x20   def setUp(self):\n\
         \x20       self.user = User.objects.create_user('ann')\n\
         \x20       self.url = reverse('notes:list')\n\n\
         \x20   def test_anonymous(self):\n\
         \x20       response = self.client.get(self.url)\n\
         \x20       self.assertEqual(response.status_code, status.HTTP_401_UNAUTHORIZED)\n\n\
         \x20   def test_own(self):\n\
         \x20       self.client.force_authenticate(self.user)\n\
         \x20       response = self.client.post(f'/notes/{self.user.pk}/', {'a': [1]}, format='json')\n\
         \x20       assert response.status_code in (200, 201)\n\
         \x20       self.assertEqual(Note.objects.count(), 1)\n",
    )]);
    let [anonymous, own] = &tests[..] else {
        panic!("two tests, got {}", tests.len())
    };
    assert_eq!(
        anonymous.requests[0].reverse_name.as_deref(),
        Some("notes:list")
    );
    assert_eq!(anonymous.requests[0].auth, AuthState::Anonymous);
    assert_eq!(anonymous.statuses(0).collect::<Vec<_>>(), [401]);
    assert_eq!(
        (own.requests[0].auth, &*own.requests[0].url),
        (AuthState::Authenticated, "/notes/*/")
    );
    assert!(own.requests[0].nested_data);
    assert_eq!(own.statuses(0).collect::<Vec<_>>(), [200, 201]);
    assert_eq!(own.asserts[1].kind, AssertKind::Database);
    assert_eq!(own.users, 1);
    assert!(own.is_collected() && own.database);
}

#[test]
fn fixtures_helpers_and_tables() {
    let tests = tests_of(&[
        (
            "pytest.ini",
            "[pytest]\nDJANGO_SETTINGS_MODULE = config.settings\npython_files = test_*.py\n",
        ),
        (
            "tests/conftest.py",
            "import pytest\nfrom rest_framework.test import APIClient\n\n\
             @pytest.fixture\ndef client():\n    return APIClient()\n\n\
             @pytest.fixture\ndef member(client, user):\n    client.force_authenticate(user=user)\n    return client\n",
        ),
        (
            "tests/test_notes.py",
            "import pytest\n\nURL = '/api/notes/'\n\n\
             def ask(client, url):\n    return client.get(url)\n\n\
             @pytest.mark.django_db\n\
             @pytest.mark.parametrize('path,expected', [('a', 200), ('b', 404)])\n\
             def test_table(member, path, expected):\n    response = ask(member, URL)\n    assert response.status_code == expected\n\n\
             def test_open(client):\n    assert client.get(URL + '1/?page=2').status_code == 403\n",
        ),
        ("tests/company.py", "def test_never():\n    assert True\n"),
    ]);
    let find = |name: &str| tests.iter().find(|t| t.label.ends_with(name)).unwrap();
    let table = find("test_table");
    assert_eq!(
        (&*table.requests[0].url, table.requests[0].auth),
        ("/api/notes/", AuthState::Authenticated)
    );
    assert!(table.requests[0].indirect && table.database);
    assert_eq!(table.statuses(0).collect::<Vec<_>>(), [200, 404]);
    let open = find("test_open");
    assert_eq!(&*open.requests[0].url, "/api/notes/1/");
    assert_eq!(open.statuses(0).collect::<Vec<_>>(), [403]);
    assert!(!find("test_never").is_collected());
}

#[test]
fn methods_by_name_and_helpers_that_assert() {
    let tests = tests_of(&[(
        "notes/tests.py",
        "from rest_framework.test import APITestCase\n\n\
         class NoteTests(APITestCase):\n\
         \x20   def assert_refused(self, method, url, code):\n\
         \x20       response = getattr(self.client, method)(url)\n\
         \x20       self.assertEqual(response.status_code, code)\n\n\
         \x20   def test_refused(self):\n\
         \x20       self.assert_refused('get', '/api/notes/', 401)\n\n\
         \x20   def test_each(self):\n\
         \x20       for method in ['get', 'put']:\n\
         \x20           response = getattr(self.client, method)('/api/notes/1/')\n\
         \x20           self.assertEqual(response.status_code, 401)\n\
         \x20       answer = self.client.generic('PUT', '/api/notes/1/')\n\
         \x20       self.assertEqual(answer.status_code, 403)\n",
    )]);
    let find = |name: &str| tests.iter().find(|t| t.label.ends_with(name)).unwrap();
    let refused = find("test_refused");
    assert_eq!(&*refused.requests[0].url, "/api/notes/");
    assert_eq!(refused.statuses(0).collect::<Vec<_>>(), [401]);
    let each = find("test_each");
    assert_eq!(each.requests[0].method, crate::django::Method::Any);
    assert_eq!(each.requests[1].method, crate::django::Method::Put);
    assert_eq!(each.statuses(1).collect::<Vec<_>>(), [403]);
}
