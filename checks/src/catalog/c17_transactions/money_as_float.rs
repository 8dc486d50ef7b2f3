//! DRF639: money in binary floating point.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF639",
    name: "money-as-float",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("money_as_float.md"),
    yields_to: &[],
    run,
};

/// Words that mean money on their own.
const MONEY: [&str; 15] = [
    "price", "prices", "cost", "balance", "fee", "fees", "salary", "subtotal", "refund", "payment",
    "budget", "revenue", "wage", "fare", "invoice",
];
/// Words that mean money where the rest of the model speaks of it.
const MAYBE: [&str; 5] = ["amount", "total", "tax", "discount", "paid"];
/// Words that say: a rate, a measure or a count, no sum of money.
const OTHER: [&str; 19] = [
    "rate",
    "rates",
    "percent",
    "percentage",
    "pct",
    "ratio",
    "factor",
    "score",
    "weight",
    "hours",
    "time",
    "distance",
    "km",
    "calories",
    "index",
    "rating",
    "change",
    "average",
    "multiplier",
];
/// Models that are about money.
const LEDGER: [&str; 12] = [
    "order",
    "payment",
    "invoice",
    "transaction",
    "wallet",
    "account",
    "cart",
    "bill",
    "receipt",
    "expense",
    "loan",
    "purchase",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut seen = Vec::new();
    for model in cx.head.django.models() {
        if model.class.is_none() {
            continue;
        }
        let about_money = words(&model.name)
            .iter()
            .any(|word| LEDGER.contains(&word.as_str()))
            || model.fields.iter().any(|field| {
                words(&field.name)
                    .iter()
                    .any(|word| MONEY.contains(&word.as_str()))
            });
        for field in &model.fields {
            let Some(place) = field.place else { continue };
            if &*field.base != "FloatField" || seen.contains(&place) {
                continue;
            }
            seen.push(place);
            out.looked();
            if !is_money(&field.name, about_money) {
                continue;
            }
            out.found(Evidence::new(
                format!("{}.{}", model.fq, field.name),
                cx.anchor(place),
                message(&model.name, &field.name),
            ));
        }
    }
    for serializer in cx.head.django.serializers() {
        if serializer.class.is_none() {
            continue;
        }
        let about_money = words(&serializer.name)
            .iter()
            .any(|word| LEDGER.contains(&word.as_str()));
        for field in &serializer.declared {
            if &*field.base != "FloatField" || seen.contains(&field.place) {
                continue;
            }
            seen.push(field.place);
            out.looked();
            if !is_money(&field.name, about_money) {
                continue;
            }
            out.found(Evidence::new(
                format!("{}.{}", serializer.fq, field.name),
                cx.anchor(field.place),
                message(&serializer.name, &field.name),
            ));
        }
    }
}

fn message(of: &str, field: &str) -> String {
    format!(
        "`{of}.{field}` holds money as a `FloatField`: binary fractions cannot hold cents, and sums drift. `DecimalField` with `max_digits` and `decimal_places` keeps them."
    )
}

fn is_money(name: &str, about_money: bool) -> bool {
    let words = words(name);
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    !any(&OTHER) && (any(&MONEY) || (about_money && any(&MAYBE)))
}

/// The words of a name, in lower case: `unit_price` and `OrderItem` have two.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            words.push(String::new());
        }
        if letter != '_' {
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
