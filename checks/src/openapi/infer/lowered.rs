//! An inferred document as an [`Api`] whose parts stand where the Python does that caused them, so
//! that a comparison reports a change on the line of the serializer, view or URL.
//!
//! Goes through the same lowering as a file: what a key means is decided once. What drf-spectacular
//! could only guess (a plain `APIView` without a serializer shows no body) is unknown here: two
//! guesses must never differ for clients.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::lower::{NoFiles, read_document};
use super::super::model::{Api, Certainty};
use super::super::tree::{self, Builder, Position};
use super::node::{Kind, Node};
use crate::facts::Facts;
use crate::python::value::Place;

/// Where the parts of the document come from, in the order of the positions that stand for them.
struct Places<'f> {
    facts: &'f Facts,
    all: Vec<(Arc<str>, Position)>,
    certainties: Vec<Certainty>,
    known: HashMap<(Place, u8), Vec<u32>>,
}

impl Places<'_> {
    /// The position that stands for a place.
    fn position(&mut self, place: Option<Place>, certainty: &Certainty) -> Position {
        let Some(place) = place else {
            return self.number((Arc::from(""), Position::default()), certainty, None);
        };
        let file = self.facts.tree.file(place.file);
        let line = file.lines.line(place.span.start);
        let text = file.text().unwrap_or("");
        let before = text.get(..place.span.start as usize).unwrap_or("");
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |start| start.chars().count()) as u32
            + 1;
        let at = Position { line, column };
        self.number((Arc::clone(&file.path), at), certainty, Some(place))
    }

    fn number(
        &mut self,
        at: (Arc<str>, Position),
        certainty: &Certainty,
        place: Option<Place>,
    ) -> Position {
        let kind = match certainty {
            Certainty::Known => 0,
            Certainty::Assumed(_) => 1,
            Certainty::Unknown(_) => 2,
        };
        let key = (
            place.unwrap_or_default(),
            kind + if place.is_some() { 0 } else { 3 },
        );
        if let Some(numbers) = self.known.get(&key) {
            for number in numbers {
                let same = (*number as usize)
                    .checked_sub(1)
                    .and_then(|i| self.certainties.get(i));
                if same == Some(certainty) {
                    return Position {
                        line: *number,
                        column: 0,
                    };
                }
            }
        }
        self.all.push(at);
        self.certainties.push(certainty.clone());
        let number = self.all.len() as u32;
        self.known.entry(key).or_default().push(number);
        Position {
            line: number,
            column: 0,
        }
    }
}

/// The worse of two certainties.
fn worse<'c>(own: &'c Certainty, above: &'c Certainty) -> &'c Certainty {
    match (own, above) {
        (_, Certainty::Unknown(_)) => above,
        (Certainty::Unknown(_), _) => own,
        (Certainty::Known, _) => above,
        _ => own,
    }
}

/// The inferred document as an API. `None` where it is none (an OpenAPI version that is not known).
pub(super) fn api(facts: &Facts, document: &Node) -> Option<Api> {
    let mut places = Places {
        facts,
        all: Vec::new(),
        certainties: Vec::new(),
        known: HashMap::new(),
    };
    let mut document = document.clone();
    leave_guesses_open(&mut document);
    let mut builder = Builder::default();
    fill(
        &mut builder,
        &mut places,
        &document,
        None,
        &Certainty::Known,
        0,
    );
    let mut api = read_document("", builder.finish(), &NoFiles).ok()?;
    if let Some(file) = api.files.first_mut().and_then(Arc::get_mut) {
        file.elsewhere = places.all;
    }
    for schema in &mut api.schemas {
        let at = schema.origin.at;
        let certainty = (at.column == 0)
            .then(|| places.certainties.get((at.line as usize).checked_sub(1)?))
            .flatten();
        if let Some(certainty) = certainty.filter(|c| **c != Certainty::Known)
            && let Some(schema) = Arc::get_mut(schema)
        {
            schema.certainty = certainty.clone();
        }
    }
    Some(api)
}

/// Bodies of which drf-spectacular knows nothing become unknown ones.
fn leave_guesses_open(document: &mut Node) {
    let Some(paths) = document.get_mut("paths") else {
        return;
    };
    for item in values_mut(paths) {
        let Kind::Map(methods) = &mut item.kind else {
            continue;
        };
        for (method, operation) in methods {
            if open_responses(operation)
                && matches!(&**method, "post" | "put" | "patch")
                && operation.get("requestBody").is_none()
            {
                operation.insert(
                    "requestBody",
                    Node::map().with("content", unknown_content()),
                );
            }
        }
    }
}

/// Whether one of the responses was a guess.
fn open_responses(operation: &mut Node) -> bool {
    let mut any = false;
    let Some(Kind::Map(responses)) = operation.get_mut("responses").map(|node| &mut node.kind)
    else {
        return false;
    };
    for (status, response) in responses {
        let says_nothing = response.get("description").and_then(Node::as_str) == Some(NO_BODY);
        if says_nothing && !matches!(&**status, "204" | "205" | "304") {
            response.insert("content", unknown_content());
            any = true;
        }
    }
    any
}

fn unknown_content() -> Node {
    let schema = Node::map().unknown("the view names no serializer");
    Node::map().with("application/json", Node::map().with("schema", schema))
}

fn values_mut(node: &mut Node) -> impl Iterator<Item = &mut Node> {
    match &mut node.kind {
        Kind::Map(entries) => Some(entries.values_mut()),
        _ => None,
    }
    .into_iter()
    .flatten()
}

/// What drf-spectacular writes where a view has no serializer (and, rightly, for 204).
const NO_BODY: &str = "No response body";

/// The document is as deep as what was inferred, which is bounded; a chain beyond this is cut.
const MAX_DEPTH: usize = 200;

fn fill(
    builder: &mut Builder,
    places: &mut Places<'_>,
    node: &Node,
    above: Option<Place>,
    certainty: &Certainty,
    depth: usize,
) {
    let place = node.at.or(above);
    let certainty = worse(&node.certainty, certainty).clone();
    let at = places.position(place, &certainty);
    match &node.kind {
        _ if depth > MAX_DEPTH => {
            builder.scalar(tree::Kind::Null, at);
        }
        Kind::Null => {
            builder.scalar(tree::Kind::Null, at);
        }
        Kind::Bool(flag) => {
            builder.scalar(tree::Kind::Bool(*flag), at);
        }
        Kind::Number(number) => {
            let value = number.as_f64().unwrap_or_default();
            builder.scalar(tree::Kind::Number(value), at);
        }
        Kind::String(text) => {
            builder.text(text, at);
        }
        Kind::List(items) => {
            builder.start(false, at);
            for item in items {
                fill(builder, places, item, place, &certainty, depth + 1);
            }
            builder.end();
        }
        Kind::Map(entries) => {
            builder.start(true, at);
            for (key, value) in entries {
                let own = worse(&value.certainty, &certainty).clone();
                let key_at = places.position(value.at.or(place), &own);
                builder.key(key, key_at);
                fill(builder, places, value, place, &certainty, depth + 1);
            }
            builder.end();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::sync::Arc;

    use crate::facts::Facts;
    use crate::openapi::{Options, diff, infer};
    use crate::source::Tree;

    const FILES: [(&str, &str); 4] = [
        (
            "shop/settings.py",
            "ROOT_URLCONF = 'shop.urls'\nINSTALLED_APPS = ['shop']\n",
        ),
        (
            "shop/models.py",
            "from django.db import models\n\n\nclass Order(models.Model):\n    note = models.CharField(max_length=20)\n    total = models.IntegerField()\n",
        ),
        (
            "shop/views.py",
            "from rest_framework import serializers, viewsets\nfrom .models import Order\n\n\nclass OrderSerializer(serializers.ModelSerializer):\n    class Meta:\n        model = Order\n        fields = ['id', 'note', 'total']\n\n\nclass OrderViewSet(viewsets.ModelViewSet):\n    queryset = Order.objects.all()\n    serializer_class = OrderSerializer\n",
        ),
        (
            "shop/urls.py",
            "from rest_framework.routers import SimpleRouter\nfrom .views import OrderViewSet\n\nrouter = SimpleRouter()\nrouter.register('orders', OrderViewSet)\nurlpatterns = router.urls\n",
        ),
    ];

    fn facts(change: impl Fn(&str, &str) -> String) -> Facts {
        let texts: Vec<(&str, String)> = FILES
            .iter()
            .map(|(name, text)| (*name, change(name, text)))
            .collect();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (*n, t.as_str())).collect();
        Facts::of(Arc::new(Tree::of_texts(texts)))
    }

    /// What a change of the source does to the API is reported on the line that did it.
    #[test]
    fn a_change_is_reported_on_the_line_of_python_that_caused_it() {
        let base = facts(|_, text| text.to_owned());
        let head = facts(|name, text| match name {
            "shop/models.py" => text.replace("IntegerField()", "CharField(max_length=9)"),
            "shop/views.py" => {
                text.replace("viewsets.ModelViewSet", "viewsets.ReadOnlyModelViewSet")
            }
            _ => text.to_owned(),
        });
        let given = infer::Given::default();
        let (base, head) = (
            infer::api(&base, given).unwrap(),
            infer::api(&head, given).unwrap(),
        );
        let changes = diff(&base, &head, &Options::default());
        let told: Vec<String> = changes
            .changes
            .iter()
            .map(|c| {
                let place = c.source.revision.as_ref().or(c.source.base.as_ref());
                format!(
                    "{} {}",
                    c.id,
                    place.map_or_else(|| "-".to_owned(), |p| format!("{}:{}", p.file, p.line))
                )
            })
            .collect();
        assert!(
            told.iter()
                .any(|t| t.starts_with("response-property-type-changed shop/")),
            "{told:#?}"
        );
        assert!(told.iter().all(|t| !t.ends_with(" -")), "{told:#?}");
    }
}
